// Stable radix sort of rows by a key of at most 41 bits that is computed from the row. Least
// significant digit first; keys travel beside their rows, so that columns are read in order and
// never again.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "base/scratch_array.h"
#include "model/ids.h"
#include "query/simd.h"

namespace errata::query {

// With more, the places written to outnumber what the first-level cache and its translation hold:
// measured, 11 bits cost three times as much a pass as 10.
inline constexpr unsigned kMaxDigitBits = 10;
inline constexpr unsigned kMaxDigits = 5;
// A pair carries 32 bits beside the row once the first digit is placed: with the digits that
// RadixPlan chooses, keys up to this many bits fit.
inline constexpr unsigned kMaxKeyBits = 41;
inline constexpr size_t kRadixChunk = 256;

struct RadixScratch {
  ScratchArray<uint64_t> pairs[2];
  alignas(64) uint32_t places[kMaxDigits << kMaxDigitBits];
};

// How many bits a digit has and how many digits there are, for keys below 2^key_bits.
struct RadixPlan {
  unsigned digits = 0;
  unsigned digit_bits = 0;

  explicit RadixPlan(unsigned key_bits) {
    digits = (key_bits + kMaxDigitBits - 1) / kMaxDigitBits;
    digit_bits = digits == 0 ? 0 : (key_bits + digits - 1) / digits;
  }
  size_t buckets() const { return size_t{1} << digit_bits; }
  uint32_t mask() const { return static_cast<uint32_t>(buckets() - 1); }
};

// What a key functor gives: uint32_t or uint64_t.
template <typename KeyOf>
using KeyType = std::invoke_result_t<KeyOf, RowIndex>;

// Keys of `in[0..n)` (of rows 0..n when `in` is null), 256 at a time:
// fn(begin, count, const KeyType* keys).
template <typename KeyOf, typename Fn>
[[gnu::always_inline]] inline void for_each_key_chunk(const RowIndex* in, size_t n,
                                                      const KeyOf& key_of, const Fn& fn) {
  alignas(64) KeyType<KeyOf> keys[kRadixChunk];
  for (size_t begin = 0; begin < n; begin += kRadixChunk) {
    const size_t count = n - begin < kRadixChunk ? n - begin : kRadixChunk;
    if (in == nullptr) {
      const auto first = static_cast<RowIndex>(begin);
      if (count == kRadixChunk) {
        for (uint32_t i = 0; i < kRadixChunk; ++i) keys[i] = key_of(first + i);
      } else {
        for (uint32_t i = 0; i < count; ++i) keys[i] = key_of(first + i);
      }
    } else {
      for (size_t i = 0; i < count; ++i) keys[i] = key_of(in[begin + i]);
    }
    fn(begin, count, keys);
  }
}

// Counts all digits of all keys and turns the counts into places: for digit d, entry
// [d * buckets + value] is where the first key with that value goes.
template <unsigned kDigits, typename KeyOf>
void count_digits(const RowIndex* in, size_t n, const KeyOf& key_of, const RadixPlan& plan,
                  uint32_t* places) {
  const size_t buckets = plan.buckets();
  std::fill_n(places, kDigits * buckets, 0);
  const uint32_t mask = plan.mask();
  const unsigned bits = plan.digit_bits;
  vectorised([&]() ERRATA_INLINE {
    for_each_key_chunk(in, n, key_of,
                       [&](size_t, size_t count, const KeyType<KeyOf>* keys) ERRATA_INLINE {
                         for (size_t i = 0; i < count; ++i) {
                           const KeyType<KeyOf> key = keys[i];
                           ++places[key & mask];
                           if constexpr (kDigits > 1) ++places[buckets + (key >> bits & mask)];
                           if constexpr (kDigits > 2) {
                             ++places[2 * buckets + (key >> (2 * bits) & mask)];
                           }
                           if constexpr (kDigits > 3) {
                             ++places[3 * buckets + (key >> (3 * bits) & mask)];
                           }
                           if constexpr (kDigits > 4) ++places[4 * buckets + (key >> (4 * bits))];
                         }
                       });
  });
  for (unsigned digit = 0; digit < kDigits; ++digit) {
    uint32_t sum = 0;
    for (size_t value = 0; value < buckets; ++value) {
      const uint32_t here = places[digit * buckets + value];
      places[digit * buckets + value] = sum;
      sum += here;
    }
  }
}

// What travels: the digits still to come above, the row below.
inline uint64_t radix_pair(uint64_t key, uint64_t row) {
  return key << 32 | row;
}

template <unsigned kDigits, typename KeyOf>
void radix_sort_digits(const RowIndex* in, size_t n, const KeyOf& key_of, const RadixPlan& plan,
                       RadixScratch& scratch, RowIndex* out) {
  uint32_t* places = scratch.places;
  count_digits<kDigits>(in, n, key_of, plan, places);
  const uint32_t mask = plan.mask();
  const unsigned bits = plan.digit_bits;
  if constexpr (kDigits == 1) {
    for_each_key_chunk(in, n, key_of, [&](size_t begin, size_t count, const KeyType<KeyOf>* keys) {
      for (size_t i = 0; i < count; ++i) {
        out[places[keys[i]]++] = in == nullptr ? static_cast<RowIndex>(begin + i) : in[begin + i];
      }
    });
    return;
  }
  uint64_t* from = scratch.pairs[0].need(n);
  uint64_t* to = kDigits > 2 ? scratch.pairs[1].need(n) : nullptr;
  vectorised([&]() ERRATA_INLINE {
    for_each_key_chunk(in, n, key_of,
                       [&](size_t begin, size_t count, const KeyType<KeyOf>* keys) ERRATA_INLINE {
                         for (size_t i = 0; i < count; ++i) {
                           const uint64_t row = in == nullptr ? begin + i : in[begin + i];
                           from[places[keys[i] & mask]++] = radix_pair(keys[i] >> bits, row);
                         }
                       });
  });
  for (unsigned digit = 1; digit + 1 < kDigits; ++digit) {
    uint32_t* here = places + digit * plan.buckets();
    for (size_t i = 0; i < n; ++i) {
      const uint64_t pair = from[i];
      const auto key = static_cast<uint32_t>(pair >> 32);
      to[here[key & mask]++] = radix_pair(key >> bits, static_cast<uint32_t>(pair));
    }
    std::swap(from, to);
  }
  uint32_t* last = places + (kDigits - 1) * plan.buckets();
  for (size_t i = 0; i < n; ++i) {
    const uint64_t pair = from[i];
    out[last[pair >> 32]++] = static_cast<RowIndex>(pair);
  }
}

// Sorts `in` (null: rows 0..n) by key_of(row) < 2^key_bits <= 2^kMaxKeyBits into `out`, which is
// not `in`. Equal keys keep their order. n < 2^32.
template <typename KeyOf>
void radix_sort(const RowIndex* in, size_t n, const KeyOf& key_of, unsigned key_bits,
                RadixScratch& scratch, RowIndex* out) {
  const RadixPlan plan(key_bits);
  switch (plan.digits) {
    case 0:
      for (size_t i = 0; i < n; ++i) out[i] = in == nullptr ? static_cast<RowIndex>(i) : in[i];
      break;
    case 1: radix_sort_digits<1>(in, n, key_of, plan, scratch, out); break;
    case 2: radix_sort_digits<2>(in, n, key_of, plan, scratch, out); break;
    case 3: radix_sort_digits<3>(in, n, key_of, plan, scratch, out); break;
    case 4: radix_sort_digits<4>(in, n, key_of, plan, scratch, out); break;
    default: radix_sort_digits<5>(in, n, key_of, plan, scratch, out);
  }
}

}  // namespace errata::query
