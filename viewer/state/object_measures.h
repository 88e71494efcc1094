// What the panels about a detector show: average precision with its interval, what each kind of
// error costs, curves, and which class is taken for which. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "analysis/bootstrap.h"
#include "analysis/detection_curves.h"
#include "base/workers.h"
#include "jobs/judge_columns.h"
#include "viewer/state/object_state.h"

namespace errata::viewer {

struct DetectorClass {
  std::string name;
  int32_t label = 0;  // code
  double ap50 = -1;   // 0..1; -1: no object
  double ap = -1;     // mean over IoU 0.50 to 0.95
  size_t objects = 0;
  analysis::DetectionCurve curve;  // thinned, at the chosen overlap
};

struct ObjectMeasures {
  size_t images = 0;
  size_t objects = 0;
  size_t detections = 0;
  MatchChoice choice;
  std::string filter;  // of the samples measured over; empty: all

  std::array<double, 12> coco{};  // analysis::summarize_coco()
  // Of AP and AP50; NaN bounds until they were drawn.
  analysis::Interval ap;
  analysis::Interval ap50;
  bool has_intervals = false;

  double tide_ap = 0;             // at the chosen overlap, 0..100
  std::array<double, 7> gains{};  // by ObjectError, 0..100; [kTrue] is 0
  std::vector<DetectorClass> classes;
  analysis::DetectionCurve all;
  // (classes + 1)^2, row = label, column = detection; the last is the background.
  std::vector<int64_t> confusion;
  int64_t largest_confusion = 0;  // off the diagonal
  std::vector<std::string> warnings;
};

// Null without annotations or detections.
std::shared_ptr<ObjectMeasures> measure_objects(const jobs::DetectionInput& input,
                                                const Table& samples, const MatchChoice& choice,
                                                const ParallelFor& parallel_for);
// Fills in the intervals: slower than all the rest. `input` as measured.
void add_intervals(ObjectMeasures& measures, const jobs::DetectionInput& input,
                   const ParallelFor& parallel_for);

}  // namespace errata::viewer
