// The kernels of Pillow's two-pass resampling: weights per output index, and the passes in plain
// C++ and AVX2, which give the same bytes because all sums are of integers.
#pragma once

#include <cstdint>
#include <vector>

#include "media/image.h"
#include "media/resize.h"

namespace errata::media::internal {

inline constexpr int kPrecisionBits = 32 - 8 - 2;

// Fixed-point weights of one axis. Output i takes the inputs [first[i], first[i] + count[i]) with
// weights[i * stride ...]; what is behind count[i] up to `stride` is 0.
struct Taps {
  std::vector<int32_t> first;
  std::vector<int32_t> count;
  std::vector<int32_t> weights;
  int32_t stride = 0;  // a multiple of 4
  // The same weights as high * 2^11 + low in pairs of int16 for the AVX2 kernels.
  std::vector<int16_t> high;
  std::vector<int16_t> low;
};

// Weights of outputs [begin, end) of an axis that goes from `in` to `out` samples.
Taps make_taps(int32_t in, int32_t out, int32_t begin, int32_t end, Filter filter);

// Rows [row_begin, row_begin + out.height_px) of `in` resampled to out.width_px = taps' outputs.
void resample_width(const Image& in, int32_t row_begin, const Taps& taps, Image& out);
// `in` holds the input's rows from `row_begin` on; as many columns as `out` has.
void resample_height(const Image& in, int32_t row_begin, const Taps& taps, Image& out);

#if defined(__x86_64__)
#define ERRATA_RESAMPLE_AVX2 1
bool cpu_has_avx2();
// For 3 channels. Handles outputs [0, result) of one row, or of four rows one behind the other; the
// caller does the rest. `readable_bytes` counts from the (last) row's first byte.
int32_t resample_row_rgb_avx2(const uint8_t* row, size_t readable_bytes, const Taps& taps,
                              int32_t outputs, uint8_t* out);
int32_t resample_4_rows_rgb_avx2(const uint8_t* row, size_t row_bytes, size_t readable_bytes,
                                 const Taps& taps, int32_t outputs, uint8_t* out,
                                 size_t out_row_bytes);
// Handles bytes [0, result) of one output row.
size_t resample_column_avx2(const uint8_t* first_row, size_t row_bytes, const Taps& taps,
                            int32_t output, uint8_t* out);
#endif

// False makes every later resize use plain C++: for tests and measurements.
void set_resample_simd(bool enabled);

}  // namespace errata::media::internal
