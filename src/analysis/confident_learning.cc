#include "analysis/confident_learning.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "analysis/pairwise_sum.h"
#include "base/error.h"
#include "base/lanes.h"

namespace errata::analysis {

namespace {

// cleanlab internal/constants.py
constexpr double kTolerance = 1e-6;            // FLOATING_POINT_COMPARISON
constexpr double kLeastThreshold = 2e-6;       // CONFIDENT_THRESHOLDS_LOWER_BOUND
constexpr double kNoThreshold = 2;             // of a class without samples
constexpr double kTiny = 1e-100;               // TINY_VALUE
constexpr double kLeastSelfConfidence = 1e-6;  // CONFIDENCE_WEIGHTED_ENTROPY: clip
constexpr size_t kRowGrain = 4096;

bool is_prune(LabelIssueFilter filter) {
  return filter == LabelIssueFilter::kPruneByNoiseRate ||
         filter == LabelIssueFilter::kPruneByClass || filter == LabelIssueFilter::kBoth;
}

// The walks below go over each value of the matrix; they are written in lanes so that compilers
// turn them into vector instructions without changing what they compute.
constexpr size_t kLanes = 16;

// Padded with -infinity to whole lanes; the copy has no more than that of values[without]. False,
// and the copy is none, where a value is not finite.
ERRATA_LANES bool copy_without(const float* values, size_t count, size_t without, float* copy) {
  float zeros[kLanes] = {};  // 0, or NaN
  size_t k = 0;
  for (; k + kLanes <= count; k += kLanes) {
    for (size_t lane = 0; lane < kLanes; ++lane) {
      copy[k + lane] = values[k + lane];
      zeros[lane] += values[k + lane] * 0.0F;
    }
  }
  float zero = 0;
  const size_t end = (count + kLanes - 1) / kLanes * kLanes;
  for (; k < count; ++k) zero += (copy[k] = values[k]) * 0.0F;
  for (; k < end; ++k) copy[k] = -std::numeric_limits<float>::infinity();
  copy[without] = -std::numeric_limits<float>::infinity();
  for (size_t half = kLanes / 2; half > 0; half /= 2) {
    for (size_t lane = 0; lane < half; ++lane) zeros[lane] += zeros[lane + half];
  }
  return zero + zeros[0] == 0;
}

// Of whole lanes.
ERRATA_LANES float largest(const float* values, size_t count) {
  float tops[kLanes];
  std::copy_n(values, kLanes, tops);
  for (size_t k = kLanes; k < count; k += kLanes) {
    for (size_t lane = 0; lane < kLanes; ++lane) {
      tops[lane] = values[k + lane] > tops[lane] ? values[k + lane] : tops[lane];
    }
  }
  for (size_t half = kLanes / 2; half > 0; half /= 2) {
    for (size_t lane = 0; lane < half; ++lane) {
      tops[lane] = tops[lane + half] > tops[lane] ? tops[lane + half] : tops[lane];
    }
  }
  return tops[0];
}

// How many values[k] - less reach bars[k].
ERRATA_LANES size_t count_reaching(const float* values, float less, const float* bars,
                                   size_t count) {
  int32_t counts[kLanes] = {};
  size_t k = 0;
  for (; k + kLanes <= count; k += kLanes) {
    for (size_t lane = 0; lane < kLanes; ++lane) {
      counts[lane] += values[k + lane] - less >= bars[k + lane] ? 1 : 0;
    }
  }
  int32_t total = 0;
  for (; k < count; ++k) total += values[k] - less >= bars[k] ? 1 : 0;
  for (const int32_t lane : counts) total += lane;
  return static_cast<size_t>(total);
}

// The least float that is not below `value`: comparing floats with it is comparing them with value.
float float_not_below(double value) {
  auto rounded = static_cast<float>(value);
  if (static_cast<double>(rounded) < value) {
    rounded = std::nextafter(rounded, std::numeric_limits<float>::infinity());
  }
  return rounded;
}

// numpy's round: half to even.
double round_half_even(double value) {
  return std::nearbyint(value);
}

// Rounds to whole numbers that keep the row's rounded sum; the difference goes to the entries with
// the largest rounding error in its direction (cleanlab internal/util.py round_preserving_sum).
// `values` are those of a row of `classes` that may not be 0, at `places`.
void round_row(std::span<const double> values, std::span<const size_t> places, size_t classes,
               std::span<int64_t> rounded) {
  std::vector<double> whole(values.size());
  for (size_t i = 0; i < values.size(); ++i) whole[i] = round_half_even(values[i]);
  const double wanted = round_half_even(pairwise_sum(classes, places, values));
  std::vector<size_t> order(values.size());
  for (;;) {
    const double sum = std::accumulate(whole.begin(), whole.end(), 0.0);
    const double missing = wanted - sum;
    if (std::abs(missing) <= kTolerance) break;
    const double step = missing < 0 ? -1 : 1;
    const auto changes = std::min(static_cast<size_t>(std::abs(missing)), values.size());
    std::iota(order.begin(), order.end(), size_t{0});
    // Equal errors: the first when lowering, the last when raising, as a sorted list read from
    // either end gives them. cleanlab's own choice among them is numpy's unstable sort, which
    // differs between processors: its joint, and so its set, may differ by a few.
    std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
      const double x = (values[a] - whole[a]) * step;
      const double y = (values[b] - whole[b]) * step;
      if (x != y) return x > y;
      return step < 0 ? a < b : a > b;
    });
    for (size_t i = 0; i < changes; ++i) whole[order[i]] += step;
  }
  for (size_t i = 0; i < whole.size(); ++i) rounded[i] = static_cast<int64_t>(whole[i]);
}

