// How many labels are wrong, from beliefs in the classes that did not see them.
//
// It cannot be known from pictures and labels alone: a class that people often confuse with another
// looks like a class that a model cannot tell from it. Two answers bracket it.
//   - The confident joint (Northcutt, Jiang, Chuang 2021) takes every confident contradiction for a
//     wrong label, the model's own confident errors included: too many where few labels are wrong.
//   - A noise matrix of classes, P(given | true), fitted together with a temperature of the belief
//     by maximum likelihood (EM; Dawid and Skene 1979, with the belief in the annotator's place),
//     takes for wrong only what does not depend on the picture, and leaves the confusions near the
//     borders of classes to the temperature: too few where people confuse what the model confuses.
// The estimate is the middle of the two; the interval reaches from the lower end of the second to
// the upper end of the first (or the other way round).
#pragma once

#include <span>

#include "analysis/bootstrap.h"
#include "base/workers.h"
#include "model/ids.h"

namespace errata::analysis {

struct NoiseEstimate {
  Interval wrong;            // labels
  Interval by_joint;         // by the confident joint alone, bootstrapped over the samples
  Interval by_noise_matrix;  // by the noise matrix alone, fitted again to 32 resamples
};

// `belief`: rows x classes, each row summing to 1, first NaN where there is none; the confident
// joint judges by it. `plain`: the same of a witness that took the given labels as they are, such
// as the probe: the noise matrix explains the labels by it, and one that has already unlearnt wrong
// labels would leave it less to explain. Undefined intervals without rows. Of many rows every n-th
// fits the noise matrix.
NoiseEstimate estimate_noise(std::span<const float> belief, std::span<const float> plain,
                             std::span<const ClassIndex> labels, size_t classes, uint64_t seed,
                             const ParallelFor& parallel_for);

}  // namespace errata::analysis
