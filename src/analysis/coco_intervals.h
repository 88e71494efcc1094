// How far a detector's numbers would move on as many other images: seeded bootstrap intervals over
// images. Images are drawn with replacement; what each detection found is matched once and only
// weighed again, as matching never leaves an image. The copies of a detection come one after the
// other.
//
// Average precision falls as images are added (on one drawn set 0.240 at 1,250 images, 0.225 at
// 5,000), and drawing some twice raises it in the same way; so the resamples are moved to have the
// value as their mean, and the interval is where the middle of them then lies. Without that it
// would leave out the value itself.
#pragma once

#include <array>
#include <vector>

#include "analysis/bootstrap.h"
#include "analysis/coco_eval.h"
#include "analysis/detection_curves.h"

namespace errata::analysis {

struct CocoIntervals {
  std::array<Interval, 12> summary;    // of summarize_coco(); undefined where that is -1
  std::vector<Interval> class_ap;      // of class_average_precision(); likewise
  std::vector<Interval> class_ap_low;  // at the lowest overlap threshold alone (COCO's AP50)
  // The highest F1 and the score it is reached at, of each curve; undefined without objects or
  // detections.
  std::vector<Interval> class_f1;
  std::vector<Interval> class_score;
  Interval f1;
  Interval score;
};

// `result` and `curves` as measured on `set`, with classes told apart and pycocotools' areas and
// limits; each value is theirs. Nothing depends on the number of threads. Throws as
// evaluate_coco() does.
CocoIntervals bootstrap_coco(const DetectionSet& set, const CocoResult& result,
                             const DetectionCurves& curves, const BootstrapOptions& options,
                             const ParallelFor& parallel_for);

}  // namespace errata::analysis
