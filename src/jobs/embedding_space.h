// What a run keeps of its samples' pictures, in principal coordinates. Read twice where there are
// more rows than the axes want, so that memory is SpaceAxes::kMostRows rows and the coordinates of
// all, whatever the dataset.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "analysis/embedding_space.h"
#include "jobs/job_context.h"
#include "jobs/loaded_state.h"

namespace errata::jobs {

struct EmbeddedRows {
  std::string run;
  std::string choice;          // why this run, when there were several: a sentence; else empty
  std::vector<RowIndex> rows;  // of the snapshot, rising; those that were selected and have one
  size_t columns = 0;          // of the embeddings
  size_t without = 0;          // selected samples that have none, or one that is not finite
  analysis::EmbeddingSpace space;
};

// Of the run named, or of the newest that has embeddings. Throws Error(kNotFound) with the command
// that makes them when there are none. No rows where none of the selected samples has one.
EmbeddedRows read_embedding_space(LoadedState& state, const std::string& run, JobContext& context);
// The same; throws Error(kNotFound) too where there are no rows.
EmbeddedRows load_embedding_space(LoadedState& state, const std::string& run, JobContext& context);

// What the model of the run saw of `rows` (rising) in its earlier stages; nullopt for a run without
// them. A row that has none stands in the middle of all.
std::optional<analysis::EmbeddingSpace> read_stage_space(LoadedState& state, const std::string& run,
                                                         std::span<const RowIndex> rows,
                                                         JobContext& context);

}  // namespace errata::jobs
