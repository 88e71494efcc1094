#include "analysis/noise_estimate.h"

#include <doctest/doctest.h>

#include <cmath>

#include "base/random.h"

using namespace errata;
using namespace errata::analysis;

namespace {

constexpr size_t kClasses = 5;

struct Judged {
  std::vector<float> belief;
  std::vector<ClassIndex> labels;
  double wrong = 0;
};

// The truth is drawn from a belief that is often undecided: the model is wrong in a tenth of the
// pictures. Then `rate` of the labels become the next class.
Judged make_judged(double rate, uint64_t seed, size_t rows = 6000) {
  Rng rng(seed);
  Judged judged;
  for (size_t row = 0; row < rows; ++row) {
    std::vector<double> p(kClasses);
    double sum = 0;
    for (double& each : p) sum += each = std::exp(4 * draw_normal(rng));
    double left = rng.uniform() * sum;
    size_t truth = 0;
    while (truth + 1 < kClasses && left >= p[truth]) left -= p[truth++];
    for (const double each : p) judged.belief.push_back(static_cast<float>(each / sum));
    const bool flipped = rng.uniform() < rate;
    judged.wrong += flipped;
    judged.labels.push_back(static_cast<ClassIndex>(flipped ? (truth + 1) % kClasses : truth));
  }
  return judged;
}

}  // namespace

TEST_CASE("the model's own errors are not taken for wrong labels") {
  for (const double rate : {0.0, 0.03, 0.1, 0.3}) {
    CAPTURE(rate);
    const Judged judged = make_judged(rate, 5);
    const NoiseEstimate estimate =
        estimate_noise(judged.belief, judged.labels, kClasses, 1, serial_for);
    // Where few labels are wrong the confident joint counts far too many, and no label is wrong
    // that merely differs from what is believed most.
    if (rate < 0.05) CHECK(estimate.by_joint.low > judged.wrong + 0.03 * 6000);
    CHECK(std::abs(estimate.wrong.value - judged.wrong) < 0.03 * 6000);
    CHECK(estimate.wrong.low <= judged.wrong);
    CHECK(estimate.wrong.high >= judged.wrong);
    CHECK(estimate.wrong.low <= estimate.wrong.value);
    CHECK(estimate.wrong.value <= estimate.wrong.high);
    WorkerGroup workers(3);
    CHECK(estimate_noise(judged.belief, judged.labels, kClasses, 1, workers.as_parallel_for())
              .wrong.high == estimate.wrong.high);
  }
}

TEST_CASE("where people err only on what is hard to tell, the interval holds their errors") {
  Judged judged = make_judged(0, 9);
  Rng rng(3);
  for (size_t row = 0; row < judged.labels.size(); ++row) {
    const float* p = judged.belief.data() + row * kClasses;
    const auto truth = static_cast<size_t>(judged.labels[row]);
    // Nothing is wrong in the surest third.
    if (p[truth] < 0.5f || p[truth] > 0.99f || rng.uniform() >= 0.2) continue;
    size_t other = truth == 0 ? 1 : 0;
    for (size_t k = 0; k < kClasses; ++k) {
      if (k != truth && p[k] > p[other]) other = k;
    }
    judged.labels[row] = static_cast<ClassIndex>(other);
    ++judged.wrong;
  }
  CHECK(judged.wrong > 300);
  const NoiseEstimate estimate =
      estimate_noise(judged.belief, judged.labels, kClasses, 1, serial_for);
  CHECK(estimate.wrong.value < judged.wrong);
  CHECK(estimate.wrong.low <= judged.wrong);
  CHECK(estimate.wrong.high >= judged.wrong);
}

TEST_CASE("rows without a belief or a label are not counted, and none leave it undefined") {
  Judged judged = make_judged(0.1, 7, 2000);
  const NoiseEstimate all = estimate_noise(judged.belief, judged.labels, kClasses, 1, serial_for);
  for (size_t i = 0; i < 500; ++i) {
    judged.labels.push_back(i % 2 == 0 ? kNoClass : 0);
    judged.belief.insert(judged.belief.end(), kClasses, i % 2 == 0 ? 0.2f : std::nanf(""));
  }
  const NoiseEstimate more = estimate_noise(judged.belief, judged.labels, kClasses, 1, serial_for);
  CHECK(more.wrong.value == doctest::Approx(all.wrong.value));
  const std::vector<ClassIndex> none(judged.labels.size(), kNoClass);
  CHECK(std::isnan(estimate_noise(judged.belief, none, kClasses, 1, serial_for).wrong.value));
}
