// Which sample's thumbnail lives in which cell of the atlas: a cache with a fixed number of slots
// that gives up the one not drawn for the longest time. Knows nothing of pixels or OpenGL.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <unordered_map>
#include <vector>

#include "model/ids.h"

namespace errata::viewer {

class SlotCache {
 public:
  explicit SlotCache(size_t slots) : slots_(slots) {}

  // The slot of a sample, marked as used in `frame`; nullopt when it has none.
  std::optional<size_t> use(SampleId sample, uint64_t frame);
  bool holds(SampleId sample) const { return where_.contains(sample); }
  // A slot for a sample that has none: a free one, else that of the sample not used for longest.
  // nullopt when every slot was used in `frame` itself.
  std::optional<size_t> take(SampleId sample, uint64_t frame);
  void forget(SampleId sample);
  void clear();
  size_t size() const { return where_.size(); }
  size_t slots() const { return slots_; }

 private:
  struct Entry {
    SampleId sample;
    size_t slot;
    uint64_t last_frame;
  };
  using Entries = std::list<Entry>;  // most recently used first

  size_t slots_;
  size_t never_used_ = 0;  // slots from here on have never been given out
  Entries entries_;
  std::unordered_map<SampleId, Entries::iterator> where_;
  std::vector<size_t> free_;
};

}  // namespace errata::viewer
