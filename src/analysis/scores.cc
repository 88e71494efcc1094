#include "analysis/scores.h"

#include <algorithm>
#include <atomic>
#include <cfloat>
#include <cmath>
#include <limits>
#include <unordered_map>

#include "base/error.h"
#include "base/finite.h"

namespace errata::analysis {

namespace {

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
constexpr double kSmallestProbability = FLT_MIN;
constexpr size_t kRowGrain = 1024;

// What one worker needs for a row at a time.
struct Scratch {
  std::vector<double> p;        // per place of the mapping
  std::vector<double> p_model;  // per class of the model
};

struct Counters {
  std::atomic<uint64_t> not_finite{0};
  std::atomic<uint64_t> not_normalised{0};
  std::atomic<uint64_t> unknown_label{0};
};

bool is_normalised(std::span<const float> row) {
  double sum = 0;
  bool in_range = true;
  for (const float value : row) {
    sum += value;
    in_range = in_range && value >= -1e-6f && value <= 1 + 1e-3f;
  }
  return in_range && std::abs(sum - 1) <= 1e-3;
}

// Softmax; gives the logarithm of the sum of exponentials.
double softmax(std::span<const float> logits, std::vector<double>& p) {
  const double peak = *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (size_t k = 0; k < logits.size(); ++k) {
    p[k] = std::exp(logits[k] - peak);
    sum += p[k];
  }
  for (size_t k = 0; k < logits.size(); ++k) p[k] /= sum;
  return peak + std::log(sum);
}

struct TopTwo {
  size_t first = 0;
  double p_first = -1;
  double p_second = 0;
};

TopTwo top_two(std::span<const double> p) {
  TopTwo top;
  double second = -1;
  for (size_t k = 0; k < p.size(); ++k) {
    if (p[k] > top.p_first) {
      second = top.p_first;
      top.p_first = p[k];
      top.first = k;
    } else if (p[k] > second) {
      second = p[k];
    }
  }
  top.p_second = p.size() < 2 ? 0 : second;
  return top;
}

class RowScorer {
 public:
  RowScorer(const ProbabilityRows& rows, const ClassMapping& mapping,
            std::span<const ClassIndex> labels, RowScores& out, Counters& counters)
      : rows_(rows), mapping_(mapping), labels_(labels), out_(out), counters_(counters) {
    order_known_.assign(mapping.places(), 0);
    for (const ClassIndex place : mapping.target) order_known_[static_cast<size_t>(place)] = 1;
  }

  void score(size_t row, Scratch& scratch) const {
    const auto values = rows_.values.subspan(row * rows_.columns, rows_.columns);
    if (!all_finite(values)) {
      counters_.not_finite.fetch_add(1, std::memory_order_relaxed);
      return;
    }
    double log_sum = 0;
    if (rows_.logits) {
      log_sum = softmax(values, scratch.p_model);
    } else {
      if (!is_normalised(values)) {
        counters_.not_normalised.fetch_add(1, std::memory_order_relaxed);
      }
      std::copy(values.begin(), values.end(), scratch.p_model.begin());
    }
    to_places(scratch);
    score_distribution(row, scratch.p);
    if (!labels_.empty() && labels_[row] != kNoClass) score_label(row, values, log_sum, scratch.p);
  }

 private:
  // Places no class of the model maps onto hold -1: they can neither win nor count.
  void to_places(Scratch& scratch) const {
    std::fill(scratch.p.begin(), scratch.p.end(), -1.0);
    for (size_t k = 0; k < scratch.p_model.size(); ++k) {
      double& place = scratch.p[static_cast<size_t>(mapping_.target[k])];
      place = (mapping_.one_to_one || place < 0) ? scratch.p_model[k] : place + scratch.p_model[k];
    }
  }

  void score_distribution(size_t row, std::span<const double> p) const {
    const TopTwo top = top_two(p);
    out_.top[row] = static_cast<ClassIndex>(top.first);
    out_.confidence[row] = static_cast<float>(top.p_first);
    out_.margin[row] = static_cast<float>(top.p_first - std::max(0.0, top.p_second));
    double entropy = 0;
    for (const double value : p) {
      if (value > 0) entropy -= value * std::log(value);
    }
    out_.entropy[row] = static_cast<float>(std::max(0.0, entropy));
  }

