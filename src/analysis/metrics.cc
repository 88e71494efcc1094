#include "analysis/metrics.h"

#include <algorithm>
#include <cfloat>
#include <cmath>
#include <numeric>

#include "base/error.h"

namespace errata::analysis {

namespace {

// scikit-learn's clip for float32 probabilities: log_loss(eps="auto").
constexpr double kLogLossEpsilon = FLT_EPSILON;

// The confusion matrix as a list of its cells that hold anything.
struct SparseConfusion {
  size_t classes = 0;
  std::vector<uint32_t> label;
  std::vector<uint32_t> prediction;  // `classes` for a class the project lacks
  std::vector<int64_t> counts;
};

enum Statistic : size_t {
  kAccuracy,
  kBalanced,
  kMacroPrecision,
  kMacroRecall,
  kMacroF1,
  kWeightedPrecision,
  kWeightedRecall,
  kWeightedF1,
  kStatisticsCount
};

double ratio(double numerator, double denominator) {
  return denominator > 0 ? numerator / denominator : 0;
}

struct ClassSums {
  std::vector<double> support;
  std::vector<double> predicted;
  std::vector<double> right;
};

void sum_classes(const SparseConfusion& confusion, std::span<const int64_t> counts,
                 ClassSums& sums) {
  for (auto* column : {&sums.support, &sums.predicted, &sums.right}) {
    column->assign(confusion.classes + 1, 0);
  }
  for (size_t i = 0; i < counts.size(); ++i) {
    const double n = static_cast<double>(counts[i]);
    sums.support[confusion.label[i]] += n;
    sums.predicted[confusion.prediction[i]] += n;
    if (confusion.label[i] == confusion.prediction[i]) sums.right[confusion.label[i]] += n;
  }
}

struct ClassRatios {
  double precision;
  double recall;
  double f1;
};

ClassRatios ratios_of(double right, double predicted, double support) {
  return {ratio(right, predicted), ratio(right, support), ratio(2 * right, predicted + support)};
}

void confusion_statistics(const SparseConfusion& confusion, std::span<const int64_t> counts,
                          std::span<double> out) {
  static thread_local ClassSums sums;
  sum_classes(confusion, counts, sums);
  double total = 0;
  double right = 0;
  double labelled_classes = 0;
  double occurring_classes = 0;
  std::fill(out.begin(), out.end(), 0);
  for (size_t c = 0; c < confusion.classes; ++c) {
    const double support = sums.support[c];
    if (support + sums.predicted[c] == 0) continue;
    const ClassRatios r = ratios_of(sums.right[c], sums.predicted[c], support);
    total += support;
    right += sums.right[c];
    labelled_classes += support > 0 ? 1 : 0;
    occurring_classes += 1;
    out[kBalanced] += support > 0 ? r.recall : 0;
    out[kMacroPrecision] += r.precision;
    out[kMacroRecall] += r.recall;
    out[kMacroF1] += r.f1;
    out[kWeightedPrecision] += support * r.precision;
    out[kWeightedRecall] += support * r.recall;
    out[kWeightedF1] += support * r.f1;
  }
  out[kAccuracy] = ratio(right, total);
  out[kBalanced] = ratio(out[kBalanced], labelled_classes);
  for (const size_t s : {kMacroPrecision, kMacroRecall, kMacroF1}) {
    out[s] = ratio(out[s], occurring_classes);
  }
  for (const size_t s : {kWeightedPrecision, kWeightedRecall, kWeightedF1}) {
    out[s] = ratio(out[s], total);
  }
}

class Measurer {
 public:
  Measurer(const MetricColumns& columns, const MetricsOptions& options,
           const ParallelFor& parallel_for)
      : columns_(columns), options_(options), parallel_for_(parallel_for) {}

  ClassificationMetrics run(std::span<const RowIndex> rows, bool all_rows) {
    metrics_.classes = options_.classes;
    select_rows(rows, all_rows);
    metrics_.rows = static_cast<int64_t>(measured_.size());
    count_confusion();
    measure_confusion();
    measure_top_k();
    measure_probabilities();
    measure_confidence();
    return std::move(metrics_);
  }

