// Boxes as plain columns, and what every measure of a detector does with them first: group them by
// image and class, order detections by score, and tell how far two boxes overlap.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "model/ids.h"

namespace errata::analysis {

// Columns of equal length, one entry per box; pixels, 0-based, x and y of the upper left corner.
struct BoxColumns {
  std::span<const int32_t> image;           // 0 .. images - 1
  std::span<const ClassIndex> class_index;  // 0 .. classes - 1
  std::span<const double> x;
  std::span<const double> y;
  std::span<const double> width;
  std::span<const double> height;

  size_t size() const { return image.size(); }
};

// The ground truth.
struct ObjectColumns {
  BoxColumns boxes;
  std::span<const double> area;      // of the annotation (its mask's, as COCO has it); empty: w * h
  std::span<const uint8_t> iscrowd;  // empty: none
  // Counts neither way, as VOC has its difficult ones: like an object whose area lies outside the
  // range. For coco_match.h, tide.h and detection_confusion.h only. Empty: none.
  std::span<const uint8_t> left_out{};
  bool crowd(size_t object) const { return !iscrowd.empty() && iscrowd[object] != 0; }
  bool counts(size_t object) const {
    return !crowd(object) && (left_out.empty() || left_out[object] == 0);
  }
};

struct DetectionColumns {
  BoxColumns boxes;
  std::span<const double> score;   // any finite number, high is sure
  std::span<const double> area{};  // of its mask; empty: w * h
};

// How far a detection overlaps an object of the same image, 0 .. 1; called from several threads.
using Overlap = std::function<double(size_t detection, size_t object)>;

struct DetectionSet {
  size_t images = 0;
  size_t classes = 0;
  ObjectColumns objects;
  DetectionColumns detections;
  Overlap overlap{};  // empty: box_iou() of the boxes

  double object_area(size_t object) const;
  double detection_area(size_t detection) const;
  double overlap_of(size_t detection, size_t object) const;
};

// Throws Error(kInternal) for columns of unequal length, an image or class out of range, or a score
// that is not finite.
void check_detections(const DetectionSet& set);

inline constexpr int32_t kNoMatch = -1;  // of a detection or object: no partner

struct Box {
  double x = 0;
  double y = 0;
  double width = 0;
  double height = 0;
};
inline Box box_at(const BoxColumns& boxes, size_t index) {
  return {boxes.x[index], boxes.y[index], boxes.width[index], boxes.height[index]};
}
// Intersection over union, without "+1"; over the detection's own area where the object is a crowd.
// In the order of operations of pycocotools' maskApi.c, so that ties fall as they do there.
inline double box_iou(const Box& detection, const Box& object, bool crowd) {
  const double width = std::min(detection.x + detection.width, object.x + object.width) -
                       std::max(detection.x, object.x);
  if (width <= 0) return 0;
  const double height = std::min(detection.y + detection.height, object.y + object.height) -
                        std::max(detection.y, object.y);
  if (height <= 0) return 0;
  const double shared = width * height;
  const double detection_area = detection.width * detection.height;
  const double object_area = object.width * object.height;
  return shared / (crowd ? detection_area : detection_area + object_area - shared);
}

inline double DetectionSet::overlap_of(size_t detection, size_t object) const {
  if (overlap) return overlap(detection, object);
  return box_iou(box_at(detections.boxes, detection), box_at(objects.boxes, object),
                 objects.crowd(object));
}

// Positions 0 .. n - 1 in the order of a key, equal keys in the order of `order`.
struct KeyedOrder {
  std::vector<uint32_t> order;
  std::vector<size_t> offsets;  // keys + 1: where each key's positions begin in `order`

  std::span<const uint32_t> of(size_t key) const {
    return std::span(order).subspan(offsets[key], offsets[key + 1] - offsets[key]);
  }
};
KeyedOrder order_by(std::span<const int32_t> keys, size_t key_count,
                    std::span<const uint32_t> order);
KeyedOrder order_by(std::span<const int32_t> keys, size_t key_count);

// One 101-point style average precision: what the precision envelope is at the first detection that
// reaches each recall. `true_positives`: per true positive in order of score, its precision; made
// an envelope in place. Recall k / positives is reached at the k-th. `at(point, precision)` is
// called for each point, 0 where its recall is never reached. `points` rise.
template <typename At>
void precision_at_recalls(std::span<double> true_positives, size_t positives,
                          std::span<const double> points, const At& at) {
  for (size_t i = true_positives.size(); i-- > 1;) {
    if (true_positives[i] > true_positives[i - 1]) true_positives[i - 1] = true_positives[i];
  }
  size_t reached = 0;
  for (size_t point = 0; point < points.size(); ++point) {
    while (reached < true_positives.size() &&
           static_cast<double>(reached + 1) / static_cast<double>(positives) < points[point]) {
      ++reached;
    }
    at(point, reached < true_positives.size() ? true_positives[reached] : 0.0);
  }
}

}  // namespace errata::analysis
