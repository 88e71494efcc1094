// How many labels are wrong, from beliefs in the classes that did not see them.
//
// It cannot be known from pictures and labels alone: a class that people often confuse with another
// looks like a class that a model cannot tell from it. What can be known is who contradicts the
// labels where the belief is surest, for there it is hardly ever wrong itself.
//   - The surest rows: of each class that is believed in most, the labels that the surest three
//     tenths of its rows contradict, for all of its rows. Exact where noise does not depend on the
//     picture (Northcutt, Jiang, Chuang 2021 assume no less) and the belief is not wrong there; too
//     few where people err on what is hard to tell.
//   - The confident joint (the same paper; a belief of 0.95 is confident whatever a class's mean
//   is)
//     takes every confident contradiction for a wrong label,
//     the model's own confident errors included. Less as many as the belief expects of labels drawn
//     from itself, it is what the model does not own to: too few where the doubts were learnt from
//     wrong labels.
// Both err to the low side where labels are wrong, so the larger is the estimate. The temperature
// at which the belief owns to its errors is fitted to the labels by maximum likelihood together
// with a noise matrix of classes, P(given | true), so that wrong labels do not pass for doubts (EM;
// Dawid and Skene 1979, with the belief in the annotator's place). The interval reaches from the
// surest rows less the belief's own errors there to the whole confident joint. Where all labels are
// of one class, nothing tells the belief's errors from theirs, and it reaches down to 0.
#pragma once

#include <span>

#include "analysis/bootstrap.h"
#include "base/workers.h"
#include "model/ids.h"

namespace errata::analysis {

struct NoiseEstimate {
  Interval wrong;     // labels
  Interval by_joint;  // by the confident joint alone, bootstrapped over the samples as the rest is
};

// `belief`: rows x classes, each row summing to 1, first NaN where there is none. Undefined
// intervals without rows. Of many rows every n-th fits the temperature.
NoiseEstimate estimate_noise(std::span<const float> belief, std::span<const ClassIndex> labels,
                             size_t classes, uint64_t seed, const ParallelFor& parallel_for);

// How many labels are wrong among some rows (1 in `among`), where `all` says how many are among
// all. How surely a label is wrong comes of the belief and the noise matrix of all rows (by
// classes, so that a class which many wrong labels went to has its own); the odds are multiplied by
// what makes the sum over all rows the one estimated, so that the parts of a whole sum to it. To
// both ends of the interval come 1.96 deviations of independent rows whose total is given: V (1 - V
// / V of all), V being the sum of p (1 - p). Of all rows it is `all` itself.
Interval wrong_among(std::span<const float> belief, std::span<const ClassIndex> labels,
                     size_t classes, std::span<const uint8_t> among, const Interval& all);

}  // namespace errata::analysis
