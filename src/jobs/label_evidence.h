// All that the store holds on whether labels are right, gathered and judged
// (analysis/label_errors.h), and what of it is kept as columns.
#pragma once

#include <string>
#include <vector>

#include "analysis/label_errors.h"
#include "analysis/verdict.h"
#include "base/error.h"
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
  analysis::LabelErrors errors;
  std::vector<int8_t> verdict;                // of model/verdict.h; -1: none
  std::vector<uint8_t> runs_known;            // runs that predict the sample
  std::vector<uint8_t> runs_for_given;        // of them that predict the label
  std::vector<NeighbourEvidence> neighbours;  // empty without embeddings
  std::string embeddings;                     // the run they are from; empty: none
  std::vector<std::string> runs;              // whose probabilities took part
  std::string lacks;  // what would let it see more, and which command makes it: a sentence
  size_t without_embedding = 0;  // selected samples that the runs alone can judge
  size_t unjudged = 0;           // of them
  std::vector<std::string> notes;
};

// Judges the selected samples of `state` by the stored embeddings, if any, and by every run with
// probabilities, or by `run` alone where one is named. A run that `errata probe` made counts only
// where it is named or there are no embeddings: the rounds begin with it. Of samples of one class
// alone the embeddings tell nothing. What `errata find quality` kept tells pictures that show
// nothing. Throws Error(kNotFound) when there is neither embeddings nor run, no label, or no
// probability in the run named; what the analysis throws.
JudgedLabels judge_labels(LoadedState& state, const std::string& run, JobContext& context);

// Of a run that was named.
Error no_probabilities(const store::RunInfo& run);

// Keeps label_error, p_suggested, suggested and verdict as columns of the project, made for the
// labels of the snapshot: all four or, where that fails, none.
void store_judged_labels(store::Store& store, const Snapshot& snapshot, const JudgedLabels& judged);

}  // namespace errata::jobs
