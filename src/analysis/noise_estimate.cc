#include "analysis/noise_estimate.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "base/random.h"

namespace errata::analysis {

namespace {

// Wrong labels by the confident joint in one given class: the share of its confidently counted
// samples that are counted for another class, times its size.
double wrong_in_class(double size, double unclaimed, double agreed) {
  const double counted = size - unclaimed;
  return counted <= 0 ? 0 : size * (counted - agreed) / counted;
}

// From which belief in a class on a row counts for it: the mean of those that carry its label,
// which of an easy class would ask for more than can be asked, and of one that its own few rows
// alone could have taught for next to nothing. 2: no row does.
double threshold_of(double sum, double size, size_t classes) {
  constexpr double kSure = 0.95;
  if (size <= 0) return 2;
  return std::max(std::min(sum / size, kSure), 1 / static_cast<double>(classes));
}

// The guess of a row: the most probable among the classes whose threshold it reaches; kNoClass.
ClassIndex confident_guess(const float* p, size_t classes, std::span<const double> thresholds) {
  ClassIndex guess = kNoClass;
  for (size_t k = 0; k < classes; ++k) {
    if (p[k] < thresholds[k] - 1e-6) continue;
    if (guess == kNoClass || p[k] > p[guess]) guess = static_cast<ClassIndex>(k);
  }
  return guess;
}

// A cell of the confident joint that holds samples: of the many pairs of many classes, few do.
struct JointCell {
  static constexpr ClassIndex kUnclaimed = std::numeric_limits<ClassIndex>::max();
  ClassIndex given = 0;
  ClassIndex guess = 0;
  auto operator<=>(const JointCell&) const = default;
};

struct ConfidentJoint {
  std::vector<JointCell> cells;  // rising
  std::vector<int64_t> counts;

  double wrong(std::span<const int64_t> drawn) const {
    double wrong = 0;
    for (size_t i = 0; i < cells.size();) {
      const ClassIndex given = cells[i].given;
      int64_t size = 0;
      int64_t unclaimed = 0;
      int64_t agreed = 0;
      for (; i < cells.size() && cells[i].given == given; ++i) {
        size += drawn[i];
        if (cells[i].guess == JointCell::kUnclaimed) unclaimed = drawn[i];
        if (cells[i].guess == given) agreed = drawn[i];
      }
      wrong += wrong_in_class(static_cast<double>(size), static_cast<double>(unclaimed),
                              static_cast<double>(agreed));
    }
    return wrong;
  }
};

ConfidentJoint count_joint(std::span<const float> belief, std::span<const ClassIndex> labels,
                           size_t classes, std::span<const double> thresholds) {
  std::vector<JointCell> of_rows;
  for (size_t row = 0; row < labels.size(); ++row) {
    if (labels[row] == kNoClass || std::isnan(belief[row * classes])) continue;
    const ClassIndex guess = confident_guess(belief.data() + row * classes, classes, thresholds);
    of_rows.push_back({labels[row], guess == kNoClass ? JointCell::kUnclaimed : guess});
  }
  std::sort(of_rows.begin(), of_rows.end());
  ConfidentJoint joint;
  for (const JointCell& cell : of_rows) {
    if (joint.cells.empty() || joint.cells.back() != cell) {
      joint.cells.push_back(cell);
      joint.counts.push_back(0);
    }
    ++joint.counts.back();
  }
  return joint;
}

Interval by_confident_joint(std::span<const float> belief, std::span<const ClassIndex> labels,
                            size_t classes, uint64_t seed, const ParallelFor& parallel_for) {
  std::vector<double> thresholds(classes, 0);
  std::vector<int64_t> sizes(classes, 0);
  for (size_t row = 0; row < labels.size(); ++row) {
    const ClassIndex label = labels[row];
    if (label == kNoClass || std::isnan(belief[row * classes])) continue;
    thresholds[static_cast<size_t>(label)] += belief[row * classes + static_cast<size_t>(label)];
    ++sizes[static_cast<size_t>(label)];
  }
  for (size_t k = 0; k < classes; ++k) {
    thresholds[k] = threshold_of(thresholds[k], static_cast<double>(sizes[k]), classes);
  }
  const ConfidentJoint joint = count_joint(belief, labels, classes, thresholds);
  BootstrapOptions bootstrap;
  bootstrap.seed = seed;
  return bootstrap_cells(
      joint.counts, 1,
      [&](std::span<const int64_t> counts, std::span<double> out) { out[0] = joint.wrong(counts); },
      bootstrap, parallel_for)[0];
}

// The beliefs of some rows, each in its strongest classes and in the label alone; and of the noise
// matrix the cells that they touch alone. A matrix of a thousand classes is then no more work than
// one of ten.
class NoiseMatrix {
 public:
  NoiseMatrix(std::span<const float> belief, std::span<const ClassIndex> labels, size_t classes,
              size_t counted)
      : classes_(classes), kept_(std::min<size_t>(classes, kMostKept)) {
    const size_t step = std::max<size_t>(1, counted / kMostRows);
    size_t seen = 0;
    std::vector<size_t> order(classes);
    for (size_t row = 0; row < labels.size(); ++row) {
      const float* p = belief.data() + row * classes;
      if (labels[row] == kNoClass || std::isnan(p[0]) || seen++ % step != 0) continue;
      add_row(p, static_cast<size_t>(labels[row]), order);
    }
    index_cells();
  }