 private:
  void select_rows(std::span<const RowIndex> rows, bool all_rows) {
    const size_t n = all_rows ? columns_.labels.size() : rows.size();
    measured_.reserve(n);
    for (size_t i = 0; i < n; ++i) {
      const RowIndex row = all_rows ? static_cast<RowIndex>(i) : rows[i];
      if (columns_.labels[row] == kNoClass) {
        ++metrics_.without_label;
      } else if (columns_.predictions[row] == kNoClass) {
        ++metrics_.without_prediction;
      } else {
        measured_.push_back(row);
      }
    }
  }

  void count_confusion() {
    std::vector<size_t> begins(options_.classes + 1, 0);
    right_.resize(measured_.size());
    for (size_t i = 0; i < measured_.size(); ++i) {
      const auto label = static_cast<size_t>(columns_.labels[measured_[i]]);
      const size_t prediction =
          std::min(static_cast<size_t>(columns_.predictions[measured_[i]]), options_.classes);
      if (label >= options_.classes) {
        throw Error(ErrorCategory::kInternal, "a label that is no class of the project");
      }
      if (prediction == options_.classes) ++metrics_.unknown_predictions;
      ++begins[label + 1];
      right_[i] = label == prediction ? 1 : 0;
    }
    std::partial_sum(begins.begin(), begins.end(), begins.begin());
    std::vector<int32_t> predictions(measured_.size());  // by label
    std::vector<size_t> next = begins;
    for (const RowIndex row : measured_) {
      const auto label = static_cast<size_t>(columns_.labels[row]);
      predictions[next[label]++] =
          std::min(columns_.predictions[row], static_cast<int32_t>(options_.classes));
    }
    std::vector<int64_t> counts(options_.classes + 1, 0);
    for (size_t label = 0; label < options_.classes; ++label) {
      const std::span<const int32_t> some =
          std::span(predictions).subspan(begins[label], begins[label + 1] - begins[label]);
      std::vector<int32_t> occurring;
      for (const int32_t prediction : some) {
        if (counts[static_cast<size_t>(prediction)]++ == 0) occurring.push_back(prediction);
      }
      std::sort(occurring.begin(), occurring.end());
      for (const int32_t prediction : occurring) {
        int64_t& count = counts[static_cast<size_t>(prediction)];
        metrics_.confusion.push_back({static_cast<int32_t>(label), prediction, count});
        count = 0;
      }
    }
  }

  void measure_confusion() {
    SparseConfusion confusion;
    confusion.classes = options_.classes;
    for (const ClassPairCount& cell : metrics_.confusion) {
      confusion.label.push_back(static_cast<uint32_t>(cell.label));
      confusion.prediction.push_back(static_cast<uint32_t>(cell.prediction));
      confusion.counts.push_back(cell.count);
    }
    ClassSums sums;
    sum_classes(confusion, confusion.counts, sums);
    for (size_t c = 0; c < options_.classes; ++c) {
      const ClassRatios r = ratios_of(sums.right[c], sums.predicted[c], sums.support[c]);
      metrics_.per_class.push_back(
          {static_cast<int64_t>(sums.support[c]), static_cast<int64_t>(sums.predicted[c]),
           static_cast<int64_t>(sums.right[c]), r.precision, r.recall, r.f1});
    }
    const std::vector<Interval> found = bootstrap_cells(
        confusion.counts, kStatisticsCount,
        [&](std::span<const int64_t> counts, std::span<double> out) {
          confusion_statistics(confusion, counts, out);
        },
        options_.bootstrap, parallel_for_);
    metrics_.accuracy = found[kAccuracy];
    widen_where_all_agree(metrics_.accuracy, metrics_.rows, options_.bootstrap.level);
    metrics_.balanced_accuracy = found[kBalanced];
    metrics_.macro = {found[kMacroPrecision], found[kMacroRecall], found[kMacroF1]};
    metrics_.weighted = {found[kWeightedPrecision], found[kWeightedRecall], found[kWeightedF1]};
  }

