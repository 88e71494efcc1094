#include "analysis/audit_estimate.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>
#include <vector>

using namespace errata::analysis;

TEST_CASE("Clopper-Pearson gives the published intervals") {
  // Clopper and Pearson 1934; values as R's binom.test and scipy's binomtest print them.
  const Estimate three = clopper_pearson(3, 10, 0.95);
  CHECK(three.low == doctest::Approx(0.06673951).epsilon(1e-5));
  CHECK(three.high == doctest::Approx(0.65245285).epsilon(1e-5));
  const Estimate none = clopper_pearson(0, 100, 0.95);
  CHECK(none.low == 0);
  CHECK(none.high == doctest::Approx(0.03621669).epsilon(1e-5));
  CHECK(clopper_pearson(5, 5, 0.95).high == 1);
  CHECK(std::isnan(clopper_pearson(0, 0, 0.95).value));
}

TEST_CASE("corrections found among mistakes flatter, the audit does not, and its interval covers") {
  // 20,000 samples, 8 % wrong labels. A model that is right on 85 % of the true labels, and agrees
  // with a third of the wrong labels.
  std::mt19937_64 random(7);
  std::uniform_real_distribution<double> unit(0, 1);
  constexpr size_t kSamples = 20'000;
  struct Sample {
    bool right_given;
    bool right_true;
    bool label_wrong;
  };
  std::vector<Sample> samples(kSamples);
  double truth = 0;
  AuditCounts base;
  base.population = kSamples;
  for (Sample& sample : samples) {
    sample.label_wrong = unit(random) < 0.08;
    sample.right_true = unit(random) < 0.85;
    sample.right_given =
        sample.label_wrong ? !sample.right_true && unit(random) < 0.33 : sample.right_true;
    truth += sample.right_true;
    base.right_given += sample.right_given;
  }
  truth /= kSamples;
  // Reviewing every mistake: labels the model agrees with are never looked at.
  double naive = 0;
  for (const Sample& sample : samples) naive += sample.right_given || sample.right_true;
  naive /= kSamples;
  CHECK(naive > truth + 0.003);

  std::vector<size_t> order(kSamples);
  std::iota(order.begin(), order.end(), size_t{0});
  double sum = 0;
  int covered = 0;
  constexpr int kTrials = 1500;
  for (int trial = 0; trial < kTrials; ++trial) {
    AuditCounts counts = base;
    counts.audited = 400;
    for (size_t i = 0; i < 400; ++i) {
      std::swap(order[i], order[i + random() % (kSamples - i)]);
      const Sample& sample = samples[order[i]];
      counts.became_right += !sample.right_given && sample.right_true;
      counts.became_wrong += sample.right_given && !sample.right_true;
      counts.changed += sample.label_wrong;
    }
    const AuditEstimate estimate = estimate_from_audit(counts, 0.95);
    sum += estimate.accuracy.value;
    covered += estimate.accuracy.low <= truth && truth <= estimate.accuracy.high;
  }
  CHECK(std::abs(sum / kTrials - truth) < 0.0015);
  CHECK(covered >= kTrials * 92 / 100);
}

TEST_CASE("an audit that changed nothing is not certain") {
  AuditCounts counts;
  counts.population = 10'000;
  counts.right_given = 9'000;
  counts.audited = 50;
  const AuditEstimate estimate = estimate_from_audit(counts, 0.95);
  CHECK(estimate.accuracy.value == doctest::Approx(0.9));
  CHECK(estimate.accuracy.low < 0.85);
  CHECK(estimate.accuracy.high > 0.95);
  counts.audited = 0;
  CHECK(std::isnan(estimate_from_audit(counts, 0.95).accuracy.value));
}