  struct Fit {
    std::vector<double> matrix;  // P(given | true), one per cell
    double power = 1;            // of the belief: the temperature of most likelihood
  };

  Fit fit() const {
    Fit fit = first_fit();
    for (size_t i = 0; i < kIterations; ++i) {
      fit_matrix(fit);
      if (i % 2 == 1) choose_power(fit);
    }
    return fit;
  }

  // P(true is not `label` | belief, label) of any row, in the classes that a row is kept in.
  double wrong(const Fit& fit, const float* p, size_t label, std::vector<size_t>& order) const {
    choose_classes(p, label, order);
    const float highest = *std::max_element(p, p + classes_);
    double sum = 0;
    double own = 0;
    for (size_t c = 0; c < kept_; ++c) {
      const size_t place = order[c] * classes_ + label;
      const auto cell = std::lower_bound(places_.begin(), places_.end(), place);
      if (cell == places_.end() || *cell != place) continue;  // never together: no such noise
      const double joint =
          std::pow((double{p[order[c]]} + 1e-6) / (double{highest} + 1e-6), fit.power) *
          fit.matrix[static_cast<size_t>(cell - places_.begin())];
      sum += joint;
      if (order[c] == label) own = joint;
    }
    return sum > 0 ? 1 - own / sum : 0;
  }

 private:
  static constexpr size_t kMostRows = 20000;
  static constexpr size_t kMostKept = 12;
  static constexpr size_t kIterations = 50;
  static constexpr double kFirstNoise = 0.15;
  static constexpr double kPrior = 0.01;  // a sample's hundredth, for classes without any

  // The first kept_ of `order`: the classes believed most, and the label.
  void choose_classes(const float* p, size_t label, std::vector<size_t>& order) const {
    std::iota(order.begin(), order.end(), size_t{0});
    std::partial_sort(order.begin(), order.begin() + static_cast<ptrdiff_t>(kept_), order.end(),
                      [&](size_t a, size_t b) { return p[a] != p[b] ? p[a] > p[b] : a < b; });
    const auto end = order.begin() + static_cast<ptrdiff_t>(kept_);
    if (std::find(order.begin(), end, label) == end) order[kept_ - 1] = label;
  }

  void add_row(const float* p, size_t label, std::vector<size_t>& order) {
    choose_classes(p, label, order);
    for (size_t c = 0; c < kept_; ++c) {
      cell_of_.push_back(order[c] * classes_ + label);
      log_belief_.push_back(std::log(double{p[order[c]]} + 1e-6));
    }
    ++rows_;
  }

  // What add_row() left in cell_of_ are places in the whole matrix, [true * classes + given]; a
  // class's own is there always.
  void index_cells() {
    places_ = cell_of_;
    for (size_t k = 0; k < classes_; ++k) places_.push_back(k * classes_ + k);
    std::sort(places_.begin(), places_.end());
    places_.erase(std::unique(places_.begin(), places_.end()), places_.end());
    for (size_t& cell : cell_of_) {
      cell = static_cast<size_t>(std::lower_bound(places_.begin(), places_.end(), cell) -
                                 places_.begin());
    }
  }

  bool is_diagonal(size_t cell) const {
    return places_[cell] / classes_ == places_[cell] % classes_;
  }

  Fit first_fit() const {
    Fit fit;
    fit.matrix.assign(places_.size(), kFirstNoise / static_cast<double>(classes_));
    for (size_t cell = 0; cell < places_.size(); ++cell) {
      if (is_diagonal(cell)) fit.matrix[cell] += 1 - kFirstNoise;
    }
    return fit;
  }

