// The inference pass: images in, rows out, in the order of the plan, bounded in memory.
//
//   plan -> workers (read, decode, preprocess, forward: a whole batch each) -> reorder -> sink
//
// Batch k is always plan[k * batch, (k + 1) * batch), so a pass that was stopped and goes on
// computes the same rows from the same batches as one that was not.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/issue_log.h"
#include "base/progress.h"
#include "base/workers.h"
#include "infer/detect.h"
#include "infer/model_spec.h"
#include "infer/runner.h"
#include "media/reader.h"
#include "model/ids.h"
#include "model/records.h"

namespace errata::infer {

struct InferItem {
  SampleId id = 0;
  std::string path;  // absolute
  int64_t member = SampleRecord::kNoMember;
};

enum class RowStatus : uint8_t {
  kOk,
  kUnreadable,  // no picture: the issue log says why; the row is NULL (NaN throughout)
  kNotFinite    // the model gave NaN or infinity; the row is NULL
};

// Spans live until batch() returns.
struct InferBatch {
  size_t number = 0;  // k above
  size_t first = 0;   // place of its first item in the plan
  std::span<const InferItem> items;
  std::span<const RowStatus> status;     // one for each item
  std::span<const float> probabilities;  // items x classes, row-major; softmax already applied
  std::span<const float> embeddings;     // items x embedding_columns; empty without one
  std::span<const float> stages;         // items x stage_columns; empty without
  // Of a detector, instead of probabilities: how many each item has (0 unless kOk), and all of
  // them, item after item, in pixels of the image as stored.
  std::span<const uint32_t> detection_counts;
  std::span<const Detection> detections;
};

// Called on the thread that called run_pipeline, in rising order of batches. What it throws stops
// the pass and comes out of run_pipeline.
class OutputSink {
 public:
  virtual ~OutputSink() = default;
  virtual void begin(const RunnerInfo& info) = 0;
  virtual void batch(const InferBatch& batch) = 0;
};

struct PipelineOptions {
  // At most the runner's capacity, and 0 is that. Part of the run: the same when the run goes on.
  size_t batch = 0;
  std::vector<bool> batches_done;  // these are skipped; empty: none
  DetectOptions detect;            // for a spec that is a detector's; it has to name its classes
};

struct PipelineReport {
  uint64_t images = 0;  // offered to the model: ok + unreadable + not_finite
  uint64_t ok = 0;
  uint64_t unreadable = 0;
  uint64_t not_finite = 0;
  uint64_t skipped = 0;     // items of batches that were done before
  uint64_t detections = 0;  // boxes kept, of a detector
  double elapsed_secs = 0;
  double prepare_secs = 0;  // reading, decoding and preprocessing, summed over workers
  double forward_secs = 0;  // in Runner::run, summed over workers
};

// Runs `plan` with min(workers.size(), runner slots) workers; both must be >= 1 and the calling
// thread must not be one of `workers`. Progress counts images, those done before included.
// Issues (kind): media::issue_kind's ("unreadable-file", "truncated-image", ...),
// "wrong-size-image", "not-finite-output" (rejected), "not-probabilities", "not-logits",
// "background-label" (warned, once). Throws Error: kInterrupted once cancelled (every batch handed
// to the sink before is whole), kBadInput or kInternal of the runner.
PipelineReport run_pipeline(std::span<const InferItem> plan, const ModelSpec& spec, Runner& runner,
                            media::SampleReader& reader, const PipelineOptions& options,
                            WorkerGroup& workers, Progress& progress, const CancelToken& cancel,
                            IssueLog& issues, OutputSink& sink);

// softmax of each row of n x k logits, in place, computed in double and rounded to float.
void softmax_rows(std::span<float> logits, size_t columns);

}  // namespace errata::infer
