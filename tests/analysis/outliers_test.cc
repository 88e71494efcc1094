#include "analysis/outliers.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "base/random.h"
#include "tests/analysis/datalab_references.h"

using namespace errata;
using namespace errata::analysis;

namespace {

// Two crowds, and one point apart from both.
std::vector<float> crowds(size_t each) {
  std::vector<float> values;
  Rng rng(1);
  for (size_t i = 0; i < 2 * each; ++i) {
    values.push_back(static_cast<float>((i < each ? 0 : 40) + rng.uniform()));
    values.push_back(static_cast<float>(rng.uniform()));
  }
  values.push_back(20);
  values.push_back(20);
  return values;
}

Neighbours by_hand(size_t k, std::vector<float> distances) {
  Neighbours made{distances.size() / k, k, {}, distances};
  made.index.assign(distances.size(), 0);
  return made;
}

}  // namespace

TEST_CASE("outlier scores and outliers are Datalab's where each copy counts") {
  for (const test::DatalabCase& each : test::datalab_cases()) {
    CAPTURE(each.json->at("name").as_string());
    const OutlierScores found =
        find_outliers(each.view(), 10, datalab_distance(each.columns), Copies::kCompat, serial_for);
    const std::vector<double> expected = each.numbers("outlier_scores");
    std::vector<double> outliers;
    for (size_t row = 0; row < each.rows; ++row) {
      CHECK(found.scores[row] == doctest::Approx(expected[row]).epsilon(1e-5));
      if (found.outlier[row] != 0) outliers.push_back(static_cast<double>(row));
    }
    CHECK(outliers == each.numbers("outliers"));
    CHECK_FALSE(outliers.empty());
  }
}

TEST_CASE("an outlier with copies is still one, and copies elsewhere do not make outliers") {
  std::vector<float> values = crowds(60);
  const size_t alone = values.size() / 2 - 1;
  for (int copy = 0; copy < 11; ++copy) values.insert(values.end(), {20, 20});
  const FloatMatrix points{values, values.size() / 2, 2};
  const auto find = [&](const FloatMatrix& matrix, Copies copies) {
    return find_outliers(matrix, 10, Distance::kEuclidean, copies, serial_for);
  };
  // Datalab: its ten neighbours are its copies.
  CHECK(find(points, Copies::kCompat).scores[alone] == 1);
  CHECK(find(points, Copies::kCompat).outlier[alone] == 0);
  const OutlierScores found = find(points, Copies::kOnce);
  for (size_t row = alone; row < points.rows; ++row) {
    CHECK(found.outlier[row] == 1);
    CHECK(found.scores[row] < 1e-6);
  }
  CHECK(std::count(found.outlier.begin(), found.outlier.end(), 1) <= 14);

  // Most of the rows are copies of one: Datalab's scale is then 0, and all others are outliers.
  std::vector<float> copied = crowds(60);
  for (int copy = 0; copy < 300; ++copy) copied.insert(copied.end(), {1, 0});
  const FloatMatrix crowded{copied, copied.size() / 2, 2};
  CHECK(find(crowded, Copies::kCompat).scores[70] == 0);
  CHECK(find(crowded, Copies::kOnce).scores[70] > 0.2);
  CHECK(find(crowded, Copies::kOnce).outlier[70] == 0);
}

TEST_CASE("uniqueness by hand; copies score 0, which the original's fourth neighbour hides") {
  const Neighbours neighbours = by_hand(4, {0.1f, 0.2f, 0.4f, 0.5f,  //
                                            0.0f, 0.2f, 0.6f, 1.0f,  //
                                            0.0f, 0.0f, 0.0f, 0.8f});
  const std::vector<double> found = uniqueness_scores(neighbours, false);
  // (.06 + .06 + .04) / 3, (0 + .06 + .06) / 3, 0, over the first.
  CHECK(found[0] == doctest::Approx(1));
  CHECK(found[1] == doctest::Approx(0.75));
  CHECK(found[2] == 0);
  const std::vector<double> compat = uniqueness_scores(neighbours, true);
  // (.12 + .12 + .05), (.12 + .18 + .1), .08, over .4.
  CHECK(compat[0] == doctest::Approx(0.725));
  CHECK(compat[1] == doctest::Approx(1));
  CHECK(compat[2] == doctest::Approx(0.2));
  CHECK(uniqueness_scores(by_hand(2, {1, 2}), false)[0] == 1);
}

TEST_CASE("above 15,000 rows the original takes the chord for the angle") {
  constexpr size_t kRows = 15'001;
  std::vector<float> distances(kRows * 4, 0.5f);
  std::fill_n(distances.begin(), 4, 0.125f);
  const Neighbours neighbours = by_hand(4, distances);
  CHECK(uniqueness_scores(neighbours, false)[0] == doctest::Approx(0.25));
  CHECK(uniqueness_scores(neighbours, true)[0] == doctest::Approx(0.5));
}

TEST_CASE("the middle of a cluster is the most typical, where the original has the edge") {
  std::vector<float> values;
  for (int i = 0; i <= 10; ++i) values.insert(values.end(), {1, 0.02f * static_cast<float>(i - 5)});
  for (int i = 0; i <= 6; ++i) values.insert(values.end(), {0.01f * static_cast<float>(i - 3), -1});
  const FloatMatrix points{values, values.size() / 2, 2};
  const Clusters clusters = find_clusters(points, {2}, serial_for);
  REQUIRE(clusters.sizes == std::vector<size_t>{11, 7});
  const std::vector<double> found = representativeness_scores(clusters, false);
  CHECK(std::max_element(found.begin(), found.begin() + 11) - found.begin() == 5);
  CHECK(std::max_element(found.begin() + 11, found.end()) - found.begin() == 14);
  CHECK(found[0] < 0.4);
  // The tighter cluster's edge is as untypical as the wider one's.
  CHECK(found[17] == doctest::Approx(found[0]).epsilon(0.05));
  CHECK(representativeness_scores(clusters, true)[0] == doctest::Approx(1).epsilon(0.01));
  // One apart from all is the middle of its own cluster, and typical of nothing.
  values.insert(values.end(), {-1, 0});
  const FloatMatrix more{values, values.size() / 2, 2};
  CHECK(representativeness_scores(find_clusters(more, {3}, serial_for), false).back() < 0.7);
  CHECK(representativeness_scores(clusters, true)[5] < 0.1);
}

TEST_CASE("clusters find crowds, whatever the threads; no cluster is empty") {
  Rng rng(5);
  std::vector<float> values;
  constexpr size_t kRows = 2'000;
  for (size_t row = 0; row < kRows; ++row) {
    for (size_t c = 0; c < 6; ++c) {
      values.push_back(static_cast<float>((c == row % 4 ? 1.0 : 0.0) + 0.05 * rng.uniform()));
    }
  }
  const FloatMatrix points{values, kRows, 6};
  WorkerGroup workers(3);
  const Clusters one = find_clusters(points, {4}, serial_for);
  const Clusters many = find_clusters(points, {4}, workers.as_parallel_for());
  CHECK(one.of == many.of);
  CHECK(one.distance == many.distance);
  CHECK(one.sizes == std::vector<size_t>(4, 500));
  for (size_t row = 4; row < kRows; ++row) CHECK(one.of[row] == one.of[row % 4]);

  const std::vector<float> same(30, 2.0f);
  CHECK(find_clusters({same, 10, 3}, {4}, serial_for).sizes == std::vector<size_t>{10});
  CHECK(find_clusters({{}, 0, 3}, {4}, serial_for).sizes.empty());
}
