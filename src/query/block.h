// The unit of evaluation: a filter runs over one block of rows at a time, so that what passes
// between its parts stays in the first-level cache.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace errata::query {

inline constexpr size_t kBlockRows = 4096;
inline constexpr size_t kBlockWords = kBlockRows / 64;

// Rows [first, first + rows) of a table; first is a multiple of 64, rows at most kBlockRows.
struct RowRange {
  size_t first = 0;
  size_t rows = 0;

  size_t words() const { return (rows + 63) / 64; }
  // The bits of the last word that stand for rows.
  uint64_t last_mask() const {
    return rows % 64 == 0 ? ~uint64_t{0} : (uint64_t{1} << (rows % 64)) - 1;
  }
};

// One three-valued truth a row: true, unknown, or neither (false). No row is both. Words beyond the
// range are not defined; bits beyond the rows of the last word are 0.
struct Truths {
  uint64_t is_true[kBlockWords];
  uint64_t is_unknown[kBlockWords];
};

// Bit i is the lowest bit of bytes[i], each 0 or 1.
inline uint64_t pack_bits(const uint8_t* bytes) {
  uint64_t word = 0;
#if defined(__SSE2__)
  for (int part = 0; part < 4; ++part) {
    const __m128i loaded = _mm_load_si128(reinterpret_cast<const __m128i*>(bytes + part * 16));
    const int bits = _mm_movemask_epi8(_mm_slli_epi16(loaded, 7));
    word |= static_cast<uint64_t>(static_cast<uint32_t>(bits)) << (part * 16);
  }
#else
  for (int part = 0; part < 8; ++part) {
    uint64_t eight;
    std::memcpy(&eight, bytes + part * 8, 8);
    word |= ((eight * 0x0102040810204080ULL) >> 56) << (part * 8);
  }
#endif
  return word;
}

// words[w] bit i = test(w * 64 + i), for the rows of the range. `test` gives 0 or 1 and is inlined
// into a loop of 64 that the compiler turns into vector instructions.
template <typename Test>
[[gnu::always_inline]] inline void fill_bits(size_t rows, uint64_t* words, Test&& test) {
  alignas(64) uint8_t bytes[64];
  size_t row = 0;
  for (; row + 64 <= rows; row += 64) {
    for (size_t i = 0; i < 64; ++i) bytes[i] = static_cast<uint8_t>(test(row + i));
    words[row / 64] = pack_bits(bytes);
  }
  if (row < rows) {
    uint64_t word = 0;
    for (size_t i = 0; row + i < rows; ++i) word |= uint64_t{test(row + i) ? 1u : 0u} << i;
    words[row / 64] = word;
  }
}

}  // namespace errata::query
