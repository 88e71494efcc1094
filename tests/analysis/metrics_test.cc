#include "analysis/metrics.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "analysis/scores.h"
#include "base/error.h"
#include "tests/support/temp_dir.h"
#include "text/json.h"

using namespace errata;
using namespace errata::analysis;
using text::Json;

namespace {

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

ClassificationMetrics measure(const MetricColumns& columns, size_t classes,
                              std::vector<int32_t> top_k = {1, 2, 3}) {
  MetricsOptions options;
  options.classes = classes;
  options.top_k = std::move(top_k);
  return measure_classification(columns, {}, true, options, serial_for);
}

void check_numbers(const Json& expected, const std::vector<ClassMetrics>& found) {
  for (size_t c = 0; c < found.size(); ++c) {
    CHECK(found[c].precision == doctest::Approx(expected.at("precision").at(c).as_double()));
    CHECK(found[c].recall == doctest::Approx(expected.at("recall").at(c).as_double()));
    CHECK(found[c].f1 == doctest::Approx(expected.at("f1").at(c).as_double()));
    CHECK(found[c].support == expected.at("support").at(c).as_int());
  }
}

void check_average(const Json& expected, const AveragedMetrics& found) {
  CHECK(found.precision.value == doctest::Approx(expected.at(size_t{0}).as_double()));
  CHECK(found.recall.value == doctest::Approx(expected.at(size_t{1}).as_double()));
  CHECK(found.f1.value == doctest::Approx(expected.at(size_t{2}).as_double()));
}

void check_inside(const Interval& interval) {
  CHECK(interval.low <= interval.high);
  CHECK(interval.low <= interval.value + 1e-12);
  CHECK(interval.value <= interval.high + 1e-12);
}

void check_calibration(const Json& expected, const Calibration& found) {
  CHECK(found.ece.value == doctest::Approx(expected.at("ece").as_double()).epsilon(1e-5));
  const Json& bins = expected.at("bins");
  REQUIRE(found.bins.size() == bins.size());
  for (size_t b = 0; b < found.bins.size(); ++b) {
    CHECK(found.bins[b].count == bins.at(b).at(size_t{0}).as_int());
    if (found.bins[b].count == 0) {
      CHECK(std::isnan(found.bins[b].accuracy));
      continue;
    }
    CHECK(found.bins[b].accuracy == doctest::Approx(bins.at(b).at(1).as_double()));
    CHECK(found.bins[b].mean_confidence ==
          doctest::Approx(bins.at(b).at(2).as_double()).epsilon(1e-5));
  }
}

}  // namespace

TEST_CASE("every number equals scikit-learn's (make_references.py)") {
  const Json references =
      text::read_json_file(test::source_dir() + "/tests/analysis/data/classification.json");
  for (const Json& one : references.at("cases").as_array()) {
    const std::string name = one.at("name").as_string();
    CAPTURE(name);
    const auto classes = static_cast<size_t>(one.at("classes").as_int());
    std::vector<float> values;
    for (const Json& value : one.at("probabilities").as_array()) {
      values.push_back(static_cast<float>(value.as_double()));
    }
    std::vector<ClassIndex> labels;
    for (const Json& value : one.at("labels").as_array()) {
      labels.push_back(static_cast<ClassIndex>(value.as_int()));
    }
    std::vector<ClassIndex> map;
    for (size_t k = 0; k < classes; ++k) map.push_back(static_cast<ClassIndex>(k));
    const RowScores s =
        score_rows({values, classes, false}, make_class_mapping(map, classes), labels, serial_for);
    const ClassificationMetrics m =
        measure({labels, s.top, s.confidence, s.self_confidence, s.brier, s.label_rank}, classes);

    const Json& expected = one.at("expected");
    CHECK(m.accuracy.value == doctest::Approx(expected.at("accuracy").as_double()));
    CHECK(m.balanced_accuracy.value ==
          doctest::Approx(expected.at("balanced_accuracy").as_double()));
    check_numbers(expected, m.per_class);
    check_average(expected.at("macro"), m.macro);
    check_average(expected.at("weighted"), m.weighted);
    CHECK(m.log_loss.value == doctest::Approx(expected.at("log_loss").as_double()).epsilon(1e-5));
    CHECK(m.brier.value == doctest::Approx(expected.at("brier").as_double()).epsilon(1e-5));
    CHECK(m.brier.value == doctest::Approx(expected.at("sklearn_brier").as_double()).epsilon(1e-5));
    check_calibration(expected, m.calibration);
    for (const auto& [k, interval] : m.top_k) {
      const Json* known = expected.at("top_k").find(std::to_string(k));
      // One-hot rows are all ties, which scikit-learn breaks the other way.
      if (known == nullptr || name == "certain of everything") continue;
      CHECK(interval.value == doctest::Approx(known->as_double()));
      check_inside(interval);
    }
    for (size_t a = 0; a < classes; ++a) {
      for (size_t b = 0; b < classes; ++b) {
        CHECK(m.confused(static_cast<ClassIndex>(a), static_cast<ClassIndex>(b)) ==
              expected.at("confusion").at(a).at(b).as_int());
      }
    }
    for (const Interval& i : {m.accuracy, m.balanced_accuracy, m.macro.f1, m.log_loss, m.brier}) {
      check_inside(i);
    }
  }
}

