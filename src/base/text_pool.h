// Many texts that are kept as they are: in memory up to a bound, beyond it in a file without a name
// that is mapped, so that the system can take its pages back.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/files.h"

namespace errata {

class TextPool {
 public:
  // The file, where one is needed, goes into the first of `folders` that can be written; nothing is
  // left of it, however the process ends.
  TextPool(uint64_t memory_bytes, std::vector<std::string> folders);
  ~TextPool();
  TextPool(const TextPool&) = delete;
  TextPool& operator=(const TextPool&) = delete;

  // A copy that stays where it is for as long as the pool. Error(kIo) when the disk is full.
  std::string_view add(std::string_view text);
  uint64_t file_bytes() const { return file_end_; }  // of texts and what is set aside for more

  // From any thread, by who goes through the texts: `bytes` more were read and will not be looked
  // at again soon. Now and then gives the pages of the file back.
  void passed(uint64_t bytes) const;

 private:
  struct Segment {
    char* data;
    uint64_t size;
    bool in_file;
  };
  void begin_segment(uint64_t bytes);
  static void give_back(const Segment& segment);

  const uint64_t memory_bytes_;
  const std::vector<std::string> folders_;
  std::vector<Segment> segments_;
  uint64_t used_ = 0;  // of the last segment
  uint64_t in_memory_ = 0;
  Fd file_{-1};
  uint64_t file_end_ = 0;
  mutable std::atomic<uint64_t> passed_{0};
};

}  // namespace errata
