#include "analysis/dense.h"

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <numeric>

#include "analysis/fma.h"
#include "base/error.h"
#include "base/random.h"

namespace errata::analysis {

namespace {

constexpr size_t kTileRows = 6;
// Work is cut by size alone, never by the number of threads: sums keep their order.
constexpr size_t kSlabs = 16;
constexpr size_t kBlockRows = 96;

using Floats8 = float __attribute__((vector_size(32), aligned(4)));

// A tile of 6 x 16 sums, with fewer rows at the lower edge.
template <size_t kRows>
__attribute__((always_inline)) inline void tile(const FloatView& a, size_t row, size_t depth,
                                                const float* b, size_t b_stride, float* to,
                                                size_t to_stride) {
  Floats8 low[kRows];
  Floats8 high[kRows];
  for (size_t i = 0; i < kRows; ++i) {
    low[i] = *reinterpret_cast<const Floats8*>(to + i * to_stride);
    high[i] = *reinterpret_cast<const Floats8*>(to + i * to_stride + 8);
  }
  const float* factors = a.data + row * a.row_step;
  for (size_t k = 0; k < depth; ++k) {
    const Floats8 b_low = *reinterpret_cast<const Floats8*>(b + k * b_stride);
    const Floats8 b_high = *reinterpret_cast<const Floats8*>(b + k * b_stride + 8);
#pragma GCC unroll 6
    for (size_t i = 0; i < kRows; ++i) {
      const float factor = factors[i * a.row_step + k * a.column_step];
      low[i] += factor * b_low;
      high[i] += factor * b_high;
    }
  }
  for (size_t i = 0; i < kRows; ++i) {
    *reinterpret_cast<Floats8*>(to + i * to_stride) = low[i];
    *reinterpret_cast<Floats8*>(to + i * to_stride + 8) = high[i];
  }
}

__attribute__((always_inline)) inline void add_product_body(const FloatView& a, size_t rows,
                                                            size_t depth, const float* b,
                                                            size_t b_stride, size_t columns,
                                                            float* to, size_t to_stride) {
  for (size_t j = 0; j < columns; j += kDenseWidth) {
    size_t i = 0;
    for (; i + kTileRows <= rows; i += kTileRows) {
      tile<kTileRows>(a, i, depth, b + j, b_stride, to + i * to_stride + j, to_stride);
    }
    for (; i < rows; ++i) {
      tile<1>(a, i, depth, b + j, b_stride, to + i * to_stride + j, to_stride);
    }
  }
}

#if defined(__x86_64__) && defined(__GNUC__)
__attribute__((target("avx2,fma"))) void add_product_avx2(const FloatView& a, size_t rows,
                                                          size_t depth, const float* b,
                                                          size_t b_stride, size_t columns,
                                                          float* to, size_t to_stride) {
  add_product_body(a, rows, depth, b, b_stride, columns, to, to_stride);
}
#endif

}  // namespace

void add_product(const FloatView& a, size_t rows, size_t depth, const float* b, size_t b_stride,
                 size_t columns, float* to, size_t to_stride) {
#if defined(__x86_64__) && defined(__GNUC__)
  if (has_fma()) return add_product_avx2(a, rows, depth, b, b_stride, columns, to, to_stride);
#endif
  add_product_body(a, rows, depth, b, b_stride, columns, to, to_stride);
}

EigenPairs symmetric_eigen(std::vector<double> matrix, size_t n) {
  const auto size = static_cast<::Eigen::Index>(n);
  const ::Eigen::SelfAdjointEigenSolver<::Eigen::MatrixXd> solver(
      ::Eigen::Map<const ::Eigen::MatrixXd>(matrix.data(), size, size));
  if (solver.info() != ::Eigen::Success) {
    throw Error(ErrorCategory::kInternal, "the eigenvalues of a matrix cannot be found");
  }
  EigenPairs pairs{std::vector<double>(n), std::vector<double>(n * n)};
  for (size_t k = 0; k < n; ++k) {
    const auto column = static_cast<::Eigen::Index>(n - 1 - k);  // they come rising
    const auto vector = solver.eigenvectors().col(column);
    ::Eigen::Index largest = 0;
    vector.cwiseAbs().maxCoeff(&largest);
    const double sign = vector[largest] < 0 ? -1 : 1;
    pairs.values[k] = solver.eigenvalues()[column];
    for (size_t i = 0; i < n; ++i) {
      pairs.vectors[i * n + k] = sign * vector[static_cast<::Eigen::Index>(i)];
    }
  }
  return pairs;
}

namespace {

// Runs fn(slab, first row, end row) over kSlabs parts of the rows.
template <typename Fn>
void for_slabs(size_t rows, const ParallelFor& parallel_for, const Fn& fn) {
  parallel_for(kSlabs, 1, [&](size_t begin, size_t end) {
    for (size_t slab = begin; slab < end; ++slab) {
      fn(slab, rows * slab / kSlabs, rows * (slab + 1) / kSlabs);
    }
  });
}

std::vector<float> mean_of_rows(std::span<const float> values, size_t columns,
                                const ParallelFor& parallel_for) {
  const size_t rows = values.size() / columns;
  std::vector<std::vector<double>> sums(kSlabs, std::vector<double>(columns, 0));
  for_slabs(rows, parallel_for, [&](size_t slab, size_t first, size_t end) {
    for (size_t row = first; row < end; ++row) {
      for (size_t j = 0; j < columns; ++j) sums[slab][j] += values[row * columns + j];
    }
  });
  std::vector<float> mean(columns);
  for (size_t j = 0; j < columns; ++j) {
    double sum = 0;
    for (const std::vector<double>& each : sums) sum += each[j];
    mean[j] = static_cast<float>(sum / static_cast<double>(std::max<size_t>(rows, 1)));
  }
  return mean;
}

struct Part {
  size_t first = 0;
  size_t count = 0;
};

// Some columns of some rows less the mean, zeros behind the columns.
void centre_block(std::span<const float> values, const std::vector<float>& mean, Part rows,
                  Part columns, size_t stride, std::vector<float>& block) {
  block.assign(rows.count * stride, 0);
  for (size_t i = 0; i < rows.count; ++i) {
    const float* row = values.data() + (rows.first + i) * mean.size() + columns.first;
    const float* middle = mean.data() + columns.first;
    for (size_t j = 0; j < columns.count; ++j) block[i * stride + j] = row[j] - middle[j];
  }
}

// The rows less the mean times `b` (columns x width): rows x width.
std::vector<float> centred_product(std::span<const float> values, const std::vector<float>& mean,
                                   const std::vector<float>& b, size_t width,
                                   const ParallelFor& parallel_for) {
  constexpr size_t kDepth = 1024;
  const size_t columns = mean.size();
  const size_t rows = values.size() / columns;
  std::vector<float> result(rows * width, 0);
  parallel_for((rows + kBlockRows - 1) / kBlockRows, 1, [&](size_t begin, size_t end) {
    std::vector<float> block;
    for (size_t i = begin; i < end; ++i) {
      const size_t first = i * kBlockRows;
      const size_t count = std::min(kBlockRows, rows - first);
      for (size_t at = 0; at < columns; at += kDepth) {
        const size_t depth = std::min(kDepth, columns - at);
        centre_block(values, mean, {first, count}, {at, depth}, depth, block);
        add_product(FloatView{block.data(), depth, 1}, count, depth, b.data() + at * width, width,
                    width, result.data() + first * width, width);
      }
    }
  });
  return result;
}

// The transposed rows less the mean times `b` (rows x width): columns x width. Each task owns some
// columns and walks all rows.
std::vector<float> transposed_product(std::span<const float> values, const std::vector<float>& mean,
                                      const std::vector<float>& b, size_t width,
                                      const ParallelFor& parallel_for) {
  constexpr size_t kPanel = 192;
  const size_t columns = mean.size();
  const size_t rows = values.size() / columns;
  std::vector<float> result(columns * width, 0);
  parallel_for((columns + kPanel - 1) / kPanel, 1, [&](size_t begin, size_t end) {
    std::vector<float> block;
    for (size_t i = begin; i < end; ++i) {
      const size_t at = i * kPanel;
      const size_t wide = std::min(kPanel, columns - at);
      for (size_t first = 0; first < rows; first += kBlockRows) {
        const size_t count = std::min(kBlockRows, rows - first);
        centre_block(values, mean, {first, count}, {at, wide}, wide, block);
        add_product(FloatView{block.data(), wide, 1}.transposed(), wide, count,
                    b.data() + first * width, width, width, result.data() + at * width, width);
      }
    }
  });
  return result;
}

// columns x padded columns, summed over the rows. Each task owns some rows of the result and walks
// all values, so that no partial sums are kept.
std::vector<float> scatter_matrix(std::span<const float> values, const std::vector<float>& mean,
                                  const ParallelFor& parallel_for) {
  const size_t columns = mean.size();
  const size_t stride = padded_columns(columns);
  const size_t rows = values.size() / columns;
  std::vector<float> result(stride * stride, 0);
  std::vector<std::vector<float>> blocks;
  constexpr size_t kPanel = 96;
  const size_t panels = (columns + kPanel - 1) / kPanel;
  std::vector<float> block;
  for (size_t first = 0; first < rows; first += 4 * kBlockRows) {
    const size_t count = std::min(4 * kBlockRows, rows - first);
    centre_block(values, mean, {first, count}, {0, columns}, stride, block);
    parallel_for(panels, 1, [&](size_t begin, size_t end) {
      for (size_t panel = begin; panel < end; ++panel) {
        const size_t at = panel * kPanel;
        const size_t width = std::min(kPanel, columns - at);
        // The upper triangle only, by whole panels.
        const size_t from = at / kDenseWidth * kDenseWidth;
        add_product(FloatView{block.data() + at, stride, 1}.transposed(), width, count,
                    block.data() + from, stride, stride - from, result.data() + at * stride + from,
                    stride);
      }
    });
  }
  for (size_t i = 0; i < columns; ++i) {
    for (size_t j = 0; j < i; ++j) result[i * stride + j] = result[j * stride + i];
  }
  return result;
}

// Makes the columns of a matrix (rows x `columns`) orthonormal: Gram-Schmidt, each twice, in
// double. Rows of `transposed` are those columns.
void orthonormalise(std::vector<double>& transposed, size_t count, size_t length,
                    const ParallelFor& parallel_for) {
  for (size_t k = 0; k < count; ++k) {
    double* vector = transposed.data() + k * length;
    const auto normalise = [&] {
      const double norm = std::sqrt(std::inner_product(vector, vector + length, vector, 0.0));
      for (size_t i = 0; i < length; ++i) vector[i] /= std::max(norm, 1e-300);
    };
    normalise();
    // All that follow lose their part along this one.
    parallel_for(count - k - 1, 16, [&](size_t begin, size_t end) {
      for (size_t other = begin; other < end; ++other) {
        double* row = transposed.data() + (k + 1 + other) * length;
        const double part = std::inner_product(row, row + length, vector, 0.0);
        for (size_t i = 0; i < length; ++i) row[i] -= part * vector[i];
      }
    });
  }
}

// covariance (stride x stride floats) times the vectors, which are rows.
std::vector<double> apply(const std::vector<float>& covariance, size_t stride, size_t columns,
                          const std::vector<double>& vectors, size_t count,
                          const ParallelFor& parallel_for) {
  std::vector<float> in(count * stride, 0);
  for (size_t k = 0; k < count; ++k) {
    for (size_t i = 0; i < columns; ++i) {
      in[k * stride + i] = static_cast<float>(vectors[k * columns + i]);
    }
  }
  std::vector<float> out(count * stride, 0);
  parallel_for(count, kTileRows * 4, [&](size_t begin, size_t end) {
    add_product(FloatView{in.data() + begin * stride, stride, 1}, end - begin, columns,
                covariance.data(), stride, stride, out.data() + begin * stride, stride);
  });
  std::vector<double> result(count * columns);
  for (size_t k = 0; k < count; ++k) {
    for (size_t i = 0; i < columns; ++i) result[k * columns + i] = out[k * stride + i];
  }
  return result;
}

constexpr size_t kIterations = 6;

// What is left of the covariance within some directions.
struct Subspace {
  size_t count = 0;           // of directions
  std::vector<double> basis;  // rows are directions, orthonormal; empty: those of the columns
  std::vector<double> small;  // count x count
  double total_variance = 0;  // of all columns
};

Subspace subspace_of_covariance(std::span<const float> values, const std::vector<float>& mean,
                                size_t most_axes, const ParallelFor& parallel_for) {
  const size_t columns = mean.size();
  const size_t rows = values.size() / columns;
  const size_t stride = padded_columns(columns);
  std::vector<float> covariance = scatter_matrix(values, mean, parallel_for);
  for (float& value : covariance) value /= static_cast<float>(std::max<size_t>(rows, 1));
  Subspace found;
  for (size_t i = 0; i < columns; ++i) found.total_variance += covariance[i * stride + i];

  const size_t count = found.count = std::min(most_axes, columns);
  found.small.resize(count * count);
  if (count == columns) {
    for (size_t p = 0; p < count; ++p) {
      std::copy_n(covariance.begin() + static_cast<ptrdiff_t>(p * stride), count,
                  found.small.begin() + static_cast<ptrdiff_t>(p * count));
    }
    return found;
  }
  std::vector<double>& basis = found.basis;
  basis.assign(count * columns, 0);
  Rng rng(1);
  for (double& value : basis) value = rng.uniform() - 0.5;
  for (size_t i = 0; i < kIterations; ++i) {
    basis = apply(covariance, stride, columns, basis, count, parallel_for);
    orthonormalise(basis, count, columns, parallel_for);
  }
  const std::vector<double> image = apply(covariance, stride, columns, basis, count, parallel_for);
  parallel_for(count, 8, [&](size_t begin, size_t end) {
    for (size_t p = begin; p < end; ++p) {
      for (size_t q = 0; q < count; ++q) {
        found.small[p * count + q] =
            std::inner_product(basis.begin() + static_cast<ptrdiff_t>(p * columns),
                               basis.begin() + static_cast<ptrdiff_t>((p + 1) * columns),
                               image.begin() + static_cast<ptrdiff_t>(q * columns), 0.0);
      }
    }
  });
  return found;
}

// `vectors` are the first `count` of the columns of a matrix of `width`: as rows, in double.
std::vector<double> turned(const std::vector<float>& vectors, size_t width, size_t count) {
  const size_t length = vectors.size() / width;
  std::vector<double> rows(count * length);
  for (size_t i = 0; i < length; ++i) {
    for (size_t k = 0; k < count; ++k) rows[k * length + i] = vectors[i * width + k];
  }
  return rows;
}

std::vector<float> turned_back(const std::vector<double>& rows, size_t width, size_t count) {
  const size_t length = rows.size() / count;
  std::vector<float> vectors(length * width, 0);
  for (size_t i = 0; i < length; ++i) {
    for (size_t k = 0; k < count; ++k) {
      vectors[i * width + k] = static_cast<float>(rows[k * length + i]);
    }
  }
  return vectors;
}

double total_variance_of(std::span<const float> values, const std::vector<float>& mean,
                         const ParallelFor& parallel_for) {
  const size_t columns = mean.size();
  const size_t rows = values.size() / columns;
  std::vector<double> sums(kSlabs, 0);
  for_slabs(rows, parallel_for, [&](size_t slab, size_t first, size_t end) {
    for (size_t row = first; row < end; ++row) {
      for (size_t j = 0; j < columns; ++j) {
        const double value = double{values[row * columns + j]} - mean[j];
        sums[slab] += value * value;
      }
    }
  });
  return std::accumulate(sums.begin(), sums.end(), 0.0) / static_cast<double>(rows);
}

// The same iteration without the covariance: each step goes over the rows and back.
Subspace subspace_of_rows(std::span<const float> values, const std::vector<float>& mean,
                          size_t most_axes, const ParallelFor& parallel_for) {
  const size_t columns = mean.size();
  const size_t rows = values.size() / columns;
  Subspace found;
  const size_t count = found.count = std::min({most_axes, columns, rows});
  if (count == 0) return found;
  found.total_variance = total_variance_of(values, mean, parallel_for);
  const size_t width = padded_columns(count);
  const auto orthonormal = [&](const std::vector<float>& vectors) {
    std::vector<double> as_rows = turned(vectors, width, count);
    orthonormalise(as_rows, count, as_rows.size() / count, parallel_for);
    return turned_back(as_rows, width, count);
  };
  // Combinations of the rows: as many as there are rows hold all of the variance.
  std::vector<float> of_rows(rows * width, 0);
  for (size_t k = 0; k < count; ++k) of_rows[k * width + k] = 1;
  if (count < rows) {
    Rng rng(1);
    for (size_t i = 0; i < rows * count; ++i) {
      of_rows[i / count * width + i % count] = static_cast<float>(rng.uniform() - 0.5);
    }
  }
  std::vector<float> of_columns = transposed_product(values, mean, of_rows, width, parallel_for);
  for (size_t i = 0; count < rows && i < kIterations; ++i) {
    // Where it is the least work.
    if (rows > columns) of_columns = orthonormal(of_columns);
    of_rows = centred_product(values, mean, of_columns, width, parallel_for);
    if (rows <= columns) of_rows = orthonormal(of_rows);
    of_columns = transposed_product(values, mean, of_rows, width, parallel_for);
  }
  found.basis = turned(of_columns, width, count);
  of_columns = {};
  // Of rows that depend on each other only rounding is left after the first time.
  for (size_t i = 0; i < 2; ++i) orthonormalise(found.basis, count, columns, parallel_for);
  const std::vector<float> image =
      centred_product(values, mean, turned_back(found.basis, width, count), width, parallel_for);
  found.small.assign(count * count, 0);
  parallel_for(count, 8, [&](size_t begin, size_t end) {
    for (size_t row = 0; row < rows; ++row) {
      const float* at = image.data() + row * width;
      for (size_t p = begin; p < end; ++p) {
        const double factor = at[p] / static_cast<double>(rows);
        double* sums = found.small.data() + p * count;
        for (size_t q = 0; q < count; ++q) sums[q] += factor * at[q];
      }
    }
  });
  return found;
}

// Whether the covariance is the least work; if so it has no more than some 28 columns for each
// axis. Of the usual sizes always, so that their last bits stay what they are.
bool covariance_pays(size_t rows, size_t columns, size_t most_axes) {
  constexpr size_t kUsualColumns = 2048;
  if (columns <= kUsualColumns && rows >= columns) return true;
  const auto count = static_cast<double>(std::min({most_axes, columns, rows}));
  const double passes = most_axes < rows ? 2 * (kIterations + 1) : 2;
  const double of_covariance =
      static_cast<double>(columns) * (static_cast<double>(rows) + 2 * (kIterations + 1) * count);
  return of_covariance <= 2 * passes * static_cast<double>(rows) * count;
}

}  // namespace

PrincipalAxes principal_axes(std::span<const float> values, size_t columns, size_t most_axes,
                             const ParallelFor& parallel_for) {
  constexpr double kLeastShare = 1e-9;  // of the first axis: what floats cannot tell from nothing
  PrincipalAxes axes;
  axes.columns = columns;
  if (columns == 0) return axes;
  axes.mean = mean_of_rows(values, columns, parallel_for);
  Subspace found = covariance_pays(values.size() / columns, columns, most_axes)
                       ? subspace_of_covariance(values, axes.mean, most_axes, parallel_for)
                       : subspace_of_rows(values, axes.mean, most_axes, parallel_for);
  axes.total_variance = found.total_variance;
  const size_t count = found.count;
  if (count == 0) return axes;
  std::vector<double>& small = found.small;
  const std::vector<double>& basis = found.basis;
  for (size_t p = 0; p < count; ++p) {
    for (size_t q = 0; q < p; ++q) {
      small[p * count + q] = small[q * count + p] =
          (small[p * count + q] + small[q * count + p]) / 2;
    }
  }
  const EigenPairs eigen = symmetric_eigen(std::move(small), count);
  for (size_t k = 0; k < count; ++k) {
    if (eigen.values[k] > eigen.values[0] * kLeastShare) axes.variances.push_back(eigen.values[k]);
  }
  axes.axes = axes.variances.size();
  const size_t width = padded_columns(axes.axes);
  axes.directions.assign(columns * width, 0);
  parallel_for(columns, 64, [&](size_t begin, size_t end) {
    std::vector<double> sums;
    for (size_t i = begin; i < end; ++i) {
      sums.assign(axes.axes, 0);
      for (size_t p = 0; p < count; ++p) {
        const double part = !basis.empty() ? basis[p * columns + i] : p == i ? 1 : 0;
        if (part == 0) continue;
        for (size_t k = 0; k < axes.axes; ++k) sums[k] += part * eigen.vectors[p * count + k];
      }
      for (size_t k = 0; k < axes.axes; ++k) {
        axes.directions[i * width + k] = static_cast<float>(sums[k]);
      }
    }
  });
  return axes;
}

std::vector<float> project(const PrincipalAxes& axes, std::span<const float> values,
                           const ParallelFor& parallel_for) {
  if (axes.columns == 0) return {};
  return centred_product(values, axes.mean, axes.directions, padded_columns(axes.axes),
                         parallel_for);
}

}  // namespace errata::analysis
