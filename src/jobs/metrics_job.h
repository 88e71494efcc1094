// How good a run's predictions are on the samples that a filter selects.
#pragma once

#include <string>
#include <vector>

#include "analysis/metrics.h"
#include "jobs/job_context.h"
#include "jobs/loaded_state.h"

namespace errata::jobs {

struct MetricsOptions {
  std::string store_path = "errata.db";
  std::string run;
  std::string where;
  std::vector<int32_t> top_k{1, 5};
  size_t resamples = 2000;  // of the bootstrap; at least 1,000
  uint64_t seed = 1;
  size_t calibration_bins = 15;

  void check() const;
};

struct MetricsReport {
  std::string run;
  std::string run_choice;  // why this run, when there were several
  std::vector<std::string> class_names;
  size_t selected = 0;
  size_t excluded = 0;  // left out because a person excluded them
  analysis::ClassificationMetrics metrics;
  std::vector<std::string> warnings;
};

// Excluded samples are left out unless the filter speaks of `excluded` or `review`. Writes nothing.
MetricsReport measure(const MetricsOptions& options, JobContext& context);

// Two runs on the samples that both predict.
struct CompareReport {
  MetricsReport a;
  MetricsReport b;
  size_t both_right = 0;
  size_t only_a_right = 0;
  size_t only_b_right = 0;
  size_t both_wrong = 0;
  double mcnemar_p = 1;  // two-sided exact McNemar test (binomial, 1947) of the two only_ counts
};
CompareReport compare_runs(const MetricsOptions& options, const std::string& run_a,
                           const std::string& run_b, JobContext& context);

}  // namespace errata::jobs
