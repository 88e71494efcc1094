// What corrections mean for the accuracy when only a part of the labels was looked at.
//
// Correcting labels only where model and label differ can only raise the accuracy. A simple random
// sample that was reviewed whole gives an unbiased estimate: accuracy with the labels as given,
// over everybody, plus the mean over the audited of what the correction changed (the difference
// estimator: Cochran 1977, chapter 7; as prediction-powered inference: Angelopoulos et al. 2023).
#pragma once

#include <cstdint>

namespace errata::analysis {

struct Estimate {
  double value = 0;
  double low = 0;
  double high = 0;
};

// Clopper and Pearson 1934: exact interval of a share. 0 <= successes <= trials; trials 0 gives
// [0, 1] with value NaN.
Estimate clopper_pearson(int64_t successes, int64_t trials, double level);

// Of the standard normal distribution; 0 < p < 1.
double normal_quantile(double p);

struct AuditCounts {
  int64_t population = 0;    // samples with a given label and a prediction
  int64_t right_given = 0;   // of them, where the prediction is the given label
  int64_t audited = 0;       // of a random sample of the population, those that were reviewed
  int64_t became_right = 0;  // audited: wrong by the given label, right by the corrected one
  int64_t became_wrong = 0;  // audited: right by the given label, wrong by the corrected one
  int64_t changed = 0;       // audited: the corrected label is another
};

struct AuditEstimate {
  Estimate accuracy;     // of the population with all labels corrected
  Estimate label_error;  // share of wrong labels, Clopper-Pearson
};

// Normal interval with the finite population's variance; where fewer than ten audited samples
// changed sides, the exact bounds of the two shares at half the error each, so that it is never a
// false point. Within [0, 1]. NaN with nothing audited.
AuditEstimate estimate_from_audit(const AuditCounts& counts, double level);

}  // namespace errata::analysis
