#include "analysis/object_lab.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <mutex>

#include "analysis/near_boxes.h"

namespace errata::analysis {

namespace {

constexpr double kAlpha = 0.9;
constexpr double kDistanceFactor = 0.1;
constexpr double kSure = 0.95;
constexpr double kLikely = 0.5;
constexpr double kSameBox = 0.95;
constexpr double kTemperature = 0.1;
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr size_t kImageGrain = 64;

double plain_iou(const Box& a, const Box& b) {
  const double width = std::min(a.x + a.width, b.x + b.width) - std::max(a.x, b.x);
  const double height = std::min(a.y + a.height, b.y + b.height) - std::max(a.y, b.y);
  if (width < 0 || height < 0) return 0;
  const double shared = width * height;
  return shared / std::max(a.width * a.height + b.width * b.height - shared, 1e-6);
}

double nearness(const Box& a, const Box& b) {
  const double dx = a.x + a.width / 2 - b.x - b.width / 2;
  const double dy = a.y + a.height / 2 - b.y - b.height / 2;
  return std::exp(-std::sqrt(dx * dx + dy * dy) * kDistanceFactor);
}

double soft_minimum(const std::vector<double>& values) {
  double least = std::numeric_limits<double>::infinity();
  for (const double value : values) {
    if (!std::isnan(value)) least = std::min(least, value);
  }
  if (std::isinf(least)) return 1;
  double weights = 0;
  double sum = 0;
  for (const double value : values) {
    if (std::isnan(value)) continue;
    const double weight = std::exp((least - value) / kTemperature);
    weights += weight;
    sum += weight * value;
  }
  return sum / weights;
}

// cleanlab's rounding: the image score takes a root of what is left of 1.
double similarity(const Box& given, const Box& found, double overlap) {
  const double distance = 1 - nearness(given, found);
  return overlap * kAlpha + (1 - kAlpha) * (1 - distance);
}

// Centres farther apart than this are not alike at all: exp(-37.5) < 2^-54 is lost in 1 - nearness.
constexpr double kFar = 375;
constexpr double kSlack = 1e-6;  // px, far above what rounding does to the order of distances

struct Centre {
  double x = 0;
  double y = 0;
};
Centre centre_of(const Box& box) {
  return {box.x + box.width / 2, box.y + box.height / 2};
}
double squared_distance(const Centre& a, const Centre& b) {
  return (a.x - b.x) * (a.x - b.x) + (a.y - b.y) * (a.y - b.y);
}

// Of boxes that do not overlap the nearest are the most alike: how far those may lie that can still
// be more alike than one that was seen. Squared.
class Reach {
 public:
  double squared() const { return squared_; }
  void narrow(double squared_distance) {
    const double reach = std::sqrt(squared_distance) + kSlack;
    squared_ = std::min(squared_, reach * reach);
  }

 private:
  double squared_ = std::numeric_limits<double>::infinity();
};

// The boxes of one image. Nothing is kept per pair: an image may have ten thousand of either kind.
class ImageBoxes {
 public:
  ImageBoxes(const DetectionSet& set, std::span<const uint32_t> objects,
             std::span<const uint32_t> detections)
      : set_(set),
        objects_(without_crowds(set, objects)),
        detections_(detections),
        near_objects_(set.objects.boxes, objects_),
        near_detections_(set.detections.boxes, detections) {
    for (const uint32_t object : objects_) given_centres_.push_back(centre_of(given(object)));
    for (const uint32_t detection : detections) {
      found_centres_.push_back(centre_of(found(detection)));
    }
  }

  // The least similarity above 0 of a pair, or `least` where none is below it.
  double least_similarity(double least) const {
    for (const uint32_t object : objects_) {
      const Box box = given(object);
      near_detections_.each(box, [&](uint32_t detection) {
        const Box other = found(detection);
        const double overlap = plain_iou(box, other);
        if (overlap <= 0 || overlap * kAlpha > least) return;
        least = std::min(least, similarity(box, other, overlap));
      });
    }
    double seen = 0;  // squared: those no farther than this are alike at least so much
    for (size_t g = 0; g < objects_.size(); ++g) {
      for (size_t d = 0; d < detections_.size(); ++d) {
        const double distance = squared_distance(given_centres_[g], found_centres_[d]);
        if (distance < seen || distance > kFar * kFar) continue;
        const Box box = given(objects_[g]);
        const Box other = found(detections_[d]);
        if (plain_iou(box, other) > 0) continue;
        const double value = similarity(box, other, 0);
        if (value == 0) continue;
        least = std::min(least, value);
        const double reach = std::max(std::sqrt(distance) - kSlack, 0.0);
        seen = std::max(seen, reach * reach);
      }
    }
    return least;
  }

  void score(double least, ObjectLabScores& out) const {
    std::vector<size_t> sure;
    for (size_t d = 0; d < detections_.size(); ++d) {
      if (probability(detections_[d]) > kSure) sure.push_back(d);
      out.overlooked[detections_[d]] = overlooked(d, least);
    }
    for (size_t g = 0; g < objects_.size(); ++g) {
      out.badly_located[objects_[g]] = badly_located(objects_[g]);
      out.swapped[objects_[g]] = swapped(g, sure, least);
    }
  }

