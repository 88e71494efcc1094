#include "jobs/grouped_records.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/error.h"
#include "base/nameless_file.h"

namespace errata::jobs {

namespace {

using Length = uint32_t;
constexpr size_t kWriteBytes = size_t{1} << 20;
constexpr uint64_t kLeastBuffer = 4 << 10;
constexpr uint64_t kMostBuffer = 1 << 20;

[[noreturn]] void fail(const char* what, const std::string& folder) {
  const int error = errno;
  throw Error(
      ErrorCategory::kIo,
      std::string("what does not fit into memory cannot be ") + what + ": " + std::strerror(error),
      error == ENOSPC ? "make room on that disk, or allow more memory" : "", folder);
}

void write_at(int fd, uint64_t at, std::string_view bytes, const std::string& folder) {
  while (!bytes.empty()) {
    const ssize_t n = ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(at));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) fail("written", folder);
    at += static_cast<uint64_t>(n);
    bytes.remove_prefix(static_cast<size_t>(n));
  }
}

}  // namespace

// One run, read through a buffer; the record that is looked at lies in it whole.
class GroupedRecords::RunReader {
 public:
  RunReader(int fd, const Run& run, uint64_t buffer_bytes, const std::string& folder)
      : fd_(fd), at_(run.begin), end_(run.end), folder_(folder) {
    buffer_.resize(buffer_bytes);
  }

  int64_t key = 0;
  std::string_view record;

  bool next() {
    constexpr size_t kHead = sizeof(int64_t) + sizeof(Length);
    if (!have(kHead)) return false;
    Length length = 0;
    std::memcpy(&key, buffer_.data() + begin_, sizeof(key));
    std::memcpy(&length, buffer_.data() + begin_ + sizeof(key), sizeof(length));
    if (!have(kHead + length)) fail("read back", folder_);
    record = std::string_view(buffer_).substr(begin_ + kHead, length);
    begin_ += kHead + length;
    return true;
  }

 private:
  // At least `bytes` in the buffer from begin_ on; false at the end of the run.
  bool have(size_t bytes) {
    if (filled_ - begin_ >= bytes) return true;
    std::memmove(buffer_.data(), buffer_.data() + begin_, filled_ - begin_);
    filled_ -= begin_;
    begin_ = 0;
    if (buffer_.size() < bytes) buffer_.resize(bytes);
    while (filled_ < bytes && at_ < end_) {
      const size_t room = std::min<uint64_t>(buffer_.size() - filled_, end_ - at_);
      const ssize_t n = ::pread(fd_, buffer_.data() + filled_, room, static_cast<off_t>(at_));
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) fail("read back", folder_);
      filled_ += static_cast<size_t>(n);
      at_ += static_cast<uint64_t>(n);
    }
    return filled_ >= bytes;
  }

  const int fd_;
  uint64_t at_;
  const uint64_t end_;
  const std::string& folder_;
  std::string buffer_;
  size_t begin_ = 0;
  size_t filled_ = 0;
};

GroupedRecords::GroupedRecords(uint64_t memory_bytes, std::string folder)
    : heap_limit_(std::max<uint64_t>(memory_bytes / 4 * 3, 64)),
      entry_limit_(std::max<uint64_t>(memory_bytes / 4 / sizeof(Entry), 1)),
      folder_(std::move(folder)) {}

GroupedRecords::~GroupedRecords() = default;

void GroupedRecords::add(int64_t key, std::string_view record) {
  if (record.size() > UINT32_MAX) {
    throw Error(ErrorCategory::kUnsupported, "one record takes more than 4 GiB");
  }
  const auto length = static_cast<Length>(record.size());
  const uint64_t bytes = sizeof(length) + record.size();
  const bool full = heap_.size() + bytes > heap_limit_ || entries_.size() >= entry_limit_;
  if (full && !entries_.empty()) write_run();
  if (entries_.empty()) {
    // Once: growing would hold both the old and the new. Untouched pages are no memory.
    heap_.reserve(heap_limit_);
    entries_.reserve(entry_limit_);
  }
  entries_.push_back({key, heap_.size()});
  heap_.append(reinterpret_cast<const char*>(&length), sizeof(length));
  heap_.append(record);
  ++size_;
}

std::string_view GroupedRecords::record_at(uint64_t begin) const {
  Length length = 0;
  std::memcpy(&length, heap_.data() + begin, sizeof(length));
  return std::string_view(heap_).substr(begin + sizeof(length), length);
}

void GroupedRecords::sort() {
  // The place in the heap is the order in which they came.
  std::sort(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) {
    return a.key != b.key ? a.key < b.key : a.begin < b.begin;
  });
}

void GroupedRecords::write_run() {
  if (file_.value < 0) file_.value = open_nameless_file({folder_});
  sort();
  Run run{file_end_, file_end_};
  std::string out;
  const auto write = [&] {
    write_at(file_.value, run.end, out, folder_);
    run.end += out.size();
    out.clear();
  };
  for (const Entry& entry : entries_) {
    const std::string_view record = record_at(entry.begin);
    const auto length = static_cast<Length>(record.size());
    out.append(reinterpret_cast<const char*>(&entry.key), sizeof(entry.key));
    out.append(reinterpret_cast<const char*>(&length), sizeof(length));
    out.append(record);
    if (out.size() >= kWriteBytes) write();
  }
  write();
  runs_.push_back(run);
  file_end_ = run.end;
  heap_.clear();
  entries_.clear();
}

void GroupedRecords::start_reading() {
  reading_ = true;
  if (runs_.empty()) return sort();
  if (!entries_.empty()) write_run();
  const uint64_t memory = heap_limit_;
  heap_ = {};
  entries_ = {};
  const uint64_t buffer = std::clamp(memory / runs_.size(), kLeastBuffer, kMostBuffer);
  for (const Run& run : runs_) {
    readers_.push_back(std::make_unique<RunReader>(file_.value, run, buffer, folder_));
    readers_.back()->next();
    heap_of_readers_.push_back(static_cast<uint32_t>(readers_.size() - 1));
  }
}

bool GroupedRecords::next(int64_t& key, std::string_view& record) {
  const auto later = [this](uint32_t a, uint32_t b) {
    return readers_[a]->key != readers_[b]->key ? readers_[a]->key > readers_[b]->key : a > b;
  };
  if (!reading_) {
    start_reading();
    std::make_heap(heap_of_readers_.begin(), heap_of_readers_.end(), later);
  } else if (!heap_of_readers_.empty()) {
    // The one that was given last.
    std::pop_heap(heap_of_readers_.begin(), heap_of_readers_.end(), later);
    if (readers_[heap_of_readers_.back()]->next()) {
      std::push_heap(heap_of_readers_.begin(), heap_of_readers_.end(), later);
    } else {
      readers_[heap_of_readers_.back()].reset();
      heap_of_readers_.pop_back();
    }
  }
  if (readers_.empty()) {
    if (next_entry_ == entries_.size()) return false;
    const Entry& entry = entries_[next_entry_++];
    key = entry.key;
    record = record_at(entry.begin);
    return true;
  }
  if (heap_of_readers_.empty()) return false;
  const RunReader& first = *readers_[heap_of_readers_.front()];
  key = first.key;
  record = first.record;
  return true;
}

}  // namespace errata::jobs
