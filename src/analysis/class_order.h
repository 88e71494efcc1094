// Whether a model's classes stand in another order than their names say: then its predictions agree
// with the labels, but each of its classes with the label of another name. It happens when a model
// that counted its classes by folder, by a YAML file or by COCO ids meets a project that sorted
// them by name.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace errata::analysis {

// So many samples (or matched objects) have this label and this prediction.
struct ClassPairCount {
  int32_t label = 0;
  int32_t prediction = 0;
  int64_t count = 0;
};

// Of a confusion matrix of `classes` rows, or one more, and `classes` + 1 columns: what lies beyond
// the last class (the background, unknown predictions) is left out.
std::vector<ClassPairCount> class_pairs(std::span<const int64_t> confusion, size_t classes);

struct ClassOrder {
  // Per predicted class: the label that it agrees with, when each label is given to one class only,
  // the largest counts first; -1: none.
  std::vector<int32_t> label_of;
  double as_named = 0;  // share of the pairs whose label is the prediction
  double as_found = 0;  // share of the pairs whose label is label_of[prediction]
  // At least 20 pairs, at least half of them agree as found, and less than half as many as named.
  bool doubtful = false;
};

// `pairs`: each pair of classes once, in [0, classes); throws Error(kInternal) for others.
ClassOrder find_class_order(std::span<const ClassPairCount> pairs, size_t classes);

}  // namespace errata::analysis
