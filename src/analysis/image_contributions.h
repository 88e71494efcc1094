// What each image costs or gives a detector: how much its average precision would be lower without
// the image. The images that lower it most are the hardest.
#pragma once

#include <vector>

#include "analysis/coco_match.h"

namespace errata::analysis {

// Per image: COCO's mean average precision at `overlap` of all images, less that of all but this
// one; negative: the image lowers it. 0 for an image without objects and detections that count. A
// class whose objects all lie in one image is left out of the mean without it.
// Throws as evaluate_coco() does.
std::vector<double> image_contributions(const DetectionSet& set, double overlap,
                                        const ParallelFor& parallel_for);

}  // namespace errata::analysis
