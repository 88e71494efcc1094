// What a detector's score is worth as a probability: Platt's (1999) logistic curve over the logit
// of the score, of each class, drawn towards that of all classes where a class has few rows.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "model/ids.h"

namespace errata::analysis {

// Columns of equal length: scores 0 .. 1, classes 0 .. classes - 1, outcomes 0 or 1. Gives the
// probability of outcome 1 per row; of equal classes it never falls as the score rises.
std::vector<double> worth_of_scores(std::span<const double> scores,
                                    std::span<const ClassIndex> class_index, size_t classes,
                                    std::span<const uint8_t> outcomes);

}  // namespace errata::analysis
