// Masks (MaskRuns of model/shape.h): polygons drawn, joined and compared. Every result is that of
// pycocotools 2.0.11 (maskApi.c), bit for bit, whose drawing of polygons differs by border pixels
// from any other.
#pragma once

#include <cstdint>
#include <span>

#include "analysis/detection_match.h"
#include "model/shape.h"

namespace errata::analysis {

// The inside of a ring of points x0, y0, x1, y1 .., pixels, clipped to the image. Throws
// Error(kBadInput) for fewer than three points, an odd count of numbers, or a number that is not
// finite or beyond a million pixels.
MaskRuns mask_of_polygon(std::span<const double> points, uint32_t height, uint32_t width);

// What any of them covers: the parts of one object. Throws Error(kBadInput) for unequal sizes.
MaskRuns join_masks(std::span<const MaskRuns> masks);

// The least box around it; all 0 for an empty mask.
Box mask_box(const MaskRuns& mask);

// Intersection over union; over the detection's own area where the object is a crowd. -1 for masks
// of unequal sizes, which never match.
double mask_iou(const MaskRuns& detection, const MaskRuns& object, bool crowd);
// The same where the boxes around both are known.
double mask_iou(const MaskRuns& detection, const Box& detection_box, const MaskRuns& object,
                const Box& object_box, bool crowd);

}  // namespace errata::analysis
