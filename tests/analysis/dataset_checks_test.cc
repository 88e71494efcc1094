#include "analysis/dataset_checks.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "analysis/outliers.h"
#include "analysis/row_geometry.h"
#include "base/random.h"
#include "tests/analysis/datalab_references.h"

using namespace errata;
using namespace errata::analysis;

TEST_CASE("order: the statistic, the verdict and each row's score are Datalab's") {
  for (const test::DatalabCase& each : test::datalab_cases()) {
    CAPTURE(each.json->at("name").as_string());
    const Neighbours neighbours =
        nearest_neighbours(each.view(), {10, datalab_distance(each.columns)}, serial_for);
    const OrderCheck found = check_order(neighbours, 99, 1, serial_for);
    CHECK(found.statistic ==
          doctest::Approx(each.json->at("order_statistic").as_double()).epsilon(2e-3));
    CHECK((found.p_value < 0.05) == (each.json->at("order_p_value").as_double() < 0.05));
    // Among equal distances Datalab's neighbours are not in the order of rows: rows with more
    // copies than neighbours may have others of them.
    const std::vector<double> expected = each.numbers("order_scores");
    size_t other = 0;
    for (size_t row = 0; row < each.rows; ++row) {
      other += std::abs(found.scores[row] - expected[row]) > 1e-9;
    }
    CHECK(other <= (each.json->at("name").as_string().starts_with("copies") ? 21u : 0u));
  }
}

TEST_CASE("a random order is called one in at most about 5 of 100 draws, a sorted one always") {
  size_t alarms = 0;
  for (uint64_t trial = 0; trial < 100; ++trial) {
    Rng rng(trial);
    std::vector<float> values;
    for (size_t i = 0; i < 120 * 5; ++i) values.push_back(static_cast<float>(rng.uniform()));
    const Neighbours neighbours =
        nearest_neighbours({values, 120, 5}, {5, Distance::kEuclidean}, serial_for);
    alarms += check_order(neighbours, 99, trial, serial_for).p_value <= 0.05;
  }
  CHECK(alarms <= 11);  // 5 expected; 12 or more once in 200 seeds
  std::vector<float> drift;
  for (size_t i = 0; i < 200; ++i) drift.push_back(static_cast<float>(i));
  const OrderCheck sorted =
      check_order(nearest_neighbours({drift, 200, 1}, {5, Distance::kEuclidean}, serial_for), 99, 1,
                  serial_for);
  CHECK(sorted.p_value == doctest::Approx(0.01));
  CHECK(check_order({}, 99, 1, serial_for).p_value == 1);
}

TEST_CASE("equal rows at random places are no order, though all have the same neighbours") {
  size_t naive = 0;
  size_t alarms = 0;
  for (uint64_t trial = 0; trial < 12; ++trial) {
    Rng rng(trial);
    std::vector<float> values;
    for (size_t i = 0; i < 600; ++i) {
      const bool equal = rng.below(6) == 0;
      for (size_t j = 0; j < 5; ++j) {
        const auto value = static_cast<float>(rng.uniform());
        values.push_back(equal ? 0.5F : value);
      }
    }
    const FloatMatrix points{values, 600, 5};
    const NeighbourOptions options{10, Distance::kEuclidean};
    const EqualRows equal = find_equal_rows(points);
    naive += check_order(nearest_neighbours(points, options, serial_for), 99, trial, serial_for)
                 .p_value <= 0.05;
    alarms +=
        check_order(neighbours_of_firsts(points, equal, options, serial_for), 99, trial, serial_for)
            .p_value <= 0.05;
  }
  CHECK(naive >= 8);
  CHECK(alarms <= 2);
}

TEST_CASE("rare classes: all of them and empty ones, where Datalab stops at the rarest") {
  std::vector<ClassIndex> labels(400, 0);
  labels.insert(labels.end(), 300, 1);
  labels.insert(labels.end(), 8, 2);
  labels.insert(labels.end(), 3, 3);
  labels.insert(labels.end(), 50, kNoClass);
  const std::vector<RareClass> found = rare_classes(labels, 5);  // an even share is 20 %
  REQUIRE(found.size() == 3);
  CHECK(found[0].label == 4);
  CHECK(found[0].samples == 0);
  CHECK(found[1].label == 3);
  CHECK(found[2].label == 2);
  CHECK(found[2].share == doctest::Approx(8.0 / 711));
  CHECK(rare_classes(std::vector<ClassIndex>{kNoClass}, 3).empty());
  for (const test::DatalabCase& each : test::datalab_cases()) {
    const std::vector<ClassIndex> given = each.labels();
    const std::vector<RareClass> rare = rare_classes(given, 4);
    const std::vector<double> expected = each.numbers("rarest");
    CHECK(rare.empty() == expected.empty());
    if (!rare.empty()) CHECK(rare[0].samples == expected.size());
  }
}

TEST_CASE("order: rows without a neighbour have a score all the same") {
  for (const size_t rows : {size_t{0}, size_t{1}}) {
    const std::vector<float> values(rows, 1.0f);
    const Neighbours alone =
        nearest_neighbours({values, rows, 1}, {10, Distance::kEuclidean}, serial_for);
    const OrderCheck found = check_order(alone, 99, 1, serial_for);
    CHECK(found.p_value == 1);
    CHECK(found.scores == std::vector<double>(rows, 1.0));
  }
}

TEST_CASE("correlation of a property with the label is Datalab's with its baseline, and right") {
  const text::Json& cases = test::datalab_json().at("correlations");
  REQUIRE(cases.size() == 4);
  for (size_t i = 0; i < cases.size(); ++i) {
    std::vector<float> values;
    std::vector<ClassIndex> labels;
    for (size_t row = 0; row < cases.at(i).at("values").size(); ++row) {
      values.push_back(static_cast<float>(cases.at(i).at("values").at(row).as_double()));
      labels.push_back(static_cast<ClassIndex>(cases.at(i).at("labels").at(row).as_double()));
    }
    CAPTURE(i);
    CHECK(property_label_score(values, labels, true) ==
          doctest::Approx(cases.at(i).at("score").as_double()).epsilon(1e-9));
  }
}

TEST_CASE("a property that says nothing scores 1, even where one class is most of the data") {
  // 95 of 100 are of class 0: naming it always is right so often that Datalab, which takes the
  // class's number 0 for its count, believes the labels were given away.
  std::vector<float> values;
  std::vector<ClassIndex> labels;
  Rng rng(3);
  for (size_t i = 0; i < 1000; ++i) {
    values.push_back(static_cast<float>(rng.uniform()));
    labels.push_back(i % 20 == 0 ? 1 : 0);
  }
  CHECK(property_label_score(values, labels, true) < kTellingBelow);
  CHECK(property_label_score(values, labels, false) > 0.95);
  // Without a value or a label a row does not count; a property that tells them does.
  for (size_t i = 0; i < 1000; ++i) values[i] = labels[i] == 1 ? 0.9f : 0.1f;
  for (size_t i = 0; i < 1000; i += 7) values[i] = NAN;
  for (size_t i = 1; i < 1000; i += 9) labels[i] = kNoClass;
  CHECK(property_label_score(values, labels, false) == doctest::Approx(0));
  CHECK(property_label_score({}, {}, false) == 1);
}
