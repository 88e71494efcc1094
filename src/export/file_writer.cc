#include "export/file_writer.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/error.h"
#include "base/files.h"

namespace errata::exports {

namespace {

// Up to here a file is read whole: two calls instead of a splice, and its hash comes for nothing.
constexpr uint64_t kSmallFileBytes = 1 << 20;

// False with errno set. Fewer bytes than asked for are an error too: the file shrank.
bool read_exactly(int fd, uint8_t* to, size_t size) {
  while (size > 0) {
    const ssize_t got = ::read(fd, to, size);
    if (got < 0 && errno == EINTR) continue;
    if (got == 0) errno = EIO;
    if (got <= 0) return false;
    to += got;
    size -= static_cast<size_t>(got);
  }
  return true;
}

std::string_view as_text(const std::vector<uint8_t>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

FileWriter::FileWriter(const ExportOptions& options, const ExportContext& context, int staging_fd,
                       std::string staging_path)
    : options_(options),
      context_(context),
      staging_fd_(staging_fd),
      staging_path_(std::move(staging_path)) {}

std::string FileWriter::target_path(const std::string& to) const {
  return join_path(options_.target, to);
}

WriteStatus FileWriter::reject(const ExportItem& item, const char* kind, const std::string& message,
                               const char* fix) const {
  context_.issues.reject(kind, item.absolute_path,
                         item.member < 0 ? std::string() : "image " + std::to_string(item.member),
                         {}, message, fix);
  return WriteStatus::kRejected;
}

WriteStatus FileWriter::write(const ExportItem& item, const std::string& relative_path,
                              bool only_check, Buffers& buffers) {
  if (item.member >= 0) return write_member(item, relative_path, only_check, buffers);
  if (only_check || options_.files == FileMode::kNone || options_.files == FileMode::kSymlink ||
      options_.files == FileMode::kHardlink) {
    if (!check_source(item, buffers)) return WriteStatus::kRejected;
  }
  if (only_check || options_.files == FileMode::kNone) return WriteStatus::kWritten;
  if (options_.files == FileMode::kHardlink) return hardlink(item, relative_path, buffers);
  if (options_.files != FileMode::kSymlink) return copy(item, relative_path, buffers);
  if (::symlinkat(item.absolute_path.c_str(), staging_fd_, relative_path.c_str()) != 0) {
    throw io_error("make the link", target_path(relative_path), errno);
  }
  return WriteStatus::kWritten;
}

// Size or time differ from those of the import. Then only the content can say whether it is the
// same.
bool FileWriter::looks_changed(const ExportItem& item, const struct stat& st) {
  return item.mtime_ns != -1 &&
         (static_cast<uint64_t>(st.st_size) != item.size_bytes || mtime_ns_of(st) != item.mtime_ns);
}

bool FileWriter::must_check_content(const ExportItem& item, bool changed) const {
  return item.has_sha256 && (changed || item.check_content || options_.check_content);
}

// Still what was imported?
bool FileWriter::check_source(const ExportItem& item, Buffers& buffers) {
  struct stat st {};
  if (::stat(item.absolute_path.c_str(), &st) != 0) {
    reject(item, "missing-file", "the file is not there any more",
           "import the source again, or set its root to where it lies now");
    return false;
  }
  if (!check_kind_and_time(item, st)) return false;
  if (!must_check_content(item, looks_changed(item, st))) return true;
  if (!read_file_into(item.absolute_path, buffers.bytes)) {
    reject(item, "unreadable-file", io_error("read", {}, errno).what(), "check its permissions");
    return false;
  }
  return content_matches(item, sha256(as_text(buffers.bytes)));
}

bool FileWriter::check_kind_and_time(const ExportItem& item, const struct stat& st) {
  if (!S_ISREG(st.st_mode)) {
    reject(item, "not-a-file", "this is not a regular file", "import the source again");
    return false;
  }
  if (looks_changed(item, st) && !item.has_sha256) {
    reject(item, "changed-file", "the file changed since it was imported",
           "import the source again and create a new version");
    return false;
  }
  return true;
}

bool FileWriter::content_matches(const ExportItem& item, const Sha256Digest& digest) {
  if (!item.has_sha256 || digest == item.sha256) return true;
  reject(item, "changed-content", "the content is not the one recorded (SHA-256 differs)",
         "import the source again and create a new version");
  return false;
}

int FileWriter::create(const std::string& to) const {
  const int fd = ::openat(staging_fd_, to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (fd < 0) throw io_error("write", target_path(to), errno);
  return fd;
}

void FileWriter::put_file(const std::string& to, const std::vector<uint8_t>& bytes) {
  const Fd fd(create(to));
  size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t put = ::write(fd.value, bytes.data() + done, bytes.size() - done);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) throw io_error("write", target_path(to), errno);
    done += static_cast<size_t>(put);
  }
  bytes_written_.fetch_add(bytes.size(), std::memory_order_relaxed);
}

WriteStatus FileWriter::write_member(const ExportItem& item, const std::string& to, bool only_check,
                                     Buffers& buffers) {
  if (!context_.read_member) {
    throw Error(ErrorCategory::kInternal, "no reader for images inside containers");
  }
  if (!context_.read_member(item.absolute_path, item.member, buffers.image, buffers.why_not)) {
    return reject(item, "unreadable-member", buffers.why_not, "check the container file");
  }
  versions::write_canonical_png(buffers.image, buffers.bytes);
  if (item.has_sha256 && !content_matches(item, sha256(as_text(buffers.bytes)))) {
    return WriteStatus::kRejected;
  }
  if (only_check || options_.files == FileMode::kNone) return WriteStatus::kWritten;
  put_file(to, buffers.bytes);
  members_.fetch_add(1, std::memory_order_relaxed);
  return WriteStatus::kWritten;
}

WriteStatus FileWriter::copy(const ExportItem& item, const std::string& to, Buffers& buffers) {
  const Fd from(::open(item.absolute_path.c_str(), O_RDONLY | O_CLOEXEC));
  if (from.value < 0) {
    if (errno == ENOENT || errno == ENOTDIR) {
      return reject(item, "missing-file", "the file is not there any more",
                    "import the source again, or set its root to where it lies now");
    }
    return reject(item, "unreadable-file", io_error("read", {}, errno).what(),
                  "check its permissions");
  }
  struct stat st {};
  if (::fstat(from.value, &st) != 0) throw io_error("read", item.absolute_path, errno);
  if (!check_kind_and_time(item, st)) return WriteStatus::kRejected;
  const auto size = static_cast<uint64_t>(st.st_size);
  const bool small = size <= kSmallFileBytes;
  buffers.bytes.resize(small ? size : 0);
  if (small && !can_share_blocks_) return copy_small(item, from.value, to, buffers);
  if (must_check_content(item, looks_changed(item, st)) &&
      !content_matches(item, sha256_file(item.absolute_path))) {
    return WriteStatus::kRejected;
  }
  const Fd out(create(to));
  if (share_blocks(from.value, out.value, to)) return WriteStatus::kWritten;
  if (small) {
    ::unlinkat(staging_fd_, to.c_str(), 0);
    return copy_small(item, from.value, to, buffers);
  }
  copy_large(item, from.value, out.value, to, buffers);
  return WriteStatus::kWritten;
}

WriteStatus FileWriter::copy_small(const ExportItem& item, int from, const std::string& to,
                                   Buffers& buffers) {
  if (!read_exactly(from, buffers.bytes.data(), buffers.bytes.size())) {
    return reject(item, "unreadable-file", io_error("read", {}, errno).what(),
                  "check the file and the disk it lies on");
  }
  if (item.has_sha256 && !content_matches(item, sha256(as_text(buffers.bytes)))) {
    return WriteStatus::kRejected;
  }
  put_file(to, buffers.bytes);
  return WriteStatus::kWritten;
}

// True when the new file shares the old one's blocks. After the first refusal of the file system
// nobody asks again.
bool FileWriter::share_blocks(int from, int to, const std::string& to_path) {
  if (!can_share_blocks_) return false;
  if (::ioctl(to, FICLONE, from) == 0) {
    shared_blocks_.fetch_add(1, std::memory_order_relaxed);
    return true;
  }
  if (options_.files == FileMode::kReflink) {
    throw Error(ErrorCategory::kUnsupported, "this file system cannot share blocks",
                "use --files copy or --files hardlink", target_path(to_path));
  }
  can_share_blocks_ = false;
  return false;
}

void FileWriter::copy_large(const ExportItem& item, int from, int out, const std::string& to,
                            Buffers& buffers) {
  uint64_t total = 0;
  while (true) {
    const ssize_t got = ::copy_file_range(from, nullptr, out, nullptr, 1 << 30, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && total == 0 &&
        (errno == EXDEV || errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP)) {
      break;
    }
    if (got < 0) throw io_error("copy " + item.absolute_path + " to", target_path(to), errno);
    total += static_cast<uint64_t>(got);
    context_.cancel.check();
    if (got == 0) {
      bytes_written_.fetch_add(total, std::memory_order_relaxed);
      return;
    }
  }
  // File systems that copy_file_range cannot join.
  buffers.bytes.resize(kSmallFileBytes);
  while (true) {
    context_.cancel.check();
    const ssize_t got = ::read(from, buffers.bytes.data(), buffers.bytes.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw io_error("read", item.absolute_path, errno);
    if (got == 0) return;
    for (ssize_t done = 0; done < got;) {
      const ssize_t put = ::write(out, buffers.bytes.data() + done, size_t(got - done));
      if (put < 0 && errno == EINTR) continue;
      if (put < 0) throw io_error("write", target_path(to), errno);
      done += put;
    }
    bytes_written_.fetch_add(static_cast<uint64_t>(got), std::memory_order_relaxed);
  }
}

WriteStatus FileWriter::hardlink(const ExportItem& item, const std::string& to, Buffers& buffers) {
  const char* from = item.absolute_path.c_str();
  if (::linkat(AT_FDCWD, from, staging_fd_, to.c_str(), AT_SYMLINK_FOLLOW) == 0) {
    return WriteStatus::kWritten;
  }
  if (errno == EMLINK) return copy(item, to, buffers);  // as many links as the file system allows
  if (errno == EXDEV) {
    throw Error(
        ErrorCategory::kUnsupported,
        "hard links cannot reach another file system, where " + item.absolute_path + " lies",
        "use --files copy or --files symlink", options_.target);
  }
  if (errno == EPERM || errno == EOPNOTSUPP) {
    throw Error(ErrorCategory::kUnsupported,
                "hard links to " + item.absolute_path + " are not allowed here",
                "the file system has none, or the file belongs to somebody else: use --files copy "
                "or --files symlink",
                options_.target);
  }
  throw io_error("link " + item.absolute_path + " to", target_path(to), errno);
}

}  // namespace errata::exports
