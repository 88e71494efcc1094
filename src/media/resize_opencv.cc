#include "media/resize_opencv.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <vector>

#include "base/error.h"

namespace errata::media {
namespace {

constexpr int kCoefBits = 11;  // INTER_RESIZE_COEF_BITS
constexpr int32_t kOne = 1 << kCoefBits;

// Where an output pixel of one axis lies between two of the input, and their weights.
struct Tap {
  int32_t first = 0;  // may be -1 or the last one: clipped by who reads
  int32_t weight0 = kOne;
  int32_t weight1 = 0;
};

// OpenCV computes the place in double and rounds it to float before it takes the whole part off.
Tap tap_at(int32_t i, double scale) {
  float fraction = static_cast<float>((i + 0.5) * scale - 0.5);
  Tap tap;
  tap.first = static_cast<int32_t>(std::floor(fraction));
  fraction -= static_cast<float>(tap.first);
  tap.weight0 = static_cast<int32_t>(std::lrint((1.0f - fraction) * kOne));
  tap.weight1 = static_cast<int32_t>(std::lrint(fraction * kOne));
  return tap;
}

double scale_of(int32_t in, int32_t out) {
  return 1.0 / (static_cast<double>(out) / in);
}

bool is_two(double scale) {
  return std::abs(scale - 2) < std::numeric_limits<double>::epsilon();
}

// At exactly half the size INTER_LINEAR is the mean of four.
Image halve(const Image& image, Size size) {
  Image out(size.width_px, size.height_px, image.channels);
  const auto channels = static_cast<size_t>(image.channels);
  for (int32_t y = 0; y < size.height_px; ++y) {
    const uint8_t* a = image.row(2 * y);
    const uint8_t* b = image.row(2 * y + 1);
    uint8_t* to = out.row(y);
    for (int32_t x = 0; x < size.width_px; ++x, a += 2 * channels, b += 2 * channels) {
      for (size_t c = 0; c < channels; ++c) {
        *to++ = static_cast<uint8_t>((a[c] + a[c + channels] + b[c] + b[c + channels] + 2) >> 2);
      }
    }
  }
  return out;
}

// One row of the input at the output's width, in units of 1/2048.
void stretch_row(const uint8_t* in, const std::vector<Tap>& taps, size_t channels,
                 std::vector<int32_t>& out) {
  int32_t* to = out.data();
  for (const Tap& tap : taps) {
    const uint8_t* at = in + static_cast<size_t>(tap.first) * channels;
    // The last column has no right neighbour, and no weight for one.
    const size_t next = tap.weight1 == 0 ? 0 : channels;
    for (size_t c = 0; c < channels; ++c) {
      *to++ = at[c] * tap.weight0 + at[c + next] * tap.weight1;
    }
  }
}

std::vector<Tap> column_taps(int32_t in, int32_t out, double scale) {
  std::vector<Tap> taps;
  taps.reserve(static_cast<size_t>(out));
  for (int32_t x = 0; x < out; ++x) {
    Tap tap = tap_at(x, scale);
    if (tap.first < 0) tap = {0, kOne, 0};
    if (tap.first >= in - 1) tap = {in - 1, kOne, 0};
    taps.push_back(tap);
  }
  return taps;
}

}  // namespace

Image resize_opencv_linear(const Image& image, Size size) {
  if (image.empty() || size.width_px <= 0 || size.height_px <= 0 ||
      (image.channels != 1 && image.channels != 3)) {
    throw Error(ErrorCategory::kInternal, "resize of an empty image or to an empty size");
  }
  if (size == Size{image.width_px, image.height_px}) return image;
  const double scale_x = scale_of(image.width_px, size.width_px);
  const double scale_y = scale_of(image.height_px, size.height_px);
  if (is_two(scale_x) && is_two(scale_y)) return halve(image, size);

  const auto channels = static_cast<size_t>(image.channels);
  const std::vector<Tap> columns = column_taps(image.width_px, size.width_px, scale_x);
  Image out(size.width_px, size.height_px, image.channels);
  const size_t width = out.row_bytes();
  std::vector<int32_t> rows[2] = {std::vector<int32_t>(width), std::vector<int32_t>(width)};
  int32_t held[2] = {-1, -1};  // which rows of the input these are
  for (int32_t y = 0; y < size.height_px; ++y) {
    const Tap tap = tap_at(y, scale_y);
    // Clipped rows keep their weights, unlike columns.
    const int32_t wanted[2] = {std::clamp(tap.first, 0, image.height_px - 1),
                               std::clamp(tap.first + 1, 0, image.height_px - 1)};
    if (held[1] == wanted[0] && held[0] != wanted[0]) {
      std::swap(rows[0], rows[1]);
      std::swap(held[0], held[1]);
    }
    for (int k = 0; k < 2; ++k) {
      if (held[k] == wanted[k]) continue;
      stretch_row(image.row(wanted[k]), columns, channels, rows[k]);
      held[k] = wanted[k];
    }
    const int32_t* a = rows[0].data();
    const int32_t* b = rows[1].data();
    uint8_t* to = out.row(y);
    for (size_t x = 0; x < width; ++x) {
      to[x] = static_cast<uint8_t>(
          (((tap.weight0 * (a[x] >> 4)) >> 16) + ((tap.weight1 * (b[x] >> 4)) >> 16) + 2) >> 2);
    }
  }
  return out;
}

}  // namespace errata::media
