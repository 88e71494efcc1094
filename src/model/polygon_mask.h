// Polygons as masks, and masks joined. Every result is that of pycocotools 2.0.11 (maskApi.c), bit
// for bit, whose drawing of polygons differs by border pixels from any other.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "model/shape.h"

namespace errata {

// The inside of a ring of points x0, y0, x1, y1 .., pixels, clipped to the image. Throws
// Error(kBadInput) for fewer than three points, an odd count of numbers, or a number that is not
// finite or beyond a million pixels.
MaskRuns mask_of_polygon(std::span<const double> points, uint32_t height, uint32_t width);

// What any of them covers: the parts of one object. Throws Error(kBadInput) for unequal sizes.
MaskRuns join_masks(std::span<const MaskRuns> masks);

// Pixels of the parts of one object, as COCO's `area` has it; nullopt where there is no part, or
// one that mask_of_polygon() refuses.
std::optional<double> polygons_area(std::span<const std::vector<double>> polygons, uint32_t height,
                                    uint32_t width);

// Walks two masks side by side: visit(length, in_first, in_second) for each stretch over which
// neither changes.
template <typename Visit>
void walk_masks(const std::vector<uint32_t>& first, const std::vector<uint32_t>& second,
                const Visit& visit) {
  if (first.empty() || second.empty()) return;
  size_t next_first = 1;
  size_t next_second = 1;
  uint32_t left_first = first[0];
  uint32_t left_second = second[0];
  bool in_first = false;
  bool in_second = false;
  while (true) {
    const uint32_t length = std::min(left_first, left_second);
    visit(length, in_first, in_second);
    left_first -= length;
    if (left_first == 0 && next_first < first.size()) {
      left_first = first[next_first++];
      in_first = !in_first;
    }
    left_second -= length;
    if (left_second == 0 && next_second < second.size()) {
      left_second = second[next_second++];
      in_second = !in_second;
    }
    if (left_first == 0 && left_second == 0 && next_first >= first.size() &&
        next_second >= second.size()) {
      return;
    }
  }
}

}  // namespace errata
