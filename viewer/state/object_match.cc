#include "viewer/state/object_match.h"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>
#include <limits>

#include "analysis/object_doubts.h"
#include "analysis/tide.h"

namespace errata::viewer {

namespace {

using analysis::DetectionKind;

constexpr int32_t kNull = -1;
// Boxes that overlap less than this are not about one object.
constexpr double kNeighbour = 0.3;

int32_t code_of(DetectionKind kind) {
  switch (kind) {
    case DetectionKind::kTrue: return static_cast<int32_t>(ObjectError::kTrue);
    case DetectionKind::kClass: return static_cast<int32_t>(ObjectError::kClass);
    case DetectionKind::kLocalisation: return static_cast<int32_t>(ObjectError::kLocalisation);
    case DetectionKind::kBoth: return static_cast<int32_t>(ObjectError::kBoth);
    case DetectionKind::kDuplicate: return static_cast<int32_t>(ObjectError::kDuplicate);
    case DetectionKind::kBackground: return static_cast<int32_t>(ObjectError::kBackground);
    case DetectionKind::kBeyondLimit: return kNull;
  }
  return kNull;
}

struct Matched {
  std::vector<int32_t> error;
  std::vector<double> iou;
  std::vector<int64_t> match;
  std::vector<uint64_t> has_match;

  explicit Matched(size_t rows)
      : error(rows, kNull),
        iou(rows, std::numeric_limits<double>::quiet_NaN()),
        match(rows, 0),
        has_match((rows + 63) / 64, 0) {}

