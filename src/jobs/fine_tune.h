// Out-of-sample probabilities of a model that is itself fitted to the labels, in folds: the weights
// of the backbone follow, not only a head on what it gave.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/issue_log.h"
#include "infer/tuner.h"
#include "jobs/job_context.h"
#include "jobs/loaded_state.h"
#include "store/runs.h"

namespace errata::jobs {

struct FineTuneRequest {
  store::RunInfo run;                  // whose model is fitted: its file, its preprocessing
  std::span<const RowIndex> rows;      // of the snapshot
  std::span<const ClassIndex> labels;  // of the rows
  std::span<const uint8_t> fold;       // of the rows; analysis::kNoFold: not trained on
  std::span<const float> weights;      // of the rows: how much their labels teach, 0..1
  size_t classes = 0;
  size_t folds = 0;
  uint64_t seed = 1;
  std::string device = "cpu";  // that infer::choose_head_device chose
};

struct FineTuned {
  // rows x classes: of the fold's model that did not see the row, the mean of all that were trained
  // where no fold has it. NaN where the picture could not be read.
  std::vector<float> probabilities;
  std::vector<Issue> unreadable;
  infer::TunerInfo info;
  size_t epochs = 0;
};

// How long fine_tune would take here, by a step or a few on what is no picture. Neither folds nor
// weights are looked at. Throws what fine_tune throws of the model.
double expected_fine_tune_secs(const FineTuneRequest& request, JobContext& context);

// Each fold's model is trained from what the file holds, on pictures mirrored and moved at random,
// with AdamW under a cosine schedule and smoothed labels (Szegedy et al. 2016), and asked of each
// picture and its mirror image. A few epochs: networks learn what labels have in common before
// they learn the labels that are wrong by heart (Arpit et al. 2017). The same numbers each time on
// the same machine; the pictures as the model takes them lie in a file beside the store meanwhile,
// which nobody else sees. A fold without a row to judge is not trained. Memory: rows x classes
// floats, twice as much again for the rows that no fold has, and the model's weights four times
// over and one step's maps for each fold that is trained at the same time.
//
// Throws Error: kNotFound where the run was made by no model or its file is gone, kConflict where
// the file is another by now, kBadInput for a detector, for fewer than two classes with a label, in
// all or outside a fold that has rows, and where no picture can be read, and what load_tuner
// throws.
FineTuned fine_tune(const FineTuneRequest& request, LoadedState& state, JobContext& context);

}  // namespace errata::jobs