  void score_label(size_t row, std::span<const float> values, double log_sum,
                   std::span<const double> p) const {
    const auto y = static_cast<size_t>(labels_[row]);
    if (y >= mapping_.project_classes || !order_known_[y]) {
      counters_.unknown_label.fetch_add(1, std::memory_order_relaxed);
      return;
    }
    double loss = -std::log(std::max(p[y], kSmallestProbability));
    if (rows_.logits && mapping_.one_to_one) {
      const auto k = static_cast<size_t>(
          std::find(mapping_.target.begin(), mapping_.target.end(), labels_[row]) -
          mapping_.target.begin());
      loss = std::min(log_sum - values[k], -std::log(kSmallestProbability));
    }
    double brier = 0;
    int32_t before = 0;
    for (size_t k = 0; k < p.size(); ++k) {
      const double value = std::max(p[k], 0.0);
      brier += k == y ? (value - 1) * (value - 1) : value * value;
      before += order_known_[k] && (p[k] > p[y] || (p[k] == p[y] && k < y)) ? 1 : 0;
    }
    out_.loss[row] = static_cast<float>(std::max(0.0, loss));
    out_.self_confidence[row] = static_cast<float>(p[y]);
    out_.brier[row] = static_cast<float>(brier);
    out_.label_rank[row] = before;
  }

  const ProbabilityRows& rows_;
  const ClassMapping& mapping_;
  std::span<const ClassIndex> labels_;
  RowScores& out_;
  Counters& counters_;
  std::vector<uint8_t> order_known_;  // per place: some class of the model maps onto it
};

}  // namespace

ClassMapping make_class_mapping(std::span<const ClassIndex> to_project, size_t project_classes) {
  ClassMapping mapping;
  mapping.project_classes = project_classes;
  mapping.known.assign(project_classes, 0);
  for (size_t k = 0; k < to_project.size(); ++k) {
    const ClassIndex c = to_project[k];
    if (c < kNoClass || (c != kNoClass && static_cast<size_t>(c) >= project_classes)) {
      throw Error(ErrorCategory::kInternal, "a class map that points outside the project");
    }
    if (c == kNoClass) {
      mapping.target.push_back(static_cast<ClassIndex>(mapping.places()));
      mapping.extra.push_back(static_cast<ClassIndex>(k));
      continue;
    }
    uint8_t& known = mapping.known[static_cast<size_t>(c)];
    mapping.one_to_one = mapping.one_to_one && known == 0;
    known = 1;
    mapping.target.push_back(c);
  }
  return mapping;
}

ClassMapping map_classes_by_name(const ClassMap& model, const ClassMap& project) {
  std::vector<ClassIndex> to_project;
  to_project.reserve(model.size());
  for (const ClassEntry& entry : model.entries()) to_project.push_back(project.find(entry.name));
  return make_class_mapping(to_project, project.size());
}

void RowScores::resize(size_t rows) {
  top.assign(rows, kNoClass);
  for (auto* column : {&confidence, &margin, &entropy, &loss, &self_confidence, &brier}) {
    column->assign(rows, kNaN);
  }
  label_rank.assign(rows, -1);
}

RowScores score_rows(const ProbabilityRows& rows, const ClassMapping& mapping,
                     std::span<const ClassIndex> labels, const ParallelFor& parallel_for) {
  const size_t n = rows.rows();
  if (mapping.target.size() != rows.columns || n * rows.columns != rows.values.size() ||
      (!labels.empty() && labels.size() != n)) {
    throw Error(ErrorCategory::kInternal, "rows, classes and labels of different lengths");
  }
  RowScores out;
  out.resize(n);
  Counters counters;
  const RowScorer scorer(rows, mapping, labels, out, counters);
  parallel_for(n, kRowGrain, [&](size_t begin, size_t end) {
    Scratch scratch;
    scratch.p.resize(mapping.places());
    scratch.p_model.resize(rows.columns);
    for (size_t row = begin; row < end; ++row) scorer.score(row, scratch);
  });
  out.not_finite_rows = counters.not_finite;
  out.not_normalised_rows = counters.not_normalised;
  out.unknown_label_rows = counters.unknown_label;
  return out;
}

std::vector<float> confident_mistakes(std::span<const ClassIndex> top,
                                      std::span<const float> confidence,
                                      std::span<const ClassIndex> labels) {
  std::vector<float> mistakes(top.size(), kNaN);
  for (size_t i = 0; i < top.size(); ++i) {
    if (top[i] != kNoClass && labels[i] != kNoClass && top[i] != labels[i]) {
      mistakes[i] = confidence[i];
    }
  }
  return mistakes;
}

}  // namespace errata::analysis
