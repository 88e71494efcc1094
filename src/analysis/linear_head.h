// Multinomial logistic regression ("a head") on coordinates, for several folds at once: the rows
// are read once for all of them.
//
// Minimised for each fold: the weighted sum over the rows of other folds of the cross-entropy with
// the targets, plus lambda / 2 times the sum of those weights times the squared length of the
// directions (the biases are free). The method is majorisation with Böhning's (1992) bound on the
// curvature, accelerated (Nesterov 1983) and restarted where it overshoots (O'Donoghue and Candès
// 2015). On principal coordinates the bound is diagonal, so there is no step length to search.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "base/workers.h"

namespace errata::analysis {

// Uncorrelated coordinates (analysis/dense.h): rows x width, zeros behind `axes`.
struct Coordinates {
  std::span<const float> values;
  size_t rows = 0;
  size_t axes = 0;
  size_t width = 0;
  std::vector<double> squares;  // axes: sum of squares over all rows
};

inline constexpr uint8_t kNoFold = 255;

struct HeadTask {
  size_t classes = 0;
  size_t folds = 0;
  std::span<const uint8_t> fold;   // rows: the fold a row is held out of; kNoFold: not trained on
  std::span<const float> targets;  // rows x classes, each row sums to 1
  std::span<const float> weights;  // rows, 0..1
  double lambda = 1e-3;
  size_t most_iterations = 60;
};

// Of every fold: directions[axis * stride + fold * classes + k], biases[fold * classes + k].
struct Heads {
  size_t classes = 0;
  size_t folds = 0;
  size_t stride = 0;
  std::vector<float> directions;
  std::vector<float> biases;  // stride
  size_t iterations = 0;      // that it took
};

// `start`: heads of the same shape to begin from, or nullptr. The result does not depend on the
// number of threads. Calls `tick` once an iteration; it may throw.
Heads train_heads(const Coordinates& coordinates, const HeadTask& task, const Heads* start,
                  const ParallelFor& parallel_for, const std::function<void()>& tick);

// rows x classes: of each row the probabilities by the head of its own fold, which did not see it;
// for kNoFold the mean over all heads.
std::vector<float> held_out_probabilities(const Coordinates& coordinates, const Heads& heads,
                                          std::span<const uint8_t> fold,
                                          const ParallelFor& parallel_for);

}  // namespace errata::analysis
