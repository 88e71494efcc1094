// Small dense products and principal axes, for what is trained on embeddings.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "base/workers.h"

namespace errata::analysis {

// A rectangle of floats that someone else holds: element (i, j) at data[i * row_step + j *
// column_step]. Swapping the steps gives the transpose.
struct FloatView {
  const float* data = nullptr;
  size_t row_step = 0;
  size_t column_step = 1;

  FloatView transposed() const { return {data, column_step, row_step}; }
};

// to[i * to_stride + j] += sum over k < depth of a(i, k) * b[k * b_stride + j], for i < rows and
// j < columns. `columns` is a multiple of kDenseWidth; `a` should fit into the second cache. The
// order of the additions depends on the sizes alone, the last bits also on the processor.
inline constexpr size_t kDenseWidth = 16;
void add_product(const FloatView& a, size_t rows, size_t depth, const float* b, size_t b_stride,
                 size_t columns, float* to, size_t to_stride);

inline size_t padded_columns(size_t columns) {
  return (columns + kDenseWidth - 1) / kDenseWidth * kDenseWidth;
}

// Eigenvalues (falling) and eigenvectors of a symmetric matrix of n x n.
// vectors[i * n + k] is the i-th entry of the k-th vector; its largest entry is positive.
struct EigenPairs {
  std::vector<double> values;
  std::vector<double> vectors;
};
EigenPairs symmetric_eigen(std::vector<double> matrix, size_t n);

// The principal axes of rows: after taking off the mean, the orthogonal directions of most variance
// (by subspace iteration on the covariance, or on the rows where that is less work, then
// Rayleigh-Ritz, so that the coordinates are uncorrelated whatever the iteration has left to do).
struct PrincipalAxes {
  size_t columns = 0;             // of the rows
  size_t axes = 0;                // those without variance are left out
  std::vector<float> mean;        // columns
  std::vector<float> directions;  // columns x padded_columns(axes), zeros behind the axes
  std::vector<double> variances;  // axes, falling
  double total_variance = 0;      // of all columns
};

// `rows` x `columns` values, row-major. The result does not depend on the number of threads.
// Memory: up to 2,048 columns some 16 covariance matrices at most; of more, some 200 bytes for each
// axis of a row and of a column. Time: rows x columns x the smaller of columns and 28 axes.
PrincipalAxes principal_axes(std::span<const float> values, size_t columns, size_t most_axes,
                             const ParallelFor& parallel_for);

// The coordinates on the axes: rows x padded_columns(axes), zeros behind the axes.
std::vector<float> project(const PrincipalAxes& axes, std::span<const float> values,
                           const ParallelFor& parallel_for);

}  // namespace errata::analysis
