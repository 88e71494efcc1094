#include "text/byte_source.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>

#include "base/error.h"
#include "text/gzip.h"

namespace errata::text {

namespace {

class FileSource : public ByteSource {
 public:
  explicit FileSource(const std::string& path)
      : path_(path), fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    if (fd_ < 0) throw io_error("read", path, errno);
  }
  ~FileSource() override { ::close(fd_); }
  FileSource(const FileSource&) = delete;
  FileSource& operator=(const FileSource&) = delete;

  size_t read(char* to, size_t capacity) override {
    size_t total = 0;
    while (total < capacity) {
      const ssize_t got = ::read(fd_, to + total, capacity - total);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) throw io_error("read", path_, errno);
      if (got == 0) break;
      total += static_cast<size_t>(got);
    }
    return total;
  }

  void rewind() {
    if (::lseek(fd_, 0, SEEK_SET) < 0) throw io_error("read", path_, errno);
  }

 private:
  std::string path_;
  int fd_;
};

class MemorySource : public ByteSource {
 public:
  explicit MemorySource(std::string_view bytes) : rest_(bytes) {}
  size_t read(char* to, size_t capacity) override {
    const size_t n = std::min(capacity, rest_.size());
    std::memcpy(to, rest_.data(), n);
    rest_.remove_prefix(n);
    return n;
  }

 private:
  std::string_view rest_;
};

}  // namespace

std::unique_ptr<ByteSource> open_byte_source(const std::string& path) {
  auto file = std::make_unique<FileSource>(path);
  uint8_t first[2] = {};
  const size_t got = file->read(reinterpret_cast<char*>(first), sizeof first);
  file->rewind();
  if (is_gzip({first, got})) return gzip_byte_source(std::move(file), path);
  return file;
}

std::unique_ptr<ByteSource> memory_byte_source(std::string_view bytes) {
  return std::make_unique<MemorySource>(bytes);
}

}  // namespace errata::text
