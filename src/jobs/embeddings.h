// The embeddings of a run as one matrix, for the analyses that need all of them at once.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "analysis/matrix.h"
#include "jobs/job_context.h"
#include "jobs/loaded_state.h"

namespace errata::jobs {

struct Embeddings {
  std::string run;
  std::string choice;          // why this run, when there were several: a sentence; else empty
  std::vector<RowIndex> rows;  // of the snapshot, rising; those that were selected and have one
  std::vector<float> values;   // rows x columns
  size_t columns = 0;
  size_t without = 0;  // selected samples that have none, or one that is not finite

  analysis::FloatMatrix view() const { return {values, rows.size(), columns}; }
};

// Of the run named, or of the newest that has any. Throws Error(kNotFound) with the command that
// makes them when there are none, or where none of the selected samples has one. Memory: rows x
// columns floats; what is content with their principal coordinates reads jobs/embedding_space.h.
Embeddings load_embeddings(LoadedState& state, const std::string& run, JobContext& context);

// None of the samples asked for has an embedding in the run.
Error no_embedded_rows(const std::string& run, const std::string& store_path);

// Which run's embeddings are meant by a name, or by none.
struct EmbeddingRun {
  const RunSummary* summary = nullptr;  // of the snapshot
  std::string choice;
};
EmbeddingRun choose_embeddings(LoadedState& state, const std::string& run);

// The job's workers, with the stage's progress and cancelling: work is counted in the units of the
// loops that an analysis makes.
ParallelFor watched(JobContext& context, const std::string& stage);

// Stores scores[i] of rows[i] as the column `name` of the project, NaN for the others.
void store_scores(store::Store& store, const Snapshot& snapshot, const std::string& name,
                  std::span<const RowIndex> rows, std::span<const double> scores);

}  // namespace errata::jobs
