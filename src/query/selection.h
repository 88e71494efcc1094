// A set of rows of a table: one bit a row.
#pragma once

#include <bit>
#include <cstdint>
#include <span>
#include <vector>

#include "model/ids.h"

namespace errata::query {

// Invariant: bits at and after rows() are 0, so that whole words may be counted and combined.
// Combining two selections requires equal rows().
class Selection {
 public:
  Selection() = default;
  // No row selected.
  explicit Selection(size_t rows) : rows_(rows), words_((rows + 63) / 64, 0) {}

  static Selection all(size_t rows);
  // Throws Error(kInternal) for a row that is not below `rows`. Repeated rows count once.
  static Selection of_rows(size_t rows, std::span<const RowIndex> selected);

  size_t rows() const { return rows_; }
  size_t count() const;  // counts the bits: O(rows / 64)
  bool empty() const;
  bool full() const { return count() == rows_; }

  bool test(RowIndex row) const { return (words_[row / 64] >> (row % 64) & 1) != 0; }
  void set(RowIndex row) { words_[row / 64] |= uint64_t{1} << (row % 64); }
  void reset(RowIndex row) { words_[row / 64] &= ~(uint64_t{1} << (row % 64)); }

  std::span<const uint64_t> words() const { return words_; }
  // For writers of whole words; they keep the invariant.
  std::span<uint64_t> mutable_words() { return words_; }

  Selection& operator&=(const Selection& other);
  Selection& operator|=(const Selection& other);
  Selection& subtract(const Selection& other);
  Selection& invert();
  bool operator==(const Selection& other) const = default;

  // fn(RowIndex) for each selected row, rising.
  template <typename Fn>
  void for_each(Fn&& fn) const {
    for (size_t w = 0; w < words_.size(); ++w) {
      for (uint64_t bits = words_[w]; bits != 0; bits &= bits - 1) {
        fn(static_cast<RowIndex>(w * 64 + static_cast<size_t>(std::countr_zero(bits))));
      }
    }
  }
  std::vector<RowIndex> to_rows() const;

 private:
  size_t rows_ = 0;
  std::vector<uint64_t> words_;
};

// Throws Error(kInternal) when the selection was made for a table of another length: what counts
// and orders below it asks for this, since a stale selection would read beyond the columns.
void require_rows(const Selection& selection, size_t rows);

}  // namespace errata::query
