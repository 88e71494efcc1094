#include "jobs/judged_objects.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "analysis/box_checks.h"
#include "analysis/detection_confusion.h"
#include "analysis/object_lab.h"
#include "analysis/object_mistakenness.h"
#include "base/text.h"
#include "jobs/prediction_warnings.h"
#include "store/objects.h"
#include "store/runs.h"

namespace errata::jobs {

namespace {

constexpr float kNone = std::numeric_limits<float>::quiet_NaN();

// The scores of other tools and of the boxes themselves.
void add_scores(const DetectionInput& input, JobContext& context, Table& table) {
  const ParallelFor parallel_for = context.workers.as_parallel_for();
  const analysis::DetectionSet set = input.set();
  const auto checks = analysis::check_given_boxes(
      set.objects, set.images, set.classes, {input.image_width, input.image_height}, parallel_for);
  add_object_score(table, input, "outside", checks.outside);
  add_object_score(table, input, "size_z", checks.size_z);
  add_object_score(table, input, "shape_z", checks.shape_z);
  add_object_score(table, input, "nearest_iou", checks.nearest_overlap);
  const auto brain = analysis::measure_mistakenness(set, parallel_for);
  add_object_score(table, input, "mistakenness", brain.of_class);
  add_object_score(table, input, "mistakenness_loc", brain.of_location);
  std::vector<uint8_t> spurious(table.rows(), 0);
  for (size_t g = 0; g < input.objects.size(); ++g) {
    spurious[input.objects.rows[g]] = brain.possibly_spurious[g];
  }
  std::vector<uint8_t> missing(table.rows(), 0);
  for (size_t d = 0; d < input.detections.size(); ++d) {
    missing[input.detections.rows[d]] = brain.possibly_missing[d];
  }
  table.add(make_bool_column("possible_spurious", std::move(spurious)));
  table.add(make_bool_column("possible_missing", std::move(missing)));
  const auto lab = analysis::score_object_lab(set, parallel_for);
  add_object_score(table, input, "objectlab_badloc", lab.badly_located);
  add_object_score(table, input, "objectlab_swap", lab.swapped);
  std::vector<float> overlooked(table.rows(), kNone);
  for (size_t d = 0; d < input.detections.size(); ++d) {
    overlooked[input.detections.rows[d]] = static_cast<float>(lab.overlooked[d]);
  }
  table.add(make_float_column("objectlab_overlooked", std::move(overlooked)));
}

}  // namespace

void JudgeOptions::check() const {
  if (!(confidence >= 0 && confidence <= 1) || !(overlap > 0 && overlap <= 1)) {
    throw Error(ErrorCategory::kUsage, "confidence and IoU thresholds lie between 0 and 1");
  }
}

std::string detection_run(store::Store& store, const std::string& run) {
  if (!run.empty()) {
    if (store::read_run(store, run).summary.kind == "detections") return run;
    throw Error(ErrorCategory::kNotFound, fmt::format("run '{}' holds no detections", run),
                "`errata runs` says what each run holds.");
  }
  const std::vector<store::RunInfo> runs = store::list_runs(store);
  for (auto each = runs.rbegin(); each != runs.rend(); ++each) {
    if (each->summary.kind == "detections") return each->summary.name;
  }
  throw Error(ErrorCategory::kNotFound, "the store has no detections yet",
              "Run `errata predictions FILE` with a detector's results first.");
}

JudgedObjects judge_objects(const JudgeOptions& options, JobContext& context) {
  options.check();
  std::string run;
  {
    store::Store store = store::Store::open(options.store_path, store::Access::kRead);
    run = detection_run(store, options.run);
  }
  context.progress.start_stage("matching detections with objects", 0);
  JudgedObjects judged(load_state({options.store_path, run, options.where, true}));
  judged.confidence = options.confidence;
  judged.overlap = options.overlap;
  judged.excluded = leave_out_excluded(judged.state, options.where);
  judged.objects = store::load_objects(judged.state.store, judged.state.snapshot);
  judged.input =
      detection_input(judged.state.snapshot.samples, judged.state.selection, judged.objects.table);
  if (judged.input.objects.size() == 0) {
    throw Error(ErrorCategory::kNotFound, "there are no annotated objects to judge",
                "Import a set with boxes, or widen the filter.");
  }
  context.cancel.check();
  const ParallelFor parallel_for = context.workers.as_parallel_for();
  const size_t rows = judged.objects.rows();
  judged.selected = query::Selection(rows);
  for (const RowIndex row : judged.input.objects.rows) judged.selected.set(row);
  for (const RowIndex row : judged.input.detections.rows) judged.selected.set(row);

  Matching matching =
      match_detections(judged.input, options.confidence, options.overlap, rows, parallel_for);
  add_matching(judged.objects.table, matching);
  context.cancel.check();
  add_doubts(judged.objects.table, judged.input, matching, parallel_for);
  judged.tide = std::move(matching.tide);
  add_scores(judged.input, context, judged.objects.table);
  judged.warnings = run_warnings(judged.state);
  const analysis::DetectionConfusion confusion = analysis::confuse_detections(
      judged.input.set(), {options.overlap, options.confidence}, parallel_for);
  add_detection_warnings(judged.input, judged.state.snapshot.samples, confusion, judged.warnings);
  return judged;
}

}  // namespace errata::jobs
