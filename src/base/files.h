// Files: whole reads, maps, and writes that are either there entirely or not at all.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

struct stat;

namespace errata {

// Owns a file descriptor, or a negative value for none, and closes it on every way out.
struct Fd {
  int value;
  explicit Fd(int fd) : value(fd) {}
  ~Fd();
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
};

// Time of the last change of the content, in nanoseconds since 1970.
int64_t mtime_ns_of(const struct ::stat& st);

struct FileStat {
  uint64_t size_bytes = 0;
  int64_t mtime_ns = 0;
  bool is_directory = false;
  bool is_regular = false;
};

// False when there is nothing at `path` or it may not be looked at. Follows links.
bool stat_file(const std::string& path, FileStat& stat);
bool is_directory(const std::string& path);
bool file_exists(const std::string& path);

// All bytes. Throws Error(kNotFound, kIo), and Error(kBadInput) above `max_bytes` or for a pipe or
// a device, which may have no end.
std::vector<uint8_t> read_file(const std::string& path, uint64_t max_bytes = UINT64_MAX);
std::string read_text_file(const std::string& path, uint64_t max_bytes = UINT64_MAX);
// Replaces the content of `bytes` (capacity is kept). False with errno set on failure: for hot
// loops that turn it into an issue.
bool read_file_into(const std::string& path, std::vector<uint8_t>& bytes);

// Read-only map of a whole file. Throws like read_file. An empty file gives an empty span.
class MappedFile {
 public:
  explicit MappedFile(const std::string& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  MappedFile(MappedFile&& other) noexcept;
  std::span<const uint8_t> bytes() const { return {data_, size_}; }

 private:
  const uint8_t* data_ = nullptr;
  size_t size_ = 0;
};

// Room on the disk that nobody else sees and that is free again when its owner goes, however it
// goes.
class ScratchFile {
 public:
  // In `folder`, with room for all of `size_bytes`. Throws Error(kIo).
  ScratchFile(const std::string& folder, uint64_t size_bytes);
  // From any number of threads. Throw Error(kIo).
  void write_at(uint64_t offset, std::span<const uint8_t> bytes) const;
  void read_at(uint64_t offset, std::span<uint8_t> bytes) const;
  int descriptor() const { return fd_.value; }

 private:
  std::string folder_;
  Fd fd_;
};

// Writes to a temporary name beside `path`, fsyncs, renames over it and fsyncs the folder. On
// failure the temporary file is removed, `path` is as it was, and Error(kIo) is thrown.
void write_file_atomic(const std::string& path, std::string_view bytes);

// mkdir -p. Throws Error(kIo).
void make_directories(const std::string& path);
void remove_all(const std::string& path);
void fsync_directory(const std::string& path);

std::string join_path(std::string_view base, std::string_view relative);
// Lexically normal absolute path; does not ask the disk about links.
std::string absolute_path(const std::string& path);
// The bytes after the last '/', and those before it ("." when there is none).
std::string_view base_name(std::string_view path);
std::string_view parent_path(std::string_view path);
// Takes `folder` up until it is, or holds, `inner`, both absolute; an empty one becomes `inner`.
void widen_to_hold(std::string& folder, std::string_view inner);
// Lower-cased, with its dot: ".jpg"; empty when there is none.
std::string extension(std::string_view path);
// True when `relative` stays below the folder it is joined to: not absolute, no ".." component.
bool is_safe_relative_path(std::string_view relative);

}  // namespace errata
