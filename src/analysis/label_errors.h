// Which labels are wrong, from everything that speaks of them.
//
// Evidence, each a row of probabilities per sample:
//   - the probe of the embeddings (analysis/probe.h), held out, on the labels as they are
//   - two more rounds of it, in which a sample weighs as much as the round before believed its
//   label
//     (p[label] / max p, at most 1): wrong labels stop teaching the wrong thing, and an undecided
//     sample keeps its say
//   - in each of these rounds, the votes of the 50 nearest neighbours, weighted by closeness and by
//     the same belief; the sample itself has no vote, its copies have
//   - the user's runs, each at the temperature of least log loss (a network's confidence is not
//     the head's); where it was trained on the sample, it repeats the label and weighs a tenth
// The belief is the normalised geometric mean of all of it: independent witnesses' odds multiply,
// and the mean keeps witnesses that repeat each other from counting as many. The score compares two
// hypotheses alone: the label given, and its strongest rival. That ranks a label that nothing
// speaks for above one in a class that is uncertain as a whole.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "analysis/bootstrap.h"
#include "analysis/probe.h"
#include "base/workers.h"
#include "model/ids.h"

namespace errata::analysis {

struct RunEvidence {
  std::span<const float> probabilities;  // rows x classes; a row with NaN first has none
  std::span<const uint8_t> trained;      // rows: 1 where the run learnt from the sample; or empty
};

struct LabelEvidence {
  size_t classes = 0;
  std::span<const ClassIndex> labels;      // kNoClass: nothing is said of the row
  const EmbeddingSpace* space = nullptr;   // of the same rows; nullptr: no embeddings
  const Neighbours* neighbours = nullptr;  // of that space; with it
  std::span<const uint32_t> groups;        // near_duplicate_groups; with it
  std::vector<RunEvidence> runs;
};

struct LabelErrors {
  std::vector<float> belief;          // rows x classes; rows without evidence: NaN
  std::vector<float> score;           // belief[rival] / (belief[rival] + belief[label]); NaN: none
  std::vector<ClassIndex> suggested;  // the rival, kNoClass: none
  std::vector<uint8_t> suspect;       // the `estimated` highest scores
  Interval estimated;                 // wrong labels: of the calibrated confident joint of the
                                      // belief, with a bootstrap interval over the samples
  size_t judged = 0;
};

// Throws Error(kBadInput) for fewer than two classes with labels where there is a space. The result
// does not depend on the number of threads. Memory: some ten rows x classes matrices of floats.
LabelErrors find_label_errors(const LabelEvidence& evidence, const ProbeOptions& options,
                              const ParallelFor& parallel_for, const std::function<void()>& tick);

// Votes of the neighbours, rows x classes, each row summing to 1 (0 where no neighbour counts). A
// vote weighs exp(-distance / distance of the last neighbour) times the voter's own weight.
std::vector<float> neighbour_votes(const Neighbours& neighbours, std::span<const ClassIndex> labels,
                                   std::span<const float> weights, size_t classes,
                                   const ParallelFor& parallel_for);

}  // namespace errata::analysis
