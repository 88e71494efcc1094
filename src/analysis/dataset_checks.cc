#include "analysis/dataset_checks.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>

#include "base/random.h"

namespace errata::analysis {

namespace {

// Between the distances that were seen (counts by |i - j|, 1 to n - 1) and P(|i - j| = d) = (n - d)
// / (n (n - 1) / 2) of two rows drawn at random.
double ks_statistic(const std::vector<uint32_t>& counts, size_t total) {
  const auto n = static_cast<double>(counts.size());
  double expected = 0;
  double statistic = 0;
  size_t seen = 0;
  for (size_t d = 1; d < counts.size(); ++d) {
    expected += (n - static_cast<double>(d)) / (n * (n - 1) / 2);
    // As Datalab: each distance that was seen has the share of those before it, equal ones in
    // turn, against the expected share up to it.
    if (counts[d] == 0) continue;
    const double before = static_cast<double>(seen) / static_cast<double>(total);
    seen += counts[d];
    const double last = static_cast<double>(seen - 1) / static_cast<double>(total);
    statistic = std::max({statistic, std::abs(before - expected), std::abs(last - expected)});
  }
  return statistic;
}

template <typename PlaceOf>
double statistic_of(const Neighbours& neighbours, const PlaceOf& place_of) {
  std::vector<uint32_t> counts(neighbours.rows, 0);
  for (size_t row = 0; row < neighbours.rows; ++row) {
    const auto place = static_cast<int64_t>(place_of(row));
    for (const uint32_t other : neighbours.of(row)) {
      ++counts[static_cast<size_t>(std::abs(place - static_cast<int64_t>(place_of(other))))];
    }
  }
  return ks_statistic(counts, neighbours.index.size());
}

// Area below the distribution function of the distance from row i of n to a row drawn at random,
// from 0 to d: it rises by 2 / (n - 1) up to the nearer end, by half as much up to the farther one.
double background_area(double d, double nearer, double n) {
  if (d <= nearer) return d * d / (n - 1);
  const double both = nearer * nearer / (n - 1);
  if (d <= n - nearer - 1) {
    return both + 0.5 * (d + 3 * nearer) * (d - nearer) / (n - 1);
  }
  const double middle = 0.5 * (2 * nearer / (n - 1) + 1) * (n - 2 * nearer - 1);
  return both + middle + (d - (n - nearer - 1));
}

double order_score(const Neighbours& neighbours, size_t row) {
  const auto n = static_cast<double>(neighbours.rows);
  const auto place = static_cast<double>(row);
  std::vector<double> distances;
  for (const uint32_t other : neighbours.of(row)) distances.push_back(std::abs(place - other));
  std::sort(distances.begin(), distances.end());
  distances.push_back(n - 1);
  const double middle = std::floor((n - 1) / 2);
  const double nearer = place > middle ? std::abs(place - (n - 1)) : place;
  double area = 0;
  double last = 0;
  double last_background = 0;
  for (size_t step = 0; step < distances.size(); ++step) {
    const double background = background_area(distances[step], nearer, n);
    const double own = static_cast<double>(step) / static_cast<double>(distances.size() - 1) *
                       (distances[step] - last);
    area += std::abs(own - (background - last_background));
    last = distances[step];
    last_background = background;
  }
  return 1 - std::tanh(area / std::max(place, n - place));
}

// Folds of scikit-learn's StratifiedKFold without shuffling: classes are taken in the order in
// which they first occur, and each fold gets the share that dealing out the sorted labels gives it.
std::vector<uint8_t> stratified_folds(std::span<const ClassIndex> labels, size_t classes,
                                      size_t folds) {
  std::vector<size_t> counts(classes, 0);
  std::vector<ClassIndex> order;
  for (const ClassIndex label : labels) {
    if (counts[static_cast<size_t>(label)]++ == 0) order.push_back(label);
  }
  std::vector<std::vector<size_t>> shares(classes, std::vector<size_t>(folds, 0));
  size_t dealt = 0;
  for (const ClassIndex label : order) {
    for (size_t i = 0; i < counts[static_cast<size_t>(label)]; ++i) {
      ++shares[static_cast<size_t>(label)][dealt++ % folds];
    }
  }
  std::vector<uint8_t> fold_of;
  std::vector<uint8_t> fold(classes, 0);
  for (const ClassIndex label : labels) {
    const auto at = static_cast<size_t>(label);
    while (shares[at][fold[at]] == 0) ++fold[at];
    --shares[at][fold[at]];
    fold_of.push_back(fold[at]);
  }
  return fold_of;
}

// Gaussian naive Bayes of one property, as scikit-learn has it: variances are raised by 1e-9 of
// that of all values.
class NaiveBayes {
 public:
  NaiveBayes(std::span<const float> values, std::span<const ClassIndex> labels,
             std::span<const uint8_t> folds, uint8_t left_out, size_t classes)
      : parts_(classes) {
    double sum = 0, squares = 0;
    size_t count = 0;
    for (size_t i = 0; i < values.size(); ++i) {
      if (folds[i] == left_out) continue;
      Part& part = parts_[static_cast<size_t>(labels[i])];
      ++part.count;
      part.mean += values[i];
      sum += values[i];
      ++count;
    }
    for (Part& part : parts_) {
      if (part.count > 0) part.mean /= static_cast<double>(part.count);
    }
    const double mean = sum / static_cast<double>(count);
    for (size_t i = 0; i < values.size(); ++i) {
      if (folds[i] == left_out) continue;
      Part& part = parts_[static_cast<size_t>(labels[i])];
      part.variance += (values[i] - part.mean) * (values[i] - part.mean);
      squares += (values[i] - mean) * (values[i] - mean);
    }
    const double smoothing = 1e-9 * squares / static_cast<double>(count);
    for (Part& part : parts_) {
      if (part.count == 0) continue;
      part.variance = part.variance / static_cast<double>(part.count) + smoothing;
      part.constant = std::log(static_cast<double>(part.count) / static_cast<double>(count)) -
                      0.5 * std::log(2 * std::numbers::pi * part.variance);
    }
  }

