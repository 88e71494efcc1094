// What a reader holds at once, counted by itself.
#pragma once

#include <algorithm>
#include <cstdint>
#include <mutex>

namespace errata {

// From any thread.
class MemoryGauge {
 public:
  void add(uint64_t bytes) {
    std::lock_guard lock(mutex_);
    now_ += bytes;
    most_ = std::max(most_, now_);
  }
  void remove(uint64_t bytes) {
    std::lock_guard lock(mutex_);
    now_ -= bytes;
  }
  uint64_t most_bytes() const {
    std::lock_guard lock(mutex_);
    return most_;
  }

 private:
  mutable std::mutex mutex_;
  uint64_t now_ = 0;
  uint64_t most_ = 0;
};

}  // namespace errata
