#include "jobs/object_suggestion.h"

#include <fmt/format.h>

#include <unordered_map>

namespace errata::jobs {

namespace {

// Boxes that overlap less than this are not about one object.
constexpr double kNeighbour = 0.3;

}  // namespace

SuggestionColumns::SuggestionColumns(const Table& objects)
    : kind(objects.find("kind")),
      label(objects.find("label")),
      error(objects.find("error")),
      match(objects.find("match")),
      iou(objects.find("iou")),
      confidence(objects.find("confidence")) {}

Suggestion suggest(const SuggestionColumns& objects, RowIndex row, size_t classes) {
  const bool given = objects.kind->codes[row] == static_cast<int32_t>(ObjectKind::kGiven);
  const auto is_known = [&](RowIndex predicted) {
    const int32_t label = objects.label->codes[predicted];
    return label >= 0 && static_cast<size_t>(label) < classes;
  };
  if (objects.error == nullptr) {
    if (given || !is_known(row)) return {};
    return {SuggestionKind::kAdd, 0, row};
  }
  if (objects.error->codes[row] < 0) return {};
  std::optional<RowIndex> match;
  if (objects.match != nullptr && !objects.match->is_null(row)) {
    match = static_cast<RowIndex>(objects.match->ints[row]);
  }
  if (given && !match) return {};
  const RowIndex predicted = given ? *match : row;
  // A label that is right, or that another detection mends, is not changed by this one.
  const auto is_settled = [&](RowIndex label) {
    if (objects.error->codes[label] == static_cast<int32_t>(ObjectError::kTrue)) return true;
    return !objects.match->is_null(label) &&
           static_cast<RowIndex>(objects.match->ints[label]) != row;
  };
  switch (static_cast<ObjectError>(objects.error->codes[row])) {
    case ObjectError::kClass:
      if (!match || !is_known(predicted) || (!given && is_settled(*match))) return {};
      return {SuggestionKind::kSetClass, given ? row : *match, predicted};
    case ObjectError::kLocalisation:
      if (!match) return {};
      // So far off it is a neighbour's label: the detection is one of its own.
      if (objects.iou->doubles[row] < kNeighbour) {
        if (given || !is_known(predicted)) return {};
        return {SuggestionKind::kAdd, 0, predicted};
      }
      if (!given && is_settled(*match)) return {};
      return {SuggestionKind::kSetBox, given ? row : *match, predicted};
    case ObjectError::kBackground:
    case ObjectError::kBoth:
      if (given || !is_known(predicted)) return {};
      return {SuggestionKind::kAdd, 0, predicted};
    case ObjectError::kTrue:
    case ObjectError::kDuplicate:
    case ObjectError::kMissed: return {};
  }
  return {};
}

std::vector<Suggestion> suggest(const SuggestionColumns& objects, std::span<const RowIndex> rows,
                                size_t classes) {
  std::vector<Suggestion> suggestions;
  std::unordered_map<RowIndex, size_t> place_of_label;
  for (const RowIndex row : rows) {
    const Suggestion suggestion = suggest(objects, row, classes);
    if (suggestion.kind == SuggestionKind::kNone) continue;
    if (suggestion.kind != SuggestionKind::kAdd) {
      const auto [place, is_new] = place_of_label.try_emplace(suggestion.given, suggestions.size());
      if (!is_new) {
        Suggestion& before = suggestions[place->second];
        const std::vector<double>& sure = objects.confidence->doubles;
        if (sure[suggestion.predicted] > sure[before.predicted]) before = suggestion;
        continue;
      }
    }
    suggestions.push_back(suggestion);
  }
  return suggestions;
}

store::ObjectEdit edit_of(const ObjectTable& objects, const std::vector<SampleId>& samples,
                          const Suggestion& suggestion) {
  const Table& table = objects.table;
  const RowIndex row = suggestion.predicted;
  store::ObjectEdit edit;
  edit.box_xywh_px = {table.find("x")->doubles[row], table.find("y")->doubles[row],
                      table.find("width")->doubles[row], table.find("height")->doubles[row]};
  edit.sample = samples[static_cast<size_t>(table.find("sample")->ints[row])];
  edit.why = fmt::format("{} says {} {:.3f}", objects.run, table.find("label")->text(row),
                         table.find("confidence")->doubles[row]);
  switch (suggestion.kind) {
    case SuggestionKind::kSetClass: edit.kind = store::ObjectEditKind::kSetClass; break;
    case SuggestionKind::kSetBox: edit.kind = store::ObjectEditKind::kSetBox; break;
    default:
      edit.kind = store::ObjectEditKind::kAdd;
      edit.shape = objects.shape_bytes(row);
      return edit;
  }
  edit.object = table.find("object_id")->ints[suggestion.given];
  return edit;
}

}  // namespace errata::jobs
