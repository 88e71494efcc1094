#include "analysis/coco_eval.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <limits>

namespace errata::analysis {

namespace {

// Draws the curves of one class after another into the result.
class CurveDrawer {
 public:
  CurveDrawer(const CocoOptions& options, CocoResult& result)
      : options_(options), result_(result) {}

  void draw(size_t class_index, const ClassMatches& matches) {
    precisions_.resize(options_.iou_thresholds.size());
    for (size_t area = 0; area < options_.area_ranges.size(); ++area) {
      if (matches.positives[area] == 0) continue;
      for (size_t limit = 0; limit < options_.max_detections.size(); ++limit) {
        draw_curve(class_index, matches, area, limit);
      }
    }
  }

 private:
  void draw_curve(size_t class_index, const ClassMatches& matches, size_t area, size_t limit) {
    const size_t areas = options_.area_ranges.size();
    const size_t count = options_.iou_thresholds.size();
    const size_t ranks = options_.max_detections[limit];
    false_counts_.assign(count, 0);
    for (auto& each : precisions_) each.clear();
    for (const uint32_t at : matches.order) {
      if (matches.ranks[at] >= ranks) continue;
      const ThresholdBits misses = matches.mistaken[at * areas + area];
      if (misses != 0) {
        for (size_t t = 0; t < count; ++t) {
          false_counts_[t] += static_cast<uint32_t>((misses >> t) & 1);
        }
      }
      for (ThresholdBits hits = matches.found[at * areas + area]; hits != 0; hits &= hits - 1) {
        const auto t = static_cast<size_t>(std::countr_zero(hits));
        const auto found = static_cast<double>(precisions_[t].size() + 1);
        precisions_[t].push_back(found / (static_cast<double>(false_counts_[t]) + found +
                                          std::numeric_limits<double>::epsilon()));
      }
    }
    for (size_t t = 0; t < count; ++t) {
      result_.recall_at(t, class_index, area, limit) =
          static_cast<double>(precisions_[t].size()) / static_cast<double>(matches.positives[area]);
      precision_at_recalls(precisions_[t], matches.positives[area], options_.recall_thresholds,
                           [&](size_t point, double precision) {
                             result_.precision_at(t, point, class_index, area, limit) = precision;
                           });
    }
  }

  const CocoOptions& options_;
  CocoResult& result_;
  std::vector<uint32_t> false_counts_;
  std::vector<std::vector<double>> precisions_;
};

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
  CocoResult result;
  result.options = options;
  result.classes = options.use_classes ? set.classes : 1;
  const size_t cells = options.iou_thresholds.size() * result.classes * options.area_ranges.size() *
                       options.max_detections.size();
  result.precision.assign(cells * options.recall_thresholds.size(), -1);
  result.recall.assign(cells, -1);
  match_coco(set, options, parallel_for, [&](size_t k, const ClassMatches& matches) {
    CurveDrawer(options, result).draw(k, matches);
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

double class_average_precision(const CocoResult& result, size_t class_index, size_t area) {
  double sum = 0;
  size_t count = 0;
  const size_t limit = result.options.max_detections.size() - 1;
  for (size_t t = 0; t < result.options.iou_thresholds.size(); ++t) {
    for (size_t r = 0; r < result.options.recall_thresholds.size(); ++r, ++count) {
      sum += result.precision_at(t, r, class_index, area, limit);
    }
  }
  return sum / static_cast<double>(count);
}

}  // namespace errata::analysis
