#include "base/spilled_floats.h"

#include <sys/mman.h>

#include <algorithm>
#include <cerrno>

#include "base/error.h"
#include "base/files.h"

namespace errata {

SpilledFloats::SpilledFloats(size_t most, uint64_t memory_bytes, const std::string& folder) {
  const size_t bytes = most * sizeof(float);
  if (bytes <= memory_bytes) {
    memory_.reserve(most);
    return;
  }
  const ScratchFile file(folder, bytes);
  void* mapped = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file.descriptor(), 0);
  if (mapped == MAP_FAILED) throw io_error("map scratch space in", folder, errno);
  mapped_ = {static_cast<float*>(mapped), UnmapFloats{bytes}};
}

void UnmapFloats::operator()(float* mapped) const {
  ::munmap(mapped, bytes);
}

void SpilledFloats::append(std::span<const float> values) {
  if (mapped_ == nullptr) {
    memory_.insert(memory_.end(), values.begin(), values.end());
    return;
  }
  std::copy(values.begin(), values.end(), mapped_.get() + mapped_size_);
  mapped_size_ += values.size();
}

std::span<const float> SpilledFloats::values() const {
  if (mapped_ == nullptr) return memory_;
  return {mapped_.get(), mapped_size_};
}

}  // namespace errata