// Of one given class, and each other that some of its rows are to be taken as: the rows with the
// largest p[other] - p[given], as many as counted. A bounded heap for each, so that a walk asks
// only whether a row beats the worst one kept.
class PairSieve {
 public:
  PairSieve(size_t classes, size_t given, std::span<const ClassPairs::Entry> counts)
      : classes_(classes), given_(given) {
    constexpr float kOpen = -std::numeric_limits<float>::infinity();
    for (const ClassPairs::Entry& entry : counts) {
      if (static_cast<size_t>(entry.truth) == given || entry.count <= 0) continue;
      others_.push_back({entry.truth, kOpen, static_cast<size_t>(entry.count), {}});
    }
    if (others_.size() * kDenseShare < classes) return;
    bars_.assign(classes, std::numeric_limits<float>::infinity());
    for (const Other& other : others_) bars_[static_cast<size_t>(other.index)] = kOpen;
  }

  bool empty() const { return others_.empty(); }

  void offer(size_t row, const float* p) {
    const float self = p[given_];
    if (!bars_.empty() && count_reaching(p, self, bars_.data(), classes_) == 0) return;
    for (Other& other : others_) {
      const float value = p[other.index];
      if (!(value - self >= other.bar)) continue;
      const Kept offered{static_cast<double>(value) - static_cast<double>(self), row};
      std::vector<Kept>& heap = other.heap;
      if (heap.size() == other.most) {
        if (!(offered < heap.front())) continue;
        std::pop_heap(heap.begin(), heap.end());
        heap.pop_back();
      }
      heap.push_back(offered);
      std::push_heap(heap.begin(), heap.end());
      if (heap.size() < other.most) continue;
      // Floats only sift: what rounding could hide is still let through.
      constexpr double kSlack = 3e-7;
      other.bar = static_cast<float>(heap.front().margin - kSlack);
      if (!bars_.empty()) bars_[static_cast<size_t>(other.index)] = other.bar;
    }
  }

  template <typename Fn>
  void for_each_kept(Fn&& fn) const {
    for (const Other& other : others_) {
      for (const Kept& kept : other.heap) fn(kept.row);
    }
  }

 private:
  struct Kept {
    double margin;
    size_t row;
    bool operator<(const Kept& other) const {  // the top of the heap is the worst kept
      return margin != other.margin ? margin > other.margin : row < other.row;
    }
  };
  struct Other {
    ClassIndex index;
    float bar;
    size_t most;
    std::vector<Kept> heap;
  };
  // Where at least one in so many classes is sifted, all are, by vector instructions.
  static constexpr size_t kDenseShare = 4;

  size_t classes_;
  size_t given_;
  std::vector<Other> others_;  // by class, rising
  std::vector<float> bars_;    // by class; empty: too few
};

