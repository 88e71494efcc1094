#include "analysis/embedding_space.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace errata::analysis {

namespace {

constexpr size_t kGrain = 1024;

void sum_squares(EmbeddingSpace& space) {
  space.squares.assign(space.axes, 0);
  for (size_t row = 0; row < space.rows; ++row) {
    for (size_t j = 0; j < space.axes; ++j) {
      const double value = space.values[row * space.width + j];
      space.squares[j] += value * value;
    }
  }
}

EmbeddingSpace space_of(const PrincipalAxes& axes, size_t rows, std::vector<float> coordinates,
                        std::vector<float> left_out = {}) {
  EmbeddingSpace space;
  space.axes = axes.axes;
  space.width = padded_columns(axes.axes);
  space.rows = rows;
  space.values = std::move(coordinates);
  const double kept = std::accumulate(axes.variances.begin(), axes.variances.end(), 0.0);
  space.kept_variance = axes.total_variance > 0 ? std::min(1.0, kept / axes.total_variance) : 1;
  const auto scale = static_cast<float>(kept > 0 ? 1 / std::sqrt(kept) : 1);
  for (float& value : space.values) value *= scale;
  space.left_out = std::move(left_out);
  for (float& value : space.left_out) value *= scale * scale;
  sum_squares(space);
  return space;
}

EmbeddingSpace make_space(std::span<float> values, size_t columns, SpaceScaling scaling,
                          const ParallelFor& parallel_for) {
  const SpaceAxes axes(values, columns, scaling, parallel_for);
  std::vector<float> coordinates = axes.coordinates(values, parallel_for);
  std::vector<float> left_out = axes.left_out(values, coordinates, parallel_for);
  const size_t rows = left_out.size();
  return axes.space(rows, std::move(coordinates), std::move(left_out));
}

}  // namespace

SpaceAxes::SpaceAxes(std::span<float> sample, size_t columns, SpaceScaling scaling,
                     const ParallelFor& parallel_for, double least_variance)
    : columns_(columns), scaling_(scaling) {
  if (columns == 0) return;
  const size_t rows = sample.size() / columns;
  size_t most_axes = EmbeddingSpace::kMostAxes;
  if (scaling == SpaceScaling::kColumns) {
    most_axes = std::min(most_axes, rows / 4 + 1);
    mean_.resize(columns);
    factor_.resize(columns);
    const auto count = static_cast<double>(std::max<size_t>(rows, 1));
    // Each task owns some columns, so that the order of the additions is always the same.
    parallel_for(columns, 64, [&](size_t begin, size_t end) {
      std::vector<double> squares(columns, 0);
      for (size_t row = 0; row < rows; ++row) {
        for (size_t j = begin; j < end; ++j) {
          const double value = sample[row * columns + j];
          mean_[j] += value;
          squares[j] += value * value;
        }
      }
      for (size_t j = begin; j < end; ++j) {
        mean_[j] /= count;
        const double square = squares[j] / count;
        const double variance = square - mean_[j] * mean_[j];
        const bool tells = variance > std::max(1e-9 * square, least_variance);
        factor_[j] = tells ? 1 / std::sqrt(variance) : 0;
      }
    });
  }
  scale(sample, parallel_for);
  axes_ = principal_axes(sample, columns, most_axes, parallel_for);
}

void SpaceAxes::scale(std::span<float> rows, const ParallelFor& parallel_for) const {
  if (columns_ == 0) return;
  parallel_for(rows.size() / columns_, kGrain, [&](size_t begin, size_t end) {
    for (size_t row = begin; row < end; ++row) {
      float* values = rows.data() + row * columns_;
      if (scaling_ == SpaceScaling::kColumns) {
        for (size_t j = 0; j < columns_; ++j) {
          values[j] = static_cast<float>((values[j] - mean_[j]) * factor_[j]);
        }
        continue;
      }
      double square = 0;
      for (size_t j = 0; j < columns_; ++j) square += double{values[j]} * values[j];
      const auto factor = static_cast<float>(square > 0 ? 1 / std::sqrt(square) : 0);
      for (size_t j = 0; j < columns_; ++j) values[j] *= factor;
    }
  });
}

