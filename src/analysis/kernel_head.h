// Kernel ridge regression on embeddings, held out: what a linear head cannot bend to, and, with
// squared loss, what a few wrong labels pull less than a logistic one.
//
// The kernel is exp(-d^2 / the median d^2) (Gaussian, at the width of the median heuristic); the
// functions are sums of it around some of the rows, the landmarks (Nyström's method as regression
// on a subset: Smola and Schoelkopf 2000; Williams and Seeger 2001). For each fold, of the rows of
// others: (K' W K + lambda M) a = K' W (T - 1 / classes), K rows x landmarks, M landmarks x
// landmarks, W the rows' weights, T one for the label's class and zero for others. lambda is 1/4,
// the most that the variance of a label can be: that of one tossed between two classes.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "analysis/probe.h"
#include "base/workers.h"
#include "model/ids.h"

namespace errata::analysis {

struct Landmarks {
  size_t count = 0;
  size_t stride = 0;              // padded_columns(count)
  std::vector<uint32_t> rows;     // which of the space they are
  std::vector<float> transposed;  // width of the space x stride
  std::vector<float> squares;     // stride: squared lengths
  float scale = 0;                // 1 / median squared distance
};

// Rows drawn by the seed, at most half of them and at most kMostLandmarks; fewer where classes are
// so many that landmarks x classes passes 2^24. None where rows do not differ.
inline constexpr size_t kMostLandmarks = 2000;
Landmarks choose_landmarks(const EmbeddingSpace& space, size_t classes, uint64_t seed);

// rows x classes: softmax of each row's values by the fold that did not see it, at the temperature
// of least log loss on the rows that weigh; of kNoFold: by all rows. `folds` beyond five are taken
// together (their rows stay apart from those of other numbers modulo five). Rows without a label
// have no say. The result does not depend on the number of threads. Calls `tick` while it works; it
// may throw. Memory: landmarks^2 doubles for each of six folds, and landmarks x classes.
std::vector<float> held_out_kernel(const EmbeddingSpace& space, const Landmarks& landmarks,
                                   std::span<const ClassIndex> labels,
                                   std::span<const float> weights, std::span<const uint8_t> fold,
                                   size_t folds, size_t classes, const ParallelFor& parallel_for,
                                   const std::function<void()>& tick);

}  // namespace errata::analysis
