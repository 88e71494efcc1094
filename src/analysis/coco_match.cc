#include "analysis/coco_match.h"

#include <algorithm>
#include <numeric>

#include "base/error.h"

namespace errata::analysis {

namespace {

KeyedOrder by_class_and_image(const BoxColumns& boxes, const DetectionSet& set, bool use_classes) {
  if (use_classes) {
    return order_by(boxes.class_index, set.classes, order_by(boxes.image, set.images).order);
  }
  KeyedOrder one =
      order_by(boxes.image, set.images, order_by(boxes.class_index, set.classes).order);
  one.offsets = {0, boxes.size()};
  return one;
}

// Matches one class after another, image by image.
class ClassMatcher {
 public:
  ClassMatcher(const DetectionSet& set, const CocoOptions& options)
      : set_(set),
        options_(options),
        thresholds_(options.iou_thresholds),
        all_(thresholds_.size() == 64 ? ~ThresholdBits{0}
                                      : (ThresholdBits{1} << thresholds_.size()) - 1) {
    for (double& threshold : thresholds_) threshold = std::min(threshold, 1 - 1e-10);
    least_ = *std::min_element(thresholds_.begin(), thresholds_.end());
  }

  void match(std::span<const uint32_t> objects, std::span<const uint32_t> detections,
             ClassMatches& out) {
    const size_t areas = options_.area_ranges.size();
    out_ = &out;
    out.detections.clear();
    out.ranks.clear();
    out.found.clear();
    out.mistaken.clear();
    out.order.clear();
    out.positives.assign(areas, 0);
    for (const uint32_t object : objects) {
      for (size_t area = 0; area < areas; ++area) {
        out.positives[area] += ignored(object, area) ? 0 : 1;
      }
    }
    const auto image_of_object = set_.objects.boxes.image;
    const auto image_of_detection = set_.detections.boxes.image;
    size_t object = 0;
    for (size_t first = 0; first < detections.size();) {
      const int32_t image = image_of_detection[detections[first]];
      size_t last = first;
      while (last < detections.size() && image_of_detection[detections[last]] == image) ++last;
      while (object < objects.size() && image_of_object[objects[object]] < image) ++object;
      const size_t first_object = object;
      while (object < objects.size() && image_of_object[objects[object]] == image) ++object;
      match_image(objects.subspan(first_object, object - first_object),
                  detections.subspan(first, last - first));
      first = last;
    }
    const auto score = set_.detections.score;
    out.order.resize(out.detections.size());
    std::iota(out.order.begin(), out.order.end(), uint32_t{0});
    std::sort(out.order.begin(), out.order.end(), [&](uint32_t a, uint32_t b) {
      const double left = score[out.detections[a]];
      const double right = score[out.detections[b]];
      return left != right ? left > right : a < b;
    });
  }

 private:
  bool outside(double value, size_t area) const {
    return value < options_.area_ranges[area].first || value > options_.area_ranges[area].second;
  }
  bool ignored(size_t object, size_t area) const {
    return !counts_in_area(set_, options_, object, area);
  }

  void match_image(std::span<const uint32_t> objects, std::span<const uint32_t> detections) {
    const auto score = set_.detections.score;
    kept_.resize(detections.size());
    std::iota(kept_.begin(), kept_.end(), uint32_t{0});
    std::sort(kept_.begin(), kept_.end(), [&](uint32_t a, uint32_t b) {
      const double left = score[detections[a]];
      const double right = score[detections[b]];
      return left != right ? left > right : a < b;
    });
    kept_.resize(std::min(kept_.size(), options_.max_detections.back()));
    for (uint32_t& each : kept_) each = detections[each];

    overlaps_.resize(kept_.size() * objects.size());
    highest_.assign(kept_.size(), 0);
    for (size_t d = 0; d < kept_.size(); ++d) {
      for (size_t g = 0; g < objects.size(); ++g) {
        const double iou = set_.overlap_of(kept_[d], objects[g]);
        overlaps_[d * objects.size() + g] = iou;
        highest_[d] = std::max(highest_[d], iou);
      }
    }
    const size_t areas = options_.area_ranges.size();
    const size_t base = out_->detections.size();
    for (size_t d = 0; d < kept_.size(); ++d) {
      out_->detections.push_back(kept_[d]);
      out_->ranks.push_back(static_cast<uint32_t>(d));
    }
    out_->found.resize((base + kept_.size()) * areas);
    out_->mistaken.resize((base + kept_.size()) * areas);
    for (size_t area = 0; area < areas; ++area) match_area(objects, area, base);
  }