  void set(RowIndex row, int32_t code, const RowIndex* other, double overlap) {
    error[row] = code;
    if (other == nullptr) return;
    iou[row] = overlap;
    match[row] = *other;
    has_match[row / 64] |= uint64_t{1} << (row % 64);
  }
};

void take_objects(const analysis::TideResult& result, const BoxRows& given,
                  const BoxRows& predicted, Matched& matched) {
  for (size_t i = 0; i < given.rows.size(); ++i) {
    const RowIndex row = given.rows[i];
    const int32_t detection = result.matched_detections[i];
    const RowIndex* other =
        detection < 0 ? nullptr : &predicted.rows[static_cast<size_t>(detection)];
    const double overlap =
        other == nullptr
            ? 0
            : analysis::box_iou(box_at(predicted.boxes(), static_cast<size_t>(detection)),
                                box_at(given.boxes(), i), false);
    switch (result.object_kinds[i]) {
      case analysis::ObjectKind::kFound:
        matched.set(row, static_cast<int32_t>(ObjectError::kTrue), other, overlap);
        break;
      case analysis::ObjectKind::kMistaken:
        matched.set(row, code_of(result.kinds[static_cast<size_t>(detection)]), other, overlap);
        break;
      case analysis::ObjectKind::kMissed:
        matched.set(row, static_cast<int32_t>(ObjectError::kMissed), nullptr, 0);
        break;
      case analysis::ObjectKind::kCrowd: break;
    }
  }
}

}  // namespace

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

void BoxRows::add(const ObjectColumns& objects, RowIndex row) {
  rows.push_back(row);
  image.push_back(static_cast<int32_t>(objects.sample->ints[row]));
  class_index.push_back(objects.label->codes[row]);
  const Box box = objects.box(row);
  x.push_back(box.x);
  y.push_back(box.y);
  width.push_back(box.width);
  height.push_back(box.height);
}

DetectionRows::DetectionRows(const Table& table, double least_confidence) {
  const ObjectColumns objects(table);
  for (size_t i = 0; i < table.rows(); ++i) {
    const auto row = static_cast<RowIndex>(i);
    images_ = std::max(images_, static_cast<size_t>(objects.sample->ints[row]) + 1);
    if (objects.label->codes[row] < 0) continue;
    if (objects.is_given(row)) {
      given.add(objects, row);
      crowd_.push_back(objects.crowd != nullptr ? objects.crowd->bytes[row] : uint8_t{0});
      area_.push_back(objects.area != nullptr
                          ? objects.area->doubles[row]
                          : objects.width->doubles[row] * objects.height->doubles[row]);
    } else if (objects.confidence->doubles[row] >= least_confidence) {
      predicted.add(objects, row);
      score_.push_back(objects.confidence->doubles[row]);
    }
  }
  classes_ = objects.label->dictionary ? objects.label->dictionary->size() : 0;
}

analysis::DetectionSet DetectionRows::set() const {
  analysis::DetectionSet set;
  set.images = images_;
  set.classes = classes_;
  set.objects.boxes = given.boxes();
  set.objects.area = area_;
  set.objects.iscrowd = crowd_;
  set.detections.boxes = predicted.boxes();
  set.detections.score = score_;
  return set;
}

namespace {

// As jobs/judged_objects.h: the label is wrong from here on, the model up to there, and nobody
// knows in between.
constexpr double kLabelWrong = 2.0 / 3;
constexpr double kModelWrong = 1.0 / 3;

constexpr int32_t kLabel = 0;
constexpr int32_t kModel = 1;
constexpr int32_t kAmbiguous = 2;

std::shared_ptr<const Dictionary> dictionary_of(std::initializer_list<const char*> names) {
  auto dictionary = std::make_shared<Dictionary>();
  for (const char* name : names) dictionary->add(name);
  return dictionary;
}

// One value for each annotation.
Column object_score(const char* name, const BoxRows& given, const std::vector<double>& values,
                    size_t rows) {
  std::vector<float> column(rows, std::numeric_limits<float>::quiet_NaN());
  for (size_t i = 0; i < given.rows.size(); ++i) {
    column[given.rows[i]] = static_cast<float>(values[i]);
  }
  return make_float_column(name, std::move(column));
}

bool is_error(int32_t code) {
  return code >= 0 && code != static_cast<int32_t>(ObjectError::kTrue);
}

}  // namespace

std::vector<Column> match_objects(const Table& table, const MatchChoice& choice,
                                  const ParallelFor& parallel_for) {
  const DetectionRows rows(table, choice.confidence);
  analysis::TideOptions options;
  options.positive_overlap = choice.overlap;
  options.background_overlap = std::min(options.background_overlap, choice.overlap);
  options.max_detections = rows.predicted.rows.size() + 1;
  const analysis::TideResult result = analysis::explain_errors(rows.set(), options, parallel_for);
  Matched matched(table.rows());
  for (size_t i = 0; i < rows.predicted.rows.size(); ++i) {
    const int32_t object = result.matched_objects[i];
    const RowIndex* other = object < 0 ? nullptr : &rows.given.rows[static_cast<size_t>(object)];
    matched.set(rows.predicted.rows[i], code_of(result.kinds[i]), other, result.overlaps[i]);
  }
  take_objects(result, rows.given, rows.predicted, matched);
  std::vector<Column> columns;
  columns.push_back(make_category_column("error", matched.error, object_error_dictionary()));
  columns.push_back(make_double_column("iou", std::move(matched.iou)));
  columns.push_back(make_int_column("match", std::move(matched.match)));
  columns.back().validity = std::move(matched.has_match);
  if (rows.predicted.rows.empty() || rows.given.rows.empty()) return columns;
  for (Column& column : doubt_columns(table, matched.error, parallel_for)) {
    columns.push_back(std::move(column));
  }
  return columns;
}

std::vector<Column> doubt_columns(const Table& table, const std::vector<int32_t>& errors,
                                  const ParallelFor& parallel_for) {
  // What a weak detection supports counts as well, so all of them are looked at.
  const DetectionRows rows(table, 0);
  const analysis::ObjectDoubts doubts = analysis::doubt_objects(rows.set(), parallel_for);
  const size_t size = table.rows();
  std::vector<int32_t> verdicts(size, kNull);
  std::vector<int32_t> about(size, kNull);
  std::vector<float> values(size, std::numeric_limits<float>::quiet_NaN());
  const auto judge = [&](RowIndex row, analysis::ObjectDoubt kind, double value) {
    values[row] = static_cast<float>(value);
    if (kind != analysis::ObjectDoubt::kNone) about[row] = static_cast<int32_t>(kind) - 1;
    if (value >= kLabelWrong) {
      verdicts[row] = kLabel;
    } else if (value > kModelWrong) {
      verdicts[row] = kAmbiguous;
    } else if (is_error(errors[row])) {
      verdicts[row] = kModel;
    }
  };
  for (size_t i = 0; i < rows.given.rows.size(); ++i) {
    analysis::Strongest strongest = analysis::strongest_doubt(doubts, i);
    const int32_t other = doubts.copy_of[i];
    // Of two copies of each other the later is the copy.
    if (strongest.kind == analysis::ObjectDoubt::kCopy && static_cast<size_t>(other) > i &&
        doubts.copy_of[static_cast<size_t>(other)] == static_cast<int32_t>(i)) {
      strongest = {};
    }
    judge(rows.given.rows[i], strongest.kind, strongest.value);
  }
  std::vector<float> missing(size, std::numeric_limits<float>::quiet_NaN());
  for (size_t i = 0; i < rows.predicted.rows.size(); ++i) {
    const RowIndex row = rows.predicted.rows[i];
    missing[row] = static_cast<float>(doubts.missing[i]);
    judge(row, analysis::ObjectDoubt::kMissing, doubts.missing[i]);
  }
  std::vector<Column> columns;
  columns.push_back(make_category_column("verdict", std::move(verdicts),
                                         dictionary_of({"label", "model", "ambiguous"})));
  columns.push_back(make_category_column(
      "doubt", std::move(about), dictionary_of({"class", "place", "spurious", "copy", "missing"})));
  columns.push_back(make_float_column("label_doubt", std::move(values)));
  columns.push_back(object_score("class_doubt", rows.given, doubts.of_class, size));
  columns.push_back(object_score("place_doubt", rows.given, doubts.of_place, size));
  columns.push_back(object_score("spurious_doubt", rows.given, doubts.spurious, size));
  columns.push_back(object_score("copy_doubt", rows.given, doubts.copy, size));
  columns.push_back(make_float_column("missing_doubt", std::move(missing)));
  return columns;
}

Suggestion suggestion_for(const ObjectColumns& objects, RowIndex row, size_t classes) {
  const std::optional<ObjectError> error = objects.error_of(row);
  if (!error) return {};
  const bool given = objects.is_given(row);
  const std::optional<RowIndex> match = objects.match_of(row);
  const RowIndex predicted = given ? match.value_or(0) : row;
  if (given && !match) return {};
  const int32_t label = objects.label->codes[predicted];
  const bool known = label >= 0 && static_cast<size_t>(label) < classes;
  switch (*error) {
    case ObjectError::kClass:
      if (!match || !known) return {};
      return {SuggestionKind::kSetClass, given ? row : *match, predicted};
    case ObjectError::kLocalisation:
      if (!match) return {};
      // So far off it is a neighbour's label: the detection is one of its own.
      if (objects.iou->doubles[row] < kNeighbour) {
        if (given || !known) return {};
        return {SuggestionKind::kAdd, 0, predicted};
      }
      return {SuggestionKind::kSetBox, given ? row : *match, predicted};
    case ObjectError::kBackground:
    case ObjectError::kBoth:
      if (given || !known) return {};
      return {SuggestionKind::kAdd, 0, predicted};
    case ObjectError::kTrue:
    case ObjectError::kDuplicate:
    case ObjectError::kMissed: return {};
  }
  return {};
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
