// A set of snapshot rows, one bit each: the selection in the grid.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "model/ids.h"

namespace errata::viewer {

class RowSet {
 public:
  // Empties the set and makes room for rows [0, rows).
  void reset(size_t rows) {
    words_.assign((rows + 63) / 64, 0);
    count_ = 0;
  }
  bool has(RowIndex row) const {
    return row / 64 < words_.size() && (words_[row / 64] >> (row % 64) & 1) != 0;
  }
  void set(RowIndex row, bool in) {
    if (row / 64 >= words_.size() || has(row) == in) return;
    words_[row / 64] ^= uint64_t{1} << (row % 64);
    count_ += in ? 1 : size_t{0} - 1;
  }
  void clear() {
    if (count_ > 0) reset(words_.size() * 64);
  }
  size_t count() const { return count_; }
  // Rising.
  std::vector<RowIndex> rows() const {
    std::vector<RowIndex> rows;
    rows.reserve(count_);
    for (size_t w = 0; w < words_.size(); ++w) {
      for (uint64_t word = words_[w]; word != 0; word &= word - 1) {
        rows.push_back(static_cast<RowIndex>(w * 64 + static_cast<size_t>(std::countr_zero(word))));
      }
    }
    return rows;
  }

 private:
  std::vector<uint64_t> words_;
  size_t count_ = 0;
};

}  // namespace errata::viewer
