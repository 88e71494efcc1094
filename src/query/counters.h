// The counting loops behind facets and histograms: slots of rows, and tables that count them.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "query/block.h"

namespace errata::query {

// A block of rows and which of them are selected.
struct SelectedBlock {
  RowRange range;
  const uint64_t* words = nullptr;      // of the selection, from range.first on
  bool all = false;                     // every row of the range is selected
  std::span<const uint16_t> positions;  // of the selected rows in the range, when not all
};

// Counts of slots 0 <= slot < slots. Neighbouring rows go to different tables, so that a value that
// repeats does not wait for its own count; few slots are counted in pairs of rows.
class SlotCounter {
 public:
  // Slots fit the 6 bits of a pair's half.
  static constexpr size_t kMaxPairedSlots = 64;

  explicit SlotCounter(size_t slots);

  // n rows one after the other.
  void add(const uint16_t* slots, size_t n);
  void add(const uint16_t* slots, std::span<const uint16_t> positions);
  // Slots of 32 bits, less one: -1 counts as slot 0.
  void add_codes(const int32_t* codes, size_t n);
  void add_codes(const int32_t* codes, std::span<const uint16_t> positions);

  std::vector<uint64_t> totals() const;

 private:
  static constexpr size_t kTables = 4;

  void add_paired(const uint16_t* slots, size_t n);

  size_t slots_;
  size_t stride_;
  std::vector<uint32_t> tables_;
  std::vector<uint32_t> pairs_;  // 2 tables of 64 x 64
};

}  // namespace errata::query
