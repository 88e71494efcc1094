// Pillow's 8-bit resize, bit for bit (fixed-point two-pass resampling, src/libImaging/Resample.c),
// and the size, crop and padding arithmetic of torchvision and timm.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "media/image.h"

namespace errata::media {

enum class Filter : uint8_t { kNearest, kBilinear, kBicubic, kBox, kHamming, kLanczos };

// Which of the two passes Pillow ran first changed over time, and each pass rounds to 8 bits, so
// the result for tall images depends on it:
//   kUpTo12_1  width first, always
//   k12_2      12.2 and 12.3: height first when h > 100 w and the height shrinks
//   k13_0      height first when the height shrinks by more than twice what the width shrinks by
enum class PillowOrder : uint8_t { kUpTo12_1, k12_2, k13_0 };

struct Size {
  int32_t width_px = 0;
  int32_t height_px = 0;
  bool operator==(const Size&) const = default;
};

// "nearest", "bilinear", "bicubic", "box", "hamming", "lanczos"; false for other names.
bool parse_filter_name(std::string_view name, Filter& filter);
std::string_view filter_name(Filter filter);

// Image.resize((width_px, height_px), filter) of Pillow. Takes 1 or 3 channels; sizes must be > 0
// (Error kInternal otherwise). The same size gives a copy.
Image resize(const Image& image, int32_t width_px, int32_t height_px, Filter filter,
             PillowOrder order = PillowOrder::kUpTo12_1);

// The part [left, left + crop.width_px) x [top, top + crop.height_px) of resize(image, resized...),
// the same bytes for less work: only what is kept is computed. The box must lie inside `resized`.
Image resize_crop(const Image& image, Size resized, int32_t left_px, int32_t top_px, Size crop,
                  Filter filter, PillowOrder order = PillowOrder::kUpTo12_1);

// resize to `resized`, then center_crop to `crop`, computing only what is kept.
Image resize_center_crop(const Image& image, Size resized, Size crop, Filter filter,
                         PillowOrder order = PillowOrder::kUpTo12_1,
                         const std::array<uint8_t, 3>& fill = {0, 0, 0});

// Plain crop; parts outside the image are filled (Image.crop fills with 0).
Image crop(const Image& image, int32_t left_px, int32_t top_px, Size size,
           const std::array<uint8_t, 3>& fill = {0, 0, 0});

// torchvision.transforms.CenterCrop and timm's CenterCropOrPad: offsets are
// int(round((h - ch) / 2.0)) with Python's round-half-to-even; a smaller image is padded with
// `fill` first, floor on the left and top, ceil on the right and bottom.
Image center_crop(const Image& image, Size size, const std::array<uint8_t, 3>& fill = {0, 0, 0});

// Python's round(): nearest, halves to even.
int64_t python_round(double value);

// torchvision.transforms.Resize(int): the shorter side becomes `shorter_px`, the other
// int(shorter_px * long / short). With max_px > 0, a longer side above it is cut as torchvision's
// max_size does.
Size size_for_shorter_side(Size image, int32_t shorter_px, int32_t max_px = 0);

// timm's ResizeKeepRatio: each side becomes round(side / ratio), where ratio is
// min(h / target h, w / target w), or max with fit_longer (its crop_mode "border").
Size size_keeping_ratio(Size image, Size target, bool fit_longer);

// timm's scale: floor(size / crop_pct) in doubles, as Python computes it.
int32_t timm_scale_size(int32_t size_px, double crop_pct);

}  // namespace errata::media
