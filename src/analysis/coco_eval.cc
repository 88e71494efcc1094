#include "analysis/coco_eval.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <limits>
#include <numeric>

#include "base/error.h"

namespace errata::analysis {

namespace {

using Mask = uint64_t;  // a bit per overlap threshold

struct Grouped {
  KeyedOrder objects;     // by class, then image
  KeyedOrder detections;  // likewise
};

KeyedOrder by_class_and_image(const BoxColumns& boxes, const DetectionSet& set, bool use_classes) {
  if (use_classes) {
    return order_by(boxes.class_index, set.classes, order_by(boxes.image, set.images).order);
  }
  KeyedOrder one =
      order_by(boxes.image, set.images, order_by(boxes.class_index, set.classes).order);
  one.offsets = {0, boxes.size()};
  return one;
}

// One class: its detections matched image by image, then its curves.
class ClassEvaluation {
 public:
  ClassEvaluation(const DetectionSet& set, const CocoOptions& options, CocoResult& result)
      : set_(set),
        options_(options),
        result_(result),
        thresholds_(options.iou_thresholds),
        all_(thresholds_.size() == 64 ? ~Mask{0} : (Mask{1} << thresholds_.size()) - 1) {
    for (double& threshold : thresholds_) threshold = std::min(threshold, 1 - 1e-10);
    least_ = *std::min_element(thresholds_.begin(), thresholds_.end());
  }

  void evaluate(size_t class_index, std::span<const uint32_t> objects,
                std::span<const uint32_t> detections) {
    const size_t areas = options_.area_ranges.size();
    scores_.clear();
    ranks_.clear();
    true_.clear();
    false_.clear();
    positives_.assign(areas, 0);
    for (const uint32_t object : objects) {
      for (size_t area = 0; area < areas; ++area) positives_[area] += ignored(object, area) ? 0 : 1;
    }
    if (std::all_of(positives_.begin(), positives_.end(), [](size_t n) { return n == 0; })) return;
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
    draw_curves(class_index);
  }

 private:
  bool outside(double value, size_t area) const {
    return value < options_.area_ranges[area].first || value > options_.area_ranges[area].second;
  }
  bool ignored(size_t object, size_t area) const {
    return set_.objects.crowd(object) || outside(set_.object_area(object), area);
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
    const size_t base = scores_.size();
    for (size_t d = 0; d < kept_.size(); ++d) {
      scores_.push_back(score[kept_[d]]);
      ranks_.push_back(static_cast<uint32_t>(d));
    }
    true_.resize((base + kept_.size()) * areas);
    false_.resize((base + kept_.size()) * areas);
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
      Mask matched = 0;
      Mask matched_ignored = 0;
      if (highest_[d] >= least_) {
        const double* overlaps = &overlaps_[d * objects.size()];
        for (size_t t = 0; t < thresholds_.size(); ++t) {
          const size_t found = best_object(overlaps, objects, counted, t);
          if (found == object_order_.size()) continue;
          const Mask bit = Mask{1} << t;
          taken_[object_order_[found]] |= bit;
          (found < counted ? matched : matched_ignored) |= bit;
        }
      }
      const size_t row = (base + d) * areas + area;
      true_[row] = matched;
      const bool counts = !outside(set_.detection_area(kept_[d]), area);
      false_[row] = counts ? all_ & ~matched & ~matched_ignored : 0;
    }
  }

