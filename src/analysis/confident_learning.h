// Confident learning: which labels are wrong, by the agreement of out-of-sample probabilities with
// what each class's own samples reach (Northcutt, Jiang and Chuang 2021). Names and definitions are
// cleanlab 2.9's (count.py, filter.py, rank.py, dataset.py).
//
// By default cleanlab's known faults are mended; with `compat` they are kept, and the set of issues
// is cleanlab's, but for ties that it leaves to numpy's unstable sort, which differs between
// processors: samples of exactly equal score at a cut, and equal remainders where the joint is
// rounded, whatever the number of classes (a few samples, of small sets too).
//   - a row above several thresholds counts for the most probable class among those, as the paper
//     says; compat: for the most probable of all classes (cleanlab#1248)
//   - confidence_weighted_entropy of a row that is certain of its label is 1; compat: 0
//
// A row takes part when it has a label and all its probabilities are finite. Nothing is said of the
// others (`considered` is 0).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "analysis/class_pairs.h"
#include "base/workers.h"
#include "model/ids.h"

namespace errata::analysis {

// Probabilities in row order, handed out piece by piece, so that a matrix larger than memory can be
// walked: calls visit(first row, row-major values of whole rows) for all of it. It is walked two
// or three times.
using ProbabilityVisit = std::function<void(size_t first_row, std::span<const float> values)>;
using ProbabilitySource = std::function<void(const ProbabilityVisit& visit)>;
// Over a matrix in memory, in pieces that suit the caches.
ProbabilitySource source_of(std::span<const float> values, size_t classes);

enum class LabelIssueFilter : uint8_t {
  kPruneByNoiseRate,
  kPruneByClass,
  kBoth,
  kConfidentLearning,
  kPredictedNeqGiven,
  kLowNormalizedMargin,
  kLowSelfConfidence
};

struct ConfidentLearningOptions {
  LabelIssueFilter filter = LabelIssueFilter::kPruneByNoiseRate;
  double frac_noise = 1;               // share of the estimated noise that the prune filters take
  int64_t min_examples_per_class = 1;  // the prune filters leave as many of each class
  // Prune filters: so many labels of each class; empty: as estimated. In compat by
  // prune_by_noise_rate so many that are truly of the class, as cleanlab takes them.
  std::vector<int64_t> remove_per_class;
  bool entropy_score = false;  // confidence_weighted_entropy too: a logarithm for every value
  bool compat = false;
};

struct LabelIssues {
  size_t classes = 0;
  size_t rows_considered = 0;
  std::vector<uint8_t> considered;
  std::vector<uint8_t> is_issue;
  std::vector<ClassIndex> suggested;  // of an issue, the most probable other class; else kNoClass
  // Of the given label, in 0..1, low is bad; NaN for a row left out.
  std::vector<float> self_confidence;
  std::vector<double> normalized_margin;
  std::vector<double> confidence_weighted_entropy;  // empty unless asked for

  std::vector<double> thresholds;       // mean self confidence of each class; 2 without a sample
  std::vector<int64_t> label_counts;    // considered rows of each class
  ClassPairs confident_joint;           // calibrated to the label counts
  int64_t issues = 0;                   // of is_issue
  int64_t off_diagonal = 0;             // estimated number of wrong labels, uncalibrated
  int64_t off_diagonal_calibrated = 0;  // the same from the calibrated joint

  int64_t joint(size_t given, size_t truth) const { return confident_joint.at(given, truth); }
};

// `labels`: class per row or kNoClass. Throws Error(kInternal) when the source's rows are not as
// many as the labels, Error(kUsage) for remove_per_class of another length than the classes or with
// a filter that does not prune. Memory: about 50 bytes a row, and 100 a pair of classes that some
// row is confidently of, which are at most as many as rows and classes.
LabelIssues find_label_issues(const ProbabilitySource& source, size_t classes,
                              std::span<const ClassIndex> labels,
                              const ConfidentLearningOptions& options,
                              const ParallelFor& parallel_for);

}  // namespace errata::analysis
