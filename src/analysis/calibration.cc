#include "analysis/calibration.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace errata::analysis {

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// Samples of one bin that are all right or all wrong.
struct Cell {
  int64_t count = 0;
  double mean = 0;
  double square = 0;  // sum of squared differences from the mean (Welford)

  void add(double value) {
    ++count;
    const double before = value - mean;
    mean += before / static_cast<double>(count);
    square += before * (value - mean);
  }
  double deviation() const {
    return count == 0 ? 0 : std::sqrt(square / static_cast<double>(count));
  }
};

// Bin of a confidence in [0, 1]: (low, high].
size_t bin_of(double confidence, size_t bins) {
  const auto n = static_cast<double>(bins);
  auto bin = static_cast<size_t>(std::max(0.0, std::ceil(confidence * n) - 1));
  bin = std::min(bin, bins - 1);
  // The product may round across a border.
  if (bin > 0 && confidence <= static_cast<double>(bin) / n) --bin;
  if (bin + 1 < bins && confidence > static_cast<double>(bin + 1) / n) ++bin;
  return bin;
}

// Sum over bins of |right - sum of confidences| / N: what ECE comes to.
double ece_of(std::span<const double> gap, double n) {
  double sum = 0;
  for (const double value : gap) sum += std::abs(value);
  return sum / n;
}

// What one resample gives.
enum Drawn : size_t { kEce, kSignedEce, kDrawnCount };

// Cells lie as wrong, right of bin 0, wrong, right of bin 1, ...; gap[b] is right less confidence,
// summed over bin b.
Interval bootstrap_ece(std::span<const Cell> cells, std::span<const double> gap, int64_t total,
                       const BootstrapOptions& options, const ParallelFor& parallel_for) {
  std::vector<int64_t> counts;
  std::vector<double> deviations;
  for (const Cell& cell : cells) {
    counts.push_back(cell.count);
    deviations.push_back(cell.deviation());
  }
  const double n = static_cast<double>(total);
  const auto resampled = draw_resamples(
      kDrawnCount,
      [&](Rng& rng, std::span<double> out) {
        std::vector<int64_t> drawn(counts.size());
        std::vector<double> drawn_gap(gap.size(), 0);
        draw_multinomial(rng, total, counts, drawn);
        for (size_t c = 0; c < counts.size(); ++c) {
          const double times = static_cast<double>(drawn[c]);
          if (drawn[c] == 0) continue;
          const double right = c % 2 == 1 ? times : 0;
          drawn_gap[c / 2] +=
              right - times * cells[c].mean - std::sqrt(times) * deviations[c] * draw_normal(rng);
        }
        out[kEce] = ece_of(drawn_gap, n);
        out[kSignedEce] = 0;
        for (size_t b = 0; b < gap.size(); ++b) {
          out[kSignedEce] += std::copysign(1.0, gap[b]) * drawn_gap[b] / n;
        }
      },
      options, parallel_for);
  const double ece = ece_of(gap, n);
  const double bias = mean_of(resampled[kEce]) - ece;
  return normal_interval(ece, ece - bias, deviation_of(resampled[kSignedEce]), options.level);
}

}  // namespace

Calibration measure_calibration(std::span<const float> confidence, std::span<const uint8_t> right,
                                size_t bins, const BootstrapOptions& options,
                                const ParallelFor& parallel_for) {
  bins = std::max<size_t>(1, bins);
  std::vector<Cell> cells(2 * bins);
  int64_t total = 0;
  for (size_t i = 0; i < confidence.size(); ++i) {
    if (std::isnan(confidence[i])) continue;
    const double value = std::clamp(static_cast<double>(confidence[i]), 0.0, 1.0);
    cells[2 * bin_of(value, bins) + (right[i] != 0 ? 1 : 0)].add(value);
    ++total;
  }
  Calibration result;
  std::vector<double> gap(bins, 0);
  for (size_t b = 0; b < bins; ++b) {
    const Cell& wrong = cells[2 * b];
    const Cell& hit = cells[2 * b + 1];
    const auto width = static_cast<double>(bins);
    CalibrationBin bin{static_cast<double>(b) / width, static_cast<double>(b + 1) / width,
                       wrong.count + hit.count, kNaN, kNaN};
    if (bin.count > 0) {
      const double n = static_cast<double>(bin.count);
      const double sum =
          wrong.mean * static_cast<double>(wrong.count) + hit.mean * static_cast<double>(hit.count);
      bin.mean_confidence = sum / n;
      bin.accuracy = static_cast<double>(hit.count) / n;
      gap[b] = static_cast<double>(hit.count) - sum;
      result.max_error = std::max(result.max_error, std::abs(bin.accuracy - bin.mean_confidence));
    }
    result.bins.push_back(bin);
  }
  if (total == 0) {
    result.ece = undefined_interval();
    result.max_error = kNaN;
    return result;
  }
  result.ece = bootstrap_ece(cells, gap, total, options, parallel_for);
  result.ece.low = std::max(0.0, result.ece.low);
  result.ece.high = std::max(0.0, result.ece.high);
  return result;
}

}  // namespace errata::analysis
