#include "analysis/dataset_health.h"

#include <algorithm>
#include <utility>

namespace errata::analysis {

namespace {

// By how many samples two classes overlap, either way; largest first.
std::vector<ClassOverlap> overlapping_classes(const ClassPairs& joint, double total) {
  std::vector<ClassOverlap> overlaps;
  for (size_t g = 0; g < joint.classes(); ++g) {
    for (const ClassPairs::Entry& entry : joint.of(g)) {
      const auto given = static_cast<ClassIndex>(g);
      if (entry.truth == given || entry.count <= 0) continue;
      overlaps.push_back({std::min(given, entry.truth), std::max(given, entry.truth),
                          static_cast<double>(entry.count)});
    }
  }
  std::sort(overlaps.begin(), overlaps.end(), [](const ClassOverlap& x, const ClassOverlap& y) {
    return std::pair(x.a, x.b) < std::pair(y.a, y.b);
  });
  size_t kept = 0;
  for (size_t i = 0; i < overlaps.size(); ++i) {
    if (kept > 0 && overlaps[kept - 1].a == overlaps[i].a &&
        overlaps[kept - 1].b == overlaps[i].b) {
      overlaps[kept - 1].joint += overlaps[i].joint;
    } else {
      overlaps[kept++] = overlaps[i];
    }
  }
  overlaps.resize(kept);
  for (ClassOverlap& each : overlaps) each.joint /= total;
  std::stable_sort(overlaps.begin(), overlaps.end(),
                   [](const ClassOverlap& a, const ClassOverlap& b) { return a.joint > b.joint; });
  return overlaps;
}

}  // namespace

DatasetHealth dataset_health(const LabelIssues& issues) {
  DatasetHealth health;
  const size_t classes = issues.classes;
  const ClassPairs& joint = issues.confident_joint;
  double total = 0;
  std::vector<double> given(classes, 0);
  std::vector<double> truth(classes, 0);
  for (size_t g = 0; g < classes; ++g) {
    for (const ClassPairs::Entry& entry : joint.of(g)) {
      const auto count = static_cast<double>(entry.count);
      given[g] += count;
      truth[static_cast<size_t>(entry.truth)] += count;
      total += count;
    }
  }
  if (issues.rows_considered > 0) {
    health.overall =
        1 - static_cast<double>(issues.off_diagonal) / static_cast<double>(issues.rows_considered);
  }
  for (size_t k = 0; k < classes; ++k) {
    ClassHealth each;
    each.index = static_cast<ClassIndex>(k);
    const auto right = static_cast<double>(joint.at(k, k));
    if (given[k] > 0) each.label_noise = 1 - right / given[k];
    if (truth[k] > 0) each.inverse_label_noise = 1 - right / truth[k];
    each.quality = 1 - each.label_noise;
    health.by_class.push_back(each);
  }
  std::stable_sort(
      health.by_class.begin(), health.by_class.end(),
      [](const ClassHealth& a, const ClassHealth& b) { return a.quality < b.quality; });
  health.overlapping = overlapping_classes(joint, total);
  return health;
}

}  // namespace errata::analysis
