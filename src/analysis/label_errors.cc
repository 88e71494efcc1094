#include "analysis/label_errors.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "analysis/class_space.h"
#include "analysis/kernel_head.h"
#include "analysis/noise_estimate.h"
#include "analysis/temperature.h"

namespace errata::analysis {

namespace {

constexpr float kNone = std::numeric_limits<float>::quiet_NaN();
// Below these, a probability says no more than "hardly": one witness must not veto all others, and
// fifty votes tell less than a head.
constexpr float kHeadFloor = 1e-4f;
constexpr float kVoteFloor = 1e-2f;
constexpr double kShare = 0.25;  // of each of the four in a round
constexpr size_t kVoters = 50;
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

  // `weight_of(row)`; rows whose first probability is NaN are left out, and those of either that
  // the other lacks.
  template <typename WeightOf>
  void add(std::span<const float> probabilities, double power, float floor,
           const WeightOf& weight_of) {
    const size_t rows = std::min(weights_.size(), probabilities.size() / classes_);
    parallel_for_(rows, kGrain, [&](size_t begin, size_t end) {
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

// How much a label teaches in the next round: 1 where it is the most probable. The root leaves an
// undecided sample most of its say: without it each round would believe its own doubts.
std::vector<float> label_weights(std::span<const float> belief, std::span<const ClassIndex> labels,
                                 size_t classes) {
  std::vector<float> weights(labels.size(), 0);
  for (size_t row = 0; row < labels.size(); ++row) {
    const float* p = belief.data() + row * classes;
    if (labels[row] == kNoClass || std::isnan(p[0])) continue;
    weights[row] = std::sqrt(p[labels[row]] / std::max(*std::max_element(p, p + classes), 1e-12f));
  }
  return weights;
}

// At which power a run speaks. Rows that it was trained on do not count, unless there are no
// others; and what it learnt by heart must not make it surer still.
double power_of(const RunEvidence& run, std::span<const ClassIndex> labels, size_t classes) {
  const auto known = [&](size_t row) { return !std::isnan(run.probabilities[row * classes]); };
  const auto seen = [&](size_t row) { return !run.trained.empty() && run.trained[row] != 0; };
  bool learnt = true;
  for (size_t row = 0; row < labels.size() && learnt; ++row) {
    learnt = labels[row] == kNoClass || !known(row) || seen(row);
  }
  const double power = best_power(labels, classes, [&](size_t row, std::span<double> logs) {
    if (!known(row) || (seen(row) && !learnt)) return false;
    const float* p = run.probabilities.data() + row * classes;
    for (size_t k = 0; k < classes; ++k) logs[k] = std::log(double{p[k]} + kHeadFloor);
    return true;
  });
  return learnt ? std::min(power, 1.0) : power;
}

// `by_folds`: the weight of those that were made here.
void add_runs(const LabelEvidence& evidence, double by_folds, Pool& pool) {
  for (const RunEvidence& run : evidence.runs) {
    const double power = power_of(run, evidence.labels, evidence.classes);
    pool.add(run.probabilities, power, kHeadFloor, [&](size_t row) {
      if (!run.trained.empty() && run.trained[row] != 0) return kTrainedWeight;
      return run.by_folds ? by_folds : 1.0;
    });
  }
}

// Whether the held-out log loss of the labels rises by more than the standard error of its rise, or
// is no number.
bool is_worse(const Probe& probe, const Probe& before, std::span<const ClassIndex> labels,
              size_t classes) {
  double sum = 0;
  double squares = 0;
  double count = 0;
  for (size_t row = 0; row < labels.size(); ++row) {
    if (labels[row] == kNoClass) continue;
    const size_t at = row * classes + static_cast<size_t>(labels[row]);
    const double rise = std::log(double{before.probabilities[at]} + kHeadFloor) -
                        std::log(double{probe.probabilities[at]} + kHeadFloor);
    sum += rise;
    squares += rise * rise;
    count += 1;
  }
  const double mean = sum / count;
  return !(mean <= std::sqrt(std::max(0.0, squares / count - mean * mean) / count));
}

// What a search of label errors is asked with, beside the evidence.
struct Means {
  const ProbeOptions& options;
  const HeadMathFactory& make_math;
  const ParallelFor& parallel_for;
  const std::function<void()>& tick;
  const std::function<void(const std::string&)>& on_stage;
};

// In which the rounds look for what labels have in common.
struct ChosenSpace {
  EmbeddingSpace joined;  // where more than the embeddings is taken
  bool stages = false;
  bool pictures = false;
  Probe probe;

  const EmbeddingSpace& of(const LabelEvidence& evidence) const {
    return stages || pictures ? joined : *evidence.space;
  }
};

Probe probe_on(const EmbeddingSpace& space, const LabelEvidence& evidence,
               const ProbeOptions& options, const Means& means) {
  return run_probe(space, evidence.labels.first(space.rows), evidence.groups, evidence.classes,
                   options, means.make_math, means.tick);
}

// Asks a head of the embeddings, and of each further space joined with what is taken.
ChosenSpace ask_heads(const LabelEvidence& evidence, const Means& means) {
  ChosenSpace chosen;
  means.on_stage("asking a head on the embeddings");
  chosen.probe = probe_on(*evidence.space, evidence, means.options, means);
  std::vector<const EmbeddingSpace*> taken{evidence.space};
  const auto join = [&] {
    chosen.joined = {};
    if (taken.size() > 1) chosen.joined = join_spaces(taken, means.parallel_for);
  };
  const auto ask = [&](const EmbeddingSpace* further, const char* what) {
    if (further == nullptr || further->axes == 0) return false;
    means.on_stage(std::string("asking a head on ") + what);
    taken.push_back(further);
    join();
    Probe probe = probe_on(chosen.joined, evidence, means.options, means);
    if (!is_worse(probe, chosen.probe, evidence.labels.first(evidence.space->rows),
                  evidence.classes)) {
      chosen.probe = std::move(probe);
      return true;
    }
    taken.pop_back();
    join();
    return false;
  };
  chosen.stages = ask(evidence.stages, "the stages before");
  chosen.pictures = ask(evidence.pictures, "the pictures");
  return chosen;
}

// Some rows of the evidence of embeddings.
struct SomeRows {
  std::vector<ClassIndex> labels;
  std::vector<uint32_t> groups;
  EmbeddingSpace space;
  EmbeddingSpace stages;
  EmbeddingSpace pictures;

  SomeRows(const LabelEvidence& evidence, std::span<const size_t> rows,
           const ParallelFor& parallel_for) {
    for (const size_t row : rows) {
      labels.push_back(evidence.labels[row]);
      groups.push_back(evidence.groups[row]);
    }
    // A group's number is below that of the rows.
    std::vector<uint32_t> sorted = groups;
    std::sort(sorted.begin(), sorted.end());
    sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
    for (uint32_t& group : groups) {
      group = static_cast<uint32_t>(std::lower_bound(sorted.begin(), sorted.end(), group) -
                                    sorted.begin());
    }
    // Turned once more, for a part of uncorrelated rows need not be.
    const EmbeddingSpace part = take_rows(*evidence.space, rows);
    space = join_spaces(std::vector<const EmbeddingSpace*>{&part}, parallel_for);
    if (evidence.stages != nullptr) stages = take_rows(*evidence.stages, rows);
    if (evidence.pictures != nullptr) pictures = take_rows(*evidence.pictures, rows);
  }
};

// Of more labelled rows than `most`, so many spread over them; none where all are to be asked:
// there are fewer, or those would be of one class.
std::vector<size_t> rows_to_ask(const LabelEvidence& evidence, size_t most) {
  std::vector<size_t> labelled;
  for (size_t row = 0; row < evidence.space->rows; ++row) {
    if (evidence.labels[row] != kNoClass) labelled.push_back(row);
  }
  std::vector<size_t> rows;
  if (labelled.size() <= most) return rows;
  for (size_t i = 0; i < most; ++i) rows.push_back(labelled[i * labelled.size() / most]);
  const bool several = std::any_of(rows.begin(), rows.end(), [&](size_t row) {
    return evidence.labels[row] != evidence.labels[rows[0]];
  });
  return several ? rows : std::vector<size_t>{};
}

ChosenSpace choose_space(const LabelEvidence& evidence, const Means& means) {
  // As many tell whether a head is the worse for it, and how strong at most it wants to be: of more
  // rows it bears less.
  constexpr size_t kAsked = 16384;
  const std::vector<size_t> rows = rows_to_ask(evidence, kAsked);
  if (rows.empty()) return ask_heads(evidence, means);
  ChosenSpace chosen;
  ProbeOptions options = means.options;
  {
    const SomeRows some(evidence, rows, means.parallel_for);
    LabelEvidence asked;
    asked.classes = evidence.classes;
    asked.labels = some.labels;
    asked.groups = some.groups;
    asked.space = &some.space;
    if (evidence.stages != nullptr) asked.stages = &some.stages;
    if (evidence.pictures != nullptr) asked.pictures = &some.pictures;
    const ChosenSpace answer = ask_heads(asked, means);
    chosen.stages = answer.stages;
    chosen.pictures = answer.pictures;
    options.strongest = answer.probe.lambda;
  }
  std::vector<const EmbeddingSpace*> taken{evidence.space};
  if (chosen.stages) taken.push_back(evidence.stages);
  if (chosen.pictures) taken.push_back(evidence.pictures);
  if (taken.size() > 1) chosen.joined = join_spaces(taken, means.parallel_for);
  means.on_stage("asking a head of all samples");
  chosen.probe = probe_on(chosen.of(evidence), evidence, options, means);
  return chosen;
}

// The rounds in the space that was chosen, added to `all`.
void add_rounds(const LabelEvidence& evidence, const ChosenSpace& chosen, const Means& means,
                Pool& all) {
  const ProbeOptions& options = means.options;
  const ParallelFor& parallel_for = means.parallel_for;
  const std::function<void()>& tick = means.tick;
  const size_t classes = evidence.classes;
  const auto share = [](double value) { return [value](size_t) { return value; }; };
  const EmbeddingSpace& embedded = chosen.of(evidence);
  const Probe& probe = chosen.probe;
  const size_t rows = embedded.rows;
  const std::span<const ClassIndex> labels = evidence.labels.first(rows);
  means.on_stage("finding the neighbours that vote");
  const ClassSpace space = make_class_space(embedded, labels, classes, parallel_for);
  const Neighbours neighbours =
      find_neighbours(space.matrix(), {kVoters, Distance::kCosine}, parallel_for);
  const Landmarks landmarks = choose_landmarks(embedded, classes, options.seed);
  std::vector<float> targets(rows * classes, 0);
  for (size_t row = 0; row < rows; ++row) {
    if (labels[row] == kNoClass) continue;
    targets[row * classes + static_cast<size_t>(labels[row])] = 1;
  }
  std::vector<float> weights(rows, 1);
  std::vector<float> head = probe.probabilities;
  for (size_t round = 0; round <= kRounds; ++round) {
    means.on_stage("weighing labels, round " + std::to_string(round + 1) + " of " +
                   std::to_string(kRounds + 1));
    const std::vector<float> votes =
        neighbour_votes(neighbours, labels, weights, classes, parallel_for);
    const std::vector<float> class_means = held_out_class_means(
        space, labels, weights, probe.fold, options.folds, classes, parallel_for);
    std::vector<float> kernel;
    if (landmarks.count > 0) {
      kernel = held_out_kernel(embedded, landmarks, labels, weights, probe.fold, options.folds,
                               classes, parallel_for, tick);
    }
    Pool own(rows, classes, parallel_for);
    for (Pool* pool : {&own, &all}) {
      pool->add(head, 1, kHeadFloor, share(kShare));
      pool->add(votes, 1, kVoteFloor, share(kShare));
      pool->add(class_means, 1, kHeadFloor, share(kShare));
      pool->add(kernel, 1, kHeadFloor, share(kShare));
    }
    if (round == kRounds) break;
    add_runs(evidence, 1, own);
    weights = label_weights(own.belief(), labels, classes);
    const HeadRows weighted{
        embedded.coordinates(), classes, options.folds, probe.fold, targets, weights};
    const std::unique_ptr<HeadMath> math = means.make_math(weighted);
    head =
        math->held_out_probabilities(train_heads(weighted, *math, {probe.lambda}, nullptr, tick));
  }
}

// Rows whose label no row of another fold carries.
std::vector<uint8_t> without_others(std::span<const ClassIndex> labels,
                                    std::span<const uint8_t> fold, size_t classes) {
  std::vector<int32_t> fold_of(classes, -1);  // the only one with the class
  std::vector<uint8_t> several(classes, 0);
  for (size_t row = 0; row < fold.size(); ++row) {
    if (labels[row] == kNoClass || fold[row] == kNoFold) continue;
    int32_t& first = fold_of[static_cast<size_t>(labels[row])];
    if (first < 0) first = fold[row];
    if (first != fold[row]) several[static_cast<size_t>(labels[row])] = 1;
  }
  std::vector<uint8_t> without(labels.size(), 0);
  for (size_t row = 0; row < fold.size(); ++row) {
    without[row] = labels[row] != kNoClass && several[static_cast<size_t>(labels[row])] == 0;
  }
  return without;
}

void leave_out_alone(const LabelEvidence& evidence, LabelErrors& errors) {
  const size_t classes = evidence.classes;
  for (size_t row = 0; row < errors.alone.size(); ++row) {
    if (errors.alone[row] == 0) continue;
    const bool known = std::any_of(
        evidence.runs.begin(), evidence.runs.end(),
        [&](const RunEvidence& run) { return !std::isnan(run.probabilities[row * classes]); });
    if (known) {
      errors.alone[row] = 0;
    } else {
      std::fill_n(errors.belief.begin() + static_cast<ptrdiff_t>(row * classes), classes, kNone);
    }
  }
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
    errors.score[row] = 1 - p[label];
    ++errors.judged;
  }
}

void mark_suspects(const LabelEvidence& evidence, LabelErrors& errors) {
  std::vector<size_t> order;
  for (size_t row = 0; row < errors.score.size(); ++row) {
    if (errors.suggested[row] == kNoClass) continue;
    // What is believed more than any other label is no suspect, whatever the estimate says.
    const float* p = errors.belief.data() + row * evidence.classes;
    if (p[errors.suggested[row]] > p[evidence.labels[row]]) order.push_back(row);
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
                              const ParallelFor& parallel_for, const std::function<void()>& tick,
                              const HeadMathFactory& make_math,
                              const std::function<void(const std::string&)>& on_stage) {
  const size_t rows = evidence.labels.size();
  LabelErrors errors;
  errors.score.assign(rows, kNone);
  errors.suggested.assign(rows, kNoClass);
  errors.suspect.assign(rows, 0);
  errors.alone.assign(rows, 0);
  Pool all(rows, evidence.classes, parallel_for);
  if (evidence.space != nullptr) {
    const HeadMathFactory math = make_math ? make_math : processor_head_math(parallel_for);
    const std::function<void(const std::string&)> no_stage = [](const std::string&) {};
    const Means means{options, math, parallel_for, tick, on_stage ? on_stage : no_stage};
    const ChosenSpace chosen = choose_space(evidence, means);
    errors.by_stages = chosen.stages;
    errors.by_pictures = chosen.pictures;
    add_rounds(evidence, chosen, means, all);
    errors.alone = without_others(evidence.labels, chosen.probe.fold, evidence.classes);
  }
  add_runs(evidence, kRounds + 1, all);
  errors.belief = all.belief();
  leave_out_alone(evidence, errors);
  judge(evidence, errors);
  errors.estimated =
      estimate_noise(errors.belief, evidence.labels, evidence.classes, options.seed, parallel_for)
          .wrong;
  mark_suspects(evidence, errors);
  return errors;
}

}  // namespace errata::analysis
