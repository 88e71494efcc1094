// The outline of an object besides its box, and the compact bytes in which it is kept.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace errata {

// Runs of a mask in COCO's order: column by column, beginning with a run of zeros (which may be 0
// long). A mask without size has no runs.
struct MaskRuns {
  int32_t height_px = 0;
  int32_t width_px = 0;
  std::vector<uint32_t> counts = {};
  bool operator==(const MaskRuns&) const = default;
};

// All in pixels of the image as stored, x before y. An object has any of these or none.
struct Shape {
  std::vector<std::vector<double>> polygons = {};  // parts of one object, each x1,y1,x2,y2,...
  MaskRuns mask = {};
  std::vector<double> corners = {};  // of an oriented box: x1,y1 .. x4,y4
  std::vector<double> keypoints =
      {};  // x,y,v for each; v as COCO has it: 0 absent, 1 hidden, 2 seen

  bool empty() const {
    return polygons.empty() && mask.counts.empty() && corners.empty() && keypoints.empty();
  }
  bool operator==(const Shape&) const = default;
};

// Exact: decode_shape(encode_shape(s)) == s for finite numbers. Empty for an empty shape. Numbers
// with at most six decimals take about two bytes each.
std::string encode_shape(const Shape& shape);
// Throws Error(kCorrupt) for bytes that encode_shape() does not write.
Shape decode_shape(std::string_view bytes);

// Width and height of the mask in bytes that encode_shape() wrote; nullopt without one. Cheap where
// there are no polygons.
std::optional<std::array<int32_t, 2>> mask_size_of(std::string_view bytes);

// Pixels that are set.
uint64_t mask_area(const MaskRuns& mask);

// COCO's compressed string of run lengths (maskApi.c, rleToString and rleFrString).
std::string rle_to_string(const MaskRuns& mask);
// False for a string that is none, or whose runs do not add up to height x width; `mask` has its
// size already and is changed in its counts only.
bool rle_from_string(std::string_view text, MaskRuns& mask);

// The smallest box around all of it: x, y, width, height; zeros for an empty shape. Of a mask: its
// pixels, as pycocotools' toBbox.
struct ShapeBounds {
  double x = 0;
  double y = 0;
  double width = 0;
  double height = 0;
};
ShapeBounds bounds_of(const Shape& shape);

}  // namespace errata
