// Runs: one pass of a model over samples, or predictions read from a file. Probability and
// embedding rows are column chunks of at most 1 MiB with a checksum; a chunk holds whole batches,
// or a batch whole chunks.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "model/class_map.h"
#include "model/snapshot.h"
#include "store/store.h"

namespace errata::store {

enum class OnExistingRun { kRefuse, kResume, kReplace };

struct RunSpec {
  std::string name;                // letters, digits, "._-+" and spaces inside; not '@'
  std::string kind;                // "probabilities", "top_one", "embedding" or "detections"
  std::string model_path;          // or the file the predictions came from
  std::string model_sha256;        // hex; empty when not known
  std::string preprocessing_json;  // as resolved; empty for predictions from files
  std::string options_json;        // everything else worth knowing
  ClassMap classes;                // the model's own; empty for embeddings
  // Model class name -> project class name, for those that do not map by their own name.
  std::vector<std::pair<std::string, std::string>> class_names;
  std::string device;      // "cpu", "cuda:0"
  std::string precision;   // "fp32"
  int64_t batch_size = 0;  // the effective one; part of the run's identity
  int64_t seed = 0;
  std::string trained_on;  // filter expression; empty when not said
  std::string code_version;
  std::string who;
  size_t embedding_columns = 0;  // 0: none
  size_t stage_columns = 0;      // means of the model's earlier feature maps; 0: none
};

// What became of one sample.
enum class RowStatus : uint8_t {
  kOk = 0,
  kUnreadable = 1,   // no prediction; why is an issue
  kNotFinite = 2,    // the model gave NaN or infinity; kept as it came, counted, no prediction
  kNoPrediction = 3  // the file of predictions has no row for it
};

// Detections as columns of equal length.
struct DetectionSpans {
  std::span<const ClassIndex> class_index;  // of the model
  std::span<const std::array<double, 4>> box_xywh_px;
  std::span<const double> confidence;
  std::span<const std::string> shape;  // model/shape.h; empty altogether: boxes only

  size_t size() const { return class_index.size(); }
};

// n rows of the plan, in its order. Spans may be empty where the run has no such thing; they are
// read before the call returns.
struct RunRows {
  std::span<const float> probabilities;  // n x classes, row-major
  std::span<const float> embeddings;     // n x embedding_columns
  std::span<const float> stages;         // n x stage_columns
  // Index into the model's classes (kNoClass: none) and its confidence (NaN: not known): for kind
  // "top_one". For "probabilities" the store derives these, margin and entropy from the rows over
  // the model's classes (analysis/scores.h has the definitions), unless all four are given here.
  std::span<const ClassIndex> top;
  std::span<const float> confidence;
  std::span<const float> margin;
  std::span<const float> entropy;
  std::span<const RowStatus> status;  // n; empty: all kOk
  // Kind "detections": how many each row has, and all of them, row after row.
  std::span<const uint32_t> detection_counts;  // n
  DetectionSpans detections;
};

struct RunReport {
  RunId id = 0;
  size_t rows = 0;
  size_t predicted = 0;  // rows with a prediction
  size_t not_finite = 0;
  size_t unreadable = 0;
  uint64_t detections = 0;  // boxes, those of a part done before included
  bool resumed = false;
};

// Writes a run. The plan (which samples, in which order) is fixed at the start; rows are written in
// its order, in whole batches of spec.batch_size except the last. Short transactions: others may
// write between two calls. Killed anywhere, kResume goes on at rows_done(). Holds the lease of the
// run's name while it lives: Error(kBusy) naming the holder.
class RunWriter {
 public:
  // Error: kConflict when the run exists and on_existing is kRefuse, or when kResume finds another
  // model, preprocessing, batch size, classes, embedding, stages or plan than it began with (the
  // hint says what differs); kUsage for a bad name or a row of more than 1 MiB. kResume of a
  // complete run gives rows_done() == plan size; kResume of an absent one begins it. One that began
  // without stages goes on without: those that are given are not kept.
  RunWriter(Store& store, const RunSpec& spec, std::vector<SampleId> plan,
            OnExistingRun on_existing);
  ~RunWriter();  // without finish(): what was written stays, and the run counts as interrupted
  RunWriter(const RunWriter&) = delete;
  RunWriter& operator=(const RunWriter&) = delete;

  RunId id() const;
  // Rows already stored: whole batches. The caller goes on with plan row rows_done().
  size_t rows_done() const;
  // `first_row` must be where the last call ended. Rows are committed when they fill a chunk or two
  // seconds have passed, and by finish() and flush().
  void write(size_t first_row, const RunRows& rows);
  void flush();
  // Error(kInternal) unless all rows were written. Makes small chunks into whole ones.
  RunReport finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Everything said of a run, and what is in it.
struct RunInfo {
  RunSummary summary;
  RunSpec spec;
  std::vector<ClassId> class_ids;  // of each model class in the project; 0: the project lacks it
  size_t plan_rows = 0;
  size_t rows = 0;
  size_t not_finite = 0;
  size_t unreadable = 0;
  uint64_t detections = 0;    // boxes, of kind "detections"
  uint64_t stored_bytes = 0;  // rows and boxes as they lie in the store; 0 unless asked for
};

// Oldest first. `with_stored_bytes` costs a walk over all of the runs' chunks.
std::vector<RunInfo> list_runs(Store& store, bool with_stored_bytes = false);
// Error(kNotFound) with the nearest names. An empty name means the newest run.
RunInfo read_run(Store& store, const std::string& name, bool with_stored_bytes = false);
// Gives the space back to the file system. Error: kNotFound, kBusy while it is being written.
void delete_run(Store& store, const std::string& name);

// `rows` is samples.size() x columns; rows of samples that are no longer there are left out, rows
// with a status other than kOk come as they were stored (NaN where there was nothing).
using FloatRowsFn = std::function<void(std::span<const SampleId> samples,
                                       std::span<const float> rows, size_t columns)>;
// In the run's order, chunk by chunk; memory stays at one chunk. Nothing is called for a run that
// has none. Error(kCorrupt) when a checksum does not hold.
void for_each_probability_chunk(Store& store, RunId run, const FloatRowsFn& fn);
void for_each_embedding_chunk(Store& store, RunId run, const FloatRowsFn& fn);
void for_each_stage_chunk(Store& store, RunId run, const FloatRowsFn& fn);
// One row, read without its neighbours (and so without the chunk's checksum). Empty when the run
// has none for this sample.
std::vector<float> read_probability_row(Store& store, RunId run, SampleId sample);
std::vector<float> read_embedding_row(Store& store, RunId run, SampleId sample);

}  // namespace errata::store
