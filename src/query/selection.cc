#include "query/selection.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"

namespace errata::query {

namespace {

void clear_tail(size_t rows, std::vector<uint64_t>& words) {
  if (rows % 64 != 0) words.back() &= (uint64_t{1} << (rows % 64)) - 1;
}

void require_equal_rows(const Selection& a, const Selection& b) {
  if (a.rows() == b.rows()) return;
  throw Error(ErrorCategory::kInternal,
              fmt::format("selections of {} and {} rows combined", a.rows(), b.rows()));
}

}  // namespace

Selection Selection::all(size_t rows) {
  Selection selection(rows);
  std::fill(selection.words_.begin(), selection.words_.end(), ~uint64_t{0});
  clear_tail(rows, selection.words_);
  return selection;
}

Selection Selection::of_rows(size_t rows, std::span<const RowIndex> selected) {
  Selection selection(rows);
  for (const RowIndex row : selected) {
    if (row >= rows) {
      throw Error(ErrorCategory::kInternal, fmt::format("row {} of {} selected", row, rows));
    }
    selection.set(row);
  }
  return selection;
}

size_t Selection::count() const {
  size_t count = 0;
  for (const uint64_t word : words_) count += static_cast<size_t>(std::popcount(word));
  return count;
}

bool Selection::empty() const {
  return std::all_of(words_.begin(), words_.end(), [](uint64_t word) { return word == 0; });
}

Selection& Selection::operator&=(const Selection& other) {
  require_equal_rows(*this, other);
  for (size_t w = 0; w < words_.size(); ++w) words_[w] &= other.words_[w];
  return *this;
}

Selection& Selection::operator|=(const Selection& other) {
  require_equal_rows(*this, other);
  for (size_t w = 0; w < words_.size(); ++w) words_[w] |= other.words_[w];
  return *this;
}

Selection& Selection::subtract(const Selection& other) {
  require_equal_rows(*this, other);
  for (size_t w = 0; w < words_.size(); ++w) words_[w] &= ~other.words_[w];
  return *this;
}

Selection& Selection::invert() {
  for (uint64_t& word : words_) word = ~word;
  if (!words_.empty()) clear_tail(rows_, words_);
  return *this;
}

std::vector<RowIndex> Selection::to_rows() const {
  std::vector<RowIndex> rows;
  rows.reserve(count());
  for_each([&](RowIndex row) { rows.push_back(row); });
  return rows;
}

void require_rows(const Selection& selection, size_t rows) {
  if (selection.rows() == rows) return;
  throw Error(ErrorCategory::kInternal,
              fmt::format("a selection of {} rows used on {} rows", selection.rows(), rows));
}

}  // namespace errata::query
