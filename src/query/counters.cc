#include "query/counters.h"

#include <cstring>

#include "query/simd.h"

namespace errata::query {

namespace {

constexpr size_t kPairTable = SlotCounter::kMaxPairedSlots * SlotCounter::kMaxPairedSlots;

// Above this, several tables no longer stay in the first-level cache.
constexpr size_t kMaxSpreadSlots = 2048;

}  // namespace

SlotCounter::SlotCounter(size_t slots) : slots_(slots) {
  // 16 apart: the tables' like slots do not fall on like places of a page.
  stride_ = slots <= kMaxSpreadSlots ? (slots + 31) / 16 * 16 : 0;
  tables_.assign(stride_ == 0 ? slots : stride_ * kTables, 0);
  if (slots <= kMaxPairedSlots) pairs_.assign(2 * kPairTable, 0);
}

void SlotCounter::add(const uint16_t* slots, size_t n) {
  if (!pairs_.empty()) return add_paired(slots, n);
  uint32_t* a = tables_.data();
  uint32_t* b = a + stride_;
  uint32_t* c = b + stride_;
  uint32_t* d = c + stride_;
  size_t i = 0;
  for (; i + 4 <= n; i += 4) {
    uint64_t four;
    std::memcpy(&four, slots + i, 8);
    ++a[four & 0xFFFF];
    ++b[four >> 16 & 0xFFFF];
    ++c[four >> 32 & 0xFFFF];
    ++d[four >> 48];
  }
  for (; i < n; ++i) ++a[slots[i]];
}

// A pair of rows is one number of 12 bits.
void SlotCounter::add_paired(const uint16_t* slots, size_t n) {
  uint32_t* even = pairs_.data();
  uint32_t* odd = even + kPairTable;
  size_t i = 0;
  for (; i + 8 <= n; i += 8) {
    uint64_t four;
    std::memcpy(&four, slots + i, 8);
    four |= four >> 10;
    ++even[four & 0xFFF];
    ++odd[four >> 32 & 0xFFF];
    std::memcpy(&four, slots + i + 4, 8);
    four |= four >> 10;
    ++even[four & 0xFFF];
    ++odd[four >> 32 & 0xFFF];
  }
  for (; i < n; ++i) ++tables_[slots[i]];
}

void SlotCounter::add_codes(const int32_t* codes, size_t n) {
  uint32_t* a = tables_.data() + 1;
  uint32_t* b = a + stride_;
  uint32_t* c = b + stride_;
  uint32_t* d = c + stride_;
  size_t i = 0;
  for (; i + 4 <= n; i += 4) {
    ++a[codes[i]];
    ++b[codes[i + 1]];
    ++c[codes[i + 2]];
    ++d[codes[i + 3]];
  }
  for (; i < n; ++i) ++a[codes[i]];
}

std::vector<uint64_t> SlotCounter::totals() const {
  std::vector<uint64_t> totals(slots_, 0);
  for (size_t table = 0; table < (stride_ == 0 ? 1 : kTables); ++table) {
    for (size_t slot = 0; slot < slots_; ++slot) totals[slot] += tables_[table * stride_ + slot];
  }
  for (size_t i = 0; i < pairs_.size(); ++i) {
    const uint32_t count = pairs_[i];
    if (count == 0) continue;
    totals[i % kMaxPairedSlots] += count;
    totals[i % kPairTable / kMaxPairedSlots] += count;
  }
  return totals;
}

}  // namespace errata::query
