#include "analysis/bootstrap.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "analysis/quantile.h"

namespace errata::analysis {

namespace {

constexpr size_t kLeastResamples = 1'000;
constexpr size_t kResamplesPerRange = 16;
constexpr size_t kMaxJackknifeCells = 2'048;
// Up to so many samples in a cell, drawing them is cheaper than drawing a binomial.
constexpr int64_t kDirectDrawsPerCell = 8;
constexpr size_t kMeanCells = 512;
constexpr size_t kSingleTailValues = 128;

double normal_cdf(double x) {
  return 0.5 * std::erfc(-x / std::sqrt(2.0));
}

double normal_quantile(double p) {
  double low = -40;
  double high = 40;
  for (int i = 0; i < 80; ++i) {
    const double middle = (low + high) / 2;
    (normal_cdf(middle) < p ? low : high) = middle;
  }
  return (low + high) / 2;
}

bool keep_numbers_sorted(std::vector<double>& values) {
  std::erase_if(values, [](double value) { return std::isnan(value); });
  std::sort(values.begin(), values.end());
  return !values.empty();
}

// Resampled counts of the cells that are not empty. Large cells get a binomial each; the samples of
// small ones are one block, from which as many as a last binomial says are drawn one by one: that
// is the same distribution and cheaper where a confusion matrix has many cells of one or two
// samples.
class CellDrawer {
 public:
  explicit CellDrawer(std::span<const int64_t> counts) {
    for (size_t i = 0; i < counts.size(); ++i) {
      if (counts[i] == 0) continue;
      cells_.push_back(i);
      weights_.push_back(counts[i]);
      total_ += counts[i];
    }
    for (size_t c = 0; c < cells_.size(); ++c) {
      if (weights_[c] > kDirectDrawsPerCell) {
        large_.push_back(c);
        large_weights_.push_back(weights_[c]);
      } else {
        small_samples_.insert(small_samples_.end(), static_cast<size_t>(weights_[c]),
                              static_cast<uint32_t>(c));
      }
    }
    large_weights_.push_back(static_cast<int64_t>(small_samples_.size()));
  }

  size_t cells() const { return cells_.size(); }
  std::span<const size_t> cell_index() const { return cells_; }
  std::span<const int64_t> weights() const { return weights_; }

  // One count per cell().
  void draw(Rng& rng, std::span<int64_t> counts) const {
    static thread_local std::vector<int64_t> drawn;
    drawn.resize(large_weights_.size());
    draw_multinomial(rng, total_, large_weights_, drawn);
    std::fill(counts.begin(), counts.end(), 0);
    for (size_t i = 0; i < large_.size(); ++i) counts[large_[i]] = drawn[i];
    for (int64_t i = 0; i < drawn.back(); ++i) {
      ++counts[small_samples_[rng.below(small_samples_.size())]];
    }
  }