  void fit_matrix(Fit& fit) const {
    std::vector<double> counts(places_.size(), 0);
    for (size_t cell = 0; cell < places_.size(); ++cell) {
      if (is_diagonal(cell)) counts[cell] = kPrior;
    }
    walk(fit, [&](size_t row, std::span<const double> posterior) {
      for (size_t c = 0; c < kept_; ++c) counts[cell_of_[row * kept_ + c]] += posterior[c];
    });
    for (size_t first = 0; first < places_.size();) {
      size_t last = first;
      double sum = 0;
      for (; last < places_.size() && places_[last] / classes_ == places_[first] / classes_;
           ++last) {
        sum += counts[last];
      }
      for (; first < last; ++first) fit.matrix[first] = counts[first] / sum;
    }
  }

  // Calls visit(row, posterior of the kept classes) and returns the log likelihood of the labels.
  template <typename Visit>
  double walk(const Fit& fit, const Visit& visit) const {
    double likelihood = 0;
    std::vector<double> posterior(kept_);
    for (size_t row = 0; row < rows_; ++row) {
      const double* logs = log_belief_.data() + row * kept_;
      const double highest = *std::max_element(logs, logs + kept_);
      double prior = 0;
      double sum = 0;
      for (size_t c = 0; c < kept_; ++c) {
        const double p = std::exp(fit.power * (logs[c] - highest));
        prior += p;
        posterior[c] = p * fit.matrix[cell_of_[row * kept_ + c]];
        sum += posterior[c];
      }
      likelihood += std::log(std::max(sum / prior, 1e-300));
      for (double& each : posterior) each /= std::max(sum, 1e-300);
      visit(row, std::span<const double>(posterior));
    }
    return likelihood;
  }

  void choose_power(Fit& fit) const {
    const double old = fit.power;
    double chosen = old;
    double best = -std::numeric_limits<double>::infinity();
    for (const double factor : {1.0, 0.85, 0.95, 1.05, 1.18}) {
      fit.power = old * factor;
      const double likelihood = walk(fit, [](size_t, std::span<const double>) {});
      if (likelihood > best) {
        best = likelihood;
        chosen = fit.power;
      }
    }
    fit.power = chosen;
  }

