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

// The truth is drawn from a belief that is often undecided: a good model is wrong in a fifth of the
// pictures. Then `rate` of the labels become the next class.
Judged make_judged(double rate, uint64_t seed, size_t rows = 6000) {
  Rng rng(seed);
  Judged judged;
  for (size_t row = 0; row < rows; ++row) {
    std::vector<double> p(kClasses);
    double sum = 0;
    for (double& each : p) sum += each = std::exp(2.2 * draw_normal(rng));
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

TEST_CASE("the model's own errors are not all taken for wrong labels") {
  for (const double rate : {0.03, 0.1, 0.3}) {
    CAPTURE(rate);
    const Judged judged = make_judged(rate, 5);
    const NoiseEstimate estimate =
        estimate_noise(judged.belief, judged.belief, judged.labels, kClasses, 1, serial_for);
    // Where few labels are wrong the confident joint alone counts far too many.
    if (rate < 0.05) CHECK(estimate.by_joint.low > 2 * judged.wrong);
    CHECK(std::abs(estimate.by_noise_matrix.value - judged.wrong) < 0.03 * 6000);
    CHECK(estimate.wrong.value < estimate.by_joint.value);
    CHECK(estimate.wrong.low <= 1.1 * judged.wrong);  // a matrix fits a little chance too
    CHECK(estimate.wrong.high >= judged.wrong);
    CHECK(estimate.wrong.low <= estimate.wrong.value);
    CHECK(estimate.wrong.value <= estimate.wrong.high);
    WorkerGroup workers(3);
    CHECK(estimate_noise(judged.belief, judged.belief, judged.labels, kClasses, 1,
                         workers.as_parallel_for())
              .wrong.high == estimate.wrong.high);
  }
}

TEST_CASE("rows without a belief or a label are not counted, and none leave it undefined") {
  Judged judged = make_judged(0.1, 7, 2000);
  const NoiseEstimate all =
      estimate_noise(judged.belief, judged.belief, judged.labels, kClasses, 1, serial_for);
  for (size_t i = 0; i < 500; ++i) {
    judged.labels.push_back(i % 2 == 0 ? kNoClass : 0);
    judged.belief.insert(judged.belief.end(), kClasses, i % 2 == 0 ? 0.2f : std::nanf(""));
  }
  const NoiseEstimate more =
      estimate_noise(judged.belief, judged.belief, judged.labels, kClasses, 1, serial_for);
  CHECK(more.wrong.value == doctest::Approx(all.wrong.value));
  const std::vector<ClassIndex> none(judged.labels.size(), kNoClass);
  CHECK(std::isnan(
      estimate_noise(judged.belief, judged.belief, none, kClasses, 1, serial_for).wrong.value));
}
