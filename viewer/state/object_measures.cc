#include "viewer/state/object_measures.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <unordered_map>

#include "analysis/coco_eval.h"
#include "analysis/coco_intervals.h"
#include "analysis/detection_confusion.h"
#include "analysis/tide.h"
#include "base/text.h"
#include "jobs/audit_job.h"
#include "jobs/prediction_warnings.h"
#include "query/filter.h"

namespace errata::viewer {

namespace {

constexpr size_t kCurvePoints = 200;
constexpr size_t kMostDetections = 100;  // of an image and class, as COCO has it

// AP at the lowest overlap threshold (0.50) of one class: the mean over recalls.
double class_ap50(const analysis::CocoResult& result, size_t k) {
  const size_t limit = result.options.max_detections.size() - 1;
  double sum = 0;
  const size_t recalls = result.options.recall_thresholds.size();
  for (size_t r = 0; r < recalls; ++r) {
    const double precision = result.precision_at(0, r, k, 0, limit);
    if (precision < 0) return -1;
    sum += precision;
  }
  return sum / static_cast<double>(recalls);
}

void take_gains(const analysis::TideResult& tide, ObjectMeasures& measures) {
  using analysis::DetectionKind;
  const auto set = [&](ObjectError error, double gain) {
    measures.gains[static_cast<size_t>(error)] = gain;
  };
  set(ObjectError::kClass, tide.gain(DetectionKind::kClass));
  set(ObjectError::kLocalisation, tide.gain(DetectionKind::kLocalisation));
  set(ObjectError::kBoth, tide.gain(DetectionKind::kBoth));
  set(ObjectError::kDuplicate, tide.gain(DetectionKind::kDuplicate));
  set(ObjectError::kBackground, tide.gain(DetectionKind::kBackground));
  set(ObjectError::kMissed, tide.missed_gain);
  measures.tide_ap = tide.average_precision;
}

}  // namespace

std::shared_ptr<ObjectMeasures> measure_objects(const jobs::DetectionInput& input,
                                                const Table& samples, const MatchChoice& choice,
                                                const ParallelFor& parallel_for) {
  if (input.objects.size() == 0 || input.detections.size() == 0) return nullptr;
  const analysis::DetectionSet set = input.set();
  auto measures = std::make_shared<ObjectMeasures>();
  measures->images = set.images;
  measures->objects = input.objects.size();
  measures->detections = input.detections.size();
  measures->choice = choice;
  const analysis::CocoResult coco = evaluate_coco(set, {}, parallel_for);
  measures->coco = summarize_coco(coco);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  measures->ap = {measures->coco[0], nan, nan};
  measures->ap50 = {measures->coco[1], nan, nan};
  take_gains(explain_errors(set, jobs::tide_options(choice.overlap), parallel_for), *measures);
  const analysis::DetectionCurves curves =
      draw_detection_curves(set, choice.overlap, kMostDetections, parallel_for);
  measures->all = thin_curve(curves.all, kCurvePoints);
  for (size_t k = 0; k < set.classes; ++k) {
    DetectorClass line;
    line.name = input.class_names[k];
    line.label = static_cast<int32_t>(k);
    line.ap = class_average_precision(coco, k);
    line.ap50 = class_ap50(coco, k);
    line.objects = curves.per_class[k].objects;
    line.curve = thin_curve(curves.per_class[k], kCurvePoints);
    measures->classes.push_back(std::move(line));
  }
  const analysis::DetectionConfusion confusion =
      confuse_detections(set, {choice.overlap, choice.confidence}, parallel_for);
  measures->confusion = confusion.counts;
  for (size_t row = 0; row <= set.classes; ++row) {
    for (size_t column = 0; column <= set.classes; ++column) {
      if (row != column) {
        measures->largest_confusion =
            std::max(measures->largest_confusion, confusion.count(row, column));
      }
    }
  }
  jobs::add_detection_warnings(input, samples, confusion, measures->warnings);
  return measures;
}

void add_intervals(ObjectMeasures& measures, const jobs::DetectionInput& input,
                   const ParallelFor& parallel_for) {
  const analysis::DetectionSet set = input.set();
  const analysis::CocoResult coco = evaluate_coco(set, {}, parallel_for);
  const analysis::DetectionCurves curves =
      draw_detection_curves(set, measures.choice.overlap, kMostDetections, parallel_for);
  const analysis::CocoIntervals intervals = bootstrap_coco(set, coco, curves, {}, parallel_for);
  measures.ap = intervals.summary[0];
  measures.ap50 = intervals.summary[1];
  measures.has_intervals = true;
}

namespace {

bool same_annotation(const ObjectColumns& a, RowIndex row, const ObjectColumns& b, RowIndex other) {
  const Box& box = a.box(row);
  const Box& now = b.box(other);
  return a.label->text(row) == b.label->text(other) && box.x == now.x && box.y == now.y &&
         box.width == now.width && box.height == now.height &&
         a.crowd->bytes[row] == b.crowd->bytes[other];
}

}  // namespace

std::optional<LabelCorrections> count_corrections(const jobs::DetectionInput& now,
                                                  const Table& objects,
                                                  const jobs::DetectionInput& before,
                                                  const Table& imported, const MatchChoice& choice,
                                                  const ParallelFor& parallel_for) {
  const ObjectColumns columns(objects);
  const ObjectColumns given(imported);
  const jobs::Matching matching = jobs::match_detections(before, choice.confidence, choice.overlap,
                                                         imported.rows(), parallel_for);
  constexpr auto kRight = static_cast<int32_t>(ObjectError::kTrue);
  std::unordered_map<ObjectId, RowIndex> standing;
  for (const RowIndex row : now.objects.rows) standing.emplace(columns.id->ints[row], row);
  LabelCorrections made;
  made.imported = before.objects.size();
  for (const RowIndex row : before.objects.rows) {
    const auto found = standing.find(given.id->ints[row]);
    const bool deleted = found == standing.end();
    if (!deleted && columns.review->text(found->second) == "unseen") continue;
    ++made.reviewed;
    if (deleted) ++made.deleted;
    if (!deleted && !same_annotation(given, row, columns, found->second)) ++made.changed;
    const int32_t error = matching.error[row];
    if (error >= 0 && error != kRight) ++made.where_they_differ;
  }
  for (const RowIndex row : now.objects.rows) {
    if (columns.review->text(row) != "added") continue;
    ++made.reviewed;
    ++made.added;
    if (columns.error_of(row) == ObjectError::kTrue) ++made.where_they_differ;
  }
  if (made.reviewed == 0) return std::nullopt;
  if (before.objects.size() > 0 && before.detections.size() > 0) {
    made.ap_before = summarize_coco(evaluate_coco(before.set(), {}, parallel_for))[0];
  }
  return made;
}

std::string corrections_text(const ObjectMeasures& measures) {
  if (!measures.corrections) return {};
  const LabelCorrections& made = *measures.corrections;
  std::string text = "With the accepted corrections AP ";
  const double after = measures.ap.value * 100;
  const double before = made.ap_before * 100;
  text += measures.ap.value < 0 ? "n/a" : fmt::format("{:.1f}", after);
  if (measures.ap.value >= 0 && made.ap_before >= 0) {
    text += fmt::format(", {:+.1f} from {:.1f}", after - before, before);
  }
  text += fmt::format(": {} reviewed", with_thousands(made.reviewed));
  // First what the number is worth: the end of a line may be cut.
  const bool chosen = made.where_they_differ * 2 > made.reviewed;
  text += chosen ? fmt::format(", {} where label and model differ, which mostly raises it",
                               with_thousands(made.where_they_differ))
                 : std::string(", the rest counts as imported");
  text += fmt::format(" \u00B7 of {} labels {} changed, {} deleted; {} added",
                      with_thousands(made.imported), with_thousands(made.changed),
                      with_thousands(made.deleted), with_thousands(made.added));
  return text;
}

namespace {

std::optional<jobs::AuditDrawing> drawing_of(const std::string& options) {
  if (options.empty()) return std::nullopt;
  try {
    return jobs::audit_drawing(options);
  } catch (const Error&) {
    return std::nullopt;  // somebody's own view of that name
  }
}

// However the two filters are written: the same samples.
bool same_samples(const Table& samples, const std::string& a, const std::string& b) {
  if (a == b) return true;
  try {
    return query::evaluate(query::parse_filter(a), samples) ==
           query::evaluate(query::parse_filter(b), samples);
  } catch (const Error&) {
    return false;  // it speaks of what is no longer there
  }
}

std::string estimate_text(const analysis::Estimate& estimate) {
  return fmt::format("{:.3f} ({:.3f}\u2013{:.3f})", estimate.value, estimate.low, estimate.high);
}

}  // namespace

std::optional<BoxAudit> audit_boxes(const AuditedBoxes& boxes, const std::string& options,
                                    const MatchChoice& choice, const ParallelFor& parallel_for) {
  const std::optional<jobs::AuditDrawing> drawing = drawing_of(options);
  if (!drawing) return std::nullopt;
  BoxAudit audit;
  const jobs::DrawnSamples drawn = jobs::drawn_samples(boxes.samples);
  audit.drawn = drawn.rows.size();
  audit.reviewed = drawn.reviewed;
  if (audit.drawn == 0) return std::nullopt;
  const std::vector<int64_t>& ids = boxes.samples.find("id")->ints;
  const bool any_later =
      std::any_of(boxes.now.samples.begin(), boxes.now.samples.end(),
                  [&](RowIndex row) { return jobs::came_after(*drawing, ids[row]); });
  audit.elsewhere = any_later || audit.drawn != drawing->size ||
                    !jobs::is_tagged(*drawing, boxes.samples) ||
                    !same_samples(boxes.samples, drawing->population, boxes.filter);
  if (audit.elsewhere || audit.reviewed < audit.drawn) return audit;
  const std::vector<analysis::ImageAudit> images =
      jobs::image_audits(boxes.now, boxes.objects, boxes.before, boxes.imported, choice.confidence,
                         choice.overlap, drawn.is_reviewed, parallel_for);
  audit.estimate = analysis::estimate_from_image_audit(images, 0.95);
  return audit;
}

std::string audit_text(const ObjectMeasures& measures) {
  if (!measures.audit) return {};
  const BoxAudit& audit = *measures.audit;
  if (audit.elsewhere) {
    return "The random audit was drawn from other images than these: it says nothing of them";
  }
  if (!audit.estimate) {
    return fmt::format("{} of {} of the random audit reviewed: the estimate comes with the last",
                       with_thousands(audit.reviewed), with_thousands(audit.drawn));
  }
  const analysis::DetectionAudit& estimate = *audit.estimate;
  const auto percent = [](const analysis::Estimate& share) {
    return fmt::format("{:.1f} % ({:.1f}\u2013{:.1f})", share.value * 100, share.low * 100,
                       share.high * 100);
  };
  return fmt::format(
      "Audit of {} images at random, corrected: precision {}, recall {}, F1 {} \u00B7 labels wrong "
      "{}, missing {}",
      with_thousands(audit.reviewed), estimate_text(estimate.precision),
      estimate_text(estimate.recall), estimate_text(estimate.f1), percent(estimate.wrong_labels),
      percent(estimate.missing_labels));
}

}  // namespace errata::viewer
