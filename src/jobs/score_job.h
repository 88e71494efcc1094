// Scores that depend on labels: computed from a run's probabilities, stored with the label revision
// they were made for, and made anew for what changed since.
#pragma once

#include <string>
#include <vector>

#include "analysis/scores.h"
#include "jobs/job_context.h"
#include "model/snapshot.h"
#include "store/runs.h"
#include "store/store.h"

namespace errata::jobs {

// How a run's classes lie in the project of the snapshot.
analysis::ClassMapping class_mapping(const store::RunInfo& run, const Snapshot& snapshot);

// Labels of the snapshot's rows as class indices of the project; kNoClass without one, or with more
// than one.
std::vector<ClassIndex> project_labels(const Snapshot& snapshot);

// Computes loss and self_confidence for every sample of the run and stores them. Nothing for a run
// without probabilities. `store` is open to write.
void store_label_scores(store::Store& store, const std::string& run_name, JobContext& context);

// Fills those rows of the snapshot's loss and self_confidence columns that have a prediction and a
// label and no score. Writes nothing to the store. Returns how many rows were filled.
size_t fill_label_scores(store::Store& store, Snapshot& snapshot, const RunSummary& run);

}  // namespace errata::jobs
