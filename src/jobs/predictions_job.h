// Predictions that another tool wrote, attached to the samples they mean, as a run.
#pragma once

#include <map>
#include <string>

#include "importers/path_matcher.h"
#include "jobs/job_context.h"
#include "store/runs.h"

namespace errata::jobs {

struct PredictionsJobOptions {
  std::string store_path = "errata.db";
  std::string input_path;
  std::string run_name;         // empty: the file's name without extension
  std::string format = "auto";  // reader's name, or "auto"
  std::string files_list;       // one path or id per row; empty: found beside or inside the file
  std::string member;           // array of an NPZ; empty: found
  // "probabilities", "logits", "top-one", "embedding", "detections"; empty: told by the values
  std::string kind;
  std::string category_base;  // COCO results: "dataset", "0", "1"; empty: told by the file
  std::string class_map;      // file with the model's class names in order; empty: the project's
  std::string images_root;    // of annotations: folder of their images; empty: the format's rule
  std::string trained_on;     // filter: the samples that the model was trained on; empty: not said
  bool replace = false;       // a run of the same name is deleted first
  std::string who;
  // --memory: about how much of the file may be held at once. Beyond, it is read twice, and
  // detections wait in a file beside the store until all of an image are known.
  uint64_t memory_bytes = uint64_t{512} << 20;

  // Throws Error(kUsage).
  void check() const;
};

struct PredictionsJobReport {
  std::string format;
  std::string reason;
  std::string kind;  // as it was taken
  std::string run;
  importers::MatchCounts matches;
  uint64_t seen = 0;
  uint64_t accepted = 0;  // accepted + rejected = seen
  uint64_t rejected = 0;
  uint64_t warned = 0;
  uint64_t without_prediction = 0;  // samples of the store that no row names
  size_t covered = 0;  // samples that the run covers; of detections also those without any
  size_t classes = 0;
  std::vector<std::string> classes_not_in_project;
  std::map<std::string, uint64_t> issue_kinds;
  double elapsed_secs = 0;

  std::string closing_line() const;
};

// A row whose key fits no sample, or several equally well, is rejected with an issue, as is a
// second row for the same sample; a mask of another size than its image is left out with a warning
// "mask-size"; when no row fits, Error(kBadInput) and nothing is stored.
// Error(kConflict) when the run exists and `replace` is not set.
PredictionsJobReport attach_predictions(const PredictionsJobOptions& options, JobContext& context);

}  // namespace errata::jobs
