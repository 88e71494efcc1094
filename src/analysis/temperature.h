// The temperature at which probabilities fit labels best (Guo et al. 2017), as a power: p^a / sum.
#pragma once

#include <cstddef>
#include <functional>
#include <span>

#include "base/workers.h"
#include "model/ids.h"

namespace errata::analysis {

// The power of least log loss on the labels, 0.05..4, by golden section over its logarithm; 1 where
// no row counts. `logs_of(row, logs)` fills the row's logarithms, up to a constant, and says
// whether it counts. Of many rows every n-th is looked at.
double best_power(std::span<const ClassIndex> labels, size_t classes,
                  const std::function<bool(size_t, std::span<double>)>& logs_of);

// Each row of `logs` (rows x classes) becomes its probabilities, exp(power * log) / sum.
void to_probabilities(std::span<float> logs, size_t classes, double power,
                      const ParallelFor& parallel_for);

}  // namespace errata::analysis
