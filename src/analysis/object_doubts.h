// Which given boxes are doubtful, and how: is the class another, the place wrong, nothing there, or
// the box a copy; and which detections are objects that nobody drew. All kinds are measured as how
// sure it is that the label is wrong, 0 .. 1, so that they make one queue.
//
// Nothing is tuned to a data set: how much a score is worth, how far a good box lies from the
// detector's and how often an object is not found at all are read off the set itself.
//
// - Detections are first tied to objects, one to one, whatever their classes, by falling
//   score x IoU, so that a neighbour's detection is not evidence about a box.
// - A score counts as the share of detections of its class and about that score that are tied to an
//   object of their class (score_worth.h): a detector's own scores are no probabilities.
// - Class: how much surer another class is found there than the given one.
// - Place: how far the four edges lie from the detection's, in deviations (robust, of the class and
//   of about the same score), against a heavy-tailed spread of good boxes; times what the
//   detection is worth.
// - Spurious: nothing of its class supports the box, although boxes of this class and size mostly
//   are, and no more than if it were thrown into another image; and nothing else is there.
// - Copy: two boxes lie as near as annotations of one object do, and one detection serves both.
// - Missing: a sure detection that lies on no given box and repeats no surer detection.
//
// Boxes that lie apart cost what their neighbours cost. Boxes of one image that all overlap (a
// stack) cost their square: in time the objects, times themselves and times the detections, and the
// detections times themselves. Of their pairs only the surest are held, 8 MiB on every thread:
// those that are left free by them are paired again, a few times. 3,000 on 3,000 are nine million
// pairs.
#pragma once

#include <cstdint>
#include <vector>

#include "analysis/detection_match.h"
#include "base/workers.h"

namespace errata::analysis {

enum class ObjectDoubt : uint8_t { kNone, kClass, kPlace, kSpurious, kCopy, kMissing };

struct ObjectDoubts {
  // Per object, 0 .. 1; 0 for crowds.
  std::vector<double> of_class;
  std::vector<double> of_place;
  std::vector<double> spurious;
  std::vector<double> copy;
  // Per object: the detection that is evidence (of another class; or tied to it), and the box it is
  // a copy of. kNoMatch: none.
  std::vector<int32_t> detections;
  std::vector<int32_t> copy_of;
  // Per detection: 0 .. 1, and the object it is tied to.
  std::vector<double> missing;
  std::vector<int32_t> objects;
};

// Scores of detections are probabilities. Throws Error(kInternal) as check_detections() does.
ObjectDoubts doubt_objects(const DetectionSet& set, const ParallelFor& parallel_for);

// The strongest doubt of an object. Of two that are copies of each other only the later is doubted
// as a copy.
struct Strongest {
  ObjectDoubt kind = ObjectDoubt::kNone;
  double value = 0;
};
Strongest strongest_doubt(const ObjectDoubts& doubts, size_t object);

}  // namespace errata::analysis
