// Records of any length, added in any order and given back by rising key, those of one key in the
// order in which they came: in memory up to a bound, beyond it as sorted runs on the disk.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/files.h"

namespace errata::jobs {

class GroupedRecords {
 public:
  // Runs go to a file without a name in `folder`: nothing is left of it, however the process ends.
  // Reading them back takes 4 KiB for each run at least, and there is one for each `memory_bytes`
  // of records.
  GroupedRecords(uint64_t memory_bytes, std::string folder);
  ~GroupedRecords();

  // Error(kIo) when the disk is full. A record is shorter than `memory_bytes`, or a run by itself.
  void add(int64_t key, std::string_view record);
  uint64_t size() const { return size_; }
  size_t runs() const { return runs_.size(); }  // on the disk

  // From the first call on nothing may be added. False at the end; the record is good until the
  // next call.
  bool next(int64_t& key, std::string_view& record);

 private:
  struct Entry {
    int64_t key;
    uint64_t begin;  // in heap_: the length, then the record
  };
  struct Run {
    uint64_t begin;
    uint64_t end;
  };
  class RunReader;

  void sort();
  void write_run();
  std::string_view record_at(uint64_t begin) const;
  void start_reading();

  const uint64_t heap_limit_;
  const uint64_t entry_limit_;
  const std::string folder_;
  uint64_t size_ = 0;
  std::string heap_;
  std::vector<Entry> entries_;
  Fd file_{-1};
  uint64_t file_end_ = 0;
  std::vector<Run> runs_;
  bool reading_ = false;
  size_t next_entry_ = 0;
  std::vector<std::unique_ptr<RunReader>> readers_;
  std::vector<uint32_t> heap_of_readers_;  // a heap: the reader with the least key, then run, first
};

}  // namespace errata::jobs
