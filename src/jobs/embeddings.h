// The embeddings of a run: all their values for the analyses that need them at once, or their
// principal coordinates, for which no more than a sample of the rows is held with all its columns.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "analysis/embedding_space.h"
#include "analysis/matrix.h"
#include "base/spilled_floats.h"
#include "jobs/job_context.h"
#include "jobs/loaded_state.h"

namespace errata::jobs {

struct EmbeddedRows {
  std::string run;
  std::string choice;          // why this run, when there were several: a sentence; else empty
  std::vector<RowIndex> rows;  // of the snapshot, rising; those that were selected and have one
  size_t columns = 0;          // of the embeddings
  size_t without = 0;          // selected samples that have none, or one that is not finite
};

struct Embeddings : EmbeddedRows {
  SpilledFloats values;  // rows x columns

  analysis::FloatMatrix view() const { return {values.values(), rows.size(), columns}; }
};

struct EmbeddingCoordinates : EmbeddedRows {
  analysis::EmbeddingSpace space;
};

// Of the run named, or of the newest that has any. Throws Error(kNotFound) with the command that
// makes them when there are none, or where none of the selected samples has one. Memory: rows x
// columns floats; where that is more than kEmbeddingMemoryBytes they lie in a file beside the store
// that nobody else sees, and Error(kIo) says that the disk has no room for it.
inline constexpr uint64_t kEmbeddingMemoryBytes = uint64_t{1} << 30;
Embeddings load_embeddings(LoadedState& state, const std::string& run, JobContext& context,
                           uint64_t memory_bytes = kEmbeddingMemoryBytes);

// The same in principal coordinates. Read twice where there are more rows than the axes want, so
// that memory is SpaceAxes::kMostRows rows at most, what principal_axes takes, and the coordinates
// of all.
EmbeddingCoordinates load_coordinates(LoadedState& state, const std::string& run,
                                      JobContext& context);
// The same, but no rows where none of the selected samples has an embedding.
EmbeddingCoordinates read_coordinates(LoadedState& state, const std::string& run,
                                      JobContext& context);

// What the model of the run saw of `rows` (rising) in its earlier stages; nullopt for a run without
// them. A row that has none stands in the middle of all.
std::optional<analysis::EmbeddingSpace> read_stages(LoadedState& state, const std::string& run,
                                                    std::span<const RowIndex> rows,
                                                    JobContext& context);

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
