// COCO's average precision and recall of boxes or masks. Definitions and order of operations are
// pycocotools 2.0.11's (cocoeval.py, maskApi.c), so that every number is the same:
//
// - Within an image and class, detections are taken by falling score, equal scores in the order
//   given, at most the largest of max_detections.
// - Each takes the object of highest overlap that is still free and reaches the threshold; of equal
//   ones the last. Crowds and objects whose area lies outside the range are ignored: taken only
//   where no other fits, and a detection on them counts neither way. A crowd may be taken often.
// - A detection without an object is ignored when its own area lies outside the area range.
// - Between images, equal scores come in the order of the images: pycocotools' is that of rising
// id.
//
// One fault is not kept: pycocotools takes an object whose id is 0 for unmatched.
#pragma once

#include <array>
#include <cstddef>
#include <vector>

#include "analysis/coco_match.h"
#include "base/workers.h"

namespace errata::analysis {

// T thresholds, R recalls, K classes (1 without use_classes), A areas, M limits of detections.
struct CocoResult {
  CocoOptions options;
  size_t classes = 0;             // K
  std::vector<double> precision;  // [T, R, K, A, M]; -1 where a class has no object in the area
  std::vector<double> recall;     // [T, K, A, M]; -1 likewise

  double& precision_at(size_t t, size_t r, size_t k, size_t a, size_t m);
  double& recall_at(size_t t, size_t k, size_t a, size_t m);
  double precision_at(size_t t, size_t r, size_t k, size_t a, size_t m) const;
  double recall_at(size_t t, size_t k, size_t a, size_t m) const;
};

// Throws Error(kInternal) as check_detections() does, Error(kUsage) for options that are not as
// stated above.
CocoResult evaluate_coco(const DetectionSet& set, const CocoOptions& options,
                         const ParallelFor& parallel_for);

// The 12 numbers that pycocotools prints, in its order: AP, AP50, AP75, AP small, medium, large; AR
// at the first, second and third limit, AR small, medium, large at the third. -1: nothing to
// average, or the options lack that threshold, area or limit.
std::array<double, 12> summarize_coco(const CocoResult& result);

// Mean over thresholds and recalls of one class, in one area and over the last limit; -1 for a
// class without objects there.
double class_average_precision(const CocoResult& result, size_t class_index, size_t area = 0);

}  // namespace errata::analysis
