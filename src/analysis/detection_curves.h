// Precision, recall and F1 of a detector at every confidence it could be cut at, for one overlap
// threshold, and where F1 is best. Matching is COCO's (coco_eval.h): what lies on a crowd counts
// neither way.
#pragma once

#include <cstddef>
#include <vector>

#include "analysis/coco_match.h"

namespace errata::analysis {

// One point per distinct score, falling: what is measured when detections of at least that score
// are kept.
struct DetectionCurve {
  std::vector<double> score;
  std::vector<double> precision;  // true / kept
  std::vector<double> recall;     // true / objects; 0 without objects
  std::vector<double> f1;         // 2 true / (kept + objects)
  size_t objects = 0;
  size_t best = 0;  // of highest F1, of equal ones the highest score; 0 when there is no point

  bool empty() const { return score.empty(); }
};

struct DetectionCurves {
  double overlap = 0.5;
  std::vector<DetectionCurve> per_class;
  DetectionCurve all;  // every class's counts together, one score for all
};

// At `overlap`; within a class and image the `max_detections` surest count. Throws as
// evaluate_coco() does.
DetectionCurves draw_detection_curves(const DetectionSet& set, double overlap,
                                      size_t max_detections, const ParallelFor& parallel_for);

// At most `points` (>= 3) of the curve, evenly spread along it, with its first, best and last.
DetectionCurve thin_curve(const DetectionCurve& curve, size_t points);

}  // namespace errata::analysis
