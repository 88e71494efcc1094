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
#include <memory>
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

// What heads are trained on. The spans outlive whatever is made of them.
struct HeadRows {
  Coordinates coordinates;
  size_t classes = 0;
  size_t folds = 0;
  std::span<const uint8_t> fold;   // rows: the fold a row is held out of; kNoFold: not trained on
  std::span<const float> targets;  // rows x classes, each row sums to 1
  std::span<const float> weights;  // rows, 0..1
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

// Of the arrays of heads of these rows.
size_t head_stride(const HeadRows& rows);

// The sums over all rows, which are nearly all of the work. Bound to its rows.
class HeadMath {
 public:
  virtual ~HeadMath() = default;

  // Adds, for each head, the sum over the rows of other folds of weight * (probability - target)
  // times the row's coordinates to `directions`, and without them to `biases`; the layout of Heads.
  virtual void add_gradient(const Heads& heads, std::span<double> directions,
                            std::span<double> biases) = 0;

  // rows x classes: of each row the probabilities by the head of its own fold, which did not see
  // it; for kNoFold the mean over all heads.
  virtual std::vector<float> held_out_probabilities(const Heads& heads) = 0;
};

using HeadMathFactory = std::function<std::unique_ptr<HeadMath>(const HeadRows&)>;

// On the processor. The result does not depend on the number of threads.
HeadMathFactory processor_head_math(ParallelFor parallel_for);

struct HeadOptions {
  double lambda = 1e-3;
  size_t most_iterations = 60;
};

// `math` is of `rows`; `start`: heads of the same shape to begin from, or nullptr. Calls `tick`
// once an iteration; it may throw.
Heads train_heads(const HeadRows& rows, HeadMath& math, const HeadOptions& options,
                  const Heads* start, const std::function<void()>& tick);

}  // namespace errata::analysis