class Finder {
 public:
  Finder(const ProbabilitySource& source, size_t classes, std::span<const ClassIndex> labels,
         const ConfidentLearningOptions& options, const ParallelFor& parallel_for)
      : source_(source),
        classes_(classes),
        labels_(labels),
        options_(options),
        parallel_for_(parallel_for) {}

  LabelIssues find() {
    measure_thresholds();
    count_joint();
    calibrate();
    choose();
    suggest();
    return std::move(result_);
  }

 private:
  // fn(first row, probabilities of some rows) over all of them, in parallel.
  template <typename Fn>
  void for_each_block(Fn&& fn) {
    size_t seen = 0;
    source_([&](size_t first_row, std::span<const float> values) {
      const size_t rows = values.size() / classes_;
      if (first_row != seen || values.size() % classes_ != 0 || first_row + rows > labels_.size()) {
        throw Error(ErrorCategory::kInternal, "probabilities do not come in whole rows, in order");
      }
      seen += rows;
      parallel_for_(rows, kRowGrain, [&](size_t begin, size_t end) {
        fn(first_row + begin, values.subspan(begin * classes_, (end - begin) * classes_));
      });
    });
    if (seen != labels_.size()) {
      throw Error(ErrorCategory::kInternal,
                  fmt::format("{} rows of probabilities for {} labels", seen, labels_.size()));
    }
  }

  size_t label(size_t row) const { return static_cast<size_t>(labels_[row]); }

  // First walk: the scores of each row on its own, and from them the thresholds.
  void measure_thresholds() {
    const size_t rows = labels_.size();
    constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
    result_.classes = classes_;
    result_.considered.assign(rows, 0);
    result_.is_issue.assign(rows, 0);
    most_probable_.assign(rows, kNoClass);
    result_.self_confidence.assign(rows, kNaN);
    result_.normalized_margin.assign(rows, kNaN);
    result_.suggested.assign(rows, kNoClass);
    if (options_.entropy_score) result_.confidence_weighted_entropy.assign(rows, kNaN);
    agrees_.assign(rows, 0);
    top_.assign(rows, 0);
    for_each_block([&](size_t first_row, std::span<const float> values) {
      std::vector<float> others((classes_ + kLanes - 1) / kLanes * kLanes);
      for (size_t i = 0; i * classes_ < values.size(); ++i) {
        const size_t row = first_row + i;
        const ClassIndex label = labels_[row];
        const float* p = values.data() + i * classes_;
        if (label < 0 || static_cast<size_t>(label) >= classes_ ||
            !copy_without(p, classes_, static_cast<size_t>(label), others.data())) {
          continue;
        }
        result_.considered[row] = 1;
        score_row(row, p, others);
      }
    });
    std::vector<double> sums(classes_, 0);
    result_.label_counts.assign(classes_, 0);
    for (size_t row = 0; row < rows; ++row) {
      if (result_.considered[row] == 0) continue;
      ++result_.rows_considered;
      ++result_.label_counts[label(row)];
      sums[label(row)] += static_cast<double>(result_.self_confidence[row]);
    }
    result_.thresholds.assign(classes_, kNoThreshold);
    for (size_t k = 0; k < classes_; ++k) {
      if (result_.label_counts[k] == 0) continue;
      result_.thresholds[k] =
          std::max(sums[k] / static_cast<double>(result_.label_counts[k]), kLeastThreshold);
    }
  }

  // `others`: the same without the given label, in whole lanes.
  void score_row(size_t row, const float* p, std::span<const float> others) {
    const size_t given = label(row);
    const auto self = static_cast<double>(p[given]);
    const float other = largest(others.data(), others.size());
    // Where another is no less probable, which; suggest() asks for the rest.
    size_t place = classes_;
    if (classes_ > 1 && other >= p[given]) {
      place = static_cast<size_t>(std::find(others.begin(), others.end(), other) - others.begin());
      result_.suggested[row] = static_cast<ClassIndex>(place);
    }
    const bool is_top = place == classes_ || (p[given] == other && given < place);
    top_[row] = is_top ? p[given] : other;
    most_probable_[row] = is_top ? labels_[row] : result_.suggested[row];
    result_.self_confidence[row] = p[given];
    result_.normalized_margin[row] = classes_ < 2 ? 1 : (self - static_cast<double>(other) + 1) / 2;
    if (options_.entropy_score) {
      result_.confidence_weighted_entropy[row] = weighted_entropy(p, self);
    }
    // argmax with the given label favoured by the tolerance; ties go to the lower class.
    const double favoured = self + kTolerance;
    const auto rival = static_cast<double>(other);
    agrees_[row] = rival < favoured || (rival == favoured && place > given);
  }