TEST_CASE("of a million classes no more is kept of the confusion than what occurs") {
  constexpr size_t kClasses = 1'000'000;
  constexpr ClassIndex kLast = kClasses - 1;
  const std::vector<ClassIndex> labels{kLast, 3, 3, 3, kLast};
  const std::vector<ClassIndex> predictions{3, kLast, kClasses + 7, kLast, kLast};
  MetricsOptions options;
  options.classes = kClasses;
  options.bootstrap.resamples = 1;
  const ClassificationMetrics m =
      measure_classification({labels, predictions, {}, {}, {}, {}}, {}, true, options, serial_for);
  REQUIRE(m.confusion.size() == 4);
  CHECK(m.confusion[0].label == 3);
  CHECK(m.confusion[0].prediction == kLast);
  CHECK(m.confusion[0].count == 2);
  CHECK(m.confused(3, kClasses) == 1);
  CHECK(m.confused(kLast, 3) == 1);
  CHECK(m.confused(kLast, kLast) == 1);
  CHECK(m.confused(3, 3) == 0);
  CHECK(m.per_class[3].support == 3);
}

TEST_CASE("what is measured, and what is left out and counted") {
  const std::vector<ClassIndex> labels{0, 1, kNoClass, 1, 0, 1};
  const std::vector<ClassIndex> predictions{0, 2, 0, kNoClass, 1, 1};  // 2: not of the project
  const std::vector<float> self{0.9f, kNaN, kNaN, kNaN, 0.2f, 0.6f};
  const std::vector<float> brier{0.1f, kNaN, kNaN, kNaN, 0.8f, 0.3f};
  const std::vector<float> confidence{0.9f, 0.5f, 0.5f, kNaN, 0.8f, 0.6f};
  const ClassificationMetrics m = measure({labels, predictions, confidence, self, brier, {}}, 2);
  CHECK(m.rows == 4);
  CHECK(m.without_label == 1);
  CHECK(m.without_prediction == 1);
  CHECK(m.unknown_predictions == 1);
  CHECK(m.unknown_labels == 1);
  CHECK(m.accuracy.value == doctest::Approx(0.5));
  CHECK(m.confused(1, 2) == 1);
  CHECK(m.per_class[1].support == 2);
  CHECK(m.per_class[1].recall == doctest::Approx(0.5));
  CHECK(m.macro.recall.value == doctest::Approx(0.5));  // two classes, not three
  CHECK(m.top_k.empty());
  CHECK(m.brier.value == doctest::Approx(0.4));
}

TEST_CASE("where all are right the accuracy is still an estimate") {
  const std::vector<ClassIndex> labels(48, 0);
  MetricColumns columns;
  columns.labels = labels;
  columns.predictions = labels;
  const ClassificationMetrics right = measure(columns, 2);
  CHECK(right.accuracy.value == 1);
  CHECK(right.accuracy.low == doctest::Approx(0.92603).epsilon(1e-5));  // 0.025 ^ (1 / 48)
  CHECK(right.accuracy.high == 1);
  const std::vector<ClassIndex> others(48, 1);
  columns.predictions = others;
  const ClassificationMetrics wrong = measure(columns, 2);
  CHECK(wrong.accuracy.low == 0);
  CHECK(wrong.accuracy.high == doctest::Approx(1 - 0.92603).epsilon(1e-4));
}

