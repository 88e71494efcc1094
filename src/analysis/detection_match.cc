#include "analysis/detection_match.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.h"

namespace errata::analysis {

namespace {

void check_boxes(const BoxColumns& boxes, size_t images, size_t classes) {
  const size_t n = boxes.size();
  if (boxes.class_index.size() != n || boxes.x.size() != n || boxes.y.size() != n ||
      boxes.width.size() != n || boxes.height.size() != n) {
    throw Error(ErrorCategory::kInternal, "columns of boxes are of unequal length");
  }
  for (size_t i = 0; i < n; ++i) {
    if (boxes.image[i] < 0 || static_cast<size_t>(boxes.image[i]) >= images ||
        boxes.class_index[i] < 0 || static_cast<size_t>(boxes.class_index[i]) >= classes) {
      throw Error(ErrorCategory::kInternal, "a box is of an image or class that is not there");
    }
  }
}

}  // namespace

void check_detections(const DetectionSet& set) {
  check_boxes(set.objects.boxes, set.images, set.classes);
  check_boxes(set.detections.boxes, set.images, set.classes);
  const auto fits = [&](size_t size) { return size == 0 || size == set.objects.boxes.size(); };
  if (!fits(set.objects.area.size()) || !fits(set.objects.iscrowd.size()) ||
      !fits(set.objects.left_out.size()) ||
      set.detections.score.size() != set.detections.boxes.size() ||
      (!set.detections.area.empty() && set.detections.area.size() != set.detections.boxes.size())) {
    throw Error(ErrorCategory::kInternal, "columns of objects are of unequal length");
  }
  for (const double score : set.detections.score) {
    if (!std::isfinite(score)) {
      throw Error(ErrorCategory::kInternal, "a detection's score is not a finite number");
    }
  }
}

double DetectionSet::object_area(size_t object) const {
  return objects.area.empty() ? objects.boxes.width[object] * objects.boxes.height[object]
                              : objects.area[object];
}

double DetectionSet::detection_area(size_t detection) const {
  return detections.area.empty()
             ? detections.boxes.width[detection] * detections.boxes.height[detection]
             : detections.area[detection];
}

KeyedOrder order_by(std::span<const int32_t> keys, size_t key_count,
                    std::span<const uint32_t> order) {
  KeyedOrder result;
  result.offsets.assign(key_count + 1, 0);
  result.order.resize(order.size());
  for (const int32_t key : keys) ++result.offsets[static_cast<size_t>(key) + 1];
  std::partial_sum(result.offsets.begin(), result.offsets.end(), result.offsets.begin());
  std::vector<size_t> next(result.offsets.begin(), result.offsets.end() - 1);
  for (const uint32_t position : order) {
    result.order[next[static_cast<size_t>(keys[position])]++] = position;
  }
  return result;
}

KeyedOrder order_by(std::span<const int32_t> keys, size_t key_count) {
  std::vector<uint32_t> order(keys.size());
  std::iota(order.begin(), order.end(), uint32_t{0});
  return order_by(keys, key_count, order);
}

}  // namespace errata::analysis
