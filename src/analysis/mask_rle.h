// Masks as COCO's run lengths: both forms of them read and written, polygons drawn, areas and
// overlaps. Every result is that of pycocotools 2.0.11 (maskApi.c), bit for bit, whose drawing of
// polygons differs by border pixels from any other.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/detection_match.h"

namespace errata::analysis {

// Column by column, runs of pixels outside and inside in turn, the first one outside (and so
// perhaps 0). Runs sum to height * width.
struct Mask {
  uint32_t height = 0;  // px
  uint32_t width = 0;
  std::vector<uint32_t> runs;
};

// COCO's uncompressed "counts". Throws Error(kBadInput) for a negative run, or runs that do not sum
// to height * width.
Mask mask_of_runs(std::span<const int64_t> runs, uint32_t height, uint32_t width);

// COCO's compressed "counts": 6 bits a character, runs from the fourth on less the one two before.
// Throws Error(kBadInput) for other characters, a text that breaks off, or as mask_of_runs() does.
Mask mask_of_text(std::string_view text, uint32_t height, uint32_t width);
std::string mask_text(const Mask& mask);

// The inside of a ring of points x0, y0, x1, y1 .., pixels, clipped to the image. Throws
// Error(kBadInput) for fewer than three points, an odd count of numbers, or a number that is not
// finite or beyond a million pixels.
Mask mask_of_polygon(std::span<const double> points, uint32_t height, uint32_t width);

// What any of them covers: the parts of one object. Throws Error(kBadInput) for unequal sizes.
Mask join_masks(std::span<const Mask> masks);

uint64_t mask_area(const Mask& mask);  // px
// The least box around it; all 0 for an empty mask.
Box mask_box(const Mask& mask);

// Intersection over union; over the detection's own area where the object is a crowd. -1 for masks
// of unequal sizes, which never match.
double mask_iou(const Mask& detection, const Mask& object, bool crowd);
// The same where the boxes around both are known.
double mask_iou(const Mask& detection, const Box& detection_box, const Mask& object,
                const Box& object_box, bool crowd);

}  // namespace errata::analysis
