// Does a confidence of 0.8 mean right in 8 of 10 cases? Reliability diagram and expected
// calibration error (Naeini et al. 2015; Guo et al. 2017), over bins of equal width.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "analysis/bootstrap.h"
#include "base/workers.h"

namespace errata::analysis {

// Confidences in (low, high]; the first bin holds 0 too.
struct CalibrationBin {
  double low = 0;
  double high = 0;
  int64_t count = 0;
  double mean_confidence = 0;  // NaN for an empty bin
  double accuracy = 0;         // NaN for an empty bin
};

struct Calibration {
  std::vector<CalibrationBin> bins;
  Interval ece;          // sum over bins of count/N * |accuracy - mean confidence|
  double max_error = 0;  // largest |accuracy - mean confidence| of a bin (MCE)
};

// `confidence[i]` in [0, 1] (outside is clamped, NaN left out), `right[i]` 0 or 1. ECE is undefined
// without any confidence.
//
// The ECE measured on finitely many samples lies above the true one, and that of a resample above
// the measured one by about as much; the interval is therefore the basic one, cut at 0. It may lie
// wholly below the measured value.
Calibration measure_calibration(std::span<const float> confidence, std::span<const uint8_t> right,
                                size_t bins, const BootstrapOptions& options,
                                const ParallelFor& parallel_for);

}  // namespace errata::analysis
