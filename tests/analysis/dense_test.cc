#include "analysis/dense.h"

#include <doctest/doctest.h>

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
