// A folder that is gone when the test ends. Its name has a space and a letter outside ASCII, so
// that every test is also a test of such paths.
#pragma once

#include <string>
#include <string_view>

namespace errata::test {

class TempDir {
 public:
  TempDir();
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  const std::string& path() const { return path_; }
  std::string operator/(std::string_view relative) const;
  // Writes a file below the folder, making the folders between; returns its path.
  std::string write(std::string_view relative, std::string_view bytes) const;

 private:
  std::string path_;
};

// The repository, for checked-in test data; and the folder with what the build made.
std::string source_dir();
std::string bin_dir();
// The folder of real data beside the checkout, or empty when it is not there.
std::string shared_data_dir();

}  // namespace errata::test
