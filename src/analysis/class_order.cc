#include "analysis/class_order.h"

#include <algorithm>
#include <tuple>

#include "base/error.h"

namespace errata::analysis {

namespace {

constexpr int64_t kLeastPairs = 20;

}  // namespace

std::vector<ClassPairCount> class_pairs(std::span<const int64_t> confusion, size_t classes) {
  std::vector<ClassPairCount> pairs;
  for (size_t label = 0; label < classes; ++label) {
    for (size_t prediction = 0; prediction < classes; ++prediction) {
      const int64_t count = confusion[label * (classes + 1) + prediction];
      if (count == 0) continue;
      pairs.push_back({static_cast<int32_t>(label), static_cast<int32_t>(prediction), count});
    }
  }
  return pairs;
}

ClassOrder find_class_order(std::span<const ClassPairCount> pairs, size_t classes) {
  std::vector<ClassPairCount> largest_first(pairs.begin(), pairs.end());
  std::sort(largest_first.begin(), largest_first.end(),
            [](const ClassPairCount& a, const ClassPairCount& b) {
              return std::tie(b.count, a.label, a.prediction) <
                     std::tie(a.count, b.label, b.prediction);
            });
  ClassOrder order;
  order.label_of.assign(classes, -1);
  std::vector<bool> given(classes, false);
  int64_t total = 0;
  int64_t named = 0;
  int64_t found = 0;
  for (const ClassPairCount& pair : largest_first) {
    const auto label = static_cast<size_t>(pair.label);
    const auto prediction = static_cast<size_t>(pair.prediction);
    if (label >= classes || prediction >= classes) {
      throw Error(ErrorCategory::kInternal, "a pair names a class beyond the last");
    }
    total += pair.count;
    if (label == prediction) named += pair.count;
    if (order.label_of[prediction] >= 0 || given[label] || pair.count == 0) continue;
    order.label_of[prediction] = pair.label;
    given[label] = true;
    found += pair.count;
  }
  if (total == 0) return order;
  order.as_named = static_cast<double>(named) / static_cast<double>(total);
  order.as_found = static_cast<double>(found) / static_cast<double>(total);
  order.doubtful = total >= kLeastPairs && found * 2 >= total && named * 2 < found;
  return order;
}

}  // namespace errata::analysis
