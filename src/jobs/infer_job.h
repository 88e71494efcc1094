// The inference pass: a model over the samples, stored as a run that can be resumed.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "infer/pipeline.h"
#include "infer/runner.h"
#include "jobs/job_context.h"

namespace errata::jobs {

struct InferJobOptions {
  std::string store_path = "errata.db";
  std::string model_path;
  std::string config_path;  // sidecar JSON; empty: beside or inside the model
  std::string run_name;     // empty: the model file's name without extension
  std::string device = "auto";
  std::string precision = "fp32";  // fp32, bf16, fp16
  size_t batch = 0;                // images per forward pass; 0: what suits the device
  size_t workers = 0;              // threads that decode and run; 0: one per core
  std::string where;               // only these samples; empty: all
  std::string class_map;           // class names in output order, where the model has none
  std::string trained_on;          // filter; empty: not said
  bool embedding = true;           // false: probabilities only
  bool use_test_size = false;      // timm's test_input_size
  // Classifiers: each picture's mirror image is seen too, and what both give is averaged.
  bool mirror = false;
  // Detectors; what is not given is infer::DetectOptions'. Refused for a classifier, and `iou` and
  // `agnostic` for a detector that suppresses overlaps itself.
  std::optional<double> confidence;
  std::optional<double> iou;
  std::optional<size_t> max_detections;
  bool agnostic = false;
  // Go on with a run that did not end. One of the default name is begun where there is none, so
  // that the same command may be given again; a run_name that is not there is refused.
  bool resume = false;
  bool replace = false;  // delete a run of the same name first
  std::string who;

  // Throws Error(kUsage).
  void check() const;
};

struct InferJobReport {
  std::string run;
  infer::RunnerInfo runner;
  infer::PipelineReport pass;
  std::string preprocessing;  // one line
  bool resumed = false;
  size_t planned = 0;
  size_t predicted = 0;
  size_t detections = 0;  // boxes in the run, those of a part done before included; detectors
  bool detector = false;
  size_t classes = 0;
  std::vector<std::string> classes_not_in_project;
  uint64_t rejected = 0;
  uint64_t warned = 0;
  std::map<std::string, uint64_t> issue_kinds;
};

// Throws Error(kNotFound) for a run_name to resume that is not there; Error(kConflict) when the run
// exists and neither `resume` nor `replace` is set, or when what it was begun with differs;
// Error(kUnsupported) without LibTorch or the device; kInterrupted leaves a run that `resume` goes
// on with.
InferJobReport run_infer(const InferJobOptions& options, JobContext& context);

}  // namespace errata::jobs