TEST_CASE("only some rows") {
  const std::vector<ClassIndex> labels{0, 1, 0, 1};
  const std::vector<ClassIndex> predictions{0, 0, 1, 1};
  const std::vector<RowIndex> rows{0, 3};
  MetricsOptions options;
  options.classes = 2;
  const ClassificationMetrics m = measure_classification({labels, predictions, {}, {}, {}, {}},
                                                         rows, false, options, serial_for);
  CHECK(m.rows == 2);
  CHECK(m.accuracy.value == 1);
  CHECK(m.accuracy.low == doctest::Approx(std::sqrt(0.025)));  // exact: two of two
  CHECK(m.balanced_accuracy.low == 1);                         // all alike: a point
  CHECK_FALSE(m.has_probabilities);
  CHECK_FALSE(m.has_confidence);
  CHECK(std::isnan(m.log_loss.value));
  CHECK(std::isnan(m.calibration.ece.value));
}

TEST_CASE("nothing to measure") {
  const ClassificationMetrics m = measure({}, 3);
  CHECK(m.rows == 0);
  CHECK(std::isnan(m.accuracy.value));
  CHECK(std::isnan(m.macro.f1.value));
  CHECK(m.per_class.size() == 3);
  const std::vector<ClassIndex> none(5, kNoClass);
  CHECK(measure({none, none, {}, {}, {}, {}}, 3).without_label == 5);
}

TEST_CASE("the seed decides the interval, the number of workers does not") {
  std::vector<ClassIndex> labels;
  std::vector<ClassIndex> predictions;
  std::vector<float> confidence;
  Rng rng(4);
  for (int i = 0; i < 3000; ++i) {
    labels.push_back(static_cast<ClassIndex>(rng.below(5)));
    predictions.push_back(rng.below(3) == 0 ? static_cast<ClassIndex>(rng.below(5))
                                            : labels.back());
    confidence.push_back(static_cast<float>(rng.uniform()));
  }
  const MetricColumns columns{labels, predictions, confidence, {}, {}, {}};
  MetricsOptions options;
  options.classes = 5;
  WorkerGroup workers(3);
  const auto run = [&](const ParallelFor& parallel_for) {
    return measure_classification(columns, {}, true, options, parallel_for);
  };
  const ClassificationMetrics one = run(serial_for);
  const ClassificationMetrics many = run(workers.as_parallel_for());
  CHECK(one.macro.f1.low == many.macro.f1.low);
  CHECK(one.calibration.ece.high == many.calibration.ece.high);
  options.bootstrap.seed = 2;
  CHECK(run(serial_for).macro.f1.low != one.macro.f1.low);
}

TEST_CASE("columns that differ in length are a bug, and said so") {
  const std::vector<ClassIndex> two{0, 1};
  const std::vector<ClassIndex> three{0, 1, 0};
  CHECK_THROWS_AS(measure({two, three, {}, {}, {}, {}}, 2), Error);
  const std::vector<ClassIndex> outside{0, 7};
  CHECK_THROWS_AS(measure({outside, two, {}, {}, {}, {}}, 2), Error);
}

TEST_CASE("confidences on the borders of bins, out of range and NaN") {
  const std::vector<float> confidence{0, 0.1f, 0.2f, 1, 1.5f, -1, kNaN};
  const std::vector<uint8_t> right{1, 1, 1, 1, 1, 0, 1};
  const Calibration c = measure_calibration(confidence, right, 10, {}, serial_for);
  CHECK(c.bins[0].count == 2);  // 0 and the clamped -1
  CHECK(c.bins[9].count == 2);
  int64_t total = 0;
  for (const CalibrationBin& bin : c.bins) total += bin.count;
  CHECK(total == 6);
  CHECK(c.max_error == doctest::Approx(0.9));
}
