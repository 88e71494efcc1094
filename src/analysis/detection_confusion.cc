#include "analysis/detection_confusion.h"

#include <algorithm>

#include "analysis/near_boxes.h"

namespace errata::analysis {

namespace {

constexpr size_t kImageGrain = 64;

// Matches one image after another; what it writes of one image no other touches.
class ConfusionMatcher {
 public:
  ConfusionMatcher(const DetectionSet& set, const ConfusionOptions& options,
                   DetectionConfusion& result)
      : set_(set), options_(options), result_(result) {}

  void match(std::span<const uint32_t> objects, std::span<const uint32_t> detections) {
    const auto score = set_.detections.score;
    sure_.clear();
    for (const uint32_t detection : detections) {
      if (score[detection] >= options_.score) {
        sure_.push_back(detection);
      } else {
        result_.states[detection] = ConfusionState::kBelowScore;
      }
    }
    std::stable_sort(sure_.begin(), sure_.end(),
                     [&](uint32_t a, uint32_t b) { return score[a] > score[b]; });
    const NearBoxes near(set_.objects.boxes, objects, !set_.overlap);
    for (const uint32_t detection : sure_) take(detection, near, true);
    for (const uint32_t detection : sure_) {
      if (result_.matched_objects[detection] == kNoMatch) take_ignored(detection, near);
    }
    for (const uint32_t detection : sure_) {
      if (result_.matched_objects[detection] == kNoMatch &&
          result_.states[detection] == ConfusionState::kCounted) {
        take(detection, near, false);
      }
    }
  }

 private:
  bool same_class(uint32_t detection, uint32_t object) const {
    return set_.detections.boxes.class_index[detection] == set_.objects.boxes.class_index[object];
  }

  // Of the objects that are free and `wanted`, the one that overlaps most, and enough; of equal
  // ones the last, as COCO has it. kNoMatch when there is none.
  template <typename Wanted>
  int32_t best_of(uint32_t detection, const NearBoxes& objects, const Wanted& wanted) const {
    double least = options_.overlap;
    int32_t best = kNoMatch;
    objects.each(box_at(set_.detections.boxes, detection), [&](uint32_t object) {
      if (result_.matched_detections[object] != kNoMatch || !wanted(object)) return;
      const double overlap = set_.overlap_of(detection, object);
      const auto at = static_cast<int32_t>(object);
      if (overlap < least || overlap <= 0 || (overlap == least && at < best)) return;
      least = overlap;
      best = at;
    });
    return best;
  }

  void take(uint32_t detection, const NearBoxes& objects, bool own_class) {
    const int32_t best = best_of(detection, objects, [&](uint32_t object) {
      return set_.objects.counts(object) && same_class(detection, object) == own_class;
    });
    if (best == kNoMatch) return;
    result_.matched_objects[detection] = best;
    result_.matched_detections[static_cast<size_t>(best)] = static_cast<int32_t>(detection);
  }

  // Of its class, a crowd or an object that is left out: the latter once.
  void take_ignored(uint32_t detection, const NearBoxes& objects) {
    const int32_t best = best_of(detection, objects, [&](uint32_t object) {
      return !set_.objects.counts(object) && same_class(detection, object);
    });
    if (best == kNoMatch) return;
    result_.states[detection] = ConfusionState::kIgnored;
    if (set_.objects.crowd(static_cast<size_t>(best))) return;
    result_.matched_detections[static_cast<size_t>(best)] = static_cast<int32_t>(detection);
  }

  const DetectionSet& set_;
  const ConfusionOptions& options_;
  DetectionConfusion& result_;
  std::vector<uint32_t> sure_;
};

}  // namespace

DetectionConfusion confuse_detections(const DetectionSet& set, const ConfusionOptions& options,
                                      const ParallelFor& parallel_for) {
  check_detections(set);
  const BoxColumns& objects = set.objects.boxes;
  const BoxColumns& detections = set.detections.boxes;
  DetectionConfusion result;
  result.classes = set.classes;
  result.counts.assign((set.classes + 1) * (set.classes + 1), 0);
  result.matched_objects.assign(detections.size(), kNoMatch);
  result.states.assign(detections.size(), ConfusionState::kCounted);
  result.matched_detections.assign(objects.size(), kNoMatch);
  const KeyedOrder objects_of = order_by(objects.image, set.images);
  const KeyedOrder detections_of = order_by(detections.image, set.images);
  parallel_for(set.images, kImageGrain, [&](size_t begin, size_t end) {
    ConfusionMatcher matcher(set, options, result);
    for (size_t image = begin; image < end; ++image) {
      matcher.match(objects_of.of(image), detections_of.of(image));
    }
  });
  const size_t columns = set.classes + 1;
  for (size_t d = 0; d < detections.size(); ++d) {
    if (result.states[d] != ConfusionState::kCounted) continue;
    const int32_t object = result.matched_objects[d];
    const size_t row = object == kNoMatch
                           ? set.classes
                           : static_cast<size_t>(objects.class_index[static_cast<size_t>(object)]);
    ++result.counts[row * columns + static_cast<size_t>(detections.class_index[d])];
  }
  for (size_t g = 0; g < objects.size(); ++g) {
    if (!set.objects.counts(g) || result.matched_detections[g] != kNoMatch) continue;
    ++result.counts[static_cast<size_t>(objects.class_index[g]) * columns + set.classes];
  }
  return result;
}

}  // namespace errata::analysis
