// Exact AVX2 forms of the passes. A weight w (|w| < 2^25) is split into high * 2^11 + low with
// 0 <= low < 2^11, so that pmaddwd multiplies pixel pairs with int16 pairs; the two sums are put
// together again as integers, and no bit differs from the plain loops.
#include "media/resample.h"

#if ERRATA_RESAMPLE_AVX2

#include <immintrin.h>

#include <cstring>

namespace errata::media::internal {
namespace {

constexpr int kLowBits = 11;

int32_t load_pair(const int16_t* pair) {
  int32_t value;
  std::memcpy(&value, pair, sizeof value);
  return value;
}

int64_t load_two_pairs(const int16_t* pairs) {
  int64_t value;
  std::memcpy(&value, pairs, sizeof value);
  return value;
}

// The weights of four taps as pairs: (w0 w1) in each int32 of the low half, (w2 w3) in the high
// one.
__attribute__((target("avx2"))) inline __m256i spread_weights(const int16_t* weights) {
  const __m256i halves = _mm256_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1);
  return _mm256_permutevar8x32_epi32(_mm256_set1_epi64x(load_two_pairs(weights)), halves);
}

// From 12 bytes of four RGB pixels: the pairs (r0 r1) (g0 g1) (b0 b1) in the low half and those of
// pixels 2 and 3 in the high half, as int16. Reads 16 bytes.
__attribute__((target("avx2"))) inline __m256i load_pixel_pairs(const uint8_t* in) {
  const __m256i spread =
      _mm256_setr_epi8(0, -1, 3, -1, 1, -1, 4, -1, 2, -1, 5, -1, -1, -1, -1, -1, 6, -1, 9, -1, 7,
                       -1, 10, -1, 8, -1, 11, -1, -1, -1, -1, -1);
  return _mm256_shuffle_epi8(
      _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(in))), spread);
}

// The two partial sums put together, their halves added, rounded and shifted: r, g, b, 0.
__attribute__((target("avx2"))) inline __m128i finish_sum(__m256i high_sum, __m256i low_sum) {
  const __m256i both = _mm256_add_epi32(_mm256_slli_epi32(high_sum, kLowBits), low_sum);
  const __m128i sum =
      _mm_add_epi32(_mm256_castsi256_si128(both), _mm256_extracti128_si256(both, 1));
  return _mm_srai_epi32(_mm_add_epi32(sum, _mm_set1_epi32(1 << (kPrecisionBits - 1))),
                        kPrecisionBits);
}

}  // namespace

bool cpu_has_avx2() {
  static const bool has = __builtin_cpu_supports("avx2");
  return has;
}

__attribute__((target("avx2"))) int32_t resample_row_rgb_avx2(const uint8_t* row,
                                                              size_t readable_bytes,
                                                              const Taps& taps, int32_t outputs,
                                                              uint8_t* out) {
  for (int32_t i = 0; i < outputs; ++i) {
    const size_t at = static_cast<size_t>(taps.first[i]) * 3;
    const int32_t steps = (taps.count[i] + 3) / 4;
    // Each step loads 16 bytes; at the very end of the image the plain loop takes over.
    if (at + static_cast<size_t>(steps) * 12 + 4 > readable_bytes) return i;
    const size_t weight_at = static_cast<size_t>(i) * static_cast<size_t>(taps.stride);
    __m256i high_sum = _mm256_setzero_si256();
    __m256i low_sum = _mm256_setzero_si256();
    for (int32_t s = 0; s < steps; ++s) {
      const __m256i pixels = load_pixel_pairs(row + at + 12 * s);
      const __m256i high = spread_weights(taps.high.data() + weight_at + 4 * s);
      const __m256i low = spread_weights(taps.low.data() + weight_at + 4 * s);
      high_sum = _mm256_add_epi32(high_sum, _mm256_madd_epi16(pixels, high));
      low_sum = _mm256_add_epi32(low_sum, _mm256_madd_epi16(pixels, low));
    }
    const __m128i words = _mm_packs_epi32(finish_sum(high_sum, low_sum), _mm_setzero_si128());
    const int32_t rgb = _mm_cvtsi128_si32(_mm_packus_epi16(words, words));
    std::memcpy(out + static_cast<size_t>(i) * 3, &rgb, 3);
  }
  return outputs;
}

