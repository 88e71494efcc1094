// All that the store holds on whether labels are right, gathered and judged
// (analysis/label_errors.h).
#pragma once

#include <string>
#include <vector>

#include "analysis/label_errors.h"
#include "analysis/verdict.h"
#include "base/error.h"
#include "infer/load_head_device.h"
#include "jobs/job_context.h"
#include "jobs/loaded_state.h"
#include "store/runs.h"

namespace errata::jobs {

// Of one judged sample, for a person to see.
struct NeighbourEvidence {
  size_t shown = 0;             // neighbours that have a label, of the ten nearest
  size_t given = 0;             // of them with the same label
  size_t suggested = 0;         // with the suggested one
  bool copy_otherwise = false;  // a near duplicate has another label
};

struct JudgedLabels {
  // Of the snapshot, those with an embedding first; everything below is in this order.
  std::vector<RowIndex> rows;
  std::vector<ClassIndex> labels;
  std::vector<uint8_t> looked_at;  // 1: is told of; the others are judged only to tell these
  analysis::LabelErrors errors;
  std::vector<int8_t> verdict;                // of model/verdict.h; -1: none
  std::vector<uint8_t> runs_known;            // runs that predict the sample
  std::vector<uint8_t> runs_for_given;        // of them that predict the label
  std::vector<NeighbourEvidence> neighbours;  // empty without embeddings
  std::string embeddings;                     // the run they are from; empty: none
  std::vector<std::string> runs;              // whose probabilities took part
  std::string lacks;           // what would let it see more, and which command makes it: a sentence
  bool fitted = false;         // among them one of a model that was fitted here in folds
  bool can_be_fitted = false;  // none, but the embeddings' model is there and learnt other classes
  // Of those looked at that have a label:
  size_t judged = 0;
  size_t unjudged = 0;           // nothing knows them
  size_t without_embedding = 0;  // while others have one: the runs alone can judge them
  size_t of_unknown_class = 0;   // of the unjudged: no run that took part knows the label
  size_t alone = 0;              // of the unjudged: no other sample has the label, but for copies
  std::vector<std::string> unknown_classes;  // their labels
  analysis::Interval estimated;              // wrong ones, by the judgement of all
  std::vector<std::string> notes;
};

// Judges the selected samples of `state` by the stored embeddings, if any, with what the model's
// earlier stages saw and what the pictures look like unless a head is the worse for it, and by
// every run with probabilities (beside embeddings, that knows a class of the project), or by `run`
// alone where one is named. Counted and said is of `looked_at`, a part of them: thresholds,
// weights, noise and the probe rest on all, so that what is found of some samples is the same
// whichever others are looked at. A run that `errata probe` made counts only where it is named or
// there are no embeddings: the rounds begin with it. Of samples of one class alone the embeddings
// tell nothing. What `errata find quality` kept tells pictures that show nothing. Heads are trained
// on `device`. Throws Error(kNotFound) when there is neither embeddings nor run, no label among
// those looked at, or no probability in the run named; what the analysis throws.
JudgedLabels judge_labels(LoadedState& state, const query::Selection& looked_at,
                          const std::string& run, const infer::ChosenDevice& device,
                          JobContext& context);

// Of a run that was named.
Error no_probabilities(const store::RunInfo& run);

}  // namespace errata::jobs
