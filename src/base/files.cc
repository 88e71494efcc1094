#include "base/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "base/error.h"
#include "base/nameless_file.h"
#include "base/text.h"

namespace errata {

namespace fs = std::filesystem;

Fd::~Fd() {
  if (value >= 0) ::close(value);
}

namespace {

bool read_all(int fd, uint8_t* to, size_t size, size_t& got_total) {
  got_total = 0;
  while (got_total < size) {
    const ssize_t got = ::read(fd, to + got_total, size - got_total);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return false;
    if (got == 0) return true;
    got_total += static_cast<size_t>(got);
  }
  return true;
}

// Opening a pipe without O_NONBLOCK waits for somebody who writes into it.
constexpr int kReadFlags = O_RDONLY | O_CLOEXEC | O_NONBLOCK;

Error no_plain_file(const std::string& path) {
  return {ErrorCategory::kBadInput, "this is a pipe or a device, not a file", {}, path};
}

void write_all(int fd, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t put = ::write(fd, bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) throw io_error("write", path, errno);
    bytes.remove_prefix(static_cast<size_t>(put));
  }
}

}  // namespace

int64_t mtime_ns_of(const struct stat& st) {
  return static_cast<int64_t>(st.st_mtim.tv_sec) * 1'000'000'000 + st.st_mtim.tv_nsec;
}

bool stat_file(const std::string& path, FileStat& stat) {
  struct stat st {};
  if (::stat(path.c_str(), &st) != 0) return false;
  stat.size_bytes = static_cast<uint64_t>(st.st_size);
  stat.mtime_ns = mtime_ns_of(st);
  stat.is_directory = S_ISDIR(st.st_mode);
  stat.is_regular = S_ISREG(st.st_mode);
  return true;
}

bool is_directory(const std::string& path) {
  FileStat stat;
  return stat_file(path, stat) && stat.is_directory;
}

bool file_exists(const std::string& path) {
  FileStat stat;
  return stat_file(path, stat);
}

bool read_file_into(const std::string& path, std::vector<uint8_t>& bytes) {
  const Fd fd(::open(path.c_str(), kReadFlags));
  if (fd.value < 0) return false;
  struct stat st {};
  if (::fstat(fd.value, &st) != 0) return false;
  if (!S_ISREG(st.st_mode)) {
    errno = S_ISDIR(st.st_mode) ? EISDIR : EINVAL;
    return false;
  }
  bytes.resize(static_cast<size_t>(st.st_size));
  size_t got = 0;
  if (!read_all(fd.value, bytes.data(), bytes.size(), got)) return false;
  bytes.resize(got);
  return true;
}

std::vector<uint8_t> read_file(const std::string& path, uint64_t max_bytes) {
  FileStat stat;
  if (!stat_file(path, stat)) throw io_error("read", path, errno);
  if (!stat.is_regular && !stat.is_directory) throw no_plain_file(path);
  if (stat.size_bytes > max_bytes) {
    throw Error(ErrorCategory::kBadInput, "the file is larger than " + human_bytes(max_bytes), {},
                path);
  }
  std::vector<uint8_t> bytes;
  if (!read_file_into(path, bytes)) throw io_error("read", path, errno);
  return bytes;
}

std::string read_text_file(const std::string& path, uint64_t max_bytes) {
  const std::vector<uint8_t> bytes = read_file(path, max_bytes);
  return std::string(bytes.begin(), bytes.end());
}

MappedFile::MappedFile(const std::string& path) {
  const Fd fd(::open(path.c_str(), kReadFlags));
  struct stat st {};
  if (fd.value < 0 || ::fstat(fd.value, &st) != 0) throw io_error("read", path, errno);
  if (S_ISDIR(st.st_mode)) throw io_error("read", path, EISDIR);
  if (!S_ISREG(st.st_mode)) throw no_plain_file(path);
  size_ = static_cast<size_t>(st.st_size);
  if (size_ == 0) return;
  void* mapped = ::mmap(nullptr, size_, PROT_READ, MAP_SHARED, fd.value, 0);
  if (mapped == MAP_FAILED) throw io_error("map", path, errno);
  data_ = static_cast<const uint8_t*>(mapped);
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) ::munmap(const_cast<uint8_t*>(data_), size_);
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

