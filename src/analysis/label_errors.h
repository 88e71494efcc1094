// Which labels are wrong, from everything that speaks of them.
//
// Evidence, each a row of probabilities per sample, none of which saw the sample's own label:
//   - a head on the embeddings (analysis/probe.h), held out; here and below on what the backbone's
//     earlier stages saw and on what the pictures look like too, each unless the head is the worse
//     for it: what changes its loss by no more than chance still is a witness of another kind (by
//     one standard error of the paired difference, after Breiman et al. 1984)
//   - the votes of the 50 nearest neighbours in the space of the classes (analysis/class_space.h),
//     weighted by closeness; the sample itself has no vote, its copies have
//   - the held-out class means in that space
//   - kernel ridge regression on the embeddings (analysis/kernel_head.h), held out
//   - all four again, twice: a sample weighs as much as the round before believed its label
//     (sqrt(p[label] / max p), at most 1), so that wrong labels stop teaching the wrong thing
//   - the user's runs, each at the temperature of least log loss (a network's confidence is not
//     the head's); where it was trained on the sample, it repeats the label and weighs a tenth;
//     one that was fitted here in folds weighs as much as all rounds together, for what it sees is
//     its own
// The belief is the normalised geometric mean of all of it: independent witnesses' odds multiply,
// and the mean keeps witnesses that repeat each other from counting as many.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "analysis/bootstrap.h"
#include "analysis/probe.h"
#include "base/workers.h"
#include "model/ids.h"

namespace errata::analysis {

struct RunEvidence {
  std::span<const float> probabilities;  // rows x classes; a row with NaN first has none
  std::span<const uint8_t> trained;      // rows: 1 where the run learnt from the sample; or empty
  bool by_folds = false;                 // made here: no row's label was seen by what judges it
};

struct LabelEvidence {
  size_t classes = 0;
  std::span<const ClassIndex> labels;     // kNoClass: nothing is said of the row
  const EmbeddingSpace* space = nullptr;  // of the first of these rows; nullptr: no embeddings
  std::span<const uint32_t> groups;       // near_duplicate_groups; with it
  // The same rows by the backbone's earlier stages, and by what the pictures look like
  // (analysis/picture_features.h); nullptr: not known. Each in turn is joined with what is there
  // unless a head then has more held-out log loss, beyond the standard error of the difference.
  const EmbeddingSpace* stages = nullptr;
  const EmbeddingSpace* pictures = nullptr;
  std::vector<RunEvidence> runs;
};

struct LabelErrors {
  std::vector<float> belief;          // rows x classes; rows without evidence: NaN
  std::vector<float> score;           // 1 - belief[label]; NaN: none
  std::vector<ClassIndex> suggested;  // the strongest other class, kNoClass: none
  std::vector<uint8_t> suspect;       // the `estimated` highest scores, where another is believed
                                      // more than the label
  Interval estimated;                 // wrong labels (analysis/noise_estimate.h)
  // Not judged, for no witness has seen the class: no row of another fold has the label, and no run
  // knows it.
  std::vector<uint8_t> alone;
  size_t judged = 0;
  bool by_stages = false;  // they were joined with the embeddings
  bool by_pictures = false;
};

// Throws Error(kBadInput) for fewer than two classes with labels where there is a space. The result
// does not depend on the number of threads. `make_math`, of the linear heads: empty is on
// the processor. `on_stage` hears what is done next. Of more than 16,384 labelled rows so many are
// asked whether a further space is taken. Memory: some ten rows x classes matrices of floats, the
// given spaces joined and twice that while the neighbours are looked for, and what the kernel head
// takes.
LabelErrors find_label_errors(const LabelEvidence& evidence, const ProbeOptions& options,
                              const ParallelFor& parallel_for, const std::function<void()>& tick,
                              const HeadMathFactory& make_math = {},
                              const std::function<void(const std::string&)>& on_stage = {});

// Votes of the neighbours, rows x classes, each row summing to 1 (0 where no neighbour counts). A
// vote weighs exp(-distance / distance of the last neighbour) times the voter's own weight.
std::vector<float> neighbour_votes(const Neighbours& neighbours, std::span<const ClassIndex> labels,
                                   std::span<const float> weights, size_t classes,
                                   const ParallelFor& parallel_for);

}  // namespace errata::analysis
