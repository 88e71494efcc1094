#include "viewer/state/slot_cache.h"

namespace errata::viewer {

std::optional<size_t> SlotCache::use(SampleId sample, uint64_t frame) {
  const auto found = where_.find(sample);
  if (found == where_.end()) return std::nullopt;
  entries_.splice(entries_.begin(), entries_, found->second);
  found->second->last_frame = frame;
  return found->second->slot;
}

std::optional<size_t> SlotCache::take(SampleId sample, uint64_t frame) {
  if (const std::optional<size_t> slot = use(sample, frame)) return slot;
  size_t slot = 0;
  if (!free_.empty()) {
    slot = free_.back();
    free_.pop_back();
  } else if (never_used_ < slots_) {
    slot = never_used_++;
  } else {
    if (entries_.empty() || entries_.back().last_frame >= frame) return std::nullopt;
    slot = entries_.back().slot;
    where_.erase(entries_.back().sample);
    entries_.pop_back();
  }
  entries_.push_front({sample, slot, frame});
  where_[sample] = entries_.begin();
  return slot;
}

void SlotCache::forget(SampleId sample) {
  const auto found = where_.find(sample);
  if (found == where_.end()) return;
  free_.push_back(found->second->slot);
  entries_.erase(found->second);
  where_.erase(found);
}

void SlotCache::clear() {
  entries_.clear();
  where_.clear();
  free_.clear();
  never_used_ = 0;
}

}  // namespace errata::viewer
