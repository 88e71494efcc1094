// The matching of detections with objects that COCO's average precision rests on, for every overlap
// threshold and area range at once. The rules are in coco_eval.h.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "analysis/detection_match.h"
#include "base/workers.h"

namespace errata::analysis {

// pycocotools' Params.
struct CocoOptions {
  CocoOptions();
  std::vector<double> iou_thresholds;              // 0.5, 0.55 .. 0.95; at most 64
  std::vector<double> recall_thresholds;           // 0, 0.01 .. 1; rising
  std::vector<size_t> max_detections{1, 10, 100};  // an image and class; rising
  // All, small, medium, large; closed at both ends, px^2.
  std::vector<std::pair<double, double>> area_ranges{
      {0, 1e10}, {0, 32.0 * 32}, {32.0 * 32, 96.0 * 96}, {96.0 * 96, 1e10}};
  bool use_classes = true;  // false: all boxes are of one class
};

using ThresholdBits = uint64_t;  // a bit per overlap threshold

// Of one class: its detections within the limit of each image, image after image.
struct ClassMatches {
  std::vector<uint32_t> detections;  // positions in the set's columns
  std::vector<uint32_t> ranks;       // place in its image, surest first from 0
  // [detection, area]: the thresholds at which it found an object that counts, and at which it is
  // a mistake. Neither: it is ignored there.
  std::vector<ThresholdBits> found;
  std::vector<ThresholdBits> mistaken;
  std::vector<uint32_t> order;    // of the above, surest first; equal scores in their order
  std::vector<size_t> positives;  // per area: objects that count
};

// Whether an object counts there: no crowd, not left out, and its area within the range.
bool counts_in_area(const DetectionSet& set, const CocoOptions& options, size_t object,
                    size_t area);

// Calls use(class, matches) once for each class (class 0 alone without use_classes), from several
// threads; the matches are the caller's until it returns. Throws as evaluate_coco() does.
using UseClassMatches = std::function<void(size_t class_index, const ClassMatches& matches)>;
void match_coco(const DetectionSet& set, const CocoOptions& options,
                const ParallelFor& parallel_for, const UseClassMatches& use);

}  // namespace errata::analysis
