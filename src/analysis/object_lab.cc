#include "analysis/object_lab.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <mutex>

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

// The boxes of one image, and how alike each given one and each detection are.
class ImageBoxes {
 public:
  ImageBoxes(const DetectionSet& set, std::span<const uint32_t> objects,
             std::span<const uint32_t> detections)
      : set_(set), detections_(detections) {
    for (const uint32_t object : objects) {
      if (!set.objects.crowd(object)) objects_.push_back(object);
    }
    overlap_.reserve(objects_.size() * detections.size());
    for (const uint32_t object : objects_) {
      const Box given = box_at(set.objects.boxes, object);
      for (const uint32_t detection : detections) {
        const Box found = box_at(set.detections.boxes, detection);
        overlap_.push_back(plain_iou(given, found));
        // Rounded as cleanlab's: the image score takes a root of what is left of 1.
        const double distance = 1 - nearness(given, found);
        similarity_.push_back(overlap_.back() * kAlpha + (1 - kAlpha) * (1 - distance));
      }
    }
  }

  double least_similarity() const {
    double least = 1;
    for (const double each : similarity_) {
      if (each != 0) least = std::min(least, each);
    }
    return least;
  }

  void score(double least, ObjectLabScores& out) const {
    for (size_t d = 0; d < detections_.size(); ++d) {
      out.overlooked[detections_[d]] = overlooked(d, least);
    }
    for (size_t g = 0; g < objects_.size(); ++g) {
      out.badly_located[objects_[g]] = badly_located(g);
      out.swapped[objects_[g]] = swapped(g, least);
    }
  }

 private:
  size_t at(size_t g, size_t d) const { return g * detections_.size() + d; }
  ClassIndex given_class(size_t g) const { return set_.objects.boxes.class_index[objects_[g]]; }
  ClassIndex found_class(size_t d) const {
    return set_.detections.boxes.class_index[detections_[d]];
  }
  double probability(size_t d) const { return set_.detections.score[detections_[d]]; }

  double overlooked(size_t d, double least) const {
    if (probability(d) < kSure) return kNaN;
    double highest = -1;
    for (size_t g = 0; g < objects_.size(); ++g) {
      if (overlap_[at(g, d)] > 0) return kNaN;
      if (given_class(g) == found_class(d)) highest = std::max(highest, similarity_[at(g, d)]);
    }
    return highest < 0 ? least * (1 - probability(d)) : highest;
  }

  double badly_located(size_t g) const {
    double highest = -1;
    for (size_t d = 0; d < detections_.size(); ++d) {
      if (found_class(d) == given_class(g) && probability(d) > kLikely && overlap_[at(g, d)] > 0) {
        highest = std::max(highest, similarity_[at(g, d)]);
      }
    }
    return highest < 0 ? 1 : highest;
  }

  double swapped(size_t g, double least) const {
    const Box box = box_at(set_.objects.boxes, objects_[g]);
    for (size_t other = 0; other < objects_.size(); ++other) {
      if (given_class(other) != given_class(g) &&
          plain_iou(box, box_at(set_.objects.boxes, objects_[other])) >= kSameBox) {
        return least;
      }
    }
    double highest = -1;
    for (size_t d = 0; d < detections_.size(); ++d) {
      if (found_class(d) != given_class(g) && probability(d) > kSure) {
        highest = std::max(highest, similarity_[at(g, d)]);
      }
    }
    return highest < 0 ? 1 : std::max(least, 1 - highest);
  }

  const DetectionSet& set_;
  std::vector<uint32_t> objects_;  // without crowds
  std::span<const uint32_t> detections_;
  std::vector<double> overlap_;  // [object, detection]
  std::vector<double> similarity_;
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
      own = std::min(own, boxes.least_similarity());
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