  double weighted_entropy(const float* p, double self) const {
    if (classes_ < 2) return 1;
    double entropy = 0;
    for (size_t k = 0; k < classes_; ++k) {
      const auto value = static_cast<double>(p[k]);
      if (value > 0) entropy -= value * std::log(value);
    }
    const double ratio =
        entropy / std::log(static_cast<double>(classes_)) / std::max(self, kLeastSelfConfidence);
    if (!options_.compat && ratio < kLeastSelfConfidence) return 1;  // the limit
    return std::log1p(ratio) / std::max(ratio, kLeastSelfConfidence);
  }

  // Second walk: the class each row is confidently of.
  void count_joint() {
    guess_.assign(labels_.size(), kNoClass);
    std::vector<float> bounds(classes_);
    for (size_t k = 0; k < classes_; ++k) {
      bounds[k] = float_not_below(result_.thresholds[k] - kTolerance);
    }
    const float least = *std::min_element(bounds.begin(), bounds.end());
    for_each_block([&](size_t first_row, std::span<const float> values) {
      for (size_t i = 0; i * classes_ < values.size(); ++i) {
        const size_t row = first_row + i;
        if (result_.considered[row] == 0) continue;
        // The most probable class, when it reaches its threshold, is the guess whatever else does.
        ClassIndex best = most_probable_[row];
        if (top_[row] < bounds[static_cast<size_t>(best)]) {
          if (top_[row] < least) continue;
          const float* p = values.data() + i * classes_;
          const size_t above = count_reaching(p, 0, bounds.data(), classes_);
          if (above == 0) continue;
          if (above == 1 || !options_.compat) best = most_probable_reaching(p, bounds);
        }
        guess_[row] = best;
      }
    });
    for (size_t row = 0; row < labels_.size(); ++row) {
      if (guess_[row] == kNoClass) continue;
      if (guess_[row] != labels_[row] && agrees_[row] == 0) ++result_.off_diagonal;
    }
    tally_guesses();
  }

  // Every class is at least once what it is labelled.
  void tally_guesses() {
    if (classes_ * classes_ <= labels_.size()) return tally_few_classes();
    std::vector<size_t> begins(classes_ + 1, 0);
    for (size_t row = 0; row < labels_.size(); ++row) {
      if (guess_[row] != kNoClass) ++begins[label(row) + 1];
    }
    std::partial_sum(begins.begin(), begins.end(), begins.begin());
    std::vector<ClassIndex> guesses(begins.back());  // by label
    std::vector<size_t> next(begins.begin(), begins.end() - 1);
    for (size_t row = 0; row < labels_.size(); ++row) {
      if (guess_[row] != kNoClass) guesses[next[label(row)]++] = guess_[row];
    }
    std::vector<int64_t> counts(classes_, 0);
    std::vector<ClassIndex> met;
    for (size_t g = 0; g < classes_; ++g) {
      met.assign(1, static_cast<ClassIndex>(g));
      for (size_t i = begins[g]; i < begins[g + 1]; ++i) {
        const auto k = static_cast<size_t>(guesses[i]);
        if (counts[k]++ == 0 && k != g) met.push_back(guesses[i]);
      }
      counts[g] = std::max<int64_t>(counts[g], 1);
      std::sort(met.begin(), met.end());
      for (const ClassIndex k : met) {
        joint_.add(k, std::exchange(counts[static_cast<size_t>(k)], 0));
      }
      joint_.end_row();
    }
  }