ScratchFile::ScratchFile(const std::string& folder, uint64_t size_bytes)
    : folder_(folder), fd_(open_nameless_file({folder})) {
  const int error =
      size_bytes == 0 ? 0 : ::posix_fallocate(fd_.value, 0, static_cast<off_t>(size_bytes));
  if (error != 0) {
    throw io_error(fmt::format("write {} MB of scratch space", size_bytes / 1'000'000 + 1), folder,
                   error);
  }
}

void ScratchFile::write_at(uint64_t offset, std::span<const uint8_t> bytes) const {
  while (!bytes.empty()) {
    const ssize_t put = ::pwrite(fd_.value, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) throw io_error("write", folder_, errno);
    bytes = bytes.subspan(static_cast<size_t>(put));
    offset += static_cast<uint64_t>(put);
  }
}

void ScratchFile::read_at(uint64_t offset, std::span<uint8_t> bytes) const {
  while (!bytes.empty()) {
    const ssize_t got = ::pread(fd_.value, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) throw io_error("read", folder_, got < 0 ? errno : EIO);
    bytes = bytes.subspan(static_cast<size_t>(got));
    offset += static_cast<uint64_t>(got);
  }
}

void write_file_atomic(const std::string& path, std::string_view bytes) {
  const std::string temporary = path + ".tmp-" + std::to_string(::getpid());
  try {
    const Fd fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
    if (fd.value < 0) throw io_error("write", path, errno);
    write_all(fd.value, bytes, path);
    if (::fsync(fd.value) != 0) throw io_error("write", path, errno);
    if (::rename(temporary.c_str(), path.c_str()) != 0) throw io_error("write", path, errno);
  } catch (...) {
    ::unlink(temporary.c_str());
    throw;
  }
  fsync_directory(std::string(parent_path(path)));
}

void make_directories(const std::string& path) {
  std::error_code code;
  fs::create_directories(path, code);
  if (code && !is_directory(path)) throw io_error("create the folder", path, code.value());
}

void remove_all(const std::string& path) {
  std::error_code code;
  fs::remove_all(path, code);
  if (code) throw io_error("remove", path, code.value());
}

void fsync_directory(const std::string& path) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd.value >= 0) ::fsync(fd.value);
}

std::string join_path(std::string_view base, std::string_view relative) {
  if (relative.empty()) return std::string(base);
  if (base.empty() || relative.front() == '/') return std::string(relative);
  std::string joined(base);
  if (joined.back() != '/') joined += '/';
  joined += relative;
  return joined;
}

std::string absolute_path(const std::string& path) {
  std::string text = fs::absolute(path).lexically_normal().string();
  while (text.size() > 1 && text.back() == '/') text.pop_back();
  return text;
}

std::string_view base_name(std::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

std::string_view parent_path(std::string_view path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

void widen_to_hold(std::string& folder, std::string_view inner) {
  if (folder.empty()) folder = inner;
  while (folder != "/" && inner != folder && !inner.starts_with(folder + "/")) {
    folder = std::string(parent_path(folder));
    if (folder == ".") folder = "/";
  }
}

std::string extension(std::string_view path) {
  const std::string_view name = base_name(path);
  const size_t dot = name.rfind('.');
  return dot == std::string_view::npos ? std::string() : to_lower_ascii(name.substr(dot));
}

bool is_safe_relative_path(std::string_view relative) {
  if (relative.empty() || relative.front() == '/') return false;
  if (relative.find('\0') != std::string_view::npos) return false;
  for (const std::string_view part : split_view(relative, '/')) {
    if (part == "..") return false;
  }
  return true;
}

}  // namespace errata
