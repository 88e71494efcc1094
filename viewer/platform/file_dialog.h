// The desktop's own dialog to choose a file or folder, where there is one (zenity, kdialog).
#pragma once

#include <memory>
#include <optional>
#include <string>

namespace errata::viewer {

class FileDialog {
 public:
  enum class Kind { kFile, kFolder };

  FileDialog();
  ~FileDialog();
  FileDialog(const FileDialog&) = delete;
  FileDialog& operator=(const FileDialog&) = delete;

  // Asked once: whether this desktop has one.
  static bool available();
  // Opens it beside the window, which goes on drawing; one at a time.
  void open(Kind kind, const std::string& title, const std::string& start);
  bool is_open() const { return open_ != nullptr; }
  // What was chosen, once; nullopt while nothing is, or when it was closed without a choice.
  std::optional<std::string> take();

 private:
  struct Open;
  std::unique_ptr<Open> open_;
};

}  // namespace errata::viewer
