// How good a classifier is on a set of samples. Definitions are scikit-learn's (tests/analysis
// holds its outputs), with these rules stated:
//
// - A ratio with a zero denominator is 0 (zero_division=0).
// - Macro and weighted averages run over the classes that occur among the labels or the predictions
//   of the rows measured; balanced accuracy over the classes that occur among the labels.
// - A prediction of a class the project lacks is a wrong prediction, not a class of its own.
// - Top-k ties are broken as argmax does, towards the lower class (scikit-learn: the higher), so
// that
//   top-1 is the accuracy.
// - Log loss clips probabilities to float32's epsilon, as scikit-learn does for float32 input.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "analysis/bootstrap.h"
#include "analysis/calibration.h"
#include "analysis/class_order.h"
#include "base/workers.h"
#include "model/ids.h"

namespace errata::analysis {

// Plain columns of equal length, one entry per sample; what score_rows() gives. An empty span: the
// run has no such values, and what needs them is left out.
struct MetricColumns {
  std::span<const ClassIndex> labels;  // kNoClass: without a label
  std::span<const ClassIndex>
      predictions;  // kNoClass: no prediction; >= classes: lacked by the project
  std::span<const float> confidence;
  std::span<const float> self_confidence;  // p[label]: for the log loss
  std::span<const float> brier;
  std::span<const int32_t> label_rank;  // -1: none
};

struct MetricsOptions {
  size_t classes = 0;                // of the project
  std::vector<int32_t> top_k{1, 5};  // those not below the number of classes are left out
  size_t calibration_bins = 15;
  BootstrapOptions bootstrap;
};

struct ClassMetrics {
  int64_t support = 0;    // rows with this label
  int64_t predicted = 0;  // rows with this prediction
  int64_t right = 0;
  double precision = 0;
  double recall = 0;
  double f1 = 0;
};

struct AveragedMetrics {
  Interval precision;
  Interval recall;
  Interval f1;
};

struct ClassificationMetrics {
  int64_t rows = 0;                 // measured: labelled and predicted
  int64_t without_label = 0;        // left out
  int64_t without_prediction = 0;   // left out, labelled
  int64_t unknown_predictions = 0;  // measured as wrong: a class the project lacks
  int64_t unknown_labels = 0;  // labelled with a class the model does not know: no log loss, Brier

  Interval accuracy;  // of rows that are all right or all wrong the exact one (Clopper, Pearson)
  Interval balanced_accuracy;
  std::vector<std::pair<int32_t, Interval>> top_k;
  AveragedMetrics macro;
  AveragedMetrics weighted;
  std::vector<ClassMetrics> per_class;  // one per class of the project

  // Those that occur, by label and then by prediction; `classes` stands for a prediction of a class
  // the project lacks.
  std::vector<ClassPairCount> confusion;
  size_t classes = 0;
  int64_t confused(ClassIndex label, ClassIndex prediction) const;

  bool has_probabilities = false;  // log_loss and brier are filled
  Interval log_loss;               // nats
  Interval brier;                  // 0..2
  bool has_confidence = false;     // calibration is filled
  Calibration calibration;
};

// Over `rows` (positions in the columns, each at most once); every row when `all_rows`.
// Throws Error(kInternal) for columns of unequal length. With no row to measure, every number is
// NaN and `rows` is 0. Memory: some 50 bytes a row and a class, and what the bootstrap takes.
ClassificationMetrics measure_classification(const MetricColumns& columns,
                                             std::span<const RowIndex> rows, bool all_rows,
                                             const MetricsOptions& options,
                                             const ParallelFor& parallel_for);

}  // namespace errata::analysis