  void measure_top_k() {
    if (columns_.label_rank.empty()) return;
    for (const int32_t k : options_.top_k) {
      if (k < 1 || static_cast<size_t>(k) >= options_.classes) continue;
      int64_t inside = 0;
      for (const RowIndex row : measured_) {
        const int32_t rank = columns_.label_rank[row];
        inside += rank >= 0 && rank < k ? 1 : 0;
      }
      const std::vector<int64_t> cells{inside, metrics_.rows - inside};
      auto found = bootstrap_cells(
          cells, 1,
          [](std::span<const int64_t> counts, std::span<double> out) {
            out[0] =
                ratio(static_cast<double>(counts[0]), static_cast<double>(counts[0] + counts[1]));
          },
          options_.bootstrap, parallel_for_);
      widen_where_all_agree(found[0], metrics_.rows, options_.bootstrap.level);
      metrics_.top_k.emplace_back(k, found[0]);
    }
  }

  void measure_probabilities() {
    metrics_.log_loss = undefined_interval();
    metrics_.brier = undefined_interval();
    if (columns_.self_confidence.empty() || columns_.brier.empty()) return;
    std::vector<double> losses;
    std::vector<double> briers;
    for (const RowIndex row : measured_) {
      const double p = columns_.self_confidence[row];
      if (std::isnan(p)) {
        ++metrics_.unknown_labels;
        continue;
      }
      losses.push_back(-std::log(std::clamp(p, kLogLossEpsilon, 1 - kLogLossEpsilon)));
      briers.push_back(columns_.brier[row]);
    }
    metrics_.has_probabilities = !losses.empty();
    metrics_.log_loss = bootstrap_mean(losses, options_.bootstrap, parallel_for_);
    metrics_.brier = bootstrap_mean(briers, options_.bootstrap, parallel_for_);
  }

  void measure_confidence() {
    std::vector<float> confidence;
    if (!columns_.confidence.empty()) {
      for (const RowIndex row : measured_) confidence.push_back(columns_.confidence[row]);
    }
    metrics_.has_confidence = std::any_of(confidence.begin(), confidence.end(),
                                          [](float value) { return !std::isnan(value); });
    metrics_.calibration = measure_calibration(confidence, right_, options_.calibration_bins,
                                               options_.bootstrap, parallel_for_);
  }

  const MetricColumns& columns_;
  const MetricsOptions& options_;
  const ParallelFor& parallel_for_;
  std::vector<RowIndex> measured_;
  std::vector<uint8_t> right_;  // per measured row
  ClassificationMetrics metrics_;
};

}  // namespace

int64_t ClassificationMetrics::confused(ClassIndex label, ClassIndex prediction) const {
  const auto found = std::lower_bound(
      confusion.begin(), confusion.end(), std::pair(label, prediction),
      [](const ClassPairCount& cell, const std::pair<ClassIndex, ClassIndex>& wanted) {
        return std::pair(cell.label, cell.prediction) < wanted;
      });
  const bool occurs =
      found != confusion.end() && found->label == label && found->prediction == prediction;
  return occurs ? found->count : 0;
}

ClassificationMetrics measure_classification(const MetricColumns& columns,
                                             std::span<const RowIndex> rows, bool all_rows,
                                             const MetricsOptions& options,
                                             const ParallelFor& parallel_for) {
  const size_t n = columns.labels.size();
  const auto fits = [&](size_t size) { return size == 0 || size == n; };
  if (columns.predictions.size() != n || !fits(columns.confidence.size()) ||
      !fits(columns.self_confidence.size()) || !fits(columns.brier.size()) ||
      !fits(columns.label_rank.size())) {
    throw Error(ErrorCategory::kInternal, "metric columns of different lengths");
  }
  return Measurer(columns, options, parallel_for).run(rows, all_rows);
}

}  // namespace errata::analysis