  // The same where a table of all pairs is no more than the samples.
  void tally_few_classes() {
    std::vector<uint32_t> counts(classes_ * classes_, 0);
    for (size_t row = 0; row < labels_.size(); ++row) {
      if (guess_[row] == kNoClass) continue;
      ++counts[label(row) * classes_ + static_cast<size_t>(guess_[row])];
    }
    for (size_t g = 0; g < classes_; ++g) {
      for (size_t k = 0; k < classes_; ++k) {
        const int64_t count = counts[g * classes_ + k];
        if (count > 0 || k == g) {
          joint_.add(static_cast<ClassIndex>(k), std::max<int64_t>(count, k == g ? 1 : 0));
        }
      }
      joint_.end_row();
    }
  }

  ClassIndex most_probable_reaching(const float* p, std::span<const float> bounds) const {
    ClassIndex best = kNoClass;
    for (size_t k = 0; k < classes_; ++k) {
      if (p[k] < bounds[k]) continue;
      if (best == kNoClass || p[k] > p[best]) best = static_cast<ClassIndex>(k);
    }
    return best;
  }

  // Rows to the label counts, the whole to the number of samples, then whole numbers. What is 0
  // stays 0: rounding a row moves only counts that it rounded the other way.
  void calibrate() {
    std::vector<double> scaled;
    std::vector<size_t> places;  // in their rows
    scaled.reserve(joint_.pairs());
    places.reserve(joint_.pairs());
    for (size_t g = 0; g < classes_; ++g) {
      int64_t sum = 0;
      for (const ClassPairs::Entry& entry : joint_.of(g)) sum += entry.count;
      for (const ClassPairs::Entry& entry : joint_.of(g)) {
        scaled.push_back(static_cast<double>(entry.count) /
                         std::max(static_cast<double>(sum), kTiny) *
                         static_cast<double>(result_.label_counts[g]));
        places.push_back(static_cast<size_t>(entry.truth));
      }
    }
    const double total = sum_as_stored(scaled);
    const auto samples = static_cast<double>(result_.rows_considered);
    for (double& value : scaled) value = value / std::max(total, kTiny) * samples;
    std::vector<int64_t> rounded;
    int64_t trace = 0;
    int64_t sum = 0;
    size_t first = 0;
    for (size_t g = 0; g < classes_; ++g) {
      const std::span<const ClassPairs::Entry> row = joint_.of(g);
      rounded.resize(row.size());
      round_row(std::span(scaled).subspan(first, row.size()),
                std::span(places).subspan(first, row.size()), classes_, rounded);
      first += row.size();
      for (size_t i = 0; i < row.size(); ++i) {
        result_.confident_joint.add(row[i].truth, rounded[i]);
        sum += rounded[i];
        if (static_cast<size_t>(row[i].truth) == g) trace += rounded[i];
      }
      result_.confident_joint.end_row();
    }
    if (sum > 0) {
      const double wrong = 1 - static_cast<double>(trace) / static_cast<double>(sum);
      result_.off_diagonal_calibrated = static_cast<int64_t>(round_half_even(wrong * samples));
    }
  }

  // Of the values of joint_'s pairs. cleanlab's joint lies in memory by the true class.
  double sum_as_stored(std::span<const double> values) const {
    std::vector<std::pair<size_t, double>> stored;
    stored.reserve(values.size());
    for (size_t g = 0; g < classes_; ++g) {
      for (const ClassPairs::Entry& entry : joint_.of(g)) {
        stored.emplace_back(static_cast<size_t>(entry.truth) * classes_ + g, values[stored.size()]);
      }
    }
    std::sort(stored.begin(), stored.end());
    std::vector<size_t> places;
    std::vector<double> sorted;
    for (const auto& [place, value] : stored) {
      places.push_back(place);
      sorted.push_back(value);
    }
    return pairwise_sum(classes_ * classes_, places, sorted);
  }

