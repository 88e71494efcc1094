#include "analysis/class_space.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "analysis/bootstrap.h"
#include "analysis/neighbours.h"
#include "analysis/temperature.h"
#include "base/random.h"

using namespace errata;
using namespace errata::analysis;

namespace {

constexpr size_t kRows = 1200;
constexpr size_t kColumns = 16;
constexpr size_t kClasses = 3;

struct Wide {
  EmbeddingSpace space;
  std::vector<ClassIndex> labels;
  std::vector<uint8_t> fold;
};

// Classes differ along three narrow directions; the others are wide and say nothing.
Wide make_wide() {
  Rng rng(3);
  Wide wide;
  std::vector<float> values;
  for (size_t row = 0; row < kRows; ++row) {
    const size_t label = row % kClasses;
    wide.labels.push_back(static_cast<ClassIndex>(label));
    wide.fold.push_back(static_cast<uint8_t>(row / kClasses % 5));
    for (size_t j = 0; j < kColumns; ++j) {
      const double centre = j == label ? 1.0 : 0.0;
      values.push_back(static_cast<float>(centre + (j < kClasses ? 0.3 : 2.0) * draw_normal(rng)));
    }
  }
  wide.space = make_embedding_space(values, kColumns, serial_for);
  return wide;
}

double share_of_own_class(const Neighbours& neighbours, std::span<const ClassIndex> labels) {
  size_t same = 0;
  for (size_t row = 0; row < neighbours.rows; ++row) {
    for (const uint32_t other : neighbours.of(row)) same += labels[other] == labels[row];
  }
  return static_cast<double>(same) / static_cast<double>(neighbours.rows * neighbours.k);
}

}  // namespace

TEST_CASE("neighbours in the space of the classes look past what varies within them") {
  const Wide wide = make_wide();
  const ClassSpace made = make_class_space(wide.space, wide.labels, kClasses, serial_for);
  const NeighbourOptions options{20, Distance::kCosine};
  const double plain =
      share_of_own_class(nearest_neighbours(wide.space.matrix(), options, serial_for), wide.labels);
  const double seen =
      share_of_own_class(nearest_neighbours(made.matrix(), options, serial_for), wide.labels);
  CHECK(plain < 0.55);
  CHECK(seen > plain + 0.15);
  WorkerGroup workers(3);
  CHECK(make_class_space(wide.space, wide.labels, kClasses, workers.as_parallel_for()).values ==
        made.values);
}

TEST_CASE("class means are held out, forgive wrong labels and speak of rows without a label") {
  Wide wide = make_wide();
  const std::vector<ClassIndex> truth = wide.labels;
  for (size_t row = 0; row < kRows; row += 4) {
    wide.labels[row] = static_cast<ClassIndex>((static_cast<size_t>(truth[row]) + 1) % kClasses);
  }
  wide.labels[5] = kNoClass;
  wide.fold[5] = kNoFold;
  const ClassSpace space = make_class_space(wide.space, wide.labels, kClasses, serial_for);
  const std::vector<float> weights(kRows, 1);
  const std::vector<float> p =
      held_out_class_means(space, wide.labels, weights, wide.fold, 5, kClasses, serial_for);
  size_t right = 0;
  for (size_t row = 0; row < kRows; ++row) {
    const float* own = p.data() + row * kClasses;
    CHECK(own[0] + own[1] + own[2] == doctest::Approx(1));
    right += std::max_element(own, own + kClasses) - own == truth[row];
  }
  CHECK(right > kRows * 85 / 100);
  // Of a row, its own label changes nothing of what is said.
  wide.labels[8] = truth[8] == 0 ? 2 : 0;
  const std::vector<float> again =
      held_out_class_means(space, wide.labels, weights, wide.fold, 5, kClasses, serial_for);
  CHECK(std::abs(again[8 * kClasses] - p[8 * kClasses]) < 1e-3f);
}

TEST_CASE("a class that only one row has leaves the others as sure as they were") {
  Wide wide = make_wide();
  const auto loss = [&](size_t classes) {
    const ClassSpace space = make_class_space(wide.space, wide.labels, classes, serial_for);
    const std::vector<float> p = held_out_class_means(
        space, wide.labels, std::vector<float>(kRows, 1), wide.fold, 5, classes, serial_for);
    double sum = 0;
    for (size_t row = 1; row < kRows; ++row) {
      sum -= std::log(double{p[row * classes + static_cast<size_t>(wide.labels[row])]});
    }
    return sum / (kRows - 1);
  };
  const double before = loss(kClasses);
  wide.labels[0] = kClasses;
  CHECK(loss(kClasses + 1) < before + 0.02);
}

TEST_CASE("with few rows, or nothing that varies within classes, the space still stands") {
  std::vector<float> values{1, 0, 1, 0, 0, 1, 0, 1};
  const EmbeddingSpace space = make_embedding_space(values, 2, serial_for);
  const std::vector<ClassIndex> labels{0, 0, 1, 1};
  const ClassSpace made = make_class_space(space, labels, 2, serial_for);
  CHECK(made.rows == 4);
  CHECK(made.values.size() == made.rows * made.width);
  for (const float value : made.values) CHECK(std::isfinite(value));
}

TEST_CASE("the power of least log loss makes a boastful model modest") {
  // Sure to 99 %, right in three of four.
  const std::vector<ClassIndex> labels{0, 0, 0, 1};
  const double power = best_power(labels, 2, [](size_t, std::span<double> logs) {
    logs[0] = std::log(0.99);
    logs[1] = std::log(0.01);
    return true;
  });
  const double p = std::pow(0.99, power) / (std::pow(0.99, power) + std::pow(0.01, power));
  CHECK(p == doctest::Approx(0.75).epsilon(0.01));
  CHECK(best_power(labels, 2, [](size_t, std::span<double>) { return false; }) == 1);
}
