#include "analysis/detection_curves.h"

#include <algorithm>

namespace errata::analysis {

namespace {

struct Scored {
  double score = 0;
  bool found = false;
};

// `sorted`: surest first.
DetectionCurve draw(const std::vector<Scored>& sorted, size_t objects) {
  DetectionCurve curve;
  curve.objects = objects;
  size_t found = 0;
  for (size_t i = 0; i < sorted.size(); ++i) {
    found += sorted[i].found ? 1 : 0;
    if (i + 1 < sorted.size() && sorted[i + 1].score == sorted[i].score) continue;
    const auto kept = static_cast<double>(i + 1);
    const auto good = static_cast<double>(found);
    const auto all = static_cast<double>(objects);
    curve.score.push_back(sorted[i].score);
    curve.precision.push_back(good / kept);
    curve.recall.push_back(objects == 0 ? 0 : good / all);
    curve.f1.push_back(2 * good / (kept + all));
  }
  const auto best = std::max_element(curve.f1.begin(), curve.f1.end());
  if (best != curve.f1.end()) curve.best = static_cast<size_t>(best - curve.f1.begin());
  return curve;
}

}  // namespace

DetectionCurves draw_detection_curves(const DetectionSet& set, double overlap,
                                      size_t max_detections, const ParallelFor& parallel_for) {
  CocoOptions options;
  options.iou_thresholds = {overlap};
  options.max_detections = {max_detections};
  options.area_ranges.resize(1);
  DetectionCurves curves;
  curves.overlap = overlap;
  curves.per_class.resize(set.classes);
  std::vector<std::vector<Scored>> scored(set.classes);
  match_coco(set, options, parallel_for, [&](size_t k, const ClassMatches& matches) {
    for (const uint32_t at : matches.order) {
      if ((matches.found[at] | matches.mistaken[at]) == 0) continue;
      scored[k].push_back({set.detections.score[matches.detections[at]], matches.found[at] != 0});
    }
    curves.per_class[k] = draw(scored[k], matches.positives[0]);
  });
  std::vector<Scored> all;
  size_t objects = 0;
  for (size_t k = 0; k < set.classes; ++k) {
    all.insert(all.end(), scored[k].begin(), scored[k].end());
    objects += curves.per_class[k].objects;
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const Scored& a, const Scored& b) { return a.score > b.score; });
  curves.all = draw(all, objects);
  return curves;
}

DetectionCurve thin_curve(const DetectionCurve& curve, size_t points) {
  const size_t count = curve.score.size();
  if (count <= points) return curve;
  std::vector<size_t> kept{curve.best};
  for (size_t i = 0; i + 1 < points; ++i) kept.push_back(i * (count - 1) / (points - 2));
  std::sort(kept.begin(), kept.end());
  kept.erase(std::unique(kept.begin(), kept.end()), kept.end());
  DetectionCurve thin;
  thin.objects = curve.objects;
  for (const size_t i : kept) {
    if (i == curve.best) thin.best = thin.score.size();
    thin.score.push_back(curve.score[i]);
    thin.precision.push_back(curve.precision[i]);
    thin.recall.push_back(curve.recall[i]);
    thin.f1.push_back(curve.f1[i]);
  }
  return thin;
}

}  // namespace errata::analysis
