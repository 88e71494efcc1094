// Bootstrap confidence intervals over sufficient statistics.
//
// A resample of N samples with replacement is a multinomial draw of how often each sample is taken.
// A number that depends on the samples only through counts of cells (a confusion matrix, right or
// wrong, bins of a diagram) needs only the multinomial draw over those cells, which has exactly the
// same distribution and costs one binomial per cell instead of N draws. A mean of real values is
// drawn over at most 512 cells of neighbouring values, the 128 smallest and largest of them alone;
// within a cell, the sum of m drawn values is drawn as normal with the cell's mean and variance, so
// that no variance is lost.
//
// Intervals are bias-corrected and accelerated (BCa: Efron 1987; Efron and Tibshirani 1993, chapter
// 14). The acceleration comes from the jackknife over cells where there are at most 2,048 of them;
// with more it is left at 0 (BC), which is what it goes to. Where all samples are alike, every
// resample is too, and the interval is a point.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "base/random.h"
#include "base/workers.h"

namespace errata::analysis {

struct BootstrapOptions {
  uint64_t seed = 1;
  size_t resamples = 2000;  // raised to 1,000
  double level = 0.95;
};

// `value` is the number itself, from all samples; low <= high. NaN where it is not defined.
struct Interval {
  double value = 0;
  double low = 0;
  double high = 0;
};
Interval undefined_interval();

// Exact draws: inversion below a mean of 10, BTRS (Hörmann 1993) above. 0 <= p <= 1.
int64_t draw_binomial(Rng& rng, int64_t trials, double p);
double draw_normal(Rng& rng);

// counts[i] becomes how often cell i was drawn in `total` draws with probabilities proportional to
// weights[i] (all >= 0, sum > 0).
void draw_multinomial(Rng& rng, int64_t total, std::span<const int64_t> weights,
                      std::span<int64_t> counts);

// The BCa interval of `value` from its resamples (reordered; NaNs are left out). `acceleration` is
// Efron's a.
Interval bca_interval(double value, std::vector<double>& resampled, double acceleration,
                      double level);
// centre plus and minus the normal quantile times `deviation`.
Interval normal_interval(double value, double centre, double deviation, double level);
double mean_of(std::span<const double> values);
double deviation_of(std::span<const double> values);
// Efron's a: sum d^3 / (6 (sum d^2)^1.5) over the influences d, each as often as its multiplicity.
double acceleration_of(std::span<const double> influences, std::span<const int64_t> multiplicities);

// Draws resample r of all with its own stream of random numbers, in parallel: draw(rng, out) fills
// the statistics of one resample. Gives one vector per statistic, resamples long.
using DrawStatistics = std::function<void(Rng& rng, std::span<double> out)>;
std::vector<std::vector<double>> draw_resamples(size_t statistics_count, const DrawStatistics& draw,
                                                const BootstrapOptions& options,
                                                const ParallelFor& parallel_for);

// Several numbers that are functions of cell counts. statistics(counts, out) fills `out`, as many
// as `statistics_count`; it is called from several threads. Every number is evaluated on the same
// resamples. Cells of count 0 are not drawn and stay 0.
using CellStatistics = std::function<void(std::span<const int64_t> counts, std::span<double> out)>;
std::vector<Interval> bootstrap_cells(std::span<const int64_t> cell_counts, size_t statistics_count,
                                      const CellStatistics& statistics,
                                      const BootstrapOptions& options,
                                      const ParallelFor& parallel_for);

// Of rows that are all right, or all wrong, every resample is too: for them the exact interval
// (Clopper and Pearson 1934) of a share of `rows`. Others stay as they are.
void widen_where_all_agree(Interval& share, int64_t rows, double level);

// The mean of real values (reordered). Undefined for no values.
Interval bootstrap_mean(std::vector<double>& values, const BootstrapOptions& options,
                        const ParallelFor& parallel_for);

}  // namespace errata::analysis