  size_t classes_;
  size_t kept_;
  size_t rows_ = 0;
  std::vector<size_t> places_;   // of the cells in the whole matrix, rising
  std::vector<size_t> cell_of_;  // [row * kept + c]: of that class and the row's label
  std::vector<double> log_belief_;
};

// The belief at the given power, its highest 1; returns the sum.
double sharpen(const float* p, double power, std::span<double> out) {
  const float highest = *std::max_element(p, p + out.size());
  double sum = 0;
  for (size_t k = 0; k < out.size(); ++k) sum += out[k] = std::pow(double{p[k]} / highest, power);
  return sum;
}

// What the confident joint takes for wrong when the labels are drawn from the belief at that power,
// so that none is.
double wrong_by_own_errors(std::span<const float> belief, std::span<const ClassIndex> labels,
                           size_t classes, double power) {
  std::vector<double> drawn(classes);
  const auto walk = [&](const auto& visit) {
    for (size_t row = 0; row < labels.size(); ++row) {
      const float* p = belief.data() + row * classes;
      if (labels[row] == kNoClass || std::isnan(p[0])) continue;
      const double sum = sharpen(p, power, drawn);
      for (double& each : drawn) each /= sum;
      visit(p);
    }
  };
  std::vector<double> thresholds(classes, 0);
  std::vector<double> sizes(classes, 0);
  walk([&](const float* p) {
    for (size_t k = 0; k < classes; ++k) {
      thresholds[k] += drawn[k] * p[k];
      sizes[k] += drawn[k];
    }
  });
  for (size_t k = 0; k < classes; ++k) {
    thresholds[k] = threshold_of(thresholds[k], sizes[k], classes);
  }
  std::vector<double> unclaimed(classes, 0);
  std::vector<double> agreed(classes, 0);
  walk([&](const float* p) {
    const ClassIndex guess = confident_guess(p, classes, thresholds);
    if (guess != kNoClass) {
      agreed[static_cast<size_t>(guess)] += drawn[static_cast<size_t>(guess)];
      return;
    }
    for (size_t k = 0; k < classes; ++k) unclaimed[k] += drawn[k];
  });
  double wrong = 0;
  for (size_t k = 0; k < classes; ++k) wrong += wrong_in_class(sizes[k], unclaimed[k], agreed[k]);
  return wrong;
}

// Of the rows that believe most in one class: the surest of them.
struct Surest {
  double size = 0;  // of all its rows
  int64_t agree = 0;
  int64_t contradict = 0;
  double own_errors = 0;  // the share that the belief expects to be wrong itself
};

std::vector<Surest> surest_of_classes(std::span<const float> belief,
                                      std::span<const ClassIndex> labels, size_t classes,
                                      double power) {
  // Two tenths to four tenths give nearly the same; fewer leave little to count, more the model's
  // own errors.
  constexpr double kShare = 0.3;
  std::vector<std::vector<size_t>> rows_of(classes);
  for (size_t row = 0; row < labels.size(); ++row) {
    const float* p = belief.data() + row * classes;
    if (labels[row] == kNoClass || std::isnan(p[0])) continue;
    rows_of[static_cast<size_t>(std::max_element(p, p + classes) - p)].push_back(row);
  }
  std::vector<Surest> all(classes);
  std::vector<double> drawn(classes);
  for (size_t k = 0; k < classes; ++k) {
    std::vector<size_t>& rows = rows_of[k];
    Surest& surest = all[k];
    surest.size = static_cast<double>(rows.size());
    std::stable_sort(rows.begin(), rows.end(), [&](size_t a, size_t b) {
      return belief[a * classes + k] > belief[b * classes + k];
    });
    auto counted = static_cast<size_t>(std::ceil(kShare * surest.size));
    // Rows as sure as the last come too: which of them stood first says nothing.
    while (counted < rows.size() &&
           belief[rows[counted] * classes + k] >= belief[rows[counted - 1] * classes + k] - 1e-6f) {
      ++counted;
    }
    rows.resize(counted);
    for (const size_t row : rows) {
      ++(labels[row] == static_cast<ClassIndex>(k) ? surest.agree : surest.contradict);
      surest.own_errors += 1 - 1 / sharpen(belief.data() + row * classes, power, drawn);
    }
    if (!rows.empty()) surest.own_errors /= static_cast<double>(rows.size());
  }
  return all;
}

// Classes of few counted rows are one: a resample that has none of a class would count nothing for
// it, and lie below what it is a resample of.
std::vector<Surest> strata_of(const std::vector<Surest>& classes) {
  constexpr int64_t kFewest = 10;
  std::vector<Surest> strata;
  Surest small;
  for (const Surest& each : classes) {
    const int64_t counted = each.agree + each.contradict;
    if (counted >= kFewest) {
      strata.push_back(each);
      continue;
    }
    small.size += each.size;
    small.agree += each.agree;
    small.contradict += each.contradict;
    small.own_errors += each.own_errors * static_cast<double>(counted);
  }
  const int64_t counted = small.agree + small.contradict;
  if (counted == 0) return strata;
  small.own_errors /= static_cast<double>(counted);
  strata.push_back(small);
  return strata;
}

struct BySurest {
  Interval all;   // every contradiction is a wrong label
  Interval less;  // but for the errors that the belief expects of itself
};

BySurest by_surest(const std::vector<Surest>& classes, uint64_t seed,
                   const ParallelFor& parallel_for) {
  const std::vector<Surest> surest = strata_of(classes);
  std::vector<int64_t> cells;
  for (const Surest& each : surest) cells.insert(cells.end(), {each.agree, each.contradict});
  BootstrapOptions bootstrap;
  bootstrap.seed = seed;
  const std::vector<Interval> both = bootstrap_cells(
      cells, 2,
      [&](std::span<const int64_t> counts, std::span<double> out) {
        out[0] = out[1] = 0;
        for (size_t k = 0; k < surest.size(); ++k) {
          const int64_t counted = counts[2 * k] + counts[2 * k + 1];
          if (counted == 0) continue;
          const double share =
              static_cast<double>(counts[2 * k + 1]) / static_cast<double>(counted);
          const double own = surest[k].own_errors;
          out[0] += surest[k].size * share;
          out[1] += surest[k].size * (share - own) / (1 - own);
        }
        out[1] = std::max(0.0, out[1]);
      },
      bootstrap, parallel_for);
  return {both[0], both[1]};
}

std::vector<size_t> judged_rows(std::span<const float> belief, std::span<const ClassIndex> labels,
                                size_t classes) {
  std::vector<size_t> rows;
  for (size_t row = 0; row < labels.size(); ++row) {
    if (labels[row] != kNoClass && !std::isnan(belief[row * classes])) rows.push_back(row);
  }
  return rows;
}

bool of_one_class(std::span<const size_t> rows, std::span<const ClassIndex> labels) {
  return std::all_of(rows.begin(), rows.end(),
                     [&](size_t row) { return labels[row] == labels[rows.front()]; });
}

// Probabilities whose odds are moved until they sum to a total, and what some rows then have of it.
class MovedOdds {
 public:
  struct Part {
    double sum = 0;
    double deviation = 0;
  };