  void choose() {
    switch (options_.filter) {
      case LabelIssueFilter::kPruneByNoiseRate:
      case LabelIssueFilter::kPruneByClass:
      case LabelIssueFilter::kBoth: prune(); break;
      case LabelIssueFilter::kConfidentLearning:
        for (size_t row = 0; row < labels_.size(); ++row) {
          result_.is_issue[row] = guess_[row] != kNoClass && guess_[row] != labels_[row];
        }
        break;
      case LabelIssueFilter::kPredictedNeqGiven:
        for (size_t row = 0; row < labels_.size(); ++row) {
          result_.is_issue[row] = result_.considered[row];
        }
        break;
      case LabelIssueFilter::kLowNormalizedMargin: take_lowest(result_.normalized_margin); break;
      case LabelIssueFilter::kLowSelfConfidence: take_lowest(result_.self_confidence); break;
    }
    const bool by_score = options_.filter == LabelIssueFilter::kLowNormalizedMargin ||
                          options_.filter == LabelIssueFilter::kLowSelfConfidence;
    for (size_t row = 0; row < labels_.size(); ++row) {
      if (!by_score && agrees_[row] != 0) result_.is_issue[row] = 0;
      result_.issues += result_.is_issue[row];
    }
  }

  // The most probable other class of the issues whose own is the most probable.
  void suggest() {
    const auto asked = [&](size_t row) {
      return result_.is_issue[row] != 0 && result_.suggested[row] == kNoClass && classes_ > 1;
    };
    bool any = false;
    for (size_t row = 0; row < labels_.size(); ++row) {
      if (result_.is_issue[row] == 0) result_.suggested[row] = kNoClass;
      any = any || asked(row);
    }
    if (!any) return;
    for_each_block([&](size_t first_row, std::span<const float> values) {
      for (size_t i = 0; i * classes_ < values.size(); ++i) {
        const size_t row = first_row + i;
        if (!asked(row)) continue;
        const float* p = values.data() + i * classes_;
        size_t best = label(row) == 0 ? 1 : 0;
        for (size_t k = 0; k < classes_; ++k) {
          if (k != label(row) && p[k] > p[best]) best = k;
        }
        result_.suggested[row] = static_cast<ClassIndex>(best);
      }
    });
  }

  template <typename Score>
  void take_lowest(const std::vector<Score>& score) {
    std::vector<size_t> rows;
    for (size_t row = 0; row < labels_.size(); ++row) {
      if (result_.considered[row] != 0) rows.push_back(row);
    }
    const auto count = std::min(rows.size(), static_cast<size_t>(result_.off_diagonal));
    std::partial_sort(
        rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(count), rows.end(),
        [&](size_t a, size_t b) { return score[a] != score[b] ? score[a] < score[b] : a < b; });
    for (size_t i = 0; i < count; ++i) result_.is_issue[rows[i]] = 1;
  }

  // How many of each given class are to be taken as truly of each other class.
  ClassPairs prune_counts() const {
    ClassPairs counts;
    std::vector<int64_t> parts;
    std::vector<double> spared;
    std::vector<size_t> places;
    for (size_t g = 0; g < classes_; ++g) {
      const std::span<const ClassPairs::Entry> row = result_.confident_joint.of(g);
      const auto given = static_cast<ClassIndex>(g);
      const int64_t right = result_.joint(g, g);
      const int64_t raised = std::max(right, options_.min_examples_per_class);
      const double less =
          static_cast<double>(raised - right) / std::max(static_cast<double>(row.size()) - 1, 1.0);
      parts.clear();
      spared.clear();
      places.clear();
      for (const ClassPairs::Entry& entry : row) {
        double part = 0;
        if (entry.truth != given) {
          const double whole = std::max(static_cast<double>(entry.count) - less, 0.0);
          part = whole * options_.frac_noise;
          spared.push_back(whole - part);
          places.push_back(static_cast<size_t>(entry.truth));
        }
        parts.push_back(static_cast<int64_t>(part));
      }
      const double kept = static_cast<double>(raised) + pairwise_sum(classes_, places, spared);
      bool diagonal = false;  // done
      for (size_t i = 0; i < row.size(); ++i) {
        if (!diagonal && row[i].truth >= given) {
          counts.add(given, static_cast<int64_t>(kept));
          diagonal = true;
        }
        if (row[i].truth != given) counts.add(row[i].truth, parts[i]);
      }
      if (!diagonal) counts.add(given, static_cast<int64_t>(kept));
      counts.end_row();
    }
    return options_.remove_per_class.empty() ? counts : rescaled(counts);
  }

