#include "analysis/kernel_head.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "analysis/dense.h"
#include "analysis/fma.h"
#include "analysis/temperature.h"
#include "base/random.h"

namespace errata::analysis {

namespace {

constexpr double kLambda = 0.25;
// Added to the diagonal, so that landmarks that say the same do no harm: beside lambda, and for
// each row, above what floats lose of the products.
constexpr double kRidge = 1e-4;
constexpr double kRidgeOfRow = 3e-6;
constexpr size_t kMostFolds = 5;
constexpr size_t kMostSums = size_t{1} << 24;  // landmarks x classes
constexpr size_t kBlockRows = 384;
constexpr size_t kFloatRows = 64;  // whose products are summed in floats
constexpr size_t kPanel = 96;      // a multiple of kDenseWidth
constexpr size_t kGrain = 24;
// Values lie between 0 and 1, so that this is about the largest power that a softmax can want.
constexpr double kValueScale = 10;

double squared_distance(const float* a, const float* b, size_t width) {
  double sum = 0;
  for (size_t j = 0; j < width; ++j) {
    const double step = double{a[j]} - b[j];
    sum += step * step;
  }
  return sum;
}

// The kernel between some rows and the landmarks: rows x stride, zeros behind the landmarks.
void fill_kernel(const EmbeddingSpace& space, const Landmarks& landmarks,
                 std::span<const uint32_t> rows, std::vector<float>& values,
                 const ParallelFor& parallel_for) {
  const size_t stride = landmarks.stride;
  values.resize(rows.size() * stride);
  parallel_for(rows.size(), kGrain, [&](size_t begin, size_t end) {
    std::vector<float> near;
    for (size_t i = begin; i < end; ++i) {
      const float* row = space.values.data() + size_t{rows[i]} * space.width;
      near.insert(near.end(), row, row + space.width);
    }
    float* out = values.data() + begin * stride;
    std::fill_n(out, (end - begin) * stride, 0.0f);
    add_product({near.data(), space.width, 1}, end - begin, space.width,
                landmarks.transposed.data(), stride, stride, out, stride);
    for (const float* row = near.data(); row < near.data() + near.size(); row += space.width) {
      const float square = std::inner_product(row, row + space.width, row, 0.0f);
      for (size_t j = 0; j < landmarks.count; ++j) {
        const float distance = std::max(square + landmarks.squares[j] - 2 * out[j], 0.0f);
        out[j] = std::exp(-distance * landmarks.scale);
      }
      std::fill(out + landmarks.count, out + stride, 0.0f);
      out += stride;
    }
  });
}

// Of the rows of one fold: K' W K, its upper triangle by panels, and K' W T, a row for each class.
struct FoldSums {
  std::vector<double> products;  // stride x stride
  std::vector<double> targets;   // classes x stride
};

struct Task {
  const EmbeddingSpace& space;
  const Landmarks& landmarks;
  std::span<const ClassIndex> labels;
  std::span<const float> weights;
  size_t classes = 0;
  const ParallelFor& parallel_for;
  const std::function<void()>& tick;
};

// Sums of floats over a few rows, of doubles over all: the smallest directions of the products are
// below what floats keep of many rows.
void add_block(const Task& task, std::span<const uint32_t> rows, const std::vector<float>& kernel,
               std::vector<float>& weighted, FoldSums& sums) {
  const size_t stride = task.landmarks.stride;
  weighted = kernel;
  for (size_t i = 0; i < rows.size(); ++i) {
    float* row = weighted.data() + i * stride;
    for (size_t j = 0; j < stride; ++j) row[j] *= task.weights[rows[i]];
  }
  task.parallel_for((stride + kPanel - 1) / kPanel, 1, [&](size_t begin, size_t end) {
    std::vector<float> part;
    for (size_t panel = begin; panel < end; ++panel) {
      const size_t at = panel * kPanel;
      const size_t width = std::min(kPanel, stride - at);
      const size_t columns = stride - at;
      for (size_t first = 0; first < rows.size(); first += kFloatRows) {
        part.assign(width * columns, 0);
        const float* from = weighted.data() + first * stride + at;
        add_product(FloatView{from, stride, 1}.transposed(), width,
                    std::min(kFloatRows, rows.size() - first), kernel.data() + first * stride + at,
                    stride, columns, part.data(), columns);
        for (size_t i = 0; i < width; ++i) {
          double* to = sums.products.data() + (at + i) * stride + at;
          for (size_t j = 0; j < columns; ++j) to[j] += part[i * columns + j];
        }
      }
      for (size_t i = 0; i < rows.size(); ++i) {
        const auto label = static_cast<size_t>(task.labels[rows[i]]);
        const float* row = weighted.data() + i * stride;
        double* to = sums.targets.data() + label * stride;
        for (size_t j = at; j < at + width; ++j) to[j] += row[j];
      }
    }
  });
}

FoldSums sum_fold(const Task& task, std::span<const uint32_t> rows) {
  const size_t stride = task.landmarks.stride;
  FoldSums sums{std::vector<double>(stride * stride, 0),
                std::vector<double>(task.classes * stride, 0)};
  std::vector<float> kernel;
  std::vector<float> weighted;
  for (size_t first = 0; first < rows.size(); first += kBlockRows) {
    task.tick();
    const auto block = rows.subspan(first, std::min(kBlockRows, rows.size() - first));
    fill_kernel(task.space, task.landmarks, block, kernel, task.parallel_for);
    add_block(task, block, kernel, weighted, sums);
  }
  return sums;
}

void subtract(std::vector<double>& from, const std::vector<double>& what) {
  for (size_t i = 0; i < from.size(); ++i) from[i] -= what[i];
}

// row[j] -= sum over k < depth of factors[k * factor_step] * panel[k * stride + j], j < columns.
__attribute__((always_inline)) inline void subtract_rows_body(const double* factors,
                                                              size_t factor_step, size_t depth,
                                                              const double* panel, size_t stride,
                                                              size_t columns, double* row) {
  size_t k = 0;
  for (; k + 4 <= depth; k += 4) {
    const double a = factors[k * factor_step];
    const double b = factors[(k + 1) * factor_step];
    const double c = factors[(k + 2) * factor_step];
    const double d = factors[(k + 3) * factor_step];
    const double* p = panel + k * stride;
    for (size_t j = 0; j < columns; ++j) {
      row[j] -= (a * p[j] + b * p[stride + j]) + (c * p[2 * stride + j] + d * p[3 * stride + j]);
    }
  }
  for (; k < depth; ++k) {
    const double a = factors[k * factor_step];
    for (size_t j = 0; j < columns; ++j) row[j] -= a * panel[k * stride + j];
  }
}

#if defined(__x86_64__) && defined(__GNUC__)
__attribute__((target("avx2,fma"))) void subtract_rows_avx2(const double* factors,
                                                            size_t factor_step, size_t depth,
                                                            const double* panel, size_t stride,
                                                            size_t columns, double* row) {
  subtract_rows_body(factors, factor_step, depth, panel, stride, columns, row);
}
#endif

void subtract_rows(const double* factors, size_t factor_step, size_t depth, const double* panel,
                   size_t stride, size_t columns, double* row) {
#if defined(__x86_64__) && defined(__GNUC__)
  if (has_fma()) {
    return subtract_rows_avx2(factors, factor_step, depth, panel, stride, columns, row);
  }
#endif
  subtract_rows_body(factors, factor_step, depth, panel, stride, columns, row);
}

// Cholesky's factor U, U'U = a, in place of the upper triangle of n x n (rows `stride` apart),
// whose eigenvalues are `least` or more.
void factorise(std::vector<double>& a, size_t n, size_t stride, double least) {
  constexpr size_t kDepth = 64;
  for (size_t first = 0; first < n; first += kDepth) {
    const size_t end = std::min(first + kDepth, n);
    for (size_t i = first; i < end; ++i) {
      double* row = a.data() + i * stride;
      subtract_rows(a.data() + first * stride + i, stride, i - first, a.data() + first * stride + i,
                    stride, n - i, row + i);
      const double pivot = 1 / std::sqrt(std::max(row[i], least));
      for (size_t j = i; j < n; ++j) row[j] *= pivot;
    }
    for (size_t i = end; i < n; ++i) {
      subtract_rows(a.data() + first * stride + i, stride, end - first,
                    a.data() + first * stride + i, stride, n - i, a.data() + i * stride + i);
    }
  }
}

// Solves U'U x = b for each row of `right` (count x stride), in place.
void solve(const std::vector<double>& factor, size_t n, size_t stride, size_t count,
           std::vector<double>& right) {
  for (size_t c = 0; c < count; ++c) {
    double* x = right.data() + c * stride;
    for (size_t i = 0; i < n; ++i) {
      const double* row = factor.data() + i * stride;
      x[i] /= row[i];
      for (size_t j = i + 1; j < n; ++j) x[j] -= row[j] * x[i];
    }
    for (size_t i = n; i-- > 0;) {
      const double* row = factor.data() + i * stride;
      double sum = x[i];
      for (size_t j = i + 1; j < n; ++j) sum -= row[j] * x[j];
      x[i] = sum / row[i];
    }
  }
}

// landmarks x padded_columns(classes): what each landmark says of each class.
std::vector<float> coefficients(const Task& task, const std::vector<float>& own_kernel,
                                FoldSums sums) {
  const size_t n = task.landmarks.count;
  const size_t stride = task.landmarks.stride;
  const double ridge = kRidge + kRidgeOfRow * static_cast<double>(task.space.rows);
  for (size_t i = 0; i < n; ++i) {
    for (size_t j = i; j < n; ++j) {
      sums.products[i * stride + j] += kLambda * double{own_kernel[i * stride + j]};
    }
    sums.products[i * stride + i] += ridge;
  }
  for (size_t j = 0; j < n; ++j) {
    double mean = 0;
    for (size_t k = 0; k < task.classes; ++k) mean += sums.targets[k * stride + j];
    mean /= static_cast<double>(task.classes);
    for (size_t k = 0; k < task.classes; ++k) sums.targets[k * stride + j] -= mean;
  }
  factorise(sums.products, n, stride, ridge);
  solve(sums.products, n, stride, task.classes, sums.targets);
  const size_t width = padded_columns(task.classes);
  std::vector<float> result(n * width, 0);
  for (size_t j = 0; j < n; ++j) {
    for (size_t k = 0; k < task.classes; ++k) {
      result[j * width + k] = static_cast<float>(sums.targets[k * stride + j]);
    }
  }
  return result;
}

void ask(const Task& task, const std::vector<float>& said, std::span<const uint32_t> rows,
         std::vector<float>& result) {
  const size_t width = padded_columns(task.classes);
  std::vector<float> kernel;
  for (size_t first = 0; first < rows.size(); first += kBlockRows) {
    task.tick();
    const auto block = rows.subspan(first, std::min(kBlockRows, rows.size() - first));
    fill_kernel(task.space, task.landmarks, block, kernel, task.parallel_for);
    task.parallel_for(block.size(), kGrain, [&](size_t begin, size_t end) {
      std::vector<float> values((end - begin) * width, 0);
      add_product({kernel.data() + begin * task.landmarks.stride, task.landmarks.stride, 1},
                  end - begin, task.landmarks.count, said.data(), width, width, values.data(),
                  width);
      for (size_t i = begin; i < end; ++i) {
        std::copy_n(values.data() + (i - begin) * width, task.classes,
                    result.data() + size_t{block[i]} * task.classes);
      }
    });
  }
}

void soften(const Task& task, std::vector<float>& result) {
  const double power =
      kValueScale * best_power(task.labels, task.classes, [&](size_t row, std::span<double> logs) {
        const float* values = result.data() + row * task.classes;
        for (size_t k = 0; k < task.classes; ++k) logs[k] = kValueScale * values[k];
        return task.weights[row] > 0;
      });
  to_probabilities(result, task.classes, power, task.parallel_for);
}

}  // namespace

Landmarks choose_landmarks(const EmbeddingSpace& space, size_t classes, uint64_t seed) {
  Landmarks made;
  const size_t count =
      std::min({kMostLandmarks, space.rows / 2, kMostSums / std::max<size_t>(classes, 1)});
  std::vector<uint32_t> rows(space.rows);
  std::iota(rows.begin(), rows.end(), 0);
  Rng rng(seed);
  for (size_t i = 0; i < count; ++i) std::swap(rows[i], rows[i + rng.below(rows.size() - i)]);
  rows.resize(count);
  const auto row_of = [&](size_t i) { return space.values.data() + size_t{rows[i]} * space.width; };
  std::vector<double> distances;
  for (size_t i = 0; i + 1 < count; ++i) {
    distances.push_back(squared_distance(row_of(i), row_of(i + 1), space.width));
  }
  if (distances.empty()) return made;
  const auto middle = distances.begin() + static_cast<ptrdiff_t>(distances.size() / 2);
  std::nth_element(distances.begin(), middle, distances.end());
  if (*middle <= 0) return made;
  made.scale = static_cast<float>(1 / *middle);
  made.count = count;
  made.stride = padded_columns(count);
  made.transposed.assign(space.width * made.stride, 0);
  made.squares.assign(made.stride, 0);
  for (size_t i = 0; i < count; ++i) {
    const float* row = row_of(i);
    for (size_t j = 0; j < space.width; ++j) made.transposed[j * made.stride + i] = row[j];
    made.squares[i] = std::inner_product(row, row + space.width, row, 0.0f);
  }
  made.rows = std::move(rows);
  return made;
}

std::vector<float> held_out_kernel(const EmbeddingSpace& space, const Landmarks& landmarks,
                                   std::span<const ClassIndex> labels,
                                   std::span<const float> weights, std::span<const uint8_t> fold,
                                   size_t folds, size_t classes, const ParallelFor& parallel_for,
                                   const std::function<void()>& tick) {
  const Task task{space, landmarks, labels, weights, classes, parallel_for, tick};
  const size_t parts = std::min(folds, kMostFolds);
  std::vector<std::vector<uint32_t>> rows(parts + 1);  // the last: of no fold
  for (size_t row = 0; row < space.rows; ++row) {
    rows[fold[row] == kNoFold ? parts : fold[row] % parts].push_back(static_cast<uint32_t>(row));
  }
  std::vector<FoldSums> sums;
  for (size_t f = 0; f < parts; ++f) sums.push_back(sum_fold(task, rows[f]));
  FoldSums total = sums[0];
  for (size_t f = 1; f < parts; ++f) {
    for (size_t i = 0; i < total.products.size(); ++i) total.products[i] += sums[f].products[i];
    for (size_t i = 0; i < total.targets.size(); ++i) total.targets[i] += sums[f].targets[i];
  }
  std::vector<float> own_kernel;
  fill_kernel(space, landmarks, landmarks.rows, own_kernel, parallel_for);
  std::vector<std::vector<float>> said(parts + 1);
  parallel_for(parts + 1, 1, [&](size_t begin, size_t end) {
    for (size_t f = begin; f < end; ++f) {
      if (rows[f].empty()) continue;
      FoldSums others = total;
      if (f < parts) {
        subtract(others.products, sums[f].products);
        subtract(others.targets, sums[f].targets);
        sums[f] = {};
      }
      said[f] = coefficients(task, own_kernel, std::move(others));
    }
  });
  std::vector<float> result(space.rows * classes, 0);
  for (size_t f = 0; f <= parts; ++f) ask(task, said[f], rows[f], result);
  soften(task, result);
  return result;
}

}  // namespace errata::analysis
