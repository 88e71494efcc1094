// How good a run of detections is on the samples that a filter selects.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "analysis/coco_intervals.h"
#include "analysis/detection_confusion.h"
#include "analysis/tide.h"
#include "jobs/job_context.h"
#include "jobs/judged_objects.h"

namespace errata::jobs {

struct DetectionMetricsOptions {
  std::string store_path = "errata.db";
  std::string run;
  std::string where;
  double overlap = 0.5;    // of the curves, the confusion matrix and TIDE
  double confidence = -1;  // of the confusion matrix; below 0: where F1 of all is best
  bool masks = false;      // outlines in place of boxes, as COCO's "segm"
  // Annotations marked difficult count neither way, as in VOC's evaluation; TIDE and the confusion
  // matrix take them for crowds.
  bool leave_out_difficult = false;
  size_t resamples = 1000;  // of the bootstrap; 0: no intervals
  uint64_t seed = 1;

  void check() const;
};

struct DetectionMetricsReport {
  std::string run;
  std::string run_choice;
  std::vector<std::string> class_names;  // the project's, then what only the run knows
  size_t images = 0;
  size_t excluded = 0;
  size_t objects = 0;  // annotations, crowds included
  size_t detections = 0;
  analysis::CocoResult coco;
  std::array<double, 12> summary{};
  std::vector<double> class_ap;
  bool has_intervals = false;
  analysis::CocoIntervals intervals;
  analysis::DetectionCurves curves;
  analysis::TideResult tide;
  double confidence = 0;  // of the confusion matrix
  analysis::DetectionConfusion confusion;
  std::vector<std::string> warnings;
};

// The 12 numbers are pycocotools' on the same annotations and detections. Excluded samples are left
// out unless the filter speaks of `excluded` or `review`. Writes nothing. Throws what load_state()
// and detection_run() throw; Error(kBadInput) for outlines that are none; Error(kNotFound) with
// `masks` where detections have no outline.
DetectionMetricsReport measure_detections(const DetectionMetricsOptions& options,
                                          JobContext& context);

// Whether the run (empty: the newest) holds detections; false for a store without runs.
bool is_detection_run(const std::string& store_path, const std::string& run);

// What summarize_coco() gives, in its order: "AP", "AP50", ... "AR_large".
std::array<std::string_view, 12> coco_number_names();

}  // namespace errata::jobs
