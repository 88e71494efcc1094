// Why a detector's average precision is not higher (Bolya et al. 2020, TIDE). Kinds of error, their
// order of precedence and what mending each would gain are tidecv 1.0.1's (quantify.py, ap.py),
// also in how equal scores fall: once errors are mended, what is left of them comes before true
// detections of the same score.
//
// One fault is mended unless `compat`: tidecv counts a class that has detections but no object as
// average precision 0; here it is left out of the mean, as COCO does.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "analysis/detection_match.h"
#include "base/workers.h"

namespace errata::analysis {

enum class DetectionKind : uint8_t {
  kTrue,
  kClass,         // would be true with the object's class
  kLocalisation,  // would be true with more overlap
  kBoth,          // neither the class nor the place is right
  kDuplicate,     // its object was taken by a surer detection
  kBackground,    // on nothing
  kBeyondLimit    // not among the surest of its image: not looked at
};

enum class ObjectKind : uint8_t {
  kFound,
  kMistaken,  // not found, but a class or localisation error is about it
  kMissed,
  kCrowd  // or left out: not to be found
};

struct TideOptions {
  double positive_overlap = 0.5;
  double background_overlap = 0.1;
  size_t max_detections = 100;  // an image, the surest first
  bool compat = false;
};

struct TideResult {
  // Per detection. The object is the one it found, or is an error about; for kBoth and kBackground
  // the one it overlaps most, kNoMatch where it overlaps none.
  std::vector<DetectionKind> kinds;
  std::vector<int32_t> matched_objects;
  std::vector<double> overlaps;  // with that object; 0 without
  // On a crowd: no false positive in the average precision, though `kinds` names its error, which
  // counts (tidecv). On an object that is left out: no error either, and of kind kBackground.
  std::vector<uint8_t> on_crowd;
  std::vector<uint8_t> on_left_out;
  // Per object. The detection that found it or, of those mistaken about it, the surest.
  std::vector<ObjectKind> object_kinds;
  std::vector<int32_t> matched_detections;

  double average_precision = 0;  // at positive_overlap, of 101 recalls, mean of classes, 0 .. 100
  // How much it would rise, were all errors of one kind mended; indexed by DetectionKind, kTrue 0.
  std::array<double, 6> gains{};
  double missed_gain = 0;
  double false_positive_gain = 0;  // every false detection below every true one
  double false_negative_gain = 0;  // every object found, precision unchanged

  // Detections of a kind, without those on objects that are left out.
  size_t count(DetectionKind kind) const;
  double gain(DetectionKind kind) const { return gains[static_cast<size_t>(kind)]; }
};

// An object that is left out is matched as coco_match.h does it: by a detection that finds no other
// of its class, once. Throws Error(kInternal) as check_detections() does. The mean over no class is
// 0.
TideResult explain_errors(const DetectionSet& set, const TideOptions& options,
                          const ParallelFor& parallel_for);

}  // namespace errata::analysis