 private:
  static std::vector<uint32_t> without_crowds(const DetectionSet& set,
                                              std::span<const uint32_t> objects) {
    std::vector<uint32_t> result;
    for (const uint32_t object : objects) {
      if (!set.objects.crowd(object)) result.push_back(object);
    }
    return result;
  }
  Box given(uint32_t object) const { return box_at(set_.objects.boxes, object); }
  Box found(uint32_t detection) const { return box_at(set_.detections.boxes, detection); }
  ClassIndex given_class(uint32_t object) const { return set_.objects.boxes.class_index[object]; }
  ClassIndex found_class(uint32_t detection) const {
    return set_.detections.boxes.class_index[detection];
  }
  double probability(uint32_t detection) const { return set_.detections.score[detection]; }

  double overlooked(size_t at, double least) const {
    const uint32_t detection = detections_[at];
    if (probability(detection) < kSure) return kNaN;
    const Box box = found(detection);
    bool overlaps = false;
    near_objects_.each(
        box, [&](uint32_t object) { overlaps = overlaps || plain_iou(given(object), box) > 0; });
    if (overlaps) return kNaN;
    double highest = -1;
    Reach reach;
    for (size_t g = 0; g < objects_.size(); ++g) {
      const double distance = squared_distance(given_centres_[g], found_centres_[at]);
      if (given_class(objects_[g]) != found_class(detection) || distance > reach.squared()) {
        continue;
      }
      highest = std::max(highest, similarity(given(objects_[g]), box, 0));
      reach.narrow(distance);
    }
    return highest < 0 ? least * (1 - probability(detection)) : highest;
  }

  double badly_located(uint32_t object) const {
    const Box box = given(object);
    double highest = -1;
    near_detections_.each(box, [&](uint32_t detection) {
      if (found_class(detection) == given_class(object) && probability(detection) > kLikely) {
        offer(box, found(detection), highest);
      }
    });
    return highest < 0 ? 1 : highest;
  }

  // Raises `highest` to how alike two boxes are that overlap; asks the distance of few.
  static void offer(const Box& given, const Box& found, double& highest) {
    const double overlap = plain_iou(given, found);
    if (overlap <= 0 || overlap * kAlpha + (1 - kAlpha) < highest) return;
    highest = std::max(highest, similarity(given, found, overlap));
  }

  double swapped(size_t g, std::span<const size_t> sure, double least) const {
    const uint32_t object = objects_[g];
    const Box box = given(object);
    bool twice = false;
    near_objects_.each(box, [&](uint32_t other) {
      twice = twice || (given_class(other) != given_class(object) &&
                        plain_iou(box, given(other)) >= kSameBox);
    });
    if (twice) return least;
    double highest = -1;
    near_detections_.each(box, [&](uint32_t detection) {
      if (found_class(detection) != given_class(object) && probability(detection) > kSure) {
        offer(box, found(detection), highest);
      }
    });
    Reach reach;
    for (const size_t d : sure) {
      const double distance = squared_distance(given_centres_[g], found_centres_[d]);
      if (found_class(detections_[d]) == given_class(object) || distance > reach.squared()) {
        continue;
      }
      reach.narrow(distance);
      const Box other = found(detections_[d]);
      highest = std::max(highest, similarity(box, other, plain_iou(box, other)));
    }
    return highest < 0 ? 1 : std::max(least, 1 - highest);
  }

  const DetectionSet& set_;
  std::vector<uint32_t> objects_;  // without crowds
  std::span<const uint32_t> detections_;
  NearBoxes near_objects_;
  NearBoxes near_detections_;
  std::vector<Centre> given_centres_;
  std::vector<Centre> found_centres_;
};

double pooled(const std::vector<double>& scores, std::span<const uint32_t> rows) {
  std::vector<double> values;
  for (const uint32_t row : rows) values.push_back(scores[row]);
  return soft_minimum(values);
}

}  // namespace

ObjectLabScores score_object_lab(const DetectionSet& set, const ParallelFor& parallel_for) {
  check_detections(set);
  ObjectLabScores out;
  out.overlooked.assign(set.detections.boxes.size(), kNaN);
  out.badly_located.assign(set.objects.boxes.size(), kNaN);
  out.swapped.assign(set.objects.boxes.size(), kNaN);
  for (auto* scores :
       {&out.image_overlooked, &out.image_badly_located, &out.image_swapped, &out.image}) {
    scores->assign(set.images, 1);
  }
  const KeyedOrder objects = order_by(set.objects.boxes.image, set.images);
  const KeyedOrder detections = order_by(set.detections.boxes.image, set.images);
  double least = 1;
  std::mutex mutex;
  parallel_for(set.images, kImageGrain, [&](size_t begin, size_t end) {
    double own = 1;
    for (size_t image = begin; image < end; ++image) {
      const ImageBoxes boxes(set, objects.of(image), detections.of(image));
      own = boxes.least_similarity(own);
    }
    const std::lock_guard lock(mutex);
    least = std::min(least, own);
  });
  parallel_for(set.images, kImageGrain, [&](size_t begin, size_t end) {
    for (size_t image = begin; image < end; ++image) {
      ImageBoxes(set, objects.of(image), detections.of(image)).score(least, out);
      const double a = pooled(out.overlooked, detections.of(image));
      const double b = pooled(out.badly_located, objects.of(image));
      const double c = pooled(out.swapped, objects.of(image));
      out.image_overlooked[image] = a;
      out.image_badly_located[image] = b;
      out.image_swapped[image] = c;
      const double sum = std::log(1e-100 + a) + std::log(1e-100 + b) + std::log(1e-100 + c);
      out.image[image] = std::exp(sum / 3);
    }
  });
  return out;
}

}  // namespace errata::analysis
