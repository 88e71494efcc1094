// What the panels below the grid show of a run: confusion, calibration, classes, scores, accuracy
// with its interval, and what the corrections made of it. Over the samples that the filter speaks
// of; see measured_filter().
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "analysis/audit_estimate.h"
#include "analysis/calibration.h"

namespace errata::viewer {

struct ClassLine {
  std::string name;
  int64_t support = 0;
  int64_t predicted = 0;
  int64_t right = 0;
  double precision = 0;  // 0 where there is nothing to divide by
  double recall = 0;
  double f1 = 0;
  double mean_confidence = 0;  // of the samples with this label; NaN for none
};

struct ConfusedPair {
  int32_t label = 0;  // into PanelAnswer::classes
  int32_t prediction = 0;
  int64_t count = 0;
};

// Counts of the classes that are shown; those of the others are left to the list of pairs.
struct ConfusionView {
  std::vector<int32_t> shown;              // into PanelAnswer::classes, in their order
  std::vector<int64_t> counts;             // shown x shown, row = label
  std::vector<int64_t> label_totals;       // of each shown class, all predictions
  std::vector<int64_t> prediction_totals;  // of each shown class, all labels
  int64_t largest_off_diagonal = 0;
  size_t occurring = 0;  // classes that are a label or a prediction, shown or not
};

struct ScoreDistribution {
  std::string column;
  double low = 0;
  double high = 1;
  std::vector<uint64_t> right;  // of each bin
  std::vector<uint64_t> wrong;
};

// A number with its 95 % interval; low and high are NaN where it has none.
struct Measured {
  double value = 0;
  double low = 0;
  double high = 0;
};

struct PanelAnswer {
  std::string measured_filter;  // what was measured over; empty: everything
  bool terms_left_out = false;  // the filter has terms that speak of predictions or reviews
  int64_t samples = 0;          // with a label and a prediction, not excluded
  int64_t without_label = 0;
  int64_t without_prediction = 0;
  int64_t excluded = 0;
  int64_t trained_on = 0;  // of what was measured over, what the run was trained on

  Measured accuracy;
  Measured balanced_accuracy;
  analysis::Calibration calibration;
  std::vector<ClassLine> classes;        // the project's, in its order
  std::vector<ConfusedPair> confusions;  // off the diagonal, largest first, at most kMostPairs
  ConfusionView confusion;
  std::string class_order;  // a warning; empty: the model's classes agree as they are named
  std::vector<ScoreDistribution> scores;

  // What the corrections change, over the same samples: those of `samples` that came with a label.
  int64_t samples_of_both = 0;
  double accuracy_before = 0;  // with the labels as they were imported
  double accuracy_after = 0;   // with the labels as they are now
  // With the labels as they were imported, excluded samples included: what an audit estimates for.
  int64_t samples_given = 0;
  int64_t reviewed = 0;
  int64_t reviewed_where_they_differ = 0;  // the prediction was not the given label
  int64_t corrected = 0;                   // relabelled
  int64_t audit_drawn = 0;                 // tagged `audit`, with a given label and a prediction
  bool audit_elsewhere = false;            // it was drawn from another population than measured
  analysis::AuditCounts audit;             // of those that were reviewed
  std::optional<analysis::AuditEstimate> audit_estimate;  // once all drawn were reviewed

  double elapsed_ms = 0;

  static constexpr size_t kMostPairs = 500;
  static constexpr size_t kMostShown = 40;
};

enum class ConfusionNumbers : uint8_t { kCounts, kOfLabel, kOfPrediction };
enum class ConfusionOrder : uint8_t { kProject, kMostConfused };

struct PanelState {
  bool pending = false;
  bool exactly_shown = false;                 // measure exactly what is shown
  std::shared_ptr<const PanelAnswer> answer;  // null before the first
  std::string problem;                        // why there is none

  ConfusionNumbers numbers = ConfusionNumbers::kCounts;
  ConfusionOrder order = ConfusionOrder::kProject;
  int class_sort_column = -1;  // of the class table; -1: the project's order
  bool class_sort_descending = true;
};

}  // namespace errata::viewer
