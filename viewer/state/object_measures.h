// What the panels about a detector show: average precision with its interval, what each kind of
// error costs, curves, and which class is taken for which. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "analysis/bootstrap.h"
#include "analysis/detection_audit.h"
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

// What the reviews of annotations came to, in the images that are measured.
struct LabelCorrections {
  size_t imported = 0;  // annotations as they came in
  size_t reviewed = 0;  // of them decided on or deleted, and added ones
  size_t changed = 0;   // another class, box or crowd mark
  size_t added = 0;
  size_t deleted = 0;
  // Of the reviewed: where a detection contradicted the annotation or none supported it, and added
  // ones that a detection supports.
  size_t where_they_differ = 0;
  double ap_before = -1;  // AP against the annotations as they came in; -1: nothing to measure
};

// The random audit of images, where one was drawn.
struct BoxAudit {
  size_t drawn = 0;
  size_t reviewed = 0;
  bool elsewhere = false;  // drawn from other images than are measured, or not all are there
  // Once all that were drawn are reviewed.
  std::optional<analysis::DetectionAudit> estimate;
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
  std::optional<LabelCorrections> corrections;  // nothing: none of these were reviewed
  std::optional<BoxAudit> audit;                // nothing: none was drawn
};

// Null without annotations or detections.
std::shared_ptr<ObjectMeasures> measure_objects(const jobs::DetectionInput& input,
                                                const Table& samples, const MatchChoice& choice,
                                                const ParallelFor& parallel_for);
// Fills in the intervals: slower than all the rest. `input` as measured.
void add_intervals(ObjectMeasures& measures, const jobs::DetectionInput& input,
                   const ParallelFor& parallel_for);

// Compares with the annotations as they were imported. `now` and `before` of the same samples;
// `objects` and `imported` are the tables that they were made from.
std::optional<LabelCorrections> count_corrections(const jobs::DetectionInput& now,
                                                  const Table& objects,
                                                  const jobs::DetectionInput& before,
                                                  const Table& imported, const MatchChoice& choice,
                                                  const ParallelFor& parallel_for);
// "With the accepted corrections AP 61.2, +1.3 from 59.9: 14 reviewed, 12 where label and model
// differ, ...": from the number as imported, with how they were chosen. Empty without corrections.
std::string corrections_text(const ObjectMeasures& measures);

// What is measured, with the annotations as they are and as they were imported.
struct AuditedBoxes {
  const jobs::DetectionInput& now;
  const Table& objects;
  const jobs::DetectionInput& before;
  const Table& imported;
  const Table& samples;
  const std::string& filter;  // of the samples that `now` is of
};
// `options`: of the saved view that says how the audit was drawn; nothing where they say nothing.
std::optional<BoxAudit> audit_boxes(const AuditedBoxes& boxes, const std::string& options,
                                    const MatchChoice& choice, const ParallelFor& parallel_for);
// "Audit of 30 images at random, corrected: precision 0.91 (0.88-0.94), ...". Empty without one.
std::string audit_text(const ObjectMeasures& measures);

}  // namespace errata::viewer
