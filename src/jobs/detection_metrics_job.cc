#include "jobs/detection_metrics_job.h"

#include <fmt/format.h>

#include <algorithm>

#include "analysis/mask_rle.h"
#include "base/text.h"
#include "jobs/prediction_warnings.h"
#include "model/shape.h"
#include "store/objects.h"
#include "store/runs.h"

namespace errata::jobs {

namespace {

// Outlines of objects and detections as masks of their images.
struct Masks {
  std::vector<MaskRuns> objects;
  std::vector<MaskRuns> detections;
  std::vector<analysis::Box> object_boxes;
  std::vector<analysis::Box> detection_boxes;
  std::vector<double> detection_area;
};

MaskRuns mask_of_box(double x, double y, double width, double height, uint32_t rows,
                     uint32_t columns) {
  const double ring[]{x, y, x, y + height, x + width, y + height, x + width, y};
  return mask_of_polygon(ring, rows, columns);
}

MaskRuns mask_of_shape(std::string_view bytes, const DetectionInput::Boxes& boxes, size_t place,
                       const DetectionInput& input) {
  const auto image = static_cast<size_t>(boxes.image[place]);
  const auto height = static_cast<uint32_t>(input.image_height[image]);
  const auto width = static_cast<uint32_t>(input.image_width[image]);
  const Shape shape = decode_shape(bytes);
  if (!shape.mask.counts.empty()) return shape.mask;
  std::vector<MaskRuns> parts;
  for (const auto& ring : shape.polygons) {
    parts.push_back(mask_of_polygon(ring, height, width));
  }
  if (!parts.empty()) return join_masks(parts);
  // pycocotools takes the box of what has none.
  return mask_of_box(boxes.x[place], boxes.y[place], boxes.width[place], boxes.height[place],
                     height, width);
}

Masks read_masks(const DetectionInput& input, const ObjectTable& objects, JobContext& context) {
  Masks masks;
  masks.objects.resize(input.objects.size());
  masks.detections.resize(input.detections.size());
  masks.object_boxes.resize(input.objects.size());
  masks.detection_boxes.resize(input.detections.size());
  masks.detection_area.resize(input.detections.size());
  context.progress.start_stage("drawing masks", input.objects.size() + input.detections.size());
  const auto draw = [&](const DetectionInput::Boxes& boxes, std::vector<MaskRuns>& to,
                        std::vector<analysis::Box>& around) {
    context.workers.parallel_for(boxes.size(), 256, [&](size_t begin, size_t end) {
      context.cancel.check();
      for (size_t i = begin; i < end; ++i) {
        to[i] = mask_of_shape(objects.shape_bytes(boxes.rows[i]), boxes, i, input);
        around[i] = analysis::mask_box(to[i]);
      }
      context.progress.add(end - begin);
    });
  };
  draw(input.objects, masks.objects, masks.object_boxes);
  draw(input.detections, masks.detections, masks.detection_boxes);
  for (size_t d = 0; d < masks.detections.size(); ++d) {
    masks.detection_area[d] = static_cast<double>(mask_area(masks.detections[d]));
  }
  return masks;
}

void refuse_without_outlines(const DetectionInput& input, const ObjectTable& objects) {
  for (const RowIndex row : input.detections.rows) {
    if (!objects.shape_bytes(row).empty()) return;
  }
  throw Error(ErrorCategory::kNotFound, "the run's detections have no outlines",
              "Measure its boxes: leave out --masks.");
}

void measure_set(const analysis::DetectionSet& set, const DetectionMetricsOptions& options,
                 JobContext& context, DetectionMetricsReport& report) {
  const ParallelFor parallel_for = context.workers.as_parallel_for();
  context.progress.start_stage("matching detections with objects", 0);
  const analysis::CocoOptions coco;
  report.coco = analysis::evaluate_coco(set, coco, parallel_for);
  report.summary = analysis::summarize_coco(report.coco);
  for (size_t k = 0; k < set.classes; ++k) {
    report.class_ap.push_back(analysis::class_average_precision(report.coco, k));
  }
  context.cancel.check();
  report.curves = analysis::draw_detection_curves(set, options.overlap, coco.max_detections.back(),
                                                  parallel_for);
  report.tide = analysis::explain_errors(set, tide_options(options.overlap), parallel_for);
  const analysis::DetectionCurve& all = report.curves.all;
  report.confidence = options.confidence >= 0 ? options.confidence
                      : all.empty()           ? 0
                                              : all.score[all.best];
  report.confusion =
      analysis::confuse_detections(set, {options.overlap, report.confidence}, parallel_for);
  context.cancel.check();
  report.has_intervals = options.resamples > 0;
  if (!report.has_intervals) return;
  context.progress.start_stage("drawing intervals", 0);
  analysis::BootstrapOptions bootstrap;
  bootstrap.seed = options.seed;
  bootstrap.resamples = options.resamples;
  report.intervals =
      analysis::bootstrap_coco(set, report.coco, report.curves, bootstrap, parallel_for);
}

}  // namespace

void DetectionMetricsOptions::check() const {
  if (!(confidence <= 1) || !(overlap > 0 && overlap <= 1)) {
    throw Error(ErrorCategory::kUsage, "confidence and IoU thresholds lie between 0 and 1");
  }
  if (resamples != 0 && (resamples < 1000 || resamples > 100'000)) {
    throw Error(ErrorCategory::kUsage,
                "the bootstrap wants 1,000 to 100,000 resamples, or 0 for no intervals");
  }
}

DetectionMetricsReport measure_detections(const DetectionMetricsOptions& options,
                                          JobContext& context) {
  options.check();
  std::string run;
  {
    store::Store store = store::Store::open(options.store_path, store::Access::kRead);
    run = detection_run(store, options.run);
  }
  DetectionMetricsReport report;
  LoadedState state = load_state({options.store_path, run, options.where, true});
  report.excluded = leave_out_excluded(state, options.where);
  report.run = run;
  report.run_choice = state.run_choice;
  store::ObjectOptions object_options;
  object_options.shapes = options.masks;
  const ObjectTable objects = store::load_objects(state.store, state.snapshot, object_options);
  const DetectionInput input =
      detection_input(state.snapshot.samples, state.selection, objects.table);
  report.class_names = input.class_names;
  report.images = input.images;
  report.objects = input.objects.size();
  report.detections = input.detections.size();
  if (report.objects == 0) {
    throw Error(ErrorCategory::kNotFound, "there are no annotated objects to measure against",
                "Import a set with boxes, or widen the filter.");
  }
  analysis::DetectionSet set = input.set();
  std::vector<uint8_t> difficult;
  for (const RowIndex row : input.objects.rows) {
    difficult.push_back(objects.table.find("difficult")->bytes[row]);
  }
  if (options.leave_out_difficult) set.objects.left_out = difficult;
  Masks masks;
  if (options.masks) {
    refuse_without_outlines(input, objects);
    masks = read_masks(input, objects, context);
    set.detections.area = masks.detection_area;
    set.overlap = [&](size_t detection, size_t object) {
      return analysis::mask_iou(masks.detections[detection], masks.detection_boxes[detection],
                                masks.objects[object], masks.object_boxes[object],
                                input.crowd[object] != 0);
    };
  }
  measure_set(set, options, context, report);
  report.warnings = run_warnings(state);
  add_detection_warnings(input, state.snapshot.samples, report.confusion, report.warnings);
  const auto marked = std::count(difficult.begin(), difficult.end(), uint8_t{1});
  if (marked > 0 && !options.leave_out_difficult) {
    report.warnings.push_back(
        fmt::format("{} annotations are marked difficult and count here; VOC's evaluation leaves "
                    "them out: --leave-out-difficult",
                    with_thousands(static_cast<uint64_t>(marked))));
  }
  return report;
}

bool is_detection_run(const std::string& store_path, const std::string& run) {
  store::Store store = store::Store::open(store_path, store::Access::kRead);
  if (!run.empty()) return store::read_run(store, run).summary.kind == "detections";
  // The run that a snapshot makes the active one: the newest with predictions.
  const std::vector<store::RunInfo> runs = store::list_runs(store);
  const auto newest = std::find_if(runs.rbegin(), runs.rend(), [](const store::RunInfo& each) {
    return each.summary.kind != "embedding";
  });
  return newest != runs.rend() && newest->summary.kind == "detections";
}

std::array<std::string_view, 12> coco_number_names() {
  return {"AP",  "AP50", "AP75",  "AP_small", "AP_medium", "AP_large",
          "AR1", "AR10", "AR100", "AR_small", "AR_medium", "AR_large"};
}

}  // namespace errata::jobs
