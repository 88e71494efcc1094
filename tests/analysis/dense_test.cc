#include "analysis/dense.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "base/random.h"

using namespace errata;
using namespace errata::analysis;

namespace {

std::vector<float> random_values(size_t count, uint64_t seed) {
  Rng rng(seed);
  std::vector<float> values(count);
  for (float& value : values) value = static_cast<float>(rng.uniform() - 0.5);
  return values;
}

// Rows of a few hidden values, each weighing less than the one before, in noise.
std::vector<float> hidden_values(size_t rows, size_t columns, size_t hidden, double noise) {
  const std::vector<float> of_rows = random_values(rows * hidden, 1);
  const std::vector<float> mix = random_values(hidden * columns, 2);
  std::vector<float> values = random_values(rows * columns, 3);
  for (size_t i = 0; i < rows; ++i) {
    for (size_t j = 0; j < columns; ++j) {
      double sum = 10 + noise * values[i * columns + j];
      double weight = 1;
      for (size_t h = 0; h < hidden; ++h, weight *= 0.7) {
        sum += weight * of_rows[i * hidden + h] * mix[h * columns + j];
      }
      values[i * columns + j] = static_cast<float>(sum);
    }
  }
  return values;
}

void check_coordinates(const PrincipalAxes& axes, std::span<const float> values) {
  const std::vector<float> projected = project(axes, values, serial_for);
  const size_t width = padded_columns(axes.axes);
  const size_t rows = values.size() / axes.columns;
  size_t wrong = 0;
  for (size_t p = 0; p < axes.axes; ++p) {
    for (size_t q = 0; q <= p; ++q) {
      double sum = 0;
      for (size_t i = 0; i < rows; ++i) {
        sum += double{projected[i * width + p]} * projected[i * width + q];
      }
      sum /= static_cast<double>(rows);
      const double wanted = p == q ? axes.variances[p] : 0;
      wrong += std::abs(sum - wanted) < 1e-3 * axes.variances[q] ? 0 : 1;
    }
  }
  CHECK(wrong == 0);
}

}  // namespace

TEST_CASE("products add up for any number of rows, and for transposed views") {
  constexpr size_t kDepth = 37;
  constexpr size_t kColumns = 32;
  for (const size_t rows : {1, 5, 6, 7, 13}) {
    const std::vector<float> a = random_values(rows * kDepth, rows);
    const std::vector<float> b = random_values(kDepth * kColumns, 99);
    std::vector<float> turned(a.size());
    for (size_t i = 0; i < rows; ++i) {
      for (size_t k = 0; k < kDepth; ++k) turned[k * rows + i] = a[i * kDepth + k];
    }
    std::vector<float> straight(rows * kColumns, 1);
    std::vector<float> across(rows * kColumns, 1);
    add_product({a.data(), kDepth, 1}, rows, kDepth, b.data(), kColumns, kColumns, straight.data(),
                kColumns);
    add_product(FloatView{turned.data(), rows, 1}.transposed(), rows, kDepth, b.data(), kColumns,
                kColumns, across.data(), kColumns);
    for (size_t i = 0; i < rows; ++i) {
      for (size_t j = 0; j < kColumns; ++j) {
        double sum = 1;
        for (size_t k = 0; k < kDepth; ++k) sum += double{a[i * kDepth + k]} * b[k * kColumns + j];
        CHECK(straight[i * kColumns + j] == doctest::Approx(sum).epsilon(1e-5));
        CHECK(across[i * kColumns + j] == straight[i * kColumns + j]);
      }
    }
  }
}

TEST_CASE("eigenvectors of a symmetric matrix give it back") {
  constexpr size_t kSize = 20;
  Rng rng(5);
  std::vector<double> matrix(kSize * kSize);
  for (size_t i = 0; i < kSize; ++i) {
    for (size_t j = 0; j <= i; ++j) {
      matrix[i * kSize + j] = matrix[j * kSize + i] = rng.uniform() - 0.5;
    }
  }
  const EigenPairs eigen = symmetric_eigen(matrix, kSize);
  for (size_t i = 0; i < kSize; ++i) {
    for (size_t j = 0; j < kSize; ++j) {
      double sum = 0;
      for (size_t k = 0; k < kSize; ++k) {
        sum += eigen.values[k] * eigen.vectors[i * kSize + k] * eigen.vectors[j * kSize + k];
      }
      CHECK(sum == doctest::Approx(matrix[i * kSize + j]).epsilon(1e-9));
    }
  }
}

