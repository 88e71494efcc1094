#include "analysis/label_errors.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace errata::analysis {

namespace {

constexpr float kNone = std::numeric_limits<float>::quiet_NaN();
// Below these, a probability says no more than "hardly": one witness must not veto all others, and
// fifty votes tell less than a head.
constexpr float kHeadFloor = 1e-4f;
constexpr float kVoteFloor = 1e-2f;
constexpr double kVoteShare = 0.35;  // of a round; the head has the rest
constexpr double kTrainedWeight = 0.1;
constexpr size_t kRounds = 2;  // after the first

constexpr size_t kGrain = 1024;

// Sums of weighted logarithms.
class Pool {
 public:
  Pool(size_t rows, size_t classes, const ParallelFor& parallel_for)
      : classes_(classes),
        logs_(rows * classes, 0),
        weights_(rows, 0),
        parallel_for_(parallel_for) {}

  // `weight_of(row)`; rows whose first probability is NaN are left out.
  template <typename WeightOf>
  void add(std::span<const float> probabilities, double power, float floor,
           const WeightOf& weight_of) {
    parallel_for_(weights_.size(), kGrain, [&](size_t begin, size_t end) {
      for (size_t row = begin; row < end; ++row) {
        const float* p = probabilities.data() + row * classes_;
        if (std::isnan(p[0])) continue;
        const double weight = weight_of(row);
        for (size_t k = 0; k < classes_; ++k) {
          logs_[row * classes_ + k] += static_cast<float>(weight * power * std::log(p[k] + floor));
        }
        weights_[row] += static_cast<float>(weight);
      }
    });
  }

  std::vector<float> belief() const {
    std::vector<float> result(logs_.size(), kNone);
    parallel_for_(weights_.size(), kGrain, [&](size_t begin, size_t end) {
      for (size_t row = begin; row < end; ++row) {
        if (weights_[row] <= 0) continue;
        const float* logs = logs_.data() + row * classes_;
        float* out = result.data() + row * classes_;
        const float highest = *std::max_element(logs, logs + classes_);
        float sum = 0;
        for (size_t k = 0; k < classes_; ++k) {
          out[k] = std::exp((logs[k] - highest) / weights_[row]);
          sum += out[k];
        }
        for (size_t k = 0; k < classes_; ++k) out[k] /= sum;
      }
    });
    return result;
  }

