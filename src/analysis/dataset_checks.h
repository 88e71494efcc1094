// What is wrong with a set as a whole: classes with next to nothing in them, an order that is not
// random, labels that a plain property of the picture gives away. As Datalab (cleanlab 2.9) defines
// them; where it is wrong the right form is the default.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "analysis/neighbours.h"
#include "model/class_map.h"

namespace errata::analysis {

// Classes with less than a tenth of an even share, rarest first, those without any among them
// (issue_manager/imbalance.py looks at the rarest only). Labels are below `classes` or kNoClass.
struct RareClass {
  ClassIndex label = kNoClass;
  size_t samples = 0;
  double share = 0;  // of the labelled
};
std::vector<RareClass> rare_classes(std::span<const ClassIndex> labels, size_t classes);

// Whether rows near one another in the order are alike (issue_manager/noniid.py): the distances |i
// - j| of each row to its k nearest against those of two rows drawn at random. No two rows may be
// equal: all of these would have the same ones for neighbours, the first in the order, which no
// random order explains (Datalab counts them).
struct OrderCheck {
  double statistic = 0;  // Kolmogorov-Smirnov, 0..1
  // Share of random orders with a statistic as high, the own one counted: at least 1 / (orders +
  // 1). Datalab reads it off a Gaussian density through 25 of them, which knows no least value.
  double p_value = 1;
  // Of each row, 0..1: low where its neighbours are unusually near or far in the order. 1 where
  // there are none.
  std::vector<double> scores;
};
OrderCheck check_order(const Neighbours& neighbours, size_t orders, uint64_t seed,
                       const ParallelFor& parallel_for);

// How well one property tells the labels (spurious_correlation.py): (1 - accuracy) / (1 -
// baseline), at most 1; below 0.3 the property gives the labels away. The accuracy is that of
// Gaussian naive Bayes in five stratified folds, in order; the baseline that of always naming the
// most frequent class. With `compat` the number of that class takes the place of its count, as
// there. Rows without a label or with NaN are left out. 1 where there is nothing to compare.
inline constexpr double kTellingBelow = 0.3;
double property_label_score(std::span<const float> property, std::span<const ClassIndex> labels,
                            bool compat);

}  // namespace errata::analysis
