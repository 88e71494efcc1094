// Masks (model/shape.h, drawn by model/polygon_mask.h) compared. Every result is that of
// pycocotools 2.0.11 (maskApi.c), bit for bit.
#pragma once

#include "analysis/detection_match.h"
#include "model/polygon_mask.h"

namespace errata::analysis {

// The least box around it; all 0 for an empty mask.
Box mask_box(const MaskRuns& mask);

// Intersection over union; over the detection's own area where the object is a crowd. -1 for masks
// of unequal sizes, which never match.
double mask_iou(const MaskRuns& detection, const MaskRuns& object, bool crowd);
// The same where the boxes around both are known.
double mask_iou(const MaskRuns& detection, const Box& detection_box, const MaskRuns& object,
                const Box& object_box, bool crowd);

}  // namespace errata::analysis
