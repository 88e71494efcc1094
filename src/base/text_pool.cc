#include "base/text_pool.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>

#include "base/error.h"
#include "base/nameless_file.h"

namespace errata {

namespace {

constexpr uint64_t kSegmentBytes = uint64_t{8} << 20;
constexpr uint64_t kGiveBackBytes = uint64_t{32} << 20;

}  // namespace

TextPool::TextPool(uint64_t memory_bytes, std::vector<std::string> folders)
    : memory_bytes_(memory_bytes), folders_(std::move(folders)) {}

TextPool::~TextPool() {
  for (const Segment& segment : segments_) ::munmap(segment.data, segment.size);
}

std::string_view TextPool::add(std::string_view text) {
  if (text.empty()) return {};
  if (segments_.empty() || segments_.back().size - used_ < text.size()) begin_segment(text.size());
  char* to = segments_.back().data + used_;
  std::memcpy(to, text.data(), text.size());
  used_ += text.size();
  return {to, text.size()};
}

void TextPool::begin_segment(uint64_t bytes) {
  static const auto page = static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
  if (!segments_.empty()) give_back(segments_.back());
  const uint64_t size = std::max(kSegmentBytes, (bytes + page - 1) / page * page);
  const bool in_file = in_memory_ + size > memory_bytes_;
  void* data = MAP_FAILED;
  if (in_file) {
    if (file_.value < 0) file_.value = open_nameless_file(folders_);
    // Set aside now: what the disk has no room for would end the program when it is written.
    const int error =
        ::posix_fallocate(file_.value, static_cast<off_t>(file_end_), static_cast<off_t>(size));
    if (error != 0) throw io_error("set room aside in", folders_.front(), error);
    data = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, file_.value,
                  static_cast<off_t>(file_end_));
  } else {
    data = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  }
  if (data == MAP_FAILED) throw std::bad_alloc();
  (in_file ? file_end_ : in_memory_) += size;
  segments_.push_back({static_cast<char*>(data), size, in_file});
  used_ = 0;
}

// Pages of a file that is mapped as shared keep what was written.
void TextPool::give_back(const Segment& segment) {
  if (segment.in_file) ::madvise(segment.data, segment.size, MADV_DONTNEED);
}

void TextPool::passed(uint64_t bytes) const {
  if (file_end_ == 0) return;
  const uint64_t before = passed_.fetch_add(bytes);
  if (before / kGiveBackBytes == (before + bytes) / kGiveBackBytes) return;
  for (const Segment& segment : segments_) give_back(segment);
}

}  // namespace errata