std::vector<float> SpaceAxes::coordinates(std::span<const float> scaled,
                                          const ParallelFor& parallel_for) const {
  return project(axes_, scaled, parallel_for);
}

std::vector<float> SpaceAxes::left_out(std::span<const float> scaled,
                                       std::span<const float> coordinates,
                                       const ParallelFor& parallel_for) const {
  if (columns_ == 0) return {};
  std::vector<float> left(scaled.size() / columns_);
  parallel_for(left.size(), kGrain, [&](size_t begin, size_t end) {
    for (size_t row = begin; row < end; ++row) {
      double square = 0;
      for (size_t j = 0; j < columns_; ++j) {
        const double value = double{scaled[row * columns_ + j]} - axes_.mean[j];
        square += value * value;
      }
      for (const float value : coordinates.subspan(row * width(), width())) {
        square -= double{value} * value;
      }
      left[row] = static_cast<float>(std::max(0.0, square));
    }
  });
  return left;
}

EmbeddingSpace SpaceAxes::space(size_t rows, std::vector<float> coordinates,
                                std::vector<float> left_out) const {
  return space_of(axes_, rows, std::move(coordinates), std::move(left_out));
}

EmbeddingSpace make_embedding_space(std::span<float> embeddings, size_t columns,
                                    const ParallelFor& parallel_for) {
  return make_space(embeddings, columns, SpaceScaling::kLength, parallel_for);
}

EmbeddingSpace make_feature_space(std::span<float> features, size_t columns,
                                  const ParallelFor& parallel_for) {
  return make_space(features, columns, SpaceScaling::kColumns, parallel_for);
}

EmbeddingSpace join_spaces(std::span<const EmbeddingSpace* const> spaces,
                           const ParallelFor& parallel_for) {
  const size_t rows = spaces.front()->rows;
  size_t columns = 0;
  for (const EmbeddingSpace* space : spaces) columns += space->axes;
  const size_t stride = padded_columns(columns);  // so that the coordinates fit into their place
  std::vector<float> values(rows * stride, 0);
  parallel_for(rows, kGrain, [&](size_t begin, size_t end) {
    for (size_t row = begin; row < end; ++row) {
      float* to = values.data() + row * stride;
      for (const EmbeddingSpace* space : spaces) {
        to = std::copy_n(space->values.data() + row * space->width, space->axes, to);
      }
    }
  });
  const PrincipalAxes axes = principal_axes(values, stride, stride, parallel_for);
  const size_t width = padded_columns(axes.axes);
  parallel_for(rows, kGrain, [&](size_t begin, size_t end) {
    const std::span<float> block =
        std::span(values).subspan(begin * stride, (end - begin) * stride);
    const std::vector<float> turned = project(axes, block, serial_for);
    for (size_t i = 0; i < end - begin; ++i) {
      std::copy_n(turned.data() + i * width, width, block.data() + i * stride);
    }
  });
  for (size_t row = 1; width < stride && row < rows; ++row) {
    std::copy_n(values.data() + row * stride, width, values.data() + row * width);
  }
  values.resize(rows * width);
  return space_of(axes, rows, std::move(values));
}

EmbeddingSpace take_rows(const EmbeddingSpace& space, std::span<const size_t> rows) {
  EmbeddingSpace taken;
  taken.axes = space.axes;
  taken.width = space.width;
  taken.kept_variance = space.kept_variance;
  taken.rows = rows.size();
  taken.values.reserve(rows.size() * space.width);
  for (const size_t row : rows) {
    const std::span<const float> values = space.matrix().row(row);
    taken.values.insert(taken.values.end(), values.begin(), values.end());
  }
  sum_squares(taken);
  return taken;
}

EmbeddingSpace place_rows(EmbeddingSpace space, std::span<const size_t> places, size_t rows) {
  std::vector<float> values(rows * space.width, 0);
  for (size_t i = 0; i < places.size(); ++i) {
    std::copy_n(space.values.data() + i * space.width, space.width,
                values.data() + places[i] * space.width);
  }
  space.rows = rows;
  space.values = std::move(values);
  space.left_out.clear();
  return space;
}

}  // namespace errata::analysis
