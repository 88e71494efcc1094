// A long array of floats that is filled once: in memory up to a bound, beyond it in a file without
// a name that is mapped, so that the system can take its pages back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace errata {

struct UnmapFloats {
  size_t bytes = 0;
  void operator()(float* mapped) const;
};

class SpilledFloats {
 public:
  SpilledFloats() = default;
  // Room for `most` floats. The file goes into `folder`; nothing is left of it, however the process
  // ends. Throws Error(kIo) where the disk has no room for it.
  SpilledFloats(size_t most, uint64_t memory_bytes, const std::string& folder);

  // Within what there is room for.
  void append(std::span<const float> values);

  std::span<const float> values() const;
  bool in_file() const { return mapped_ != nullptr; }

 private:
  std::vector<float> memory_;
  std::unique_ptr<float, UnmapFloats> mapped_;
  size_t mapped_size_ = 0;  // floats that were appended there
};

}  // namespace errata