 private:
  std::vector<size_t> cells_;  // those that are not empty
  std::vector<int64_t> weights_;
  std::vector<size_t> large_;            // positions in cells_
  std::vector<int64_t> large_weights_;   // then the number of small_samples_
  std::vector<uint32_t> small_samples_;  // position in cells_ of each sample of a small cell
  int64_t total_ = 0;
};

// Efron's a of each statistic, by leaving one sample of each cell out.
std::vector<double> jackknife_accelerations(std::span<const int64_t> counts,
                                            const CellDrawer& drawer, size_t statistics_count,
                                            const CellStatistics& statistics) {
  std::vector<double> accelerations(statistics_count, 0);
  if (drawer.cells() > kMaxJackknifeCells || drawer.cells() < 2) return accelerations;
  std::vector<int64_t> without(counts.begin(), counts.end());
  std::vector<double> out(statistics_count);
  std::vector<std::vector<double>> values(statistics_count);
  for (const size_t cell : drawer.cell_index()) {
    --without[cell];
    statistics(without, out);
    ++without[cell];
    for (size_t s = 0; s < statistics_count; ++s) values[s].push_back(out[s]);
  }
  for (size_t s = 0; s < statistics_count; ++s) {
    double mean = 0;
    double total = 0;
    for (size_t c = 0; c < values[s].size(); ++c) {
      mean += values[s][c] * static_cast<double>(drawer.weights()[c]);
      total += static_cast<double>(drawer.weights()[c]);
    }
    mean /= total;
    for (double& value : values[s]) value = mean - value;
    accelerations[s] = acceleration_of(values[s], drawer.weights());
  }
  return accelerations;
}

// Neighbouring values: how many, their mean and spread.
struct ValueCells {
  std::vector<int64_t> counts;
  std::vector<double> means;
  std::vector<double> deviations;
};

void add_cell(std::span<const double> values, ValueCells& cells) {
  if (values.empty()) return;
  const double n = static_cast<double>(values.size());
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
  double square = 0;
  for (const double value : values) square += (value - mean) * (value - mean);
  cells.counts.push_back(static_cast<int64_t>(values.size()));
  cells.means.push_back(mean);
  cells.deviations.push_back(std::sqrt(square / n));
}

ValueCells make_value_cells(std::span<const double> sorted) {
  ValueCells cells;
  const size_t tail = sorted.size() <= kMeanCells ? sorted.size() : kSingleTailValues;
  for (size_t i = 0; i < tail; ++i) add_cell(sorted.subspan(i, 1), cells);
  if (tail == sorted.size()) return cells;
  const std::span<const double> middle = sorted.subspan(tail, sorted.size() - 2 * tail);
  const size_t middle_cells = kMeanCells - 2 * tail;
  for (size_t c = 0; c < middle_cells; ++c) {
    const size_t begin = middle.size() * c / middle_cells;
    add_cell(middle.subspan(begin, middle.size() * (c + 1) / middle_cells - begin), cells);
  }
  for (size_t i = sorted.size() - tail; i < sorted.size(); ++i) {
    add_cell(sorted.subspan(i, 1), cells);
  }
  return cells;
}

}  // namespace

Interval undefined_interval() {
  constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
  return {kNaN, kNaN, kNaN};
}

Interval bca_interval(double value, std::vector<double>& resampled, double acceleration,
                      double level) {
  if (std::isnan(value) || !keep_numbers_sorted(resampled)) return undefined_interval();
  const auto [first, last] = std::equal_range(resampled.begin(), resampled.end(), value);
  const double n = static_cast<double>(resampled.size());
  const double below =
      static_cast<double>(first - resampled.begin()) + static_cast<double>(last - first) / 2;
  const double z0 = normal_quantile(std::clamp(below, 0.5, n - 0.5) / n);
  const auto corrected = [&](double q) {
    const double z = z0 + normal_quantile(q);
    return normal_cdf(z0 + z / (1 - acceleration * z));
  };
  const double outside = (1 - level) / 2;
  return {value, quantile(resampled, corrected(outside)),
          quantile(resampled, corrected(1 - outside))};
}

Interval normal_interval(double value, double centre, double deviation, double level) {
  const double reach = normal_quantile((1 + level) / 2) * deviation;
  return {value, centre - reach, centre + reach};
}

double mean_of(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double deviation_of(std::span<const double> values) {
  const double mean = mean_of(values);
  double square = 0;
  for (const double value : values) square += (value - mean) * (value - mean);
  return std::sqrt(square / static_cast<double>(values.size() - 1));
}

double acceleration_of(std::span<const double> influences,
                       std::span<const int64_t> multiplicities) {
  double squares = 0;
  double cubes = 0;
  for (size_t i = 0; i < influences.size(); ++i) {
    const double d = influences[i];
    const double times = static_cast<double>(multiplicities[i]);
    squares += times * d * d;
    cubes += times * d * d * d;
  }
  const double scale = std::pow(squares, 1.5);
  const double a = scale > 0 ? cubes / (6 * scale) : 0;
  return std::isfinite(a) ? a : 0;
}

std::vector<std::vector<double>> draw_resamples(size_t statistics_count, const DrawStatistics& draw,
                                                const BootstrapOptions& options,
                                                const ParallelFor& parallel_for) {
  const size_t resamples = std::max(kLeastResamples, options.resamples);
  std::vector<std::vector<double>> values(statistics_count, std::vector<double>(resamples));
  parallel_for(resamples, kResamplesPerRange, [&](size_t begin, size_t end) {
    std::vector<double> out(statistics_count);
    for (size_t r = begin; r < end; ++r) {
      Rng rng(options.seed, r);
      draw(rng, out);
      for (size_t s = 0; s < statistics_count; ++s) values[s][r] = out[s];
    }
  });
  return values;
}

std::vector<Interval> bootstrap_cells(std::span<const int64_t> cell_counts, size_t statistics_count,
                                      const CellStatistics& statistics,
                                      const BootstrapOptions& options,
                                      const ParallelFor& parallel_for) {
  const CellDrawer drawer(cell_counts);
  if (drawer.cells() == 0) return std::vector<Interval>(statistics_count, undefined_interval());
  std::vector<double> measured(statistics_count);
  statistics(cell_counts, measured);
  auto resampled = draw_resamples(
      statistics_count,
      [&](Rng& rng, std::span<double> out) {
        static thread_local std::vector<int64_t> scratch;
        static thread_local std::vector<int64_t> counts;
        scratch.resize(drawer.cells());
        counts.assign(cell_counts.size(), 0);
        drawer.draw(rng, scratch);
        for (size_t c = 0; c < scratch.size(); ++c) counts[drawer.cell_index()[c]] = scratch[c];
        statistics(counts, out);
      },
      options, parallel_for);
  const std::vector<double> accelerations =
      jackknife_accelerations(cell_counts, drawer, statistics_count, statistics);
  std::vector<Interval> intervals;
  for (size_t s = 0; s < statistics_count; ++s) {
    intervals.push_back(bca_interval(measured[s], resampled[s], accelerations[s], options.level));
  }
  return intervals;
}

void widen_where_all_agree(Interval& share, int64_t rows, double level) {
  if (rows <= 0 || (share.value != 0 && share.value != 1)) return;
  const double reach = std::pow((1 - level) / 2, 1 / static_cast<double>(rows));
  share.low = share.value == 1 ? reach : 0;
  share.high = share.value == 1 ? 1 : 1 - reach;
}

Interval bootstrap_mean(std::vector<double>& values, const BootstrapOptions& options,
                        const ParallelFor& parallel_for) {
  if (values.empty()) return undefined_interval();
  std::sort(values.begin(), values.end());
  const ValueCells cells = make_value_cells(values);
  const CellDrawer drawer(cells.counts);
  const double n = static_cast<double>(values.size());
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
  auto resampled = draw_resamples(
      1,
      [&](Rng& rng, std::span<double> out) {
        static thread_local std::vector<int64_t> counts;
        counts.resize(cells.counts.size());
        drawer.draw(rng, counts);
        double sum = 0;
        for (size_t c = 0; c < counts.size(); ++c) {
          const double times = static_cast<double>(counts[c]);
          sum += times * cells.means[c];
          if (cells.deviations[c] > 0 && counts[c] > 0) {
            sum += std::sqrt(times) * cells.deviations[c] * draw_normal(rng);
          }
        }
        out[0] = sum / n;
      },
      options, parallel_for);
  std::vector<double> influences;
  for (const double value : cells.means) influences.push_back(value - mean);
  return bca_interval(mean, resampled[0], acceleration_of(influences, cells.counts), options.level);
}

}  // namespace errata::analysis
