// The state of a store as plain columns: what the viewer draws, filters and ranks. Loaded once by
// the store; edits apply to it in place.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/class_map.h"
#include "model/columns.h"
#include "model/ids.h"

namespace errata {

enum class RunState : uint8_t { kRunning, kInterrupted, kComplete };

struct RunSummary {
  RunId id = 0;
  std::string name;
  std::string kind;        // "probabilities", "top_one", "embedding", "detections"
  std::string model_path;  // or the file the predictions came from
  std::string started_at;  // ISO 8601 UTC
  std::string finished_at;
  RunState state = RunState::kComplete;
  ClassMap classes;              // the model's
  size_t predicted_samples = 0;  // rows that have a prediction
  size_t embedding_columns = 0;  // 0: no embedding
  std::string trained_on;        // filter expression, or empty when not said
  bool scores_stale = false;     // in a snapshot: stored scores of it are of other labels than now
};

// Stored columns that were computed for certain labels, as they were computed. A row whose labels
// are others now has NULL in Snapshot::samples until the columns are made again, or the labels are
// what they were.
struct ScoreBasis {
  Table labels;  // `label`, and `labels` where some sample had more than one
  Table values;
  std::vector<bool> outdated;  // by row: the labels are others now; empty: of no row
  size_t outdated_rows = 0;
};

struct Snapshot {
  Table samples;                   // columns of model/scores.h: sample_columns(), scores, attr.*
  std::vector<SampleId> ids;       // of each row, rising
  ClassMap classes;                // the project's, in order of their ids
  std::vector<ClassId> class_ids;  // of each project class
  std::vector<RunSummary> runs;    // oldest first; the active one is samples.active_run
  std::vector<ScoreBasis> score_bases;  // one for each set of labels that columns were made for
  int64_t label_revision = 0;           // log id of the last event that changed a label
  uint64_t objects = 0;                 // annotations that stand; 0: a dataset without boxes
  int64_t data_version = 0;             // PRAGMA data_version of the loading connection

  // Row of a sample, or SIZE_MAX.
  size_t row_of(SampleId id) const;
  // It was computed for certain labels.
  bool depends_on_labels(std::string_view column) const;
};

}  // namespace errata