__attribute__((target("avx2"))) int32_t resample_4_rows_rgb_avx2(
    const uint8_t* row, size_t row_bytes, size_t readable_bytes, const Taps& taps, int32_t outputs,
    uint8_t* out, size_t out_row_bytes) {
  for (int32_t i = 0; i < outputs; ++i) {
    const size_t at = static_cast<size_t>(taps.first[i]) * 3;
    const int32_t steps = (taps.count[i] + 3) / 4;
    if (at + static_cast<size_t>(steps) * 12 + 4 > readable_bytes) return i;
    const size_t weight_at = static_cast<size_t>(i) * static_cast<size_t>(taps.stride);
    __m256i high_sums[4] = {};
    __m256i low_sums[4] = {};
    for (int32_t s = 0; s < steps; ++s) {
      const __m256i high = spread_weights(taps.high.data() + weight_at + 4 * s);
      const __m256i low = spread_weights(taps.low.data() + weight_at + 4 * s);
      const uint8_t* in = row + at + 12 * s;
      for (int r = 0; r < 4; ++r, in += row_bytes) {
        const __m256i pixels = load_pixel_pairs(in);
        high_sums[r] = _mm256_add_epi32(high_sums[r], _mm256_madd_epi16(pixels, high));
        low_sums[r] = _mm256_add_epi32(low_sums[r], _mm256_madd_epi16(pixels, low));
      }
    }
    // The packs clip to 0..255.
    const __m128i bytes = _mm_packus_epi16(_mm_packs_epi32(finish_sum(high_sums[0], low_sums[0]),
                                                           finish_sum(high_sums[1], low_sums[1])),
                                           _mm_packs_epi32(finish_sum(high_sums[2], low_sums[2]),
                                                           finish_sum(high_sums[3], low_sums[3])));
    alignas(16) int32_t rgb[4];
    _mm_store_si128(reinterpret_cast<__m128i*>(rgb), bytes);
    // Four bytes a pixel where the next one follows and overwrites the fourth.
    uint8_t* to = out + static_cast<size_t>(i) * 3;
    const bool last = i + 1 == outputs;
    for (int r = 0; r < 4; ++r, to += out_row_bytes) std::memcpy(to, &rgb[r], last ? 3 : 4);
  }
  return outputs;
}

__attribute__((target("avx2"))) size_t resample_column_avx2(const uint8_t* first_row,
                                                            size_t row_bytes, const Taps& taps,
                                                            int32_t output, uint8_t* out) {
  const size_t weight_at = static_cast<size_t>(output) * static_cast<size_t>(taps.stride);
  const int16_t* high_weights = taps.high.data() + weight_at;
  const int16_t* low_weights = taps.low.data() + weight_at;
  const int32_t count = taps.count[output];
  const __m256i rounding = _mm256_set1_epi32(1 << (kPrecisionBits - 1));
  const __m256i zero = _mm256_setzero_si256();
  size_t x = 0;
  for (; x + 16 <= row_bytes; x += 16) {
    const uint8_t* in = first_row + x;
    __m256i high_a = zero, high_b = zero, low_a = zero, low_b = zero;
    for (int32_t k = 0; k < count; k += 2) {
      const uint8_t* top = in + static_cast<size_t>(k) * row_bytes;
      // The weight of a row behind the last is 0: any row does.
      const uint8_t* bottom = k + 1 < count ? top + row_bytes : top;
      const __m256i a =
          _mm256_cvtepu8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(top)));
      const __m256i b =
          _mm256_cvtepu8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(bottom)));
      const __m256i first = _mm256_unpacklo_epi16(a, b);
      const __m256i second = _mm256_unpackhi_epi16(a, b);
      const __m256i high = _mm256_set1_epi32(load_pair(high_weights + k));
      const __m256i low = _mm256_set1_epi32(load_pair(low_weights + k));
      high_a = _mm256_add_epi32(high_a, _mm256_madd_epi16(first, high));
      high_b = _mm256_add_epi32(high_b, _mm256_madd_epi16(second, high));
      low_a = _mm256_add_epi32(low_a, _mm256_madd_epi16(first, low));
      low_b = _mm256_add_epi32(low_b, _mm256_madd_epi16(second, low));
    }
    __m256i a = _mm256_add_epi32(_mm256_slli_epi32(high_a, kLowBits), low_a);
    __m256i b = _mm256_add_epi32(_mm256_slli_epi32(high_b, kLowBits), low_b);
    a = _mm256_srai_epi32(_mm256_add_epi32(a, rounding), kPrecisionBits);
    b = _mm256_srai_epi32(_mm256_add_epi32(b, rounding), kPrecisionBits);
    // Within each half of 8 columns: a has columns 0-3, b has 4-7. The packs clip to 0..255.
    const __m256i words = _mm256_packs_epi32(a, b);
    const __m256i bytes = _mm256_packus_epi16(words, words);
    const __m256i joined = _mm256_permute4x64_epi64(bytes, 0x08);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out + x), _mm256_castsi256_si128(joined));
  }
  return x;
}

}  // namespace errata::media::internal

#endif
