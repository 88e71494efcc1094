#include "analysis/noise_estimate.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "base/random.h"

namespace errata::analysis {

namespace {

// Wrong labels by the confident joint: of each given class, the share of confidently counted
// samples that lie off the diagonal, times the size of the class. `cells` is K x (K + 1): guesses,
// and the samples that no class claims.
template <typename Count>
double wrong_by_cells(std::span<const Count> cells, size_t classes) {
  double wrong = 0;
  for (size_t given = 0; given < classes; ++given) {
    const std::span<const Count> row = cells.subspan(given * (classes + 1), classes + 1);
    const double size = static_cast<double>(std::accumulate(row.begin(), row.end(), Count{0}));
    const double counted = size - static_cast<double>(row[classes]);
    if (counted <= 0) continue;
    wrong += size * (counted - static_cast<double>(row[given])) / counted;
  }
  return wrong;
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
    thresholds[k] = sizes[k] > 0 ? thresholds[k] / static_cast<double>(sizes[k]) : 2;
  }
  std::vector<int64_t> cells(classes * (classes + 1), 0);
  for (size_t row = 0; row < labels.size(); ++row) {
    if (labels[row] == kNoClass || std::isnan(belief[row * classes])) continue;
    const ClassIndex guess = confident_guess(belief.data() + row * classes, classes, thresholds);
    const size_t column = guess == kNoClass ? classes : static_cast<size_t>(guess);
    ++cells[static_cast<size_t>(labels[row]) * (classes + 1) + column];
  }
  BootstrapOptions bootstrap;
  bootstrap.seed = seed;
  return bootstrap_cells(
      cells, 1,
      [&](std::span<const int64_t> counts, std::span<double> out) {
        out[0] = wrong_by_cells<int64_t>(counts, classes);
      },
      bootstrap, parallel_for)[0];
}

// The beliefs of some rows, each in its strongest classes and in the label alone: a matrix of a
// thousand classes is then no more work than one of ten.
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
  }

  // The temperature of most likelihood, as a power of the belief.
  double power() const {
    Fit fit = first_fit();
    for (size_t i = 0; i < kIterations; ++i) {
      fit_matrix(fit);
      if (i % 2 == 1) choose_power(fit);
    }
    return fit.power;
  }

 private:
  static constexpr size_t kMostRows = 20000;
  static constexpr size_t kMostKept = 12;
  static constexpr size_t kIterations = 50;
  static constexpr double kFirstNoise = 0.15;
  static constexpr double kPrior = 0.01;  // a sample's hundredth, for classes without any

  void add_row(const float* p, size_t label, std::vector<size_t>& order) {
    std::iota(order.begin(), order.end(), size_t{0});
    std::partial_sort(order.begin(), order.begin() + static_cast<ptrdiff_t>(kept_), order.end(),
                      [&](size_t a, size_t b) { return p[a] != p[b] ? p[a] > p[b] : a < b; });
    const auto end = order.begin() + static_cast<ptrdiff_t>(kept_);
    if (std::find(order.begin(), end, label) == end) order[kept_ - 1] = label;
    for (size_t c = 0; c < kept_; ++c) {
      class_of_.push_back(order[c]);
      log_belief_.push_back(std::log(double{p[order[c]]} + 1e-6));
    }
    labels_.push_back(label);
  }

  struct Fit {
    std::vector<double> matrix;  // [true * classes + given]
    double power = 1;
  };

  Fit first_fit() const {
    Fit fit;
    fit.matrix.assign(classes_ * classes_, kFirstNoise / static_cast<double>(classes_));
    for (size_t k = 0; k < classes_; ++k) fit.matrix[k * classes_ + k] += 1 - kFirstNoise;
    return fit;
  }

  void fit_matrix(Fit& fit) const {
    std::vector<double> counts(classes_ * classes_, 0);
    for (size_t k = 0; k < classes_; ++k) counts[k * classes_ + k] = kPrior;
    walk(fit, [&](size_t row, std::span<const double> posterior) {
      for (size_t c = 0; c < kept_; ++c) {
        counts[class_of_[row * kept_ + c] * classes_ + labels_[row]] += posterior[c];
      }
    });
    for (size_t k = 0; k < classes_; ++k) {
      double* from = counts.data() + k * classes_;
      const double sum = std::accumulate(from, from + classes_, 0.0);
      for (size_t g = 0; g < classes_; ++g) fit.matrix[k * classes_ + g] = from[g] / sum;
    }
  }

  // Calls visit(row, posterior of the kept classes) and returns the log likelihood of the labels.
  template <typename Visit>
  double walk(const Fit& fit, const Visit& visit) const {
    double likelihood = 0;
    std::vector<double> posterior(kept_);
    for (size_t row = 0; row < labels_.size(); ++row) {
      const double* logs = log_belief_.data() + row * kept_;
      const double highest = *std::max_element(logs, logs + kept_);
      double prior = 0;
      double sum = 0;
      for (size_t c = 0; c < kept_; ++c) {
        const double p = std::exp(fit.power * (logs[c] - highest));
        prior += p;
        posterior[c] = p * fit.matrix[class_of_[row * kept_ + c] * classes_ + labels_[row]];
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
  std::vector<size_t> class_of_;
  std::vector<double> log_belief_;
  std::vector<size_t> labels_;
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
    thresholds[k] = sizes[k] > 0 ? thresholds[k] / sizes[k] : 2;
  }
  std::vector<double> cells(classes * (classes + 1), 0);
  walk([&](const float* p) {
    const ClassIndex guess = confident_guess(p, classes, thresholds);
    const size_t column = guess == kNoClass ? classes : static_cast<size_t>(guess);
    for (size_t k = 0; k < classes; ++k) cells[k * (classes + 1) + column] += drawn[k];
  });
  return wrong_by_cells<double>(cells, classes);
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

struct BySurest {
  Interval all;   // every contradiction is a wrong label
  Interval less;  // but for the errors that the belief expects of itself
};

BySurest by_surest(const std::vector<Surest>& surest, uint64_t seed,
                   const ParallelFor& parallel_for) {
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

}  // namespace

NoiseEstimate estimate_noise(std::span<const float> belief, std::span<const ClassIndex> labels,
                             size_t classes, uint64_t seed, const ParallelFor& parallel_for) {
  size_t counted = 0;
  for (size_t row = 0; row < labels.size(); ++row) {
    counted += labels[row] != kNoClass && !std::isnan(belief[row * classes]);
  }
  NoiseEstimate estimate{undefined_interval(), undefined_interval()};
  if (counted == 0) return estimate;
  estimate.by_joint = by_confident_joint(belief, labels, classes, seed, parallel_for);
  const double power = NoiseMatrix(belief, labels, classes, counted).power();
  const BySurest surest =
      by_surest(surest_of_classes(belief, labels, classes, power), seed, parallel_for);
  const double not_owned =
      estimate.by_joint.value - wrong_by_own_errors(belief, labels, classes, power);
  estimate.wrong.value = std::max(surest.all.value, not_owned);
  estimate.wrong.low = std::min(surest.less.low, surest.all.low);
  estimate.wrong.high = std::max(estimate.by_joint.high, surest.all.high);
  return estimate;
}

}  // namespace errata::analysis
