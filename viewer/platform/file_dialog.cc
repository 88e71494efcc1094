#include "viewer/platform/file_dialog.h"

#include <portable_file_dialogs.h>

#include <cstdlib>

#include "base/files.h"

namespace errata::viewer {

struct FileDialog::Open {
  std::optional<pfd::open_file> file;
  std::optional<pfd::select_folder> folder;
};

FileDialog::FileDialog() = default;
FileDialog::~FileDialog() {
  // A dialog that outlives the window would keep it waiting.
  if (open_ && open_->file) open_->file->kill();
  if (open_ && open_->folder) open_->folder->kill();
}

bool FileDialog::available() {
  static const bool found =
      (std::getenv("DISPLAY") != nullptr || std::getenv("WAYLAND_DISPLAY") != nullptr) &&
      pfd::settings::available();
  return found;
}

void FileDialog::open(Kind kind, const std::string& title, const std::string& start) {
  if (open_) return;
  const std::string from = is_directory(start) ? start : std::string(parent_path(start));
  open_ = std::make_unique<Open>();
  if (kind == Kind::kFile) {
    open_->file.emplace(title, from);
  } else {
    open_->folder.emplace(title, from);
  }
}

std::optional<std::string> FileDialog::take() {
  if (!open_) return std::nullopt;
  std::string chosen;
  if (open_->file) {
    if (!open_->file->ready(0)) return std::nullopt;
    const std::vector<std::string> files = open_->file->result();
    if (!files.empty()) chosen = files.front();
  } else {
    if (!open_->folder->ready(0)) return std::nullopt;
    chosen = open_->folder->result();
  }
  open_.reset();
  return chosen.empty() ? std::nullopt : std::optional(chosen);
}

}  // namespace errata::viewer