  ClassIndex predict(double value) const {
    ClassIndex best = kNoClass;
    double most = -std::numeric_limits<double>::infinity();
    for (size_t k = 0; k < parts_.size(); ++k) {
      const Part& part = parts_[k];
      if (part.count == 0) continue;
      const double difference = value - part.mean;
      const double likelihood = part.constant - 0.5 * difference * difference / part.variance;
      // A property that is the same for all has no variance: then the likelihood is no number, and
      // the first class is named.
      if (best == kNoClass || likelihood > most) {
        most = likelihood;
        best = static_cast<ClassIndex>(k);
      }
    }
    return best;
  }

 private:
  struct Part {
    size_t count = 0;
    double mean = 0;
    double variance = 0;
    double constant = 0;
  };
  std::vector<Part> parts_;
};

}  // namespace

std::vector<RareClass> rare_classes(std::span<const ClassIndex> labels, size_t classes) {
  constexpr double kShareOfEven = 0.1;
  std::vector<size_t> counts(classes, 0);
  size_t labelled = 0;
  for (const ClassIndex label : labels) {
    if (label == kNoClass) continue;
    ++counts[static_cast<size_t>(label)];
    ++labelled;
  }
  std::vector<RareClass> rare;
  if (labelled == 0) return rare;
  for (size_t k = 0; k < classes; ++k) {
    const double share = static_cast<double>(counts[k]) / static_cast<double>(labelled);
    if (share < kShareOfEven / static_cast<double>(classes)) {
      rare.push_back({static_cast<ClassIndex>(k), counts[k], share});
    }
  }
  std::stable_sort(rare.begin(), rare.end(),
                   [](const RareClass& a, const RareClass& b) { return a.samples < b.samples; });
  return rare;
}

OrderCheck check_order(const Neighbours& neighbours, size_t orders, uint64_t seed,
                       const ParallelFor& parallel_for) {
  OrderCheck check;
  check.scores.assign(neighbours.rows, 1.0);
  if (neighbours.rows < 2 || neighbours.k == 0) return check;
  check.statistic = statistic_of(neighbours, [](size_t row) { return row; });
  std::vector<uint8_t> as_high(orders, 0);
  parallel_for(orders, 1, [&](size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) {
      Rng rng(seed, i);
      std::vector<uint32_t> places(neighbours.rows);
      std::iota(places.begin(), places.end(), 0u);
      rng.shuffle(places);
      as_high[i] =
          statistic_of(neighbours, [&](size_t row) { return places[row]; }) >= check.statistic;
    }
  });
  const size_t count = std::accumulate(as_high.begin(), as_high.end(), size_t{0});
  check.p_value = static_cast<double>(count + 1) / static_cast<double>(orders + 1);
  parallel_for(neighbours.rows, 4096, [&](size_t begin, size_t end) {
    for (size_t row = begin; row < end; ++row) check.scores[row] = order_score(neighbours, row);
  });
  return check;
}

double property_label_score(std::span<const float> property, std::span<const ClassIndex> labels,
                            bool compat) {
  constexpr uint8_t kFolds = 5;
  std::vector<float> values;
  std::vector<ClassIndex> known;
  size_t classes = 0;
  for (size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] == kNoClass || !std::isfinite(property[i])) continue;
    values.push_back(property[i]);
    known.push_back(labels[i]);
    classes = std::max(classes, static_cast<size_t>(labels[i]) + 1);
  }
  if (values.size() < 2 * kFolds) return 1;
  const std::vector<uint8_t> folds = stratified_folds(known, classes, kFolds);
  double accuracy = 0;
  for (uint8_t fold = 0; fold < kFolds; ++fold) {
    const NaiveBayes bayes(values, known, folds, fold, classes);
    size_t right = 0, tested = 0;
    for (size_t i = 0; i < values.size(); ++i) {
      if (folds[i] != fold) continue;
      ++tested;
      right += bayes.predict(values[i]) == known[i];
    }
    if (tested > 0) accuracy += static_cast<double>(right) / static_cast<double>(tested) / kFolds;
  }
  std::vector<size_t> counts(classes, 0);
  for (const ClassIndex label : known) ++counts[static_cast<size_t>(label)];
  const auto most = std::max_element(counts.begin(), counts.end());
  const double named =
      compat ? static_cast<double>(most - counts.begin()) : static_cast<double>(*most);
  const double baseline = named / static_cast<double>(known.size());
  if (baseline >= 1) return 1;
  return std::min(1.0, (1 - accuracy) / (1 - baseline));
}

}  // namespace errata::analysis
