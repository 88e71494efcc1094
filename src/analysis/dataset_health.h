// Dataset health: how far the labels of each class can be trusted, and which classes overlap, from
// the calibrated joint of confident learning (cleanlab 2.9's dataset.py).
#pragma once

#include <vector>

#include "analysis/confident_learning.h"
#include "model/ids.h"

namespace errata::analysis {

struct ClassHealth {
  ClassIndex index = 0;
  double label_noise = 0;          // P(truth is another class | this label)
  double inverse_label_noise = 0;  // P(label is another class | this truth)
  double quality = 1;              // 1 - label_noise
};
struct ClassOverlap {
  ClassIndex a = 0;
  ClassIndex b = 0;
  double joint = 0;  // share of all samples labelled one and truly the other
};
struct DatasetHealth {
  double overall = 1;                     // 1 - issues / rows, by off_diagonal
  std::vector<ClassHealth> by_class;      // worst quality first
  std::vector<ClassOverlap> overlapping;  // largest first; pairs with joint > 0
};
DatasetHealth dataset_health(const LabelIssues& issues);

}  // namespace errata::analysis
