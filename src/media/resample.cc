#include "media/resample.h"

#include <algorithm>
#include <atomic>
#include <cmath>

namespace errata::media::internal {
namespace {

std::atomic<bool> simd_enabled{true};

constexpr double kPi = 3.14159265358979323846;

double sinc(double x) {
  if (x == 0.0) return 1.0;
  x *= kPi;
  return std::sin(x) / x;
}

double bilinear(double x) {
  x = x < 0.0 ? -x : x;
  return x < 1.0 ? 1.0 - x : 0.0;
}

double bicubic(double x) {
  constexpr double a = -0.5;
  x = x < 0.0 ? -x : x;
  if (x < 1.0) return ((a + 2.0) * x - (a + 3.0)) * x * x + 1;
  if (x < 2.0) return (((x - 5) * x + 8) * x - 4) * a;
  return 0.0;
}

double box(double x) {
  return x > -0.5 && x <= 0.5 ? 1.0 : 0.0;
}

double hamming(double x) {
  x = x < 0.0 ? -x : x;
  if (x == 0.0) return 1.0;
  if (x >= 1.0) return 0.0;
  x *= kPi;
  // Pillow's constants are floats.
  return std::sin(x) / x * (0.54f + 0.46f * std::cos(x));
}

double lanczos(double x) {
  return -3.0 <= x && x < 3.0 ? sinc(x) * sinc(x / 3) : 0.0;
}

struct Kernel {
  double (*function)(double);
  double support;
};

Kernel kernel_of(Filter filter) {
  switch (filter) {
    case Filter::kBicubic: return {bicubic, 2.0};
    case Filter::kBox: return {box, 0.5};
    case Filter::kHamming: return {hamming, 1.0};
    case Filter::kLanczos: return {lanczos, 3.0};
    default: return {bilinear, 1.0};
  }
}

int32_t to_fixed(double weight) {
  const double scaled = weight * (1 << kPrecisionBits);
  return static_cast<int32_t>(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
}

uint8_t clip8(int32_t sum) {
  return static_cast<uint8_t>(std::clamp(sum >> kPrecisionBits, 0, 255));
}

void split_weights(Taps& taps) {
  constexpr int kLowBits = 11;
  taps.high.resize(taps.weights.size());
  taps.low.resize(taps.weights.size());
  for (size_t i = 0; i < taps.weights.size(); ++i) {
    taps.high[i] = static_cast<int16_t>(taps.weights[i] >> kLowBits);
    taps.low[i] = static_cast<int16_t>(taps.weights[i] & ((1 << kLowBits) - 1));
  }
}

template <int kChannels>
void resample_row(const uint8_t* row, const Taps& taps, int32_t begin, int32_t end, uint8_t* out) {
  for (int32_t i = begin; i < end; ++i) {
    const int32_t* weights = taps.weights.data() + static_cast<size_t>(i) * taps.stride;
    const uint8_t* in = row + static_cast<size_t>(taps.first[i]) * kChannels;
    int32_t sums[kChannels];
    for (int c = 0; c < kChannels; ++c) sums[c] = 1 << (kPrecisionBits - 1);
    for (int32_t k = 0; k < taps.count[i]; ++k) {
      for (int c = 0; c < kChannels; ++c) sums[c] += in[k * kChannels + c] * weights[k];
    }
    for (int c = 0; c < kChannels; ++c) out[i * kChannels + c] = clip8(sums[c]);
  }
}

#if ERRATA_RESAMPLE_AVX2
bool use_simd() {
  return cpu_has_avx2() && simd_enabled.load(std::memory_order_relaxed);
}
#endif

}  // namespace

void set_resample_simd(bool enabled) {
  simd_enabled = enabled;
}

Taps make_taps(int32_t in, int32_t out, int32_t begin, int32_t end, Filter filter) {
  const Kernel kernel = kernel_of(filter);
  const double scale = static_cast<double>(in) / out;
  const double filter_scale = std::max(scale, 1.0);
  const double support = kernel.support * filter_scale;
  const double reciprocal = 1.0 / filter_scale;
  const int32_t max_count = static_cast<int32_t>(std::ceil(support)) * 2 + 1;
  const auto outputs = static_cast<size_t>(end - begin);
  Taps taps;
  taps.stride = (max_count + 3) / 4 * 4;
  taps.first.resize(outputs);
  taps.count.resize(outputs);
  taps.weights.resize(outputs * static_cast<size_t>(taps.stride));
  std::vector<double> weights(static_cast<size_t>(max_count));
  for (int32_t i = begin; i < end; ++i) {
    const double center = (i + 0.5) * scale;
    const int32_t first = std::max(static_cast<int32_t>(center - support + 0.5), 0);
    const int32_t last = std::min(static_cast<int32_t>(center + support + 0.5), in);
    double sum = 0.0;
    for (int32_t k = 0; k < last - first; ++k) {
      weights[static_cast<size_t>(k)] = kernel.function((k + first - center + 0.5) * reciprocal);
      sum += weights[static_cast<size_t>(k)];
    }
    const auto at = static_cast<size_t>(i - begin);
    taps.first[at] = first;
    taps.count[at] = last - first;
    int32_t* fixed = taps.weights.data() + at * static_cast<size_t>(taps.stride);
    for (int32_t k = 0; k < last - first; ++k) {
      const double weight = weights[static_cast<size_t>(k)];
      fixed[k] = to_fixed(sum != 0.0 ? weight / sum : weight);
    }
  }
  split_weights(taps);
  return taps;
}

void resample_width(const Image& in, int32_t row_begin, const Taps& taps, Image& out) {
  const auto outputs = static_cast<int32_t>(taps.first.size());
  int32_t y = 0;
#if ERRATA_RESAMPLE_AVX2
  const bool simd = in.channels == 3 && use_simd();
  const uint8_t* end_of_pixels = in.pixels.data() + in.pixels.size();
  for (; simd && y + 4 <= out.height_px; y += 4) {
    const auto readable = static_cast<size_t>(end_of_pixels - in.row(row_begin + y + 3));
    const int32_t done = resample_4_rows_rgb_avx2(in.row(row_begin + y), in.row_bytes(), readable,
                                                  taps, outputs, out.row(y), out.row_bytes());
    for (int32_t r = 0; r < 4 && done < outputs; ++r) {
      resample_row<3>(in.row(row_begin + y + r), taps, done, outputs, out.row(y + r));
    }
  }
#endif
  for (; y < out.height_px; ++y) {
    const uint8_t* row = in.row(row_begin + y);
    if (in.channels == 1) {
      resample_row<1>(row, taps, 0, outputs, out.row(y));
      continue;
    }
    int32_t done = 0;
#if ERRATA_RESAMPLE_AVX2
    if (simd) {
      const auto readable = static_cast<size_t>(end_of_pixels - row);
      done = resample_row_rgb_avx2(row, readable, taps, outputs, out.row(y));
    }
#endif
    resample_row<3>(row, taps, done, outputs, out.row(y));
  }
}

void resample_height(const Image& in, int32_t row_begin, const Taps& taps, Image& out) {
  const size_t row_bytes = out.row_bytes();
  std::vector<int32_t> sums(row_bytes);
  for (int32_t y = 0; y < out.height_px; ++y) {
    const uint8_t* first_row = in.row(taps.first[y] - row_begin);
    uint8_t* out_row = out.row(y);
    size_t done = 0;
#if ERRATA_RESAMPLE_AVX2
    if (use_simd()) {
      done = resample_column_avx2(first_row, row_bytes, taps, y, out_row);
    }
#endif
    std::fill(sums.begin() + static_cast<std::ptrdiff_t>(done), sums.end(),
              1 << (kPrecisionBits - 1));
    const int32_t* weights = taps.weights.data() + static_cast<size_t>(y) * taps.stride;
    for (int32_t k = 0; k < taps.count[y]; ++k) {
      const uint8_t* row = first_row + static_cast<size_t>(k) * row_bytes;
      for (size_t x = done; x < row_bytes; ++x) sums[x] += row[x] * weights[k];
    }
    for (size_t x = done; x < row_bytes; ++x) out_row[x] = clip8(sums[x]);
  }
}

}  // namespace errata::media::internal
