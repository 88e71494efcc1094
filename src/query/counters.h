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

  size_t rows_after = 0;  // of the next block, all of which will be wanted too

  size_t selected() const { return all ? range.rows : positions.size(); }
};

// Asks for the next block while this one is worked on: the processor's own looking ahead ends with
// each page.
template <typename T>
void prefetch_next(const SelectedBlock& block, const T* column) {
  const T* next = column + block.range.first + block.range.rows;
  for (size_t i = 0; i < block.rows_after; i += 64 / sizeof(T)) __builtin_prefetch(next + i, 0, 2);
}

// The values of the selected rows one after the other: in place when all are, else in `room`.
template <typename T>
const T* selected_values(const SelectedBlock& block, const T* column, T* room) {
  const T* values = column + block.range.first;
  prefetch_next(block, column);
  if (block.all) return values;
  for (size_t i = 0; i < block.positions.size(); ++i) room[i] = values[block.positions[i]];
  return room;
}

// Counts of slots 0 <= slot < slots. Neighbouring rows go to different tables, so that a value that
// repeats does not wait for its own count; few slots are counted in pairs of rows.
class SlotCounter {
 public:
  // Slots fit the 6 bits of a pair's half.
  static constexpr size_t kMaxPairedSlots = 64;

  explicit SlotCounter(size_t slots);

  // n rows one after the other.
  void add(const uint16_t* slots, size_t n);
  // The slots less one, of 32 bits: -1 counts as slot 0.
  void add_codes(const int32_t* codes, size_t n);

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
