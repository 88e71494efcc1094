// How a run's rows lie in chunks. Internal to this folder.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "store/chunk.h"
#include "store/runs.h"

namespace errata::store {

// Chunks of rows of equal size: each holds whole batches, or, where one batch is larger than a
// chunk may be, a batch is cut into chunks of which the last may be shorter.
struct ChunkLayout {
  int64_t batch = 1;           // rows
  int64_t rows_per_chunk = 1;  // a multiple of batch, or less than it
  int64_t chunks_per_batch = 1;

  ChunkLayout(int64_t batch_rows, size_t row_bytes);
  int64_t place_of(int64_t row) const;
  int64_t first_row(int64_t place) const;
  int64_t end_row(int64_t place) const;
};

// Oldest first.
std::vector<RunInfo> read_runs(Connection& db);

// The samples of a run by their place in its plan.
struct RunPlan {
  std::vector<SampleId> samples;
  bool rising = true;
  std::vector<uint32_t> by_sample;  // places, rising by sample; empty when `rising`
  // -1 when the plan lacks the sample.
  int64_t place_of(SampleId sample) const;
};
std::shared_ptr<const RunPlan> make_plan(std::vector<SampleId> samples);
// Kept by the connection: a plan never changes and run ids are not given twice.
std::shared_ptr<const RunPlan> read_plan(Connection& db, RunId run);

// Stored scores of objects for the run, within the caller's transaction.
void drop_object_scores(Connection& db, RunId run);

// The samples that a stored score covers, rising.
std::vector<SampleId> read_score_samples(Connection& db, int64_t score, RunId run);

// The stored rows of a run, chunk by chunk, without samples that are no longer there.
class RowChunks {
 public:
  // `name` is "probabilities", "embeddings" or "stages". Error(kNotFound) for an unknown run.
  RowChunks(Connection& db, RunId run, std::string_view name);
  size_t columns() const { return columns_; }  // 0 when the run has no such rows
  // Replaces both with the next chunk that has any; false at the end. Error(kCorrupt).
  bool next(std::vector<SampleId>& samples, std::vector<float>& values);

 private:
  Connection& db_;
  std::string name_;
  size_t columns_ = 0;
  int64_t rows_ = 0;
  int64_t stream_ = 0;
  int64_t next_row_ = 0;
  ChunkLayout layout_;
  std::shared_ptr<const RunPlan> plan_;
  std::vector<bool> gone_;  // by sample id
};

// Rows per chunk of the streams of one small value per row (top, confidence, ...).
inline constexpr int64_t kSmallChunkRows = 65'536;

}  // namespace errata::store
