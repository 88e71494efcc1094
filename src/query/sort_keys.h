// The keys by which order_rows sorts: small whole numbers that rise as the order wants, with NULL
// above all others.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <vector>

#include "model/columns.h"

namespace errata::query {

// A whole number that rises with the value; -0 and 0 give the same.
inline uint32_t ordered_bits(float value) {
  const auto bits = std::bit_cast<uint32_t>(value + 0.0f);
  return bits ^ (static_cast<uint32_t>(static_cast<int32_t>(bits) >> 31) | 0x80000000u);
}
inline uint64_t ordered_bits(double value) {
  const auto bits = std::bit_cast<uint64_t>(value + 0.0);
  return bits ^ (static_cast<uint64_t>(static_cast<int64_t>(bits) >> 63) | uint64_t{1} << 63);
}
inline uint64_t ordered_bits(int64_t value) {
  return static_cast<uint64_t>(value) ^ uint64_t { 1 } << 63;
}

// Does the value count as NULL by itself?
inline bool is_missing(float value) {
  return value != value;
}
inline bool is_missing(double value) {
  return value != value;
}
inline bool is_missing(int64_t) {
  return false;
}

// All bits set where is_missing.
inline uint32_t missing_mask(float value) {
  return -static_cast<uint32_t>((std::bit_cast<uint32_t>(value) & 0x7FFFFFFFu) > 0x7F800000u);
}
inline uint64_t missing_mask(double value) {
  return -static_cast<uint64_t>((std::bit_cast<uint64_t>(value) & ~(uint64_t{1} << 63)) >
                                uint64_t{0x7FF} << 52);
}
inline uint64_t missing_mask(int64_t) {
  return 0;
}

// A bit a row, or all of them.
struct Validity {
  const uint64_t* words = nullptr;
  bool at(RowIndex row) const {
    return words == nullptr || (words[row / 64] >> (row % 64) & 1) != 0;
  }
};

// Keys of a float column whose ordered bits lie in [low, high].
template <bool kDescending, bool kHasValidity>
struct FloatKey {
  const float* values;
  Validity validity;
  uint32_t low;
  uint32_t high;

  uint32_t operator()(RowIndex row) const {
    const uint32_t bits = ordered_bits(values[row]);
    uint32_t key = kDescending ? high - bits : bits - low;
    const uint32_t null_key = high - low + 1;
    key = is_missing(values[row]) ? null_key : key;
    if constexpr (kHasValidity) key = validity.at(row) ? key : null_key;
    return key;
  }
};

// Keys of a 64-bit column. The range of ordered bits is [low, high]; `shift` brings it below 2^31,
// and what is lost is settled afterwards.
template <typename T>
struct WideKey {
  const T* values;
  Validity validity;
  uint64_t low;
  uint64_t high;
  unsigned shift;
  uint32_t null_key;
  bool descending;

  bool is_null(RowIndex row) const { return is_missing(values[row]) || !validity.at(row); }
  uint64_t full(RowIndex row) const {
    const uint64_t bits = ordered_bits(values[row]);
    return descending ? high - bits : bits - low;
  }
  uint32_t operator()(RowIndex row) const {
    return is_null(row) ? null_key : static_cast<uint32_t>(full(row) >> shift);
  }
};

// Keys looked up: entry 0 is NULL's, entry c + 1 that of code c.
struct TableKey {
  const int32_t* codes;
  Validity validity;
  const uint32_t* table;

  uint32_t operator()(RowIndex row) const { return table[validity.at(row) ? codes[row] + 1 : 0]; }
};

struct BoolKey {
  const uint8_t* bytes;
  Validity validity;
  bool descending;

  uint32_t operator()(RowIndex row) const {
    if (!validity.at(row)) return 2;
    return static_cast<uint32_t>((bytes[row] != 0) != descending);
  }
};

// Keys that stand ready, one a row of the table.
template <typename Key>
struct ReadyKey {
  const Key* keys;
  Key operator()(RowIndex row) const { return keys[row]; }
};

}  // namespace errata::query