  // So that each given class loses the number asked for, spread as its estimated noise is.
  ClassPairs rescaled(const ClassPairs& counts) const {
    if (options_.compat) return rescaled_by_truth(counts);
    ClassPairs result;
    std::vector<double> wanted;
    std::vector<size_t> places;
    std::vector<int64_t> rounded;
    for (size_t g = 0; g < classes_; ++g) {
      const std::span<const ClassPairs::Entry> row = counts.of(g);
      const auto given = static_cast<ClassIndex>(g);
      double noise = 0;
      for (const ClassPairs::Entry& entry : row) {
        if (entry.truth != given) noise += static_cast<double>(entry.count);
      }
      const auto removed = static_cast<double>(options_.remove_per_class[g]);
      wanted.clear();
      places.clear();
      for (const ClassPairs::Entry& entry : row) {
        places.push_back(static_cast<size_t>(entry.truth));
        const double part = noise > 0 ? static_cast<double>(entry.count) / noise : 0;
        wanted.push_back(entry.truth == given
                             ? static_cast<double>(result_.label_counts[g]) - removed
                             : part * removed);
      }
      rounded.resize(wanted.size());
      round_row(wanted, places, classes_, rounded);
      for (size_t i = 0; i < row.size(); ++i) result.add(row[i].truth, rounded[i]);
      result.end_row();
    }
    return result;
  }

  // As cleanlab does it, which by prune_by_noise_rate takes so many labels that are truly of each
  // class, whatever they say.
  ClassPairs rescaled_by_truth(const ClassPairs& counts) const {
    // cleanlab works on the transpose, [true][given], and divides its column j by the sum of its
    // row j: the joint of a given class is weighed by how often each class is the truth.
    const ClassPairs by_truth = counts.transposed();
    std::vector<double> truths(classes_, 0);
    for (size_t t = 0; t < classes_; ++t) {
      for (const ClassPairs::Entry& entry : by_truth.of(t)) {
        truths[t] += static_cast<double>(entry.count);
      }
    }
    ClassPairs result;  // [true][given]
    std::vector<double> wanted(classes_);
    std::vector<size_t> places(classes_);
    std::iota(places.begin(), places.end(), size_t{0});
    std::vector<int64_t> rounded(classes_);
    for (size_t t = 0; t < classes_; ++t) {  // row t of the transpose
      std::fill(wanted.begin(), wanted.end(), 0.0);
      for (const ClassPairs::Entry& entry : by_truth.of(t)) {
        wanted[static_cast<size_t>(entry.truth)] = static_cast<double>(entry.count);
      }
      for (size_t g = 0; g < classes_; ++g) wanted[g] /= truths[g];
      const double noise = pairwise_sum(wanted) - wanted[t];
      for (double& value : wanted) {
        value = value * static_cast<double>(options_.remove_per_class[t]) / noise;
        if (!std::isfinite(value)) value = 0;
      }
      wanted[t] = static_cast<double>(result_.label_counts[t] - options_.remove_per_class[t]);
      round_row(wanted, places, classes_, rounded);
      for (size_t g = 0; g < classes_; ++g) {
        result.add(static_cast<ClassIndex>(g), rounded[g]);
      }
      result.end_row();
    }
    return result.transposed();
  }

  void prune() {
    const ClassPairs counts = prune_counts();
    std::vector<uint8_t> by_class;
    if (options_.filter != LabelIssueFilter::kPruneByNoiseRate) {
      prune_by_class(counts);
      by_class = result_.is_issue;
    }
    if (options_.filter == LabelIssueFilter::kPruneByClass) return;
    std::fill(result_.is_issue.begin(), result_.is_issue.end(), uint8_t{0});
    prune_by_noise_rate(counts);
    if (options_.filter != LabelIssueFilter::kBoth) return;
    for (size_t row = 0; row < labels_.size(); ++row) result_.is_issue[row] &= by_class[row];
  }

  bool may_prune(size_t given) const {
    // cleanlab never takes the only sample of a class, although it may be asked to.
    const int64_t least =
        std::max<int64_t>(options_.min_examples_per_class, options_.compat ? 1 : 0);
    return result_.label_counts[given] > least;
  }

