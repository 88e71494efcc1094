// FiftyOne Brain's mistakenness of boxes (core/mistakenness.py): detections are matched with
// objects whatever their classes, surest first, at an overlap of 0.5.
#pragma once

#include <vector>

#include "analysis/detection_match.h"
#include "base/workers.h"

namespace errata::analysis {

struct ObjectMistakenness {
  // Per object; NaN where no detection was matched (and for crowds). With c the detection's
  // confidence: (1 + c) / 2 for another class, (1 - c) / 2 for the same.
  std::vector<double> of_class;
  // (c (2i - 1) + 1) / 2 with i = (1 - IoU) / (1 - 0.5).
  std::vector<double> of_location;
  std::vector<uint8_t> possibly_spurious;  // no detection was matched
  std::vector<int32_t> matched_detections;
  std::vector<uint8_t> possibly_missing;  // per detection: unmatched, confidence above 0.95
  std::vector<double> image;              // the highest of_class of the image's objects, -1: none
};

// Scores of detections are probabilities. Throws Error(kInternal) as check_detections() does.
ObjectMistakenness measure_mistakenness(const DetectionSet& set, const ParallelFor& parallel_for);

}  // namespace errata::analysis
