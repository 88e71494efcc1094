#include "analysis/class_space.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "analysis/dense.h"
#include "analysis/temperature.h"

namespace errata::analysis {

namespace {

constexpr double kShrinkage = 0.3;
constexpr size_t kRowsPerAxis = 8;
constexpr size_t kGrain = 1024;

// The first `axes` columns, close together.
std::vector<float> first_axes(const EmbeddingSpace& space, size_t axes) {
  std::vector<float> values(space.rows * axes);
  for (size_t row = 0; row < space.rows; ++row) {
    std::copy_n(space.values.data() + row * space.width, axes, values.data() + row * axes);
  }
  return values;
}

std::vector<float> residuals(std::span<const float> values, size_t axes,
                             std::span<const ClassIndex> labels, size_t classes) {
  std::vector<double> mean(classes * axes, 0);
  std::vector<double> size(classes, 0);
  for (size_t row = 0; row < labels.size(); ++row) {
    if (labels[row] == kNoClass) continue;
    const auto label = static_cast<size_t>(labels[row]);
    size[label] += 1;
    for (size_t j = 0; j < axes; ++j) mean[label * axes + j] += values[row * axes + j];
  }
  std::vector<float> left;
  left.reserve(values.size());
  for (size_t row = 0; row < labels.size(); ++row) {
    if (labels[row] == kNoClass) continue;
    const auto label = static_cast<size_t>(labels[row]);
    for (size_t j = 0; j < axes; ++j) {
      left.push_back(
          static_cast<float>(values[row * axes + j] - mean[label * axes + j] / size[label]));
    }
  }
  return left;
}

// Of the rows outside each fold: sums[(fold * classes + k) * width + axis] and their weight; the
// last fold is of all rows.
struct ClassSums {
  std::vector<double> sums;
  std::vector<double> weight;  // fold * classes + k
};

ClassSums class_sums(const ClassSpace& space, std::span<const ClassIndex> labels,
                     std::span<const float> weights, std::span<const uint8_t> fold, size_t folds,
                     size_t classes) {
  ClassSums all;
  all.sums.assign((folds + 1) * classes * space.width, 0);
  all.weight.assign((folds + 1) * classes, 0);
  for (size_t row = 0; row < labels.size(); ++row) {
    if (labels[row] == kNoClass || fold[row] == kNoFold) continue;
    const size_t at = fold[row] * classes + static_cast<size_t>(labels[row]);
    all.weight[at] += weights[row];
    const float* values = space.values.data() + row * space.width;
    double* sums = all.sums.data() + at * space.width;
    for (size_t j = 0; j < space.width; ++j) sums[j] += double{weights[row]} * values[j];
  }
  const auto take_complement = [&](std::vector<double>& values, size_t stride) {
    for (size_t i = 0; i < stride; ++i) {
      double total = 0;
      for (size_t f = 0; f < folds; ++f) total += values[f * stride + i];
      for (size_t f = 0; f < folds; ++f) values[f * stride + i] = total - values[f * stride + i];
      values[folds * stride + i] = total;
    }
  };
  take_complement(all.sums, classes * space.width);
  take_complement(all.weight, classes);
  return all;
}

constexpr float kAbsent = -1e4f;  // offset of a class without a row outside the fold

// Linear discriminants of each fold: direction[(fold * width + axis) * classes + k], and offsets.
struct Discriminants {
  std::vector<float> direction;
  std::vector<float> offset;
};

Discriminants make_discriminants(const ClassSums& sums, size_t width, size_t folds,
                                 size_t classes) {
  Discriminants made;
  made.direction.assign((folds + 1) * width * classes, 0);
  made.offset.assign((folds + 1) * classes, kAbsent);
  for (size_t f = 0; f <= folds; ++f) {
    const double total =
        std::accumulate(sums.weight.begin() + static_cast<ptrdiff_t>(f * classes),
                        sums.weight.begin() + static_cast<ptrdiff_t>((f + 1) * classes), 0.0);
    for (size_t k = 0; k < classes; ++k) {
      const double weight = sums.weight[f * classes + k];
      if (weight < 1e-6) continue;
      double square = 0;
      for (size_t j = 0; j < width; ++j) {
        const double mean = sums.sums[(f * classes + k) * width + j] / weight;
        made.direction[(f * width + j) * classes + k] = static_cast<float>(mean);
        square += mean * mean;
      }
      made.offset[f * classes + k] = static_cast<float>(std::log(weight / total) - square / 2);
    }
  }
  return made;
}

}  // namespace

ClassSpace make_class_space(const EmbeddingSpace& space, std::span<const ClassIndex> labels,
                            size_t classes, const ParallelFor& parallel_for) {
  ClassSpace made;
  made.rows = space.rows;
  const auto labelled = static_cast<size_t>(
      std::count_if(labels.begin(), labels.end(), [](ClassIndex k) { return k != kNoClass; }));
  const size_t axes = std::min(space.axes, std::max<size_t>(labelled / kRowsPerAxis, 1));
  const std::vector<float> values = first_axes(space, axes);
  PrincipalAxes within =
      principal_axes(residuals(values, axes, labels, classes), axes, axes, parallel_for);
  if (within.axes == 0) {  // nothing varies within the classes
    made.values = space.values;
    made.width = space.width;
    return made;
  }
  // The origin stays the mean of all rows.
  std::fill(within.mean.begin(), within.mean.end(), 0.0f);
  made.width = padded_columns(within.axes);
  made.values = project(within, values, parallel_for);
  std::vector<float> scale(made.width, 0);
  const double least = kShrinkage * within.total_variance / static_cast<double>(axes);
  for (size_t j = 0; j < within.axes; ++j) {
    scale[j] = static_cast<float>(1 / std::sqrt(within.variances[j] + least));
  }
  parallel_for(made.rows, kGrain, [&](size_t begin, size_t end) {
    for (size_t row = begin; row < end; ++row) {
      for (size_t j = 0; j < made.width; ++j) made.values[row * made.width + j] *= scale[j];
    }
  });
  return made;
}

std::vector<float> held_out_class_means(const ClassSpace& space, std::span<const ClassIndex> labels,
                                        std::span<const float> weights,
                                        std::span<const uint8_t> fold, size_t folds, size_t classes,
                                        const ParallelFor& parallel_for) {
  const Discriminants made = make_discriminants(
      class_sums(space, labels, weights, fold, folds, classes), space.width, folds, classes);
  std::vector<float> result(space.rows * classes);
  parallel_for(space.rows, kGrain, [&](size_t begin, size_t end) {
    for (size_t row = begin; row < end; ++row) {
      const size_t f = fold[row] == kNoFold ? folds : fold[row];
      float* out = result.data() + row * classes;
      std::copy_n(made.offset.data() + f * classes, classes, out);
      const float* values = space.values.data() + row * space.width;
      const float* direction = made.direction.data() + f * space.width * classes;
      for (size_t j = 0; j < space.width; ++j, direction += classes) {
        for (size_t k = 0; k < classes; ++k) out[k] += values[j] * direction[k];
      }
    }
  });
  const double power = best_power(labels, classes, [&](size_t row, std::span<double> logs) {
    std::copy_n(result.data() + row * classes, classes, logs.data());
    // What no row outside the fold could teach says nothing of how sure the others should be.
    const size_t f = fold[row] == kNoFold ? folds : fold[row];
    const bool known = made.offset[f * classes + static_cast<size_t>(labels[row])] > kAbsent;
    return known && weights[row] > 0;
  });
  to_probabilities(result, classes, power, parallel_for);
  return result;
}

}  // namespace errata::analysis
