// Do the 95 % intervals hold the truth in 93 to 97 of 100 cases? A population of 20,000 predictions
// is the truth; samples of it are measured over and over.
#include <doctest/doctest.h>

#include <atomic>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "analysis/metrics.h"
#include "analysis/scores.h"
#include "base/random.h"

using namespace errata;
using namespace errata::analysis;

namespace {

constexpr size_t kClasses = 4;
constexpr size_t kPopulation = 20'000;
constexpr size_t kSample = 400;
constexpr size_t kTrials = 1'500;

struct Columns {
  std::vector<ClassIndex> labels;
  std::vector<ClassIndex> predictions;
  std::vector<float> confidence;
  std::vector<float> self_confidence;
  std::vector<float> brier;
  std::vector<int32_t> rank;
  MetricColumns view() const {
    return {labels, predictions, confidence, self_confidence, brier, rank};
  }
};

// An overconfident model on classes of 40, 30, 20 and 10 %.
Columns make_population() {
  Rng rng(2026);
  std::vector<float> logits;
  std::vector<ClassIndex> labels;
  for (size_t i = 0; i < kPopulation; ++i) {
    const double u = rng.uniform();
    const ClassIndex label = u < 0.4 ? 0 : u < 0.7 ? 1 : u < 0.9 ? 2 : 3;
    labels.push_back(label);
    for (size_t k = 0; k < kClasses; ++k) {
      const double signal = k == static_cast<size_t>(label) ? 1.6 : 0;
      logits.push_back(static_cast<float>(2.2 * (signal + draw_normal(rng))));
    }
  }
  std::vector<ClassIndex> map{0, 1, 2, 3};
  RowScores scores =
      score_rows({logits, kClasses, true}, make_class_mapping(map, kClasses), labels, serial_for);
  return {labels,       scores.top,       scores.confidence, scores.self_confidence,
          scores.brier, scores.label_rank};
}

using Named = std::vector<std::pair<std::string, Interval>>;

Named headline(const ClassificationMetrics& m) {
  return {{"accuracy", m.accuracy},
          {"balanced accuracy", m.balanced_accuracy},
          {"top-2", m.top_k.at(0).second},
          {"macro precision", m.macro.precision},
          {"macro recall", m.macro.recall},
          {"macro F1", m.macro.f1},
          {"weighted precision", m.weighted.precision},
          {"weighted F1", m.weighted.f1},
          {"log loss", m.log_loss},
          {"Brier", m.brier},
          {"ECE", m.calibration.ece}};
}

}  // namespace

TEST_CASE("the 95 % intervals of every headline number hold the truth in 93 to 97 of 100 samples") {
  const Columns population = make_population();
  MetricsOptions options;
  options.classes = kClasses;
  options.top_k = {2};
  options.bootstrap.resamples = 1'000;
  const Named truth =
      headline(measure_classification(population.view(), {}, true, options, serial_for));
  std::vector<std::atomic<int>> hits(truth.size());
  WorkerGroup workers(hardware_threads());
  workers.parallel_for(kTrials, 10, [&](size_t begin, size_t end) {
    for (size_t trial = begin; trial < end; ++trial) {
      Rng rng(99, trial);
      Columns sample;
      for (size_t i = 0; i < kSample; ++i) {
        const size_t row = rng.below(kPopulation);
        sample.labels.push_back(population.labels[row]);
        sample.predictions.push_back(population.predictions[row]);
        sample.confidence.push_back(population.confidence[row]);
        sample.self_confidence.push_back(population.self_confidence[row]);
        sample.brier.push_back(population.brier[row]);
        sample.rank.push_back(population.rank[row]);
      }
      MetricsOptions mine = options;
      mine.bootstrap.seed = trial;
      const Named found =
          headline(measure_classification(sample.view(), {}, true, mine, serial_for));
      for (size_t s = 0; s < truth.size(); ++s) {
        const double value = truth[s].second.value;
        if (found[s].second.low <= value && value <= found[s].second.high) ++hits[s];
      }
    }
  });
  for (size_t s = 0; s < truth.size(); ++s) {
    const double coverage = static_cast<double>(hits[s]) / kTrials;
    CAPTURE(truth[s].first);

    CHECK(coverage >= 0.93);
    CHECK(coverage <= 0.97);
  }
}
