// Stable radix sort of rows by a 32-bit key that is computed from the row. Least significant digit
// first; keys travel beside their rows, so that columns are read in order and never again.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "model/ids.h"
#include "query/simd.h"

namespace errata::query {

// An array that grows without keeping or clearing what was in it.
template <typename T>
class ScratchArray {
 public:
  T* need(size_t size) {
    if (size > capacity_) {
      data_.reset();
      data_ = std::make_unique_for_overwrite<T[]>(size);
      capacity_ = size;
    }
    return data_.get();
  }
  T* data() { return data_.get(); }

 private:
  std::unique_ptr<T[]> data_;
  size_t capacity_ = 0;
};

struct RadixScratch {
  ScratchArray<uint64_t> pairs[2];
  std::vector<uint32_t> histogram;
};

inline constexpr unsigned kMaxDigitBits = 11;
inline constexpr size_t kRadixChunk = 256;

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

// Keys of `in[0..n)` (of rows 0..n) when `in` is null), 256 at a time:
// fn(begin, count, const uint32_t* keys).
template <typename KeyOf, typename Fn>
[[gnu::always_inline]] inline void for_each_key_chunk(const RowIndex* in, size_t n,
                                                      const KeyOf& key_of, const Fn& fn) {
  alignas(64) uint32_t keys[kRadixChunk];
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
template <typename KeyOf>
void count_digits(const RowIndex* in, size_t n, const KeyOf& key_of, const RadixPlan& plan,
                  uint32_t* places) {
  const size_t buckets = plan.buckets();
  std::fill_n(places, plan.digits * buckets, 0);
  const uint32_t mask = plan.mask();
  const unsigned bits = plan.digit_bits;
  const unsigned digits = plan.digits;
  vectorised([&]() ERRATA_INLINE {
    for_each_key_chunk(in, n, key_of,
                       [&](size_t, size_t count, const uint32_t* keys) ERRATA_INLINE {
                         uint32_t* low = places;
                         uint32_t* middle = places + buckets;
                         uint32_t* high = places + 2 * buckets;
                         if (digits == 3) {
                           for (size_t i = 0; i < count; ++i) {
                             const uint32_t key = keys[i];
                             ++low[key & mask];
                             ++middle[key >> bits & mask];
                             ++high[key >> (2 * bits)];
                           }
                         } else if (digits == 2) {
                           for (size_t i = 0; i < count; ++i) {
                             ++low[keys[i] & mask];
                             ++middle[keys[i] >> bits];
                           }
                         } else {
                           for (size_t i = 0; i < count; ++i) ++low[keys[i]];
                         }
                       });
  });
  for (unsigned digit = 0; digit < digits; ++digit) {
    uint32_t sum = 0;
    for (size_t value = 0; value < buckets; ++value) {
      const uint32_t here = places[digit * buckets + value];
      places[digit * buckets + value] = sum;
      sum += here;
    }
  }
}

// Sorts `in` (null: rows 0..n) by key_of(row) < 2^key_bits into `out`, which is not `in`. Equal
// keys keep their order. n < 2^32.
template <typename KeyOf>
void radix_sort(const RowIndex* in, size_t n, const KeyOf& key_of, unsigned key_bits,
                RadixScratch& scratch, RowIndex* out) {
  const RadixPlan plan(key_bits);
  if (plan.digits == 0) {
    for (size_t i = 0; i < n; ++i) out[i] = in == nullptr ? static_cast<RowIndex>(i) : in[i];
    return;
  }
  scratch.histogram.resize(3 * (size_t{1} << kMaxDigitBits));
  uint32_t* places = scratch.histogram.data();
  count_digits(in, n, key_of, plan, places);
  const uint32_t mask = plan.mask();
  const unsigned bits = plan.digit_bits;
  if (plan.digits == 1) {
    for_each_key_chunk(in, n, key_of, [&](size_t begin, size_t count, const uint32_t* keys) {
      for (size_t i = 0; i < count; ++i) {
        out[places[keys[i]]++] = in == nullptr ? static_cast<RowIndex>(begin + i) : in[begin + i];
      }
    });
    return;
  }
  uint64_t* from = scratch.pairs[0].need(n);
  vectorised([&]() ERRATA_INLINE {
    for_each_key_chunk(in, n, key_of,
                       [&](size_t begin, size_t count, const uint32_t* keys) ERRATA_INLINE {
                         for (size_t i = 0; i < count; ++i) {
                           const uint64_t row = in == nullptr ? begin + i : in[begin + i];
                           from[places[keys[i] & mask]++] = uint64_t{keys[i] >> bits} << 32 | row;
                         }
                       });
  });
  if (plan.digits == 3) {
    uint64_t* to = scratch.pairs[1].need(n);
    uint32_t* middle = places + plan.buckets();
    for (size_t i = 0; i < n; ++i) {
      const uint64_t pair = from[i];
      const auto key = static_cast<uint32_t>(pair >> 32);
      to[middle[key & mask]++] = uint64_t{key >> bits} << 32 | static_cast<uint32_t>(pair);
    }
    from = to;
  }
  uint32_t* last = places + (plan.digits - 1) * plan.buckets();
  for (size_t i = 0; i < n; ++i) {
    const uint64_t pair = from[i];
    out[last[pair >> 32]++] = static_cast<RowIndex>(pair);
  }
}

}  // namespace errata::query
