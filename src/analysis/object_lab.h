// ObjectLab (Tkachenko, Thyagarajan, Mueller 2023): how well a box fits what a detector says, by
// three kinds of label error, and an image by its boxes. Every score is cleanlab 2.9's
// (object_detection/rank.py), 0 worst .. 1 best.
//
// A box's similarity to another is 0.9 IoU + 0.1 exp(-0.1 distance of their centres in pixels).
// Crowds are left out, as cleanlab does not know them: NaN.
#pragma once

#include <vector>

#include "analysis/detection_match.h"
#include "base/workers.h"

namespace errata::analysis {

struct ObjectLabScores {
  // Per detection. NaN: not sure enough (0.95), or on a given box.
  std::vector<double> overlooked;
  // Per object.
  std::vector<double> badly_located;
  std::vector<double> swapped;
  // Per image: the soft minimum (temperature 0.1) of its boxes' scores, 1 without any; and the
  // geometric mean of the three.
  std::vector<double> image_overlooked;
  std::vector<double> image_badly_located;
  std::vector<double> image_swapped;
  std::vector<double> image;
};

// Scores of detections are probabilities. Throws Error(kInternal) as check_detections() does.
ObjectLabScores score_object_lab(const DetectionSet& set, const ParallelFor& parallel_for);

}  // namespace errata::analysis
