#include "tests/support/temp_dir.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/error.h"
#include "base/files.h"

namespace errata::test {

TempDir::TempDir() {
  std::string pattern = std::filesystem::temp_directory_path().string() + "/errata tést XXXXXX";
  if (::mkdtemp(pattern.data()) == nullptr) throw io_error("create the folder", pattern, errno);
  path_ = pattern;
}

TempDir::~TempDir() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string TempDir::operator/(std::string_view relative) const {
  return join_path(path_, relative);
}

std::string TempDir::write(std::string_view relative, std::string_view bytes) const {
  const std::string path = *this / relative;
  make_directories(std::string(parent_path(path)));
  std::ofstream(path, std::ios::binary) << bytes;
  return path;
}

namespace {

std::string from_environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

}  // namespace

std::string source_dir() {
  const std::string dir = from_environment("ERRATA_SOURCE_DIR");
  return dir.empty() ? "." : dir;
}

std::string bin_dir() {
  const std::string dir = from_environment("ERRATA_BIN_DIR");
  return dir.empty() ? "build/bin" : dir;
}

std::string shared_data_dir() {
  const std::string dir = join_path(source_dir(), "../shared/data");
  return is_directory(dir) ? absolute_path(dir) : std::string();
}

}  // namespace errata::test
