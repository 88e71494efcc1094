// Which rows can be among the first few of an order: found by counting key prefixes, without
// sorting the others.
#pragma once

#include <array>

#include "base/scratch_array.h"
#include "query/radix.h"

namespace errata::query {

// Rows in an order: null stands for 0, 1, 2, ...
struct Rows {
  const RowIndex* data = nullptr;
  size_t count = 0;

  RowIndex operator[](size_t i) const {
    return data == nullptr ? static_cast<RowIndex>(i) : data[i];
  }
};

// The keys up to which rows are kept: all whose first bits (key >> low) are below `prefix`, and
// `equal_allowed` of those where they equal it, the first ones.
struct Cut {
  unsigned low = 0;
  uint32_t prefix = 0;
  size_t below = 0;  // rows that are below
  size_t equal = 0;  // rows that equal it
  size_t equal_allowed = 0;

  size_t kept() const { return below + std::min(equal, equal_allowed); }
};

// Looks at up to 12 more bits of the keys and moves the cut to where the limit-th row stands.
template <typename KeyOf>
void refine_cut(const Rows& rows, size_t limit, const KeyOf& key_of, Cut& cut) {
  const unsigned width = std::min(12u, cut.low);
  const unsigned shift = cut.low - width;
  const uint32_t prefix = cut.prefix;
  std::array<uint32_t, size_t{1} << 12> counts{};
  vectorised([&]() ERRATA_INLINE {
    const uint32_t mask = (1u << width) - 1;
    for_each_key_chunk(rows.data, rows.count, key_of,
                       [&](size_t, size_t count, const uint32_t* keys) ERRATA_INLINE {
                         for (size_t i = 0; i < count; ++i) {
                           const uint32_t bits = keys[i] >> shift;
                           counts[bits & mask] += bits >> width == prefix ? 1 : 0;
                         }
                       });
  });
  uint32_t value = 0;
  while (cut.below + counts[value] < limit) cut.below += counts[value++];
  cut.low = shift;
  cut.prefix = prefix << width | value;
  cut.equal = counts[value];
}

template <typename KeyOf>
Rows keep_below_cut(const Rows& rows, const KeyOf& key_of, const Cut& cut,
                    ScratchArray<RowIndex>& memory) {
  RowIndex* out = memory.need(cut.kept() + 1);
  size_t n = 0;
  size_t allowed = cut.equal_allowed;
  vectorised([&]() ERRATA_INLINE {
    const uint32_t prefix = cut.prefix;
    const unsigned low = cut.low;
    for_each_key_chunk(rows.data, rows.count, key_of,
                       [&](size_t begin, size_t count, const uint32_t* keys) ERRATA_INLINE {
                         for (size_t i = 0; i < count; ++i) {
                           const uint32_t bits = keys[i] >> low;
                           const size_t equal = bits == prefix && allowed > 0 ? 1 : 0;
                           allowed -= equal;
                           out[n] = rows.data == nullptr ? static_cast<RowIndex>(begin + i)
                                                         : rows.data[begin + i];
                           n += equal + (bits < prefix ? 1 : 0);
                         }
                       });
  });
  return {out, n};
}

// Rows that hold the first `limit` (1 to rows.count) in the order of key_of(row) < 2^bits, in the
// order they came; `rows` itself when that saves little. When the key alone decides the order
// (`is_exact`), rows with the last key are kept no further than the limit.
template <typename KeyOf>
Rows narrow_rows(const Rows& rows, size_t limit, const KeyOf& key_of, unsigned bits, bool is_exact,
                 ScratchArray<RowIndex>& memory) {
  Cut cut;
  cut.low = bits;
  do {
    refine_cut(rows, limit, key_of, cut);
    const bool decided = cut.low == 0 && is_exact;
    cut.equal_allowed = decided ? limit - cut.below : cut.equal;
    // Close enough: sorting a few more costs less than another look at all rows.
  } while (cut.low > 0 && cut.kept() > 2 * limit + rows.count / 64);
  if (cut.kept() * 2 > rows.count) return rows;
  return keep_below_cut(rows, key_of, cut, memory);
}

}  // namespace errata::query