  void match_area(std::span<const uint32_t> objects, size_t area, size_t base) {
    const size_t areas = options_.area_ranges.size();
    object_order_.clear();
    for (uint32_t g = 0; g < objects.size(); ++g) {
      if (!ignored(objects[g], area)) object_order_.push_back(g);
    }
    const size_t counted = object_order_.size();
    for (uint32_t g = 0; g < objects.size(); ++g) {
      if (ignored(objects[g], area)) object_order_.push_back(g);
    }
    taken_.assign(objects.size(), 0);
    for (size_t d = 0; d < kept_.size(); ++d) {
      ThresholdBits matched = 0;
      ThresholdBits matched_ignored = 0;
      if (highest_[d] >= least_) {
        const double* overlaps = &overlaps_[d * objects.size()];
        for (size_t t = 0; t < thresholds_.size(); ++t) {
          const size_t found = best_object(overlaps, objects, counted, t);
          if (found == object_order_.size()) continue;
          const ThresholdBits bit = ThresholdBits{1} << t;
          taken_[object_order_[found]] |= bit;
          (found < counted ? matched : matched_ignored) |= bit;
        }
      }
      const size_t row = (base + d) * areas + area;
      out_->found[row] = matched;
      const bool counts = !outside(set_.detection_area(kept_[d]), area);
      out_->mistaken[row] = counts ? all_ & ~matched & ~matched_ignored : 0;
    }
  }

  // Position in object_order_, its size for none.
  size_t best_object(const double* overlaps, std::span<const uint32_t> objects, size_t counted,
                     size_t threshold) const {
    const ThresholdBits bit = ThresholdBits{1} << threshold;
    double least = thresholds_[threshold];
    size_t best = object_order_.size();
    for (size_t i = 0; i < object_order_.size(); ++i) {
      if (i == counted && best < counted) break;
      const uint32_t g = object_order_[i];
      if (overlaps[g] < least) continue;
      if ((taken_[g] & bit) != 0 && !set_.objects.crowd(objects[g])) continue;
      least = overlaps[g];
      best = i;
    }
    return best;
  }

  const DetectionSet& set_;
  const CocoOptions& options_;
  ClassMatches* out_ = nullptr;
  std::vector<double> thresholds_;
  ThresholdBits all_;
  double least_ = 0;
  // Of the image.
  std::vector<uint32_t> kept_;
  std::vector<double> overlaps_;  // [kept detection, object]
  std::vector<double> highest_;
  std::vector<uint32_t> object_order_;
  std::vector<ThresholdBits> taken_;
};

void check_options(const CocoOptions& options) {
  const auto rises = [](const auto& values) {
    return !values.empty() && std::is_sorted(values.begin(), values.end());
  };
  if (options.iou_thresholds.empty() || options.iou_thresholds.size() > 64) {
    throw Error(ErrorCategory::kUsage, "between 1 and 64 overlap thresholds can be measured");
  }
  if (!rises(options.recall_thresholds) || !rises(options.max_detections)) {
    throw Error(ErrorCategory::kUsage, "recall thresholds and limits of detections must rise");
  }
}

}  // namespace

CocoOptions::CocoOptions() {
  // numpy.linspace's values, to the last bit.
  const double step = (0.95 - 0.5) / 9;
  for (int i = 0; i < 9; ++i) iou_thresholds.push_back(i * step + 0.5);
  iou_thresholds.push_back(0.95);
  for (int i = 0; i <= 100; ++i) recall_thresholds.push_back(i * 0.01);
}

bool counts_in_area(const DetectionSet& set, const CocoOptions& options, size_t object,
                    size_t area) {
  const auto [least, most] = options.area_ranges[area];
  const double of = set.object_area(object);
  return set.objects.counts(object) && of >= least && of <= most;
}

void match_coco(const DetectionSet& set, const CocoOptions& options,
                const ParallelFor& parallel_for, const UseClassMatches& use) {
  check_detections(set);
  check_options(options);
  std::array<KeyedOrder, 2> groups;  // objects, detections: by class, then image
  parallel_for(2, 1, [&](size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) {
      const BoxColumns& boxes = i == 0 ? set.objects.boxes : set.detections.boxes;
      groups[i] = by_class_and_image(boxes, set, options.use_classes);
    }
  });
  parallel_for(options.use_classes ? set.classes : 1, 1, [&](size_t begin, size_t end) {
    ClassMatcher matcher(set, options);
    ClassMatches matches;
    for (size_t k = begin; k < end; ++k) {
      matcher.match(groups[0].of(k), groups[1].of(k), matches);
      use(k, matches);
    }
  });
}

}  // namespace errata::analysis