  // Position in object_order_, its size for none.
  size_t best_object(const double* overlaps, std::span<const uint32_t> objects, size_t counted,
                     size_t threshold) const {
    const Mask bit = Mask{1} << threshold;
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

  void draw_curves(size_t class_index) {
    order_.resize(scores_.size());
    std::iota(order_.begin(), order_.end(), uint32_t{0});
    std::sort(order_.begin(), order_.end(), [&](uint32_t a, uint32_t b) {
      return scores_[a] != scores_[b] ? scores_[a] > scores_[b] : a < b;
    });
    precisions_.resize(thresholds_.size());
    for (size_t area = 0; area < options_.area_ranges.size(); ++area) {
      if (positives_[area] == 0) continue;
      for (size_t limit = 0; limit < options_.max_detections.size(); ++limit) {
        draw_curve(class_index, area, limit);
      }
    }
  }

  void draw_curve(size_t class_index, size_t area, size_t limit) {
    const size_t areas = options_.area_ranges.size();
    const size_t count = thresholds_.size();
    const size_t ranks = options_.max_detections[limit];
    false_counts_.assign(count, 0);
    for (auto& each : precisions_) each.clear();
    for (const uint32_t at : order_) {
      if (ranks_[at] >= ranks) continue;
      const Mask misses = false_[at * areas + area];
      if (misses != 0) {
        for (size_t t = 0; t < count; ++t) {
          false_counts_[t] += static_cast<uint32_t>((misses >> t) & 1);
        }
      }
      for (Mask hits = true_[at * areas + area]; hits != 0; hits &= hits - 1) {
        const auto t = static_cast<size_t>(std::countr_zero(hits));
        const auto found = static_cast<double>(precisions_[t].size() + 1);
        precisions_[t].push_back(found / (static_cast<double>(false_counts_[t]) + found +
                                          std::numeric_limits<double>::epsilon()));
      }
    }
    for (size_t t = 0; t < count; ++t) {
      result_.recall_at(t, class_index, area, limit) =
          static_cast<double>(precisions_[t].size()) / static_cast<double>(positives_[area]);
      precision_at_recalls(precisions_[t], positives_[area], options_.recall_thresholds,
                           [&](size_t point, double precision) {
                             result_.precision_at(t, point, class_index, area, limit) = precision;
                           });
    }
  }

  const DetectionSet& set_;
  const CocoOptions& options_;
  CocoResult& result_;
  std::vector<double> thresholds_;
  Mask all_;
  double least_ = 0;

  // Of the class: per kept detection its score, its place in its image, and per area the thresholds
  // at which it is true and false.
  std::vector<size_t> positives_;
  std::vector<double> scores_;
  std::vector<uint32_t> ranks_;
  std::vector<Mask> true_;
  std::vector<Mask> false_;
  std::vector<uint32_t> order_;
  std::vector<uint32_t> false_counts_;
  std::vector<std::vector<double>> precisions_;
  // Of the image.
  std::vector<uint32_t> kept_;
  std::vector<double> overlaps_;  // [kept detection, object]
  std::vector<double> highest_;
  std::vector<uint32_t> object_order_;
  std::vector<Mask> taken_;
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

double mean_of_known(double sum, size_t count) {
  return count == 0 ? -1 : sum / static_cast<double>(count);
}

// Over all thresholds, or the one that equals `iou`.
double mean_precision(const CocoResult& result, double iou, size_t area, size_t limit) {
  const CocoOptions& options = result.options;
  if (area >= options.area_ranges.size() || limit >= options.max_detections.size()) return -1;
  double sum = 0;
  size_t count = 0;
  for (size_t t = 0; t < options.iou_thresholds.size(); ++t) {
    if (iou > 0 && options.iou_thresholds[t] != iou) continue;
    for (size_t r = 0; r < options.recall_thresholds.size(); ++r) {
      for (size_t k = 0; k < result.classes; ++k) {
        const double value = result.precision_at(t, r, k, area, limit);
        if (value <= -1) continue;
        sum += value;
        ++count;
      }
    }
  }
  return mean_of_known(sum, count);
}

double mean_recall(const CocoResult& result, size_t area, size_t limit) {
  const CocoOptions& options = result.options;
  if (area >= options.area_ranges.size() || limit >= options.max_detections.size()) return -1;
  double sum = 0;
  size_t count = 0;
  for (size_t t = 0; t < options.iou_thresholds.size(); ++t) {
    for (size_t k = 0; k < result.classes; ++k) {
      const double value = result.recall_at(t, k, area, limit);
      if (value <= -1) continue;
      sum += value;
      ++count;
    }
  }
  return mean_of_known(sum, count);
}

}  // namespace

CocoOptions::CocoOptions() {
  // numpy.linspace's values, to the last bit.
  const double step = (0.95 - 0.5) / 9;
  for (int i = 0; i < 9; ++i) iou_thresholds.push_back(i * step + 0.5);
  iou_thresholds.push_back(0.95);
  for (int i = 0; i <= 100; ++i) recall_thresholds.push_back(i * 0.01);
}

double& CocoResult::precision_at(size_t t, size_t r, size_t k, size_t a, size_t m) {
  const size_t row = (t * options.recall_thresholds.size() + r) * classes + k;
  return precision[(row * options.area_ranges.size() + a) * options.max_detections.size() + m];
}
double& CocoResult::recall_at(size_t t, size_t k, size_t a, size_t m) {
  return recall[((t * classes + k) * options.area_ranges.size() + a) *
                    options.max_detections.size() +
                m];
}
double CocoResult::precision_at(size_t t, size_t r, size_t k, size_t a, size_t m) const {
  return const_cast<CocoResult*>(this)->precision_at(t, r, k, a, m);
}
double CocoResult::recall_at(size_t t, size_t k, size_t a, size_t m) const {
  return const_cast<CocoResult*>(this)->recall_at(t, k, a, m);
}

CocoResult evaluate_coco(const DetectionSet& set, const CocoOptions& options,
                         const ParallelFor& parallel_for) {
  check_detections(set);
  check_options(options);
  CocoResult result;
  result.options = options;
  result.classes = options.use_classes ? set.classes : 1;
  const size_t cells = options.iou_thresholds.size() * result.classes * options.area_ranges.size() *
                       options.max_detections.size();
  result.precision.assign(cells * options.recall_thresholds.size(), -1);
  result.recall.assign(cells, -1);
  Grouped groups;
  parallel_for(2, 1, [&](size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) {
      const BoxColumns& boxes = i == 0 ? set.detections.boxes : set.objects.boxes;
      (i == 0 ? groups.detections : groups.objects) =
          by_class_and_image(boxes, set, options.use_classes);
    }
  });
  parallel_for(result.classes, 1, [&](size_t begin, size_t end) {
    ClassEvaluation evaluation(set, options, result);
    for (size_t k = begin; k < end; ++k) {
      evaluation.evaluate(k, groups.objects.of(k), groups.detections.of(k));
    }
  });
  return result;
}

std::array<double, 12> summarize_coco(const CocoResult& result) {
  return {mean_precision(result, 0, 0, 2),    mean_precision(result, 0.5, 0, 2),
          mean_precision(result, 0.75, 0, 2), mean_precision(result, 0, 1, 2),
          mean_precision(result, 0, 2, 2),    mean_precision(result, 0, 3, 2),
          mean_recall(result, 0, 0),          mean_recall(result, 0, 1),
          mean_recall(result, 0, 2),          mean_recall(result, 1, 2),
          mean_recall(result, 2, 2),          mean_recall(result, 3, 2)};
}

double class_average_precision(const CocoResult& result, size_t class_index) {
  double sum = 0;
  size_t count = 0;
  const size_t limit = result.options.max_detections.size() - 1;
  for (size_t t = 0; t < result.options.iou_thresholds.size(); ++t) {
    for (size_t r = 0; r < result.options.recall_thresholds.size(); ++r, ++count) {
      sum += result.precision_at(t, r, class_index, 0, limit);
    }
  }
  return sum / static_cast<double>(count);
}

}  // namespace errata::analysis
