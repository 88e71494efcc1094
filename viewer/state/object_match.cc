#include "viewer/state/object_match.h"

#include <fmt/format.h>

#include "jobs/loaded_state.h"
#include "query/filter.h"

namespace errata::viewer {

std::optional<ObjectError> ObjectColumns::error_of(RowIndex row) const {
  if (error == nullptr || error->codes[row] < 0) return std::nullopt;
  return static_cast<ObjectError>(error->codes[row]);
}

std::optional<RowIndex> ObjectColumns::match_of(RowIndex row) const {
  if (match == nullptr || match->is_null(row)) return std::nullopt;
  return static_cast<RowIndex>(match->ints[row]);
}

ObjectColumns::ObjectColumns(const Table& objects)
    : id(objects.find("object_id")),
      kind(objects.find("kind")),
      review(objects.find("review")),
      sample(objects.find("sample")),
      label(objects.find("label")),
      confidence(objects.find("confidence")),
      x(objects.find("x")),
      y(objects.find("y")),
      width(objects.find("width")),
      height(objects.find("height")),
      area(objects.find("area_px")),
      crowd(objects.find("crowd")),
      error(objects.find("error")),
      iou(objects.find("iou")),
      match(objects.find("match")) {}

jobs::DetectionInput detections_of(const Table& objects, const Table& samples,
                                   std::string_view filter) {
  query::Selection selection =
      filter.empty() ? query::Selection::all(samples.rows())
                     : query::evaluate(query::parse_typed_filter(filter, samples), samples);
  jobs::leave_out_excluded(selection, samples);
  return jobs::detection_input(samples, selection, objects);
}

void match_objects(Table& objects, const Table& samples, const MatchChoice& choice,
                   const ParallelFor& parallel_for) {
  const jobs::DetectionInput input = detections_of(objects, samples);
  const jobs::Matching matching = jobs::match_detections(input, choice.confidence, choice.overlap,
                                                         objects.rows(), parallel_for);
  jobs::add_matching(objects, matching);
  if (input.objects.size() == 0 || input.detections.size() == 0) return;
  jobs::add_doubts(objects, input, matching, parallel_for);
}

namespace {

jobs::SuggestionColumns suggestion_columns(const ObjectColumns& objects) {
  jobs::SuggestionColumns columns;
  columns.kind = objects.kind;
  columns.label = objects.label;
  columns.error = objects.error;
  columns.match = objects.match;
  columns.iou = objects.iou;
  columns.confidence = objects.confidence;
  return columns;
}

}  // namespace

Suggestion suggestion_for(const ObjectColumns& objects, RowIndex row, size_t classes) {
  if (objects.error == nullptr) return {};
  return jobs::suggest(suggestion_columns(objects), row, classes);
}

std::vector<Suggestion> suggestions_for(const ObjectColumns& objects,
                                        const std::vector<RowIndex>& rows, size_t classes) {
  if (objects.error == nullptr) return {};
  return jobs::suggest(suggestion_columns(objects), rows, classes);
}

std::string suggestion_text(const ObjectColumns& objects, const Suggestion& suggestion) {
  switch (suggestion.kind) {
    case SuggestionKind::kNone: return {};
    case SuggestionKind::kAdd: return "accept as label";
    case SuggestionKind::kSetClass:
      return fmt::format("class is {}", objects.label->text(suggestion.predicted));
    case SuggestionKind::kSetBox: return "take predicted box";
  }
  return {};
}

ObjectEdit edit_of(const ObjectTable& objects, const ObjectColumns& columns,
                   const std::vector<SampleId>& samples, const Suggestion& suggestion) {
  ObjectEdit edit;
  const RowIndex predicted = suggestion.predicted;
  const Box box = columns.box(predicted);
  edit.box_xywh_px = {box.x, box.y, box.width, box.height};
  edit.sample = samples[static_cast<size_t>(columns.sample->ints[predicted])];
  edit.class_name = columns.label->text(predicted);
  edit.why = fmt::format("{} says {} {:.3f}", objects.run, edit.class_name,
                         columns.confidence->doubles[predicted]);
  switch (suggestion.kind) {
    case SuggestionKind::kSetClass: edit.kind = ObjectEditKind::kSetClass; break;
    case SuggestionKind::kSetBox: edit.kind = ObjectEditKind::kSetBox; break;
    default:
      edit.kind = ObjectEditKind::kAdd;
      edit.shape = objects.shape_bytes(predicted);
      return edit;
  }
  edit.object = columns.id->ints[suggestion.given];
  return edit;
}

std::vector<RowIndex> objects_alike(const ObjectColumns& objects,
                                    const std::vector<RowIndex>& order, RowIndex row,
                                    size_t classes) {
  std::vector<RowIndex> alike;
  if (objects.error == nullptr) return alike;
  for (const RowIndex other : order) {
    if (objects.kind->codes[other] == objects.kind->codes[row] &&
        objects.error->codes[other] == objects.error->codes[row] &&
        objects.label->codes[other] == objects.label->codes[row] &&
        suggestion_for(objects, other, classes).kind != SuggestionKind::kNone) {
      alike.push_back(other);
    }
  }
  return alike;
}

}  // namespace errata::viewer
