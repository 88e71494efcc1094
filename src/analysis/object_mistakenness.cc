#include "analysis/object_mistakenness.h"

#include <algorithm>
#include <limits>

#include "analysis/near_boxes.h"

namespace errata::analysis {

namespace {

constexpr double kOverlap = 0.5;
constexpr double kSure = 0.95;
constexpr size_t kImageGrain = 64;
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

void match_image(const DetectionSet& set, std::span<const uint32_t> objects,
                 std::span<const uint32_t> detections, size_t image, ObjectMistakenness& out) {
  std::vector<uint32_t> sorted(detections.begin(), detections.end());
  const auto score = set.detections.score;
  std::stable_sort(sorted.begin(), sorted.end(),
                   [&](uint32_t a, uint32_t b) { return score[a] > score[b]; });
  const NearBoxes near(set.objects.boxes, objects, !set.overlap);
  for (const uint32_t detection : sorted) {
    double highest = kOverlap;
    int32_t best = kNoMatch;
    bool crowd = true;
    near.each(box_at(set.detections.boxes, detection), [&](uint32_t object) {
      const bool is_crowd = set.objects.crowd(object);
      // A crowd only where nothing else fits.
      if (is_crowd ? !crowd : out.matched_detections[object] != kNoMatch) return;
      const double overlap = set.overlap_of(detection, object);
      if (overlap < kOverlap) return;
      const auto at = static_cast<int32_t>(object);
      // Of equal overlaps the last.
      if (crowd == is_crowd && (overlap < highest || (overlap == highest && at < best))) return;
      highest = overlap;
      best = at;
      crowd = is_crowd;
    });
    if (best == kNoMatch) {
      out.possibly_missing[detection] = score[detection] > kSure ? 1 : 0;
      continue;
    }
    if (crowd) continue;
    const auto object = static_cast<size_t>(best);
    out.matched_detections[object] = static_cast<int32_t>(detection);
    const bool same =
        set.objects.boxes.class_index[object] == set.detections.boxes.class_index[detection];
    const double confidence = score[detection];
    out.of_class[object] = (1 + (same ? -confidence : confidence)) / 2;
    const double distance = (1 - highest) / (1 - kOverlap);
    out.of_location[object] = (confidence * (2 * distance - 1) + 1) / 2;
  }
  for (const uint32_t object : objects) {
    if (set.objects.crowd(object)) continue;
    if (out.matched_detections[object] == kNoMatch) {
      out.possibly_spurious[object] = 1;
    } else {
      out.image[image] = std::max(out.image[image], out.of_class[object]);
    }
  }
}

}  // namespace

ObjectMistakenness measure_mistakenness(const DetectionSet& set, const ParallelFor& parallel_for) {
  check_detections(set);
  ObjectMistakenness out;
  const size_t objects = set.objects.boxes.size();
  out.of_class.assign(objects, kNaN);
  out.of_location.assign(objects, kNaN);
  out.possibly_spurious.assign(objects, 0);
  out.matched_detections.assign(objects, kNoMatch);
  out.possibly_missing.assign(set.detections.boxes.size(), 0);
  out.image.assign(set.images, -1);
  const KeyedOrder objects_of = order_by(set.objects.boxes.image, set.images);
  const KeyedOrder detections_of = order_by(set.detections.boxes.image, set.images);
  parallel_for(set.images, kImageGrain, [&](size_t begin, size_t end) {
    for (size_t image = begin; image < end; ++image) {
      match_image(set, objects_of.of(image), detections_of.of(image), image, out);
    }
  });
  return out;
}

}  // namespace errata::analysis