  void prune_by_class(const ClassPairs& counts) {
    std::vector<std::vector<size_t>> rows(classes_);
    for (size_t row = 0; row < labels_.size(); ++row) {
      if (result_.considered[row] != 0) rows[label(row)].push_back(row);
    }
    for (size_t g = 0; g < classes_; ++g) {
      const int64_t wrong = result_.label_counts[g] - counts.at(g, g);
      if (!may_prune(g) || wrong < 1) continue;
      const auto count = std::min(static_cast<size_t>(wrong), rows[g].size());
      std::partial_sort(rows[g].begin(), rows[g].begin() + static_cast<std::ptrdiff_t>(count),
                        rows[g].end(), [&](size_t a, size_t b) {
                          const float x = result_.self_confidence[a];
                          const float y = result_.self_confidence[b];
                          return x != y ? x < y : a < b;
                        });
      for (size_t i = 0; i < count; ++i) result_.is_issue[rows[g][i]] = 1;
    }
  }

  void prune_by_noise_rate(const ClassPairs& counts) {
    // Rows of one given class touch only that class's sieve, so classes are walked in parallel.
    std::vector<PairSieve> sieves;
    sieves.reserve(classes_);
    for (size_t g = 0; g < classes_; ++g) {
      sieves.emplace_back(classes_, g,
                          may_prune(g) ? counts.of(g) : std::span<const ClassPairs::Entry>());
    }
    std::vector<size_t> order;   // of a piece's rows, by label
    std::vector<size_t> starts;  // of each label in it
    source_([&](size_t first_row, std::span<const float> values) {
      const size_t rows = values.size() / classes_;
      order.clear();
      for (size_t i = 0; i < rows; ++i) {
        const size_t row = first_row + i;
        if (result_.considered[row] != 0 && !sieves[label(row)].empty()) order.push_back(i);
      }
      const auto label_at = [&](size_t at) { return label(first_row + order[at]); };
      std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
        return label(first_row + a) < label(first_row + b);
      });
      starts.clear();
      for (size_t at = 0; at < order.size(); ++at) {
        if (at == 0 || label_at(at) != label_at(at - 1)) starts.push_back(at);
      }
      starts.push_back(order.size());
      parallel_for_(starts.size() - 1, 1, [&](size_t begin, size_t end) {
        for (size_t at = starts[begin]; at < starts[end]; ++at) {
          sieves[label_at(at)].offer(first_row + order[at], values.data() + order[at] * classes_);
        }
      });
    });
    for (const PairSieve& sieve : sieves) {
      sieve.for_each_kept([&](size_t row) { result_.is_issue[row] = 1; });
    }
  }

  const ProbabilitySource& source_;
  size_t classes_;
  std::span<const ClassIndex> labels_;
  const ConfidentLearningOptions& options_;
  const ParallelFor& parallel_for_;
  LabelIssues result_;
  std::vector<ClassIndex> most_probable_;
  std::vector<float> top_;         // its probability
  std::vector<uint8_t> agrees_;    // the most probable class is the label, up to the tolerance
  std::vector<ClassIndex> guess_;  // the class a row is confidently of; kNoClass: of none
  ClassPairs joint_;               // the true one is the guess; uncalibrated
};

}  // namespace

ProbabilitySource source_of(std::span<const float> values, size_t classes) {
  constexpr size_t kPieceFloats = size_t{1} << 22;
  return [values, classes](const ProbabilityVisit& visit) {
    const size_t rows = classes == 0 ? 0 : values.size() / classes;
    const size_t piece = std::max<size_t>(1, kPieceFloats / std::max<size_t>(1, classes));
    for (size_t first = 0; first < rows; first += piece) {
      const size_t count = std::min(piece, rows - first);
      visit(first, values.subspan(first * classes, count * classes));
    }
  };
}

LabelIssues find_label_issues(const ProbabilitySource& source, size_t classes,
                              std::span<const ClassIndex> labels,
                              const ConfidentLearningOptions& options,
                              const ParallelFor& parallel_for) {
  if (!options.remove_per_class.empty() &&
      (!is_prune(options.filter) || options.remove_per_class.size() != classes)) {
    throw Error(ErrorCategory::kUsage,
                "a number to remove of each class wants one number a class and a filter that "
                "prunes");
  }
  if (classes == 0) throw Error(ErrorCategory::kUsage, "there are no classes");
  return Finder(source, classes, labels, options, parallel_for).find();
}

}  // namespace errata::analysis
