#include "jobs/metrics_job.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "analysis/scores.h"
#include "base/error.h"
#include "base/text.h"
#include "jobs/prediction_warnings.h"
#include "jobs/score_job.h"
#include "store/runs.h"

namespace errata::jobs {

namespace {

constexpr float kNone = std::numeric_limits<float>::quiet_NaN();

// The columns that the metrics want, one entry per row of the snapshot.
struct MetricData {
  std::vector<ClassIndex> labels;
  std::vector<ClassIndex> predictions;
  std::vector<float> confidence;
  std::vector<float> self_confidence;
  std::vector<float> brier;
  std::vector<int32_t> label_rank;

  analysis::MetricColumns columns() const {
    return {labels, predictions, confidence, self_confidence, brier, label_rank};
  }
};

// Codes of the prediction column at and above the number of classes are classes the project lacks,
// which is how the metrics want them.
void fill_from_columns(const Snapshot& snapshot, const std::string& run, MetricData& data) {
  const Column* prediction = snapshot.samples.find("prediction", run);
  const Column* confidence = snapshot.samples.find("confidence", run);
  for (size_t row = 0; row < data.labels.size(); ++row) {
    if (prediction != nullptr && prediction->codes[row] >= 0) {
      data.predictions[row] = prediction->codes[row];
    }
    if (confidence != nullptr) data.confidence[row] = confidence->floats[row];
  }
}

void fill_from_rows(LoadedState& state, const store::RunInfo& run, JobContext& context,
                    MetricData& data) {
  const analysis::ClassMapping mapping = class_mapping(run, state.snapshot);
  const size_t rows = data.labels.size();
  data.self_confidence.assign(rows, kNone);
  data.brier.assign(rows, kNone);
  data.label_rank.assign(rows, -1);
  context.progress.start_stage("reading predictions", run.rows);
  store::for_each_probability_chunk(
      state.store, run.summary.id,
      [&](std::span<const SampleId> samples, std::span<const float> values, size_t columns) {
        context.cancel.check();
        std::vector<size_t> targets;
        std::vector<ClassIndex> labels;
        for (const SampleId id : samples) {
          targets.push_back(state.snapshot.row_of(id));
          labels.push_back(targets.back() == SIZE_MAX ? kNoClass : data.labels[targets.back()]);
        }
        const analysis::RowScores scores = analysis::score_rows(
            {values, columns, false}, mapping, labels, context.workers.as_parallel_for());
        for (size_t i = 0; i < targets.size(); ++i) {
          if (targets[i] == SIZE_MAX) continue;
          data.predictions[targets[i]] = scores.top[i];
          data.confidence[targets[i]] = scores.confidence[i];
          data.self_confidence[targets[i]] = scores.self_confidence[i];
          data.brier[targets[i]] = scores.brier[i];
          data.label_rank[targets[i]] = scores.label_rank[i];
        }
        context.progress.add(samples.size());
      });
}

MetricData read_data(LoadedState& state, JobContext& context) {
  MetricData data;
  data.labels = project_labels(state.snapshot);
  data.predictions.assign(data.labels.size(), kNoClass);
  data.confidence.assign(data.labels.size(), kNone);
  const store::RunInfo run = store::read_run(state.store, state.run);
  if (run.summary.kind == "probabilities") {
    fill_from_rows(state, run, context, data);
  } else {
    fill_from_columns(state.snapshot, state.run, data);
  }
  return data;
}

analysis::MetricsOptions metric_options(const MetricsOptions& options, size_t classes) {
  analysis::MetricsOptions metrics;
  metrics.classes = classes;
  metrics.top_k = options.top_k;
  metrics.calibration_bins = options.calibration_bins;
  metrics.bootstrap.seed = options.seed;
  metrics.bootstrap.resamples = options.resamples;
  return metrics;
}

void add_warnings(const LoadedState& state, MetricsReport& report) {
  report.warnings = run_warnings(state);
  const analysis::ClassificationMetrics& metrics = report.metrics;
  if (metrics.unknown_predictions > 0) {
    report.warnings.push_back(
        fmt::format("{} predictions name a class that the project lacks and count as wrong",
                    with_thousands(static_cast<uint64_t>(metrics.unknown_predictions))));
  }
  std::vector<analysis::ClassPairCount> known = metrics.confusion;
  std::erase_if(known, [&](const analysis::ClassPairCount& pair) {
    return static_cast<size_t>(pair.prediction) >= metrics.classes;
  });
  add_class_order_warning(known, report.class_names, report.warnings);
}

MetricsReport measure_state(LoadedState& state, const MetricData& data,
                            const MetricsOptions& options, JobContext& context) {
  MetricsReport report;
  report.run = state.run;
  report.run_choice = state.run_choice;
  report.class_names = state.snapshot.classes.names();
  report.selected = state.selection.count();
  context.progress.start_stage("measuring", 0);
  report.metrics = analysis::measure_classification(
      data.columns(), state.selection.to_rows(), state.selection.full(),
      metric_options(options, report.class_names.size()), context.workers.as_parallel_for());
  add_warnings(state, report);
  return report;
}

// Two-sided exact McNemar: 2 * P(X <= min) for X binomial(n, 1/2), at most 1.
double exact_mcnemar(size_t only_a, size_t only_b) {
  const size_t n = only_a + only_b;
  if (n == 0) return 1;
  const auto log_choose = [&](size_t k) {
    return std::lgamma(static_cast<double>(n) + 1) - std::lgamma(static_cast<double>(k) + 1) -
           std::lgamma(static_cast<double>(n - k) + 1);
  };
  double tail = 0;
  for (size_t k = 0; k <= std::min(only_a, only_b); ++k) {
    tail += std::exp(log_choose(k) - static_cast<double>(n) * std::log(2.0));
  }
  return std::min(1.0, 2 * tail);
}

}  // namespace

void MetricsOptions::check() const {
  if (resamples < 1000 || resamples > 1'000'000) {
    throw Error(ErrorCategory::kUsage, "the bootstrap wants 1,000 to 1,000,000 resamples",
                resamples == 0 ? "0, no intervals, is for detections." : "");
  }
  if (calibration_bins < 2 || calibration_bins > 1000) {
    throw Error(ErrorCategory::kUsage, "the calibration wants 2 to 1,000 bins");
  }
  for (const int32_t k : top_k) {
    if (k < 1) throw Error(ErrorCategory::kUsage, "top-k wants k of at least 1");
  }
}

MetricsReport measure(const MetricsOptions& options, JobContext& context) {
  options.check();
  LoadedState state = load_state({options.store_path, options.run, options.where, true});
  const size_t excluded = leave_out_excluded(state, options.where);
  const MetricData data = read_data(state, context);
  MetricsReport report = measure_state(state, data, options, context);
  report.excluded = excluded;
  return report;
}

CompareReport compare_runs(const MetricsOptions& options, const std::string& run_a,
                           const std::string& run_b, JobContext& context) {
  options.check();
  LoadedState a = load_state({options.store_path, run_a, options.where, true});
  LoadedState b = load_state({options.store_path, run_b, options.where, true});
  const size_t excluded = leave_out_excluded(a, options.where);
  leave_out_excluded(b, options.where);
  if (a.snapshot.ids != b.snapshot.ids) {
    throw Error(ErrorCategory::kBusy, "the store changed while it was read", "Run it again.");
  }
  const MetricData data_a = read_data(a, context);
  const MetricData data_b = read_data(b, context);
  query::Selection both(a.selection.rows());
  CompareReport report;
  a.selection.for_each([&](RowIndex row) {
    const bool measured = data_a.labels[row] != kNoClass && data_a.predictions[row] != kNoClass &&
                          data_b.predictions[row] != kNoClass;
    if (!measured) return;
    both.set(row);
    const bool right_a = data_a.predictions[row] == data_a.labels[row];
    const bool right_b = data_b.predictions[row] == data_b.labels[row];
    ++(right_a ? (right_b ? report.both_right : report.only_a_right)
               : (right_b ? report.only_b_right : report.both_wrong));
  });
  a.selection = both;
  b.selection = both;
  report.a = measure_state(a, data_a, options, context);
  report.b = measure_state(b, data_b, options, context);
  report.a.excluded = report.b.excluded = excluded;
  report.mcnemar_p = exact_mcnemar(report.only_a_right, report.only_b_right);
  return report;
}

}  // namespace errata::jobs
