#include "export/staging.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/files.h"
#include "base/log.h"

namespace errata::exports {

namespace {

constexpr std::string_view kPrefix = ".errata-export-";
constexpr int kTries = 16;

std::vector<std::string> entries_of(const std::string& folder) {
  std::vector<std::string> names;
  const std::unique_ptr<DIR, int (*)(DIR*)> dir(::opendir(folder.c_str()), ::closedir);
  if (dir == nullptr) throw io_error("read the folder", folder, errno);
  while (const dirent* entry = ::readdir(dir.get())) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  return names;
}

int open_folder(const std::string& path) {
  return ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

// Only folders whose lock is free: their makers are dead.
void remove_dead_stagings(const std::string& parent) {
  for (const std::string& name : entries_of(parent)) {
    if (!name.starts_with(kPrefix)) continue;
    const std::string path = join_path(parent, name);
    const int fd = open_folder(path);
    if (fd < 0) continue;
    if (::flock(fd, LOCK_EX | LOCK_NB) == 0) {
      try {
        remove_all(path);
      } catch (const Error& error) {
        log_warning("what a killed export left cannot be removed: {}", error.to_text());
      }
    }
    ::close(fd);
  }
}

}  // namespace

std::string usable_target(const std::string& target) {
  if (target.empty()) {
    throw Error(ErrorCategory::kUsage, "the export needs a target folder", "give --to DIR");
  }
  std::string path = absolute_path(target);
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  struct stat st {};
  if (::lstat(path.c_str(), &st) != 0) {
    if (errno == ENOENT) return path;
    throw io_error("look at", path, errno);
  }
  const std::unique_ptr<char, void (*)(void*)> real(::realpath(path.c_str(), nullptr), ::free);
  if (real == nullptr || !is_directory(real.get())) {
    throw Error(ErrorCategory::kConflict, "the target is not a folder",
                "name a new or an empty folder", path);
  }
  if (!entries_of(real.get()).empty()) {
    throw Error(ErrorCategory::kConflict, "the target folder is not empty",
                "name a new or an empty folder; nothing was written", path);
  }
  return real.get();
}

StagingFolder::StagingFolder(const std::string& target)
    : target_(target), parent_(parent_path(target)) {
  make_directories(parent_);
  remove_dead_stagings(parent_);
  for (int i = 0; i < kTries; ++i) {
    if (create()) return;
  }
  throw Error(ErrorCategory::kBusy, "no temporary folder can be made beside the target", {},
              parent_);
}

// False when another export's clean-up took the folder between mkdir and flock.
bool StagingFolder::create() {
  static std::atomic<unsigned> counter{0};
  path_ = join_path(
      parent_, std::string(kPrefix) + std::to_string(::getpid()) + "-" + std::to_string(counter++));
  if (::mkdir(path_.c_str(), 0777) != 0) {
    if (errno == EEXIST) return false;
    throw io_error("create the folder", path_, errno);
  }
  fd_ = open_folder(path_);
  if (fd_ < 0) return false;
  // File systems without locks for folders: no lock, and nobody else can take it either.
  const bool locked = ::flock(fd_, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK;
  struct stat st {};
  if (locked && ::fstat(fd_, &st) == 0 && st.st_nlink > 0) return true;
  ::close(fd_);
  fd_ = -1;
  return false;
}

StagingFolder::~StagingFolder() {
  if (fd_ < 0) return;
  try {
    remove_all(path_);
  } catch (const std::exception& error) {
    log_warning("the temporary folder cannot be removed: {}", error.what());
  }
  ::close(fd_);
}

void StagingFolder::publish(bool sync) {
  // One call for all files: an fsync each would cost milliseconds per file.
  if (sync && ::syncfs(fd_) != 0) throw io_error("write", path_, errno);
  if (::rename(path_.c_str(), target_.c_str()) != 0) {
    if (errno == ENOTEMPTY || errno == EEXIST || errno == ENOTDIR) {
      throw Error(ErrorCategory::kConflict, "the target folder has been filled meanwhile",
                  "name a new or an empty folder", target_);
    }
    throw io_error("rename the finished export to", target_, errno);
  }
  ::close(fd_);
  fd_ = -1;
  if (sync) fsync_directory(parent_);
}

}  // namespace errata::exports
