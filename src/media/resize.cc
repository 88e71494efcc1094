#include "media/resize.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/error.h"
#include "media/resample.h"

namespace errata::media {
namespace {

struct FilterName {
  std::string_view name;
  Filter filter;
};

constexpr FilterName kFilterNames[] = {
    {"nearest", Filter::kNearest}, {"bilinear", Filter::kBilinear}, {"bicubic", Filter::kBicubic},
    {"box", Filter::kBox},         {"hamming", Filter::kHamming},   {"lanczos", Filter::kLanczos},
};

void check_sizes(const Image& image, Size size) {
  if (image.empty() || size.width_px <= 0 || size.height_px <= 0 ||
      (image.channels != 1 && image.channels != 3)) {
    throw Error(ErrorCategory::kInternal, "resize of an empty image or to an empty size");
  }
}

bool height_goes_first(const Image& image, Size to, PillowOrder order) {
  const int64_t w = image.width_px;
  const int64_t h = image.height_px;
  switch (order) {
    case PillowOrder::kUpTo12_1: return false;
    case PillowOrder::k12_2: return h > 100 * w && to.height_px < h;
    case PillowOrder::k13_0: return to.height_px < h && (h - to.height_px) > 2 * (w - to.width_px);
  }
  return false;
}

// Source positions as Pillow's ImagingScaleAffine finds them: by adding up, not by multiplying.
std::vector<int32_t> nearest_positions(int32_t in, int32_t out, int32_t begin, int32_t end) {
  const double scale = static_cast<double>(in) / out;
  std::vector<int32_t> positions;
  positions.reserve(static_cast<size_t>(end - begin));
  double at = scale * 0.5;
  for (int32_t i = 0; i < end; ++i, at += scale) {
    if (i >= begin) positions.push_back(std::min(static_cast<int32_t>(at), in - 1));
  }
  return positions;
}

Image resize_nearest(const Image& image, Size resized, int32_t left, int32_t top, Size crop) {
  const std::vector<int32_t> xs =
      nearest_positions(image.width_px, resized.width_px, left, left + crop.width_px);
  const std::vector<int32_t> ys =
      nearest_positions(image.height_px, resized.height_px, top, top + crop.height_px);
  Image out(crop.width_px, crop.height_px, image.channels);
  const auto channels = static_cast<size_t>(image.channels);
  for (int32_t y = 0; y < crop.height_px; ++y) {
    const uint8_t* row = image.row(ys[static_cast<size_t>(y)]);
    uint8_t* to = out.row(y);
    for (int32_t x : xs) {
      std::memcpy(to, row + static_cast<size_t>(x) * channels, channels);
      to += channels;
    }
  }
  return out;
}

// What is kept of one axis of the result: outputs [begin, begin + length) of `out`, from `in`.
struct Axis {
  int32_t in = 0;
  int32_t out = 0;
  int32_t begin = 0;
  int32_t length = 0;
  bool changes() const { return in != out; }
};

Image crop_columns(const Image& image, int32_t begin, int32_t length) {
  if (begin == 0 && length == image.width_px) return image;
  return crop(image, begin, 0, {length, image.height_px});
}

Image crop_rows(const Image& image, int32_t begin, int32_t length) {
  if (begin == 0 && length == image.height_px) return image;
  return crop(image, 0, begin, {image.width_px, length});
}

Image width_first(const Image& image, const Axis& x, const Axis& y, Filter filter) {
  internal::Taps rows;
  int32_t first_row = y.begin;
  int32_t row_count = y.length;
  if (y.changes()) {
    rows = internal::make_taps(y.in, y.out, y.begin, y.begin + y.length, filter);
    first_row = rows.first.front();
    row_count = rows.first.back() + rows.count.back() - first_row;
  }
  Image narrow;
  if (x.changes()) {
    const internal::Taps columns =
        internal::make_taps(x.in, x.out, x.begin, x.begin + x.length, filter);
    narrow = Image(x.length, row_count, image.channels);
    internal::resample_width(image, first_row, columns, narrow);
  } else {
    narrow = crop_columns(crop_rows(image, first_row, row_count), x.begin, x.length);
  }
  if (!y.changes()) return narrow;
  Image out(x.length, y.length, image.channels);
  internal::resample_height(narrow, first_row, rows, out);
  return out;
}

// Both axes change: only then the order of the passes matters.
Image height_first(const Image& image, const Axis& x, const Axis& y, Filter filter) {
  const internal::Taps rows = internal::make_taps(y.in, y.out, y.begin, y.begin + y.length, filter);
  const internal::Taps columns =
      internal::make_taps(x.in, x.out, x.begin, x.begin + x.length, filter);
  Image low(image.width_px, y.length, image.channels);
  internal::resample_height(image, 0, rows, low);
  Image out(x.length, y.length, image.channels);
  internal::resample_width(low, 0, columns, out);
  return out;
}

}  // namespace

bool parse_filter_name(std::string_view name, Filter& filter) {
  for (const FilterName& known : kFilterNames) {
    if (known.name == name) {
      filter = known.filter;
      return true;
    }
  }
  return false;
}

std::string_view filter_name(Filter filter) {
  for (const FilterName& known : kFilterNames) {
    if (known.filter == filter) return known.name;
  }
  return "unknown";
}

Image resize_crop(const Image& image, Size resized, int32_t left_px, int32_t top_px, Size crop_size,
                  Filter filter, PillowOrder order) {
  check_sizes(image, resized);
  check_sizes(image, crop_size);
  if (left_px < 0 || top_px < 0 || left_px > resized.width_px - crop_size.width_px ||
      top_px > resized.height_px - crop_size.height_px) {
    throw Error(ErrorCategory::kInternal, "the crop is outside the resized image");
  }
  const Axis x{image.width_px, resized.width_px, left_px, crop_size.width_px};
  const Axis y{image.height_px, resized.height_px, top_px, crop_size.height_px};
  if (!x.changes() && !y.changes()) return crop(image, left_px, top_px, crop_size);
  if (filter == Filter::kNearest) {
    return resize_nearest(image, resized, left_px, top_px, crop_size);
  }
  if (x.changes() && y.changes() && height_goes_first(image, resized, order)) {
    return height_first(image, x, y, filter);
  }
  return width_first(image, x, y, filter);
}

Image resize(const Image& image, int32_t width_px, int32_t height_px, Filter filter,
             PillowOrder order) {
  return resize_crop(image, {width_px, height_px}, 0, 0, {width_px, height_px}, filter, order);
}

Image crop(const Image& image, int32_t left_px, int32_t top_px, Size size,
           const std::array<uint8_t, 3>& fill) {
  check_sizes(image, size);
  Image out(size.width_px, size.height_px, image.channels);
  const int64_t x_begin = std::max<int64_t>(left_px, 0);
  const int64_t x_end = std::min<int64_t>(int64_t{left_px} + size.width_px, image.width_px);
  const int64_t y_end = std::min<int64_t>(int64_t{top_px} + size.height_px, image.height_px);
  const auto channels = static_cast<size_t>(image.channels);
  const bool covered = left_px >= 0 && top_px >= 0 && x_end - left_px == size.width_px &&
                       y_end - top_px == size.height_px;
  if (!covered) {
    for (size_t i = 0; i < out.pixels.size(); ++i) out.pixels[i] = fill[i % channels];
  }
  if (x_end <= x_begin) return out;
  for (int64_t y = std::max<int64_t>(top_px, 0); y < y_end; ++y) {
    std::memcpy(out.row(static_cast<int32_t>(y - top_px)) +
                    static_cast<size_t>(x_begin - left_px) * channels,
                image.row(static_cast<int32_t>(y)) + static_cast<size_t>(x_begin) * channels,
                static_cast<size_t>(x_end - x_begin) * channels);
  }
  return out;
}

namespace {

// Where the crop begins along one axis of an unpadded image; negative where padding begins.
int32_t center_offset(int32_t image, int32_t crop_length) {
  if (crop_length > image) return -((crop_length - image) / 2);
  return static_cast<int32_t>(python_round((image - crop_length) / 2.0));
}

}  // namespace

Image center_crop(const Image& image, Size size, const std::array<uint8_t, 3>& fill) {
  return crop(image, center_offset(image.width_px, size.width_px),
              center_offset(image.height_px, size.height_px), size, fill);
}

Image resize_center_crop(const Image& image, Size resized, Size crop_size, Filter filter,
                         PillowOrder order, const std::array<uint8_t, 3>& fill) {
  const Size inner{std::min(resized.width_px, crop_size.width_px),
                   std::min(resized.height_px, crop_size.height_px)};
  const int32_t left = center_offset(resized.width_px, crop_size.width_px);
  const int32_t top = center_offset(resized.height_px, crop_size.height_px);
  Image out =
      resize_crop(image, resized, std::max(left, 0), std::max(top, 0), inner, filter, order);
  if (inner == crop_size) return out;
  return crop(out, std::min(left, 0), std::min(top, 0), crop_size, fill);
}

int64_t python_round(double value) {
  const double below = std::floor(value);
  const double rest = value - below;
  const auto whole = static_cast<int64_t>(below);
  if (rest > 0.5) return whole + 1;
  if (rest < 0.5) return whole;
  return whole % 2 == 0 ? whole : whole + 1;
}

Size size_for_shorter_side(Size image, int32_t shorter_px, int32_t max_px) {
  const bool portrait = image.width_px <= image.height_px;
  const int64_t shorter = portrait ? image.width_px : image.height_px;
  const int64_t longer = portrait ? image.height_px : image.width_px;
  int64_t new_short = shorter_px;
  auto new_long =
      static_cast<int64_t>(static_cast<double>(new_short * longer) / static_cast<double>(shorter));
  if (max_px > 0 && new_long > max_px) {
    new_short = static_cast<int64_t>(static_cast<double>(max_px * new_short) /
                                     static_cast<double>(new_long));
    new_long = max_px;
  }
  const auto a = static_cast<int32_t>(new_short);
  const auto b = static_cast<int32_t>(new_long);
  return portrait ? Size{a, b} : Size{b, a};
}

Size size_keeping_ratio(Size image, Size target, bool fit_longer) {
  const double ratio_h = static_cast<double>(image.height_px) / target.height_px;
  const double ratio_w = static_cast<double>(image.width_px) / target.width_px;
  const double ratio = fit_longer ? std::max(ratio_h, ratio_w) : std::min(ratio_h, ratio_w);
  return {static_cast<int32_t>(python_round(image.width_px / ratio)),
          static_cast<int32_t>(python_round(image.height_px / ratio))};
}

int32_t timm_scale_size(int32_t size_px, double crop_pct) {
  return static_cast<int32_t>(std::floor(size_px / crop_pct));
}

}  // namespace errata::media
