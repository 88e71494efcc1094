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
double wrong_by_cells(std::span<const int64_t> cells, size_t classes) {
  double wrong = 0;
  for (size_t given = 0; given < classes; ++given) {
    const std::span<const int64_t> row = cells.subspan(given * (classes + 1), classes + 1);
    const double size = static_cast<double>(std::accumulate(row.begin(), row.end(), int64_t{0}));
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
        out[0] = wrong_by_cells(counts, classes);
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

  // The matrix and the temperature of most likelihood, with the wrong labels' share by them.
  Interval wrong_share(uint64_t seed, const ParallelFor& parallel_for) const {
    const std::vector<double> once(labels_.size(), 1);
    Fit fit = first_fit();
    improve(fit, once, kIterations);
    const double share = share_of(fit, once);
    std::vector<double> again(kResamples);
    parallel_for(kResamples, 1, [&](size_t begin, size_t end) {
      for (size_t i = begin; i < end; ++i) {
        Rng rng(seed, i);
        std::vector<double> weights(labels_.size(), 0);
        for (size_t draw = 0; draw < labels_.size(); ++draw) ++weights[rng.below(labels_.size())];
        Fit other = fit;
        improve(other, weights, kMoreIterations);
        again[i] = share_of(other, weights);
      }
    });
    // A matrix fits chance too: what resamples have more than the sample, the sample has more than
    // the truth.
    return normal_interval(share, 2 * share - mean_of(again), deviation_of(again),
                           BootstrapOptions().level);
  }

 private:
  static constexpr size_t kMostRows = 20000;
  static constexpr size_t kMostKept = 12;
  static constexpr size_t kIterations = 50;
  static constexpr size_t kMoreIterations = 16;
  static constexpr size_t kResamples = 32;
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

  void improve(Fit& fit, std::span<const double> weights, size_t iterations) const {
    for (size_t i = 0; i < iterations; ++i) {
      std::vector<double> counts(classes_ * classes_, 0);
      for (size_t k = 0; k < classes_; ++k) counts[k * classes_ + k] = kPrior;
      walk(fit, weights, [&](size_t row, std::span<const double> posterior) {
        for (size_t c = 0; c < kept_; ++c) {
          counts[class_of_[row * kept_ + c] * classes_ + labels_[row]] +=
              weights[row] * posterior[c];
        }
      });
      for (size_t k = 0; k < classes_; ++k) {
        double* from = counts.data() + k * classes_;
        const double sum = std::accumulate(from, from + classes_, 0.0);
        for (size_t g = 0; g < classes_; ++g) fit.matrix[k * classes_ + g] = from[g] / sum;
      }
      if (i % 2 == 1) choose_power(fit, weights);
    }
  }

  double share_of(const Fit& fit, std::span<const double> weights) const {
    double right = 0;
    walk(fit, weights, [&](size_t row, std::span<const double> posterior) {
      for (size_t c = 0; c < kept_; ++c) {
        if (class_of_[row * kept_ + c] == labels_[row]) right += weights[row] * posterior[c];
      }
    });
    return 1 - right / std::accumulate(weights.begin(), weights.end(), 0.0);
  }

  // Calls visit(row, posterior of the kept classes) and returns the log likelihood of the labels.
  template <typename Visit>
  double walk(const Fit& fit, std::span<const double> weights, const Visit& visit) const {
    double likelihood = 0;
    std::vector<double> posterior(kept_);
    for (size_t row = 0; row < labels_.size(); ++row) {
      if (weights[row] == 0) continue;
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
      likelihood += weights[row] * std::log(std::max(sum / prior, 1e-300));
      for (double& each : posterior) each /= std::max(sum, 1e-300);
      visit(row, std::span<const double>(posterior));
    }
    return likelihood;
  }

  void choose_power(Fit& fit, std::span<const double> weights) const {
    const double old = fit.power;
    double chosen = old;
    double best = -std::numeric_limits<double>::infinity();
    for (const double factor : {1.0, 0.85, 0.95, 1.05, 1.18}) {
      fit.power = old * factor;
      const double likelihood = walk(fit, weights, [](size_t, std::span<const double>) {});
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

}  // namespace

NoiseEstimate estimate_noise(std::span<const float> belief, std::span<const float> plain,
                             std::span<const ClassIndex> labels, size_t classes, uint64_t seed,
                             const ParallelFor& parallel_for) {
  size_t counted = 0;
  for (size_t row = 0; row < labels.size(); ++row) {
    counted += labels[row] != kNoClass && !std::isnan(belief[row * classes]);
  }
  NoiseEstimate estimate{undefined_interval(), undefined_interval(), undefined_interval()};
  if (counted == 0) return estimate;
  estimate.by_joint = by_confident_joint(belief, labels, classes, seed, parallel_for);
  const auto count = static_cast<double>(counted);
  const Interval share =
      NoiseMatrix(plain, labels, classes, counted).wrong_share(seed, parallel_for);
  estimate.by_noise_matrix = {share.value * count, std::clamp(share.low, 0.0, share.value) * count,
                              std::clamp(share.high, share.value, 1.0) * count};
  estimate.wrong.value = (estimate.by_joint.value + estimate.by_noise_matrix.value) / 2;
  estimate.wrong.low = std::min(estimate.by_joint.low, estimate.by_noise_matrix.low);
  estimate.wrong.high = std::max(estimate.by_joint.high, estimate.by_noise_matrix.high);
  return estimate;
}

}  // namespace errata::analysis