TEST_CASE(
    "principal coordinates are uncorrelated, far from the origin too, and keep the variance") {
  // Five directions of variance in forty columns, and a large mean: without taking it off, the
  // first axis would be the mean.
  constexpr size_t kRows = 600;
  constexpr size_t kColumns = 40;
  constexpr size_t kHidden = 5;
  const std::vector<float> hidden = random_values(kRows * kHidden, 1);
  const std::vector<float> mix = random_values(kHidden * kColumns, 2);
  std::vector<float> values(kRows * kColumns);
  for (size_t i = 0; i < kRows; ++i) {
    for (size_t j = 0; j < kColumns; ++j) {
      double sum = 100;
      for (size_t h = 0; h < kHidden; ++h) {
        sum += double{hidden[i * kHidden + h]} * mix[h * kColumns + j] * static_cast<double>(h + 1);
      }
      values[i * kColumns + j] = static_cast<float>(sum);
    }
  }
  for (const size_t most : {size_t{8}, kColumns}) {
    const PrincipalAxes axes = principal_axes(values, kColumns, most, serial_for);
    REQUIRE(axes.axes >= kHidden);
    double kept = 0;
    for (size_t k = 0; k < kHidden; ++k) kept += axes.variances[k];
    CHECK(kept == doctest::Approx(axes.total_variance).epsilon(1e-3));
    const std::vector<float> projected = project(axes, values, serial_for);
    const size_t width = padded_columns(axes.axes);
    for (size_t p = 0; p < kHidden; ++p) {
      for (size_t q = 0; q < p; ++q) {
        double sum = 0;
        for (size_t i = 0; i < kRows; ++i) {
          sum += double{projected[i * width + p]} * projected[i * width + q];
        }
        CHECK(std::abs(sum / kRows) < 1e-3 * axes.variances[q]);
      }
    }
    WorkerGroup workers(3);
    CHECK(project(principal_axes(values, kColumns, most, workers.as_parallel_for()), values,
                  workers.as_parallel_for()) == projected);
  }
}

TEST_CASE("the axes of few rows of many columns are those of their covariance") {
  constexpr size_t kRows = 120;
  constexpr size_t kColumns = 700;
  const std::vector<float> values = hidden_values(kRows, kColumns, 8, 0.05);
  // Each row several times over: the same axes, by way of the covariance.
  std::vector<float> often;
  while (often.size() < kColumns * kColumns) {
    often.insert(often.end(), values.begin(), values.end());
  }
  for (const size_t most : {size_t{8}, size_t{256}}) {
    const PrincipalAxes axes = principal_axes(values, kColumns, most, serial_for);
    const PrincipalAxes wanted = principal_axes(often, kColumns, most, serial_for);
    CHECK(axes.axes == std::min(most, kRows - 1));
    CHECK(axes.total_variance == doctest::Approx(wanted.total_variance).epsilon(1e-4));
    check_coordinates(axes, values);
    const std::vector<float> projected = project(axes, values, serial_for);
    const std::vector<float> other = project(wanted, values, serial_for);
    for (size_t k = 0; k < 8; ++k) {
      CHECK(axes.variances[k] == doctest::Approx(wanted.variances[k]).epsilon(1e-4));
      const size_t width = padded_columns(axes.axes);
      const size_t other_width = padded_columns(wanted.axes);
      double together = 0;
      for (size_t i = 0; i < kRows; ++i) {
        together += double{projected[i * width + k]} * other[i * other_width + k];
      }
      CHECK(std::abs(together) / kRows == doctest::Approx(axes.variances[k]).epsilon(1e-3));
    }
    WorkerGroup workers(3);
    const PrincipalAxes shared = principal_axes(values, kColumns, most, workers.as_parallel_for());
    CHECK(shared.directions == axes.directions);
    CHECK(shared.total_variance == axes.total_variance);
  }
}

TEST_CASE("the axes of many rows of many columns keep the variance") {
  constexpr size_t kColumns = 2100;
  const std::vector<float> values = hidden_values(2200, kColumns, 3, 0);
  const PrincipalAxes axes = principal_axes(values, kColumns, 5, serial_for);
  REQUIRE(axes.axes >= 3);
  CHECK(axes.variances[0] + axes.variances[1] + axes.variances[2] ==
        doctest::Approx(axes.total_variance).epsilon(1e-4));
  check_coordinates(axes, values);
}

TEST_CASE("sixty rows of twenty thousand columns, some of them equal, have axes") {
  constexpr size_t kRows = 60;
  constexpr size_t kColumns = 20'000;
  std::vector<float> values = random_values(kRows * kColumns, 4);
  std::copy_n(values.begin(), 10 * kColumns, values.begin() + 30 * kColumns);
  const PrincipalAxes axes = principal_axes(values, kColumns, 256, serial_for);
  CHECK(axes.axes == kRows - 10 - 1);
  double kept = 0;
  for (const double variance : axes.variances) kept += variance;
  CHECK(kept == doctest::Approx(axes.total_variance).epsilon(1e-4));
  check_coordinates(axes, values);
  // All rows equal: no axis.
  for (size_t i = 1; i < kRows; ++i) {
    std::copy_n(values.begin(), kColumns, values.begin() + static_cast<ptrdiff_t>(i * kColumns));
  }
  CHECK(principal_axes(values, kColumns, 256, serial_for).axes == 0);
}
