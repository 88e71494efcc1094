#include "analysis/noise_estimate.h"

#include <doctest/doctest.h>

#include <algorithm>
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
// Appends what is believed of one sample, the surer the larger `spread`, and draws its truth from
// it.
size_t draw_belief(Rng& rng, size_t classes, double spread, std::vector<float>& belief) {
  std::vector<double> p(classes);
  double sum = 0;
  for (double& each : p) sum += each = std::exp(spread * draw_normal(rng));
  double left = rng.uniform() * sum;
  size_t truth = 0;
  while (truth + 1 < classes && left >= p[truth]) left -= p[truth++];
  for (const double each : p) belief.push_back(static_cast<float>(each / sum));
  return truth;
}

Judged make_judged(double rate, uint64_t seed, size_t rows = 6000) {
  Rng rng(seed);
  Judged judged;
  for (size_t row = 0; row < rows; ++row) {
    const size_t truth = draw_belief(rng, kClasses, 4, judged.belief);
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

TEST_CASE("one sample of a class of its own changes next to nothing") {
  // No label is wrong. The one of the last class is believed in by nobody, itself included; of the
  // others every row gives it a little.
  constexpr size_t kAll = kClasses + 1;
  Rng rng(4);
  std::vector<float> belief;
  std::vector<ClassIndex> labels;
  for (size_t row = 0; row < 1500; ++row) {
    std::vector<float> p;
    labels.push_back(static_cast<ClassIndex>(draw_belief(rng, kClasses, 4, p)));
    for (const float each : p) belief.push_back(0.997F * each);
    belief.push_back(0.003F);
  }
  const NoiseEstimate before = estimate_noise(belief, labels, kAll, 1, serial_for);
  labels.push_back(kClasses);
  for (size_t k = 0; k < kAll; ++k) belief.push_back(k == 0 ? 0.995F : 0.001F);
  const NoiseEstimate after = estimate_noise(belief, labels, kAll, 1, serial_for);
  CHECK(std::abs(after.wrong.value - before.wrong.value) < 0.02 * 1500);
  CHECK(std::abs(after.by_joint.value - before.by_joint.value) < 0.02 * 1500);
}

TEST_CASE("of very many small classes too the interval holds its value") {
  constexpr size_t kMany = 300;
  Rng rng(6);
  std::vector<float> belief;
  std::vector<ClassIndex> labels;
  double wrong = 0;
  for (size_t row = 0; row < 3 * kMany; ++row) {
    const size_t truth = row % kMany;
    const size_t other = rng.below(kMany);
    for (size_t k = 0; k < kMany; ++k) belief.push_back(k == truth ? 0.7F : 0.3F / (kMany - 1));
    const bool flipped = rng.uniform() < 0.3 && other != truth;
    wrong += flipped;
    labels.push_back(static_cast<ClassIndex>(flipped ? other : truth));
  }
  const NoiseEstimate estimate = estimate_noise(belief, labels, kMany, 1, serial_for);
  CHECK(estimate.wrong.low < estimate.wrong.value);
  CHECK(estimate.wrong.high > estimate.wrong.value);
  CHECK(estimate.wrong.low <= wrong);
  CHECK(estimate.wrong.high >= wrong);
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

TEST_CASE("what is contradicted surely counts, however sure the belief is of the rest") {
  // The mean of what believes in each class is above 0.98: the one contradiction would not reach
  // it.
  Judged judged;
  for (size_t row = 0; row < 300; ++row) {
    const size_t truth = row % kClasses;
    const float top = row == 7 ? 0.97f : 0.99f;
    for (size_t k = 0; k < kClasses; ++k) {
      judged.belief.push_back(k == truth ? top : (1 - top) / (kClasses - 1));
    }
    judged.labels.push_back(static_cast<ClassIndex>(row == 7 ? (truth + 1) % kClasses : truth));
  }
  const NoiseEstimate estimate =
      estimate_noise(judged.belief, judged.labels, kClasses, 1, serial_for);
  CHECK(std::lround(estimate.wrong.value) == 1);
  CHECK(estimate.wrong.high >= 1);
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

TEST_CASE("thousands of classes that nothing is said of change little and cost little") {
  // As a whole matrix of pairs of classes, the joint alone would take 7 GB.
  constexpr size_t kMany = 30'000;
  const Judged few = make_judged(0.1, 11, 400);
  std::vector<float> belief(few.labels.size() * kMany, 0);
  std::vector<ClassIndex> labels = few.labels;
  for (size_t row = 0; row < labels.size(); ++row) {
    labels[row] += kMany - kClasses;  // the last of them
    std::copy_n(few.belief.begin() + static_cast<ptrdiff_t>(row * kClasses), kClasses,
                belief.begin() + static_cast<ptrdiff_t>((row + 1) * kMany - kClasses));
  }
  const NoiseEstimate expected = estimate_noise(few.belief, few.labels, kClasses, 1, serial_for);
  const NoiseEstimate found = estimate_noise(belief, labels, kMany, 1, serial_for);
  CHECK(found.by_joint.value == expected.by_joint.value);
  CHECK(found.by_joint.low == expected.by_joint.low);
  CHECK(found.by_joint.high == expected.by_joint.high);
  // The noise that the fit begins with is spread over all classes.
  CHECK(found.wrong.value == doctest::Approx(expected.wrong.value).epsilon(0.1));
  CHECK(found.wrong.low == doctest::Approx(expected.wrong.low).epsilon(0.1));
  CHECK(found.wrong.high == expected.wrong.high);
}

TEST_CASE("the estimate is what the whole matrices of all pairs of classes gave") {
  Rng rng(8);
  constexpr size_t kMore = 40;
  Judged judged;
  for (size_t row = 0; row < 3000; ++row) {
    const size_t truth = draw_belief(rng, kMore, 3, judged.belief);
    const bool flipped = rng.uniform() < 0.05;
    const bool none = rng.uniform() < 0.02;
    const size_t label = flipped ? (truth + 1) % kMore : truth;
    judged.labels.push_back(none ? kNoClass : static_cast<ClassIndex>(label));
  }
  const NoiseEstimate found = estimate_noise(judged.belief, judged.labels, kMore, 1, serial_for);
  const auto is = [](double value) { return doctest::Approx(value).epsilon(1e-9); };
  CHECK(found.wrong.value == is(745.146101803913));
  CHECK(found.wrong.low == is(160.314645903825));
  CHECK(found.wrong.high == is(1272.71885735368));
  CHECK(found.by_joint.value == is(1212.88981936121));
  CHECK(found.by_joint.low == is(1150.37012247679));
}

TEST_CASE("of some rows it is their part of what is wrong in all, not their share of the rows") {
  // Three tenths of the second class are labelled as the first, of the others one in fifty as the
  // one before.
  Judged judged = make_judged(0, 21);
  Rng rng(6);
  std::vector<double> wrong(kClasses, 0);
  for (size_t row = 0; row < judged.labels.size(); ++row) {
    ClassIndex& label = judged.labels[row];
    if (rng.uniform() < (label == 1 ? 0.3 : 0.02)) {
      label = (label + 4) % kClasses;
      ++wrong[static_cast<size_t>(label)];
    }
  }
  const Interval all = estimate_noise(judged.belief, judged.labels, kClasses, 1, serial_for).wrong;
  Interval sum;
  for (size_t k = 0; k < kClasses; ++k) {
    CAPTURE(k);
    std::vector<uint8_t> among;
    std::vector<ClassIndex> only;
    for (const ClassIndex label : judged.labels) {
      among.push_back(label == static_cast<ClassIndex>(k) ? 1 : 0);
      only.push_back(among.back() != 0 ? label : kNoClass);
    }
    const Interval part = wrong_among(judged.belief, judged.labels, kClasses, among, all);
    CHECK(std::abs(part.value - wrong[k]) < 15 + 0.25 * wrong[k]);
    CHECK(part.low <= wrong[k]);
    CHECK(part.high >= wrong[k]);
    // Judged by themselves, all that the model gets wrong would be wrong labels.
    const Interval alone = estimate_noise(judged.belief, only, kClasses, 1, serial_for).wrong;
    CHECK(alone.value > wrong[k] + 60);
    CHECK(alone.low == 0);
    sum.value += part.value;
  }
  CHECK(wrong[0] > 5 * wrong[2]);
  CHECK(sum.value == doctest::Approx(all.value));
  const std::vector<uint8_t> every(judged.labels.size(), 1);
  CHECK(wrong_among(judged.belief, judged.labels, kClasses, every, all).low == all.low);
  CHECK(wrong_among(judged.belief, judged.labels, kClasses,
                    std::vector<uint8_t>(judged.labels.size(), 0), all)
            .high == 0);
}
