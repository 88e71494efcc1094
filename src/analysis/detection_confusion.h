// Which class a detector takes each object for, with a row for what it found where no object is
// and a column for the objects it did not find. Each detection and each object is counted once, so
// that rows and columns sum (mmdetection counts a detection once for each object it overlaps).
//
// Within an image the surer detection chooses first, and its own class before others: first each
// takes the free object of its class that it overlaps most; then what is left takes the free object
// of any other class that it overlaps most. The diagonal is thus what COCO and the curves of
// detection_curves.h call true.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "analysis/detection_match.h"
#include "base/workers.h"

namespace errata::analysis {

struct ConfusionOptions {
  double overlap = 0.5;  // least that counts
  double score = 0.25;   // detections below it are not looked at
};

enum class ConfusionState : uint8_t {
  kCounted,
  kBelowScore,
  kIgnored  // on a crowd of its class, or on an object left out: neither right nor wrong
};

struct DetectionConfusion {
  size_t classes = 0;
  // [classes + 1, classes + 1]: row = the object's class, column = the detection's; the last of
  // each is the background.
  std::vector<int64_t> counts;
  std::vector<int32_t> matched_objects;     // per detection; kNoMatch: none
  std::vector<ConfusionState> states;       // per detection
  std::vector<int32_t> matched_detections;  // per object; kNoMatch: none (crowds too)

  int64_t count(size_t row, size_t column) const { return counts[row * (classes + 1) + column]; }
};

// Throws Error(kInternal) as check_detections() does.
DetectionConfusion confuse_detections(const DetectionSet& set, const ConfusionOptions& options,
                                      const ParallelFor& parallel_for);

}  // namespace errata::analysis
