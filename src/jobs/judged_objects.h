// The objects of a store with what a run of detections says of them: which error each is, what it
// was matched with, and how doubtful each label is. It holds for the thresholds asked for, under
// which it can be stored (store/object_scores.h); a stored set serves as long as labels and
// detections are those it was made of, else all is made again.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "jobs/job_context.h"
#include "jobs/judge_columns.h"
#include "jobs/loaded_state.h"
#include "model/objects.h"

namespace errata::jobs {

struct JudgeOptions {
  std::string store_path = "errata.db";
  std::string run;           // empty: the newest of detections
  std::string where;         // of samples; empty: all
  double confidence = 0.25;  // detections below it are no errors and mend none
  double overlap = 0.5;      // least IoU that is right; background is below 0.1, or half of it
  bool keeps = false;        // store what was made, when it is of all samples

  void check() const;
};

struct JudgedObjects {
  explicit JudgedObjects(LoadedState loaded) : state(std::move(loaded)) {}

  LoadedState state;
  // With error, iou and match (for the thresholds) and the other columns of object_columns() and
  // object_scores() in model/scores.h.
  ObjectTable objects;
  query::Selection selected;  // rows of samples that the filter selects
  DetectionInput input;
  double confidence = 0;
  double overlap = 0;
  std::string stored_at;  // when what was stored was made, ISO 8601 UTC; empty: made now
  size_t excluded = 0;
  std::vector<std::string> warnings;
};

// Throws what load_state() throws; Error(kNotFound) where there are no objects or the run holds no
// detections; Error(kUsage) for thresholds outside 0 .. 1.
JudgedObjects judge_objects(const JudgeOptions& options, JobContext& context);

// The newest run of detections where `run` is empty. Error(kNotFound), which says what makes one.
std::string detection_run(store::Store& store, const std::string& run);

}  // namespace errata::jobs