 private:
  size_t classes_;
  std::vector<float> logs_;
  std::vector<float> weights_;
  const ParallelFor& parallel_for_;
};

// How much a label is believed: 1 where it is the most probable.
std::vector<float> label_weights(std::span<const float> belief, std::span<const ClassIndex> labels,
                                 size_t classes) {
  std::vector<float> weights(labels.size(), 0);
  for (size_t row = 0; row < labels.size(); ++row) {
    const float* p = belief.data() + row * classes;
    if (labels[row] == kNoClass || std::isnan(p[0])) continue;
    weights[row] = p[labels[row]] / std::max(*std::max_element(p, p + classes), 1e-12f);
  }
  return weights;
}

// The power p -> p^a / sum that has the least log loss on the labels, by golden section over
// log a. A run's rows that it was trained on do not count, unless there are no others.
double best_power(const RunEvidence& run, std::span<const ClassIndex> labels, size_t classes) {
  constexpr size_t kMostRows = 5000;
  std::vector<size_t> rows;
  for (const bool trained : {false, true}) {
    for (size_t row = 0; row < labels.size(); ++row) {
      if (labels[row] == kNoClass || std::isnan(run.probabilities[row * classes])) continue;
      const bool seen = !run.trained.empty() && run.trained[row] != 0;
      if (seen == trained) rows.push_back(row);
    }
    if (!rows.empty()) break;
  }
  const size_t step = std::max<size_t>(1, rows.size() / kMostRows);
  const auto loss_of = [&](double log_power) {
    const double power = std::exp(log_power);
    double loss = 0;
    for (size_t i = 0; i < rows.size(); i += step) {
      const float* p = run.probabilities.data() + rows[i] * classes;
      double sum = 0;
      for (size_t k = 0; k < classes; ++k) sum += std::pow(p[k] + kHeadFloor, power);
      loss += std::log(sum) - power * std::log(p[labels[rows[i]]] + kHeadFloor);
    }
    return loss;
  };
  constexpr double kGolden = 0.6180339887498949;
  double low = std::log(0.1);
  double high = std::log(4.0);
  for (size_t i = 0; i < 12; ++i) {
    const double a = high - kGolden * (high - low);
    const double b = low + kGolden * (high - low);
    if (loss_of(a) <= loss_of(b)) {
      high = b;
    } else {
      low = a;
    }
  }
  if (rows.empty()) return 1;
  const double power = std::exp((low + high) / 2);
  // What it learnt by heart must not make it surer still.
  const bool learnt = !run.trained.empty() && run.trained[rows.front()] != 0;
  return learnt ? std::min(power, 1.0) : power;
}

void add_runs(const LabelEvidence& evidence, Pool& pool) {
  for (const RunEvidence& run : evidence.runs) {
    const double power = best_power(run, evidence.labels, evidence.classes);
    pool.add(run.probabilities, power, kHeadFloor, [&](size_t row) {
      return !run.trained.empty() && run.trained[row] != 0 ? kTrainedWeight : 1.0;
    });
  }
}

// The rounds of the probe and of the votes, added to `all`.
void add_rounds(const LabelEvidence& evidence, const ProbeOptions& options,
                const ParallelFor& parallel_for, const std::function<void()>& tick, Pool& all) {
  const size_t rows = evidence.labels.size();
  const size_t classes = evidence.classes;
  const auto share = [](double value) { return [value](size_t) { return value; }; };
  const Probe probe = run_probe(*evidence.space, evidence.labels, evidence.groups, classes, options,
                                parallel_for, tick);
  all.add(probe.probabilities, 1, kHeadFloor, share(1));
  std::vector<float> targets(rows * classes, 0);
  for (size_t row = 0; row < rows; ++row) {
    if (evidence.labels[row] == kNoClass) continue;
    targets[row * classes + static_cast<size_t>(evidence.labels[row])] = 1;
  }
  std::vector<float> weights(rows, 1);
  std::vector<float> head = probe.probabilities;
  for (size_t round = 0; round <= kRounds; ++round) {
    const std::vector<float> votes =
        neighbour_votes(*evidence.neighbours, evidence.labels, weights, classes, parallel_for);
    Pool own(rows, classes, parallel_for);
    own.add(head, 1, kHeadFloor, share(1 - kVoteShare));
    own.add(votes, 1, kVoteFloor, share(kVoteShare));
    if (round > 0) {
      all.add(head, 1, kHeadFloor, share(1 - kVoteShare));
      all.add(votes, 1, kVoteFloor, share(kVoteShare));
    }
    if (round == kRounds) break;
    add_runs(evidence, own);
    weights = label_weights(own.belief(), evidence.labels, classes);
    const HeadTask task{classes, options.folds, probe.fold, targets, weights, probe.lambda};
    const Coordinates coordinates = evidence.space->coordinates();
    const Heads heads = train_heads(coordinates, task, nullptr, parallel_for, tick);
    head = held_out_probabilities(coordinates, heads, probe.fold, parallel_for);
  }
}

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

Interval estimate_wrong(std::span<const float> belief, std::span<const ClassIndex> labels,
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
  if (std::accumulate(cells.begin(), cells.end(), int64_t{0}) == 0) return undefined_interval();
  BootstrapOptions bootstrap;
  bootstrap.seed = seed;
  return bootstrap_cells(
      cells, 1,
      [&](std::span<const int64_t> counts, std::span<double> out) {
        out[0] = wrong_by_cells(counts, classes);
      },
      bootstrap, parallel_for)[0];
}

void judge(const LabelEvidence& evidence, LabelErrors& errors) {
  const size_t classes = evidence.classes;
  for (size_t row = 0; row < evidence.labels.size(); ++row) {
    const float* p = errors.belief.data() + row * classes;
    const ClassIndex label = evidence.labels[row];
    if (label == kNoClass || std::isnan(p[0]) || classes < 2) continue;
    size_t rival = label == 0 ? 1 : 0;
    for (size_t k = 0; k < classes; ++k) {
      if (static_cast<ClassIndex>(k) != label && p[k] > p[rival]) rival = k;
    }
    errors.suggested[row] = static_cast<ClassIndex>(rival);
    errors.score[row] = p[rival] / std::max(p[rival] + p[label], 1e-30f);
    ++errors.judged;
  }
}

void mark_suspects(LabelErrors& errors) {
  std::vector<size_t> order;
  for (size_t row = 0; row < errors.score.size(); ++row) {
    // What is believed more than any other label is no suspect, whatever the estimate says.
    if (errors.score[row] > 0.5f) order.push_back(row);
  }
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return errors.score[a] > errors.score[b]; });
  const double wanted = std::isnan(errors.estimated.value) ? 0 : errors.estimated.value;
  order.resize(std::min(order.size(), static_cast<size_t>(std::lround(wanted))));
  for (const size_t row : order) errors.suspect[row] = 1;
}

}  // namespace

std::vector<float> neighbour_votes(const Neighbours& neighbours, std::span<const ClassIndex> labels,
                                   std::span<const float> weights, size_t classes,
                                   const ParallelFor& parallel_for) {
  std::vector<float> votes(neighbours.rows * classes, 0);
  parallel_for(neighbours.rows, kGrain, [&](size_t begin, size_t end) {
    for (size_t row = begin; row < end; ++row) {
      if (neighbours.k == 0) continue;
      float* out = votes.data() + row * classes;
      const std::span<const float> distances = neighbours.distances_of(row);
      const float scale = 1 / (distances.back() + 1e-9f);
      float sum = 0;
      for (size_t i = 0; i < neighbours.k; ++i) {
        const uint32_t other = neighbours.of(row)[i];
        if (labels[other] == kNoClass) continue;
        const float vote = std::exp(-std::max(distances[i], 0.0f) * scale) * weights[other];
        out[labels[other]] += vote;
        sum += vote;
      }
      if (sum <= 0) continue;
      for (size_t k = 0; k < classes; ++k) out[k] /= sum;
    }
  });
  return votes;
}

LabelErrors find_label_errors(const LabelEvidence& evidence, const ProbeOptions& options,
                              const ParallelFor& parallel_for, const std::function<void()>& tick) {
  const size_t rows = evidence.labels.size();
  LabelErrors errors;
  errors.score.assign(rows, kNone);
  errors.suggested.assign(rows, kNoClass);
  errors.suspect.assign(rows, 0);
  Pool all(rows, evidence.classes, parallel_for);
  if (evidence.space != nullptr) add_rounds(evidence, options, parallel_for, tick, all);
  add_runs(evidence, all);
  errors.belief = all.belief();
  judge(evidence, errors);
  errors.estimated =
      estimate_wrong(errors.belief, evidence.labels, evidence.classes, options.seed, parallel_for);
  mark_suspects(errors);
  return errors;
}

}  // namespace errata::analysis