  void add(double probability, bool among) {
    constexpr double kSurest = 1e-6;
    const double p = std::clamp(probability, kSurest, 1 - kSurest);
    log_odds_.push_back(std::log(p / (1 - p)));
    among_.push_back(among ? 1 : 0);
  }

  double part_rows() const {
    return static_cast<double>(std::count(among_.begin(), among_.end(), 1));
  }

  Part part_of(double total) const {
    double low = -40;
    double high = 40;
    for (int i = 0; i < 60; ++i) {
      const double middle = (low + high) / 2;
      (measured(middle).all < total ? low : high) = middle;
    }
    const Sums sums = measured(high);
    const double free = sums.all_variance > 0 ? 1 - sums.variance / sums.all_variance : 0;
    return {sums.part, std::sqrt(sums.variance * free)};
  }

 private:
  struct Sums {
    double all = 0;
    double all_variance = 0;
    double part = 0;
    double variance = 0;
  };

  Sums measured(double moved) const {
    Sums sums;
    for (size_t i = 0; i < log_odds_.size(); ++i) {
      const double p = 1 / (1 + std::exp(-log_odds_[i] - moved));
      sums.all += p;
      sums.all_variance += p * (1 - p);
      if (among_[i] == 0) continue;
      sums.part += p;
      sums.variance += p * (1 - p);
    }
    return sums;
  }

  std::vector<double> log_odds_;
  std::vector<uint8_t> among_;
};

}  // namespace

NoiseEstimate estimate_noise(std::span<const float> belief, std::span<const ClassIndex> labels,
                             size_t classes, uint64_t seed, const ParallelFor& parallel_for) {
  const std::vector<size_t> rows = judged_rows(belief, labels, classes);
  NoiseEstimate estimate{undefined_interval(), undefined_interval()};
  if (rows.empty()) return estimate;
  estimate.by_joint = by_confident_joint(belief, labels, classes, seed, parallel_for);
  const double power = NoiseMatrix(belief, labels, classes, rows.size()).fit().power;
  const BySurest surest =
      by_surest(surest_of_classes(belief, labels, classes, power), seed, parallel_for);
  const double not_owned =
      estimate.by_joint.value - wrong_by_own_errors(belief, labels, classes, power);
  estimate.wrong.value = std::max(surest.all.value, not_owned);
  estimate.wrong.low = std::min(surest.less.low, surest.all.low);
  estimate.wrong.high = std::max(estimate.by_joint.high, surest.all.high);
  if (of_one_class(rows, labels)) estimate.wrong.low = 0;
  estimate.wrong.low = std::min(estimate.wrong.low, estimate.wrong.value);
  estimate.wrong.high = std::max(estimate.wrong.high, estimate.wrong.value);
  return estimate;
}

Interval wrong_among(std::span<const float> belief, std::span<const ClassIndex> labels,
                     size_t classes, std::span<const uint8_t> among, const Interval& all) {
  const std::vector<size_t> rows = judged_rows(belief, labels, classes);
  const bool whole =
      std::all_of(rows.begin(), rows.end(), [&](size_t row) { return among[row] != 0; });
  if (whole || std::isnan(all.value)) return all;
  const NoiseMatrix noise(belief, labels, classes, rows.size());
  const NoiseMatrix::Fit fit = noise.fit();
  MovedOdds odds;
  std::vector<size_t> order(classes);
  for (const size_t row : rows) {
    odds.add(
        noise.wrong(fit, belief.data() + row * classes, static_cast<size_t>(labels[row]), order),
        among[row] != 0);
  }
  constexpr double kDeviations = 1.96;  // of 95 %
  const MovedOdds::Part low = odds.part_of(all.low);
  const MovedOdds::Part high = odds.part_of(all.high);
  return {odds.part_of(all.value).sum, std::max(0.0, low.sum - kDeviations * low.deviation),
          std::min(odds.part_rows(), high.sum + kDeviations * high.deviation)};
}

}  // namespace errata::analysis
