// What a person does about objects, as edits of the store.
#include <algorithm>
#include <array>
#include <limits>
#include <memory>
#include <utility>

#include "viewer/state/object_desk.h"
#include "viewer/state/object_match.h"
#include "viewer/state/round_marks.h"
#include "viewer/state/session.h"

namespace errata::viewer {

ObjectEdit ObjectDesk::edit(ObjectEditKind kind, RowIndex row) const {
  const AppState& state = session_.state();
  const ObjectColumns columns(state.objects.table.table);
  ObjectEdit edit;
  edit.kind = kind;
  edit.object = columns.id->ints[row];
  edit.sample = state.snapshot.ids[static_cast<size_t>(columns.sample->ints[row])];
  return edit;
}

// The targets that are annotations, and for the others the ones they were matched with.
std::vector<RowIndex> ObjectDesk::target_annotations() const {
  const AppState& state = session_.state();
  const ObjectColumns columns(state.objects.table.table);
  std::vector<RowIndex> rows;
  for (const RowIndex row : state.target_objects()) {
    const std::optional<RowIndex> given = annotation_of(columns, row);
    if (given) rows.push_back(*given);
  }
  std::sort(rows.begin(), rows.end());
  rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
  return rows;
}

void ObjectDesk::send(std::vector<ObjectEdit> edits, bool move_on) {
  if (edits.empty()) return;
  session_.apply(std::move(edits));
  if (move_on) go_on();
}

void ObjectDesk::go_on() {
  constexpr size_t kMostFollowed = 1000;
  AppState& state = session_.state();
  if (!state.objects_shown() || state.objects.picked) return;
  const bool single = state.selection.count() == 0;
  if (!state.round.active() || !state.round.objects) {
    if (single) session_.move_cursor(1);
    return;
  }
  // Of a round a group was decided: the next undecided one is not far.
  if (state.selection.count() > kMostFollowed) return;
  std::vector<ObjectId> decided;
  for (const RowIndex row : state.target_objects()) decided.push_back(state.id_of(row));
  state.selection.clear();
  session_.round().move_on_objects(decided);
}

std::vector<ObjectEdit> ObjectDesk::detection_edits(ObjectEditKind kind) const {
  const AppState& state = session_.state();
  const ObjectColumns columns(state.objects.table.table);
  std::vector<ObjectEdit> edits;
  for (const RowIndex row : state.target_objects()) {
    if (annotation_of(columns, row)) continue;
    if (kind == ObjectEditKind::kUnreview && review_of(columns, row).empty()) continue;
    ObjectEdit decided = edit(kind, row);
    decided.detection = true;
    if (!columns.label->is_null(row)) decided.class_name = columns.label->text(row);
    const Box box = columns.box(row);
    decided.box_xywh_px = {box.x, box.y, box.width, box.height};
    edits.push_back(std::move(decided));
  }
  return edits;
}

void ObjectDesk::accept() {
  accept(session_.state().target_objects(), true);
}

void ObjectDesk::accept_alike() {
  const AppState& state = session_.state();
  const std::optional<RowIndex> now = state.current_object();
  if (!now || !state.view) return;
  accept(objects_alike(ObjectColumns(state.objects.table.table), state.view->order, *now,
                       state.snapshot.classes.size()),
         false);
}

void ObjectDesk::accept(const std::vector<RowIndex>& rows, bool move_on) {
  const AppState& state = session_.state();
  const ObjectColumns columns(state.objects.table.table);
  std::vector<ObjectEdit> edits;
  for (const Suggestion& each : suggestions_for(columns, rows, state.snapshot.classes.size())) {
    edits.push_back(edit_of(state.objects.table, columns, state.snapshot.ids, each));
  }
  send(std::move(edits), move_on);
}

void ObjectDesk::decide(ObjectEditKind kind) {
  std::vector<ObjectEdit> edits;
  for (const RowIndex row : target_annotations()) edits.push_back(edit(kind, row));
  for (ObjectEdit& detection : detection_edits(kind)) edits.push_back(std::move(detection));
  send(std::move(edits), kind != ObjectEditKind::kUnreview);
}

void ObjectDesk::set_class(const std::string& class_name) {
  const AppState& state = session_.state();
  if (state.snapshot.classes.find(class_name) == kNoClass) {
    throw Error(ErrorCategory::kNotFound, "the project has no class \"" + class_name + "\"",
                "add it with `errata classes add`, or choose another");
  }
  session_.state().objects.draw_class = class_name;
  const ObjectColumns columns(state.objects.table.table);
  std::vector<ObjectEdit> edits;
  for (const RowIndex row : target_annotations()) {
    edits.push_back(edit(ObjectEditKind::kSetClass, row));
    edits.back().class_name = class_name;
  }
  // A detection on nothing becomes a label of that class.
  for (const RowIndex row : state.target_objects()) {
    const Suggestion suggestion = suggestion_for(columns, row, SIZE_MAX);
    if (suggestion.kind != SuggestionKind::kAdd) continue;
    edits.push_back(edit_of(state.objects.table, columns, state.snapshot.ids, suggestion));
    edits.back().class_name = class_name;
  }
  send(std::move(edits), true);
}

void ObjectDesk::remove() {
  const AppState& state = session_.state();
  const ObjectColumns columns(state.objects.table.table);
  std::vector<ObjectEdit> edits;
  for (const RowIndex row : state.target_objects()) {
    if (columns.is_given(row)) edits.push_back(edit(ObjectEditKind::kDelete, row));
  }
  send(std::move(edits), state.round.active() && state.round.objects);
}

void ObjectDesk::toggle_crowd() {
  const ObjectColumns columns(session_.state().objects.table.table);
  const std::vector<RowIndex> rows = target_annotations();
  const bool all = std::all_of(rows.begin(), rows.end(), [&](RowIndex row) {
    return columns.crowd != nullptr && columns.crowd->bytes[row] != 0;
  });
  std::vector<ObjectEdit> edits;
  for (const RowIndex row : rows) {
    edits.push_back(edit(ObjectEditKind::kSetCrowd, row));
    edits.back().flag = !all;
  }
  send(std::move(edits), false);
}

void ObjectDesk::set_box(RowIndex row, const Box& box) {
  ObjectsState& objects = session_.state().objects;
  const ObjectColumns columns(objects.table.table);
  if (!columns.is_given(row)) return;
  ObjectEdit edited = edit(ObjectEditKind::kSetBox, row);
  edited.box_xywh_px = {box.x, box.y, box.width, box.height};
  objects.draft = {edited.object, box};
  auto change = std::make_shared<StoreChange>();
  change->object_edits = {edited};
  // Saved or refused; one that was moved on since has a draft of a later change.
  change->then = change->otherwise = [this, edited] {
    auto& draft = session_.state().objects.draft;
    if (!draft || draft->first != edited.object) return;
    const Box& now = draft->second;
    if (std::array{now.x, now.y, now.width, now.height} == edited.box_xywh_px) draft.reset();
  };
  session_.changes().make(std::move(change));
}

void ObjectDesk::add_box(RowIndex sample, const Box& box) {
  AppState& state = session_.state();
  state.objects.drawing = false;
  if (state.snapshot.classes.empty()) {
    throw Error(ErrorCategory::kUsage, "the project has no class to give to a box",
                "`errata classes add NAME` makes one");
  }
  ObjectEdit add;
  add.kind = ObjectEditKind::kAdd;
  add.sample = state.snapshot.ids[sample];
  add.class_name =
      state.objects.draw_class.empty() ? state.snapshot.classes[0].name : state.objects.draw_class;
  add.box_xywh_px = {box.x, box.y, box.width, box.height};
  auto change = std::make_shared<StoreChange>();
  change->object_edits = {add};
  change->show_first_changed = true;
  session_.changes().make(std::move(change));
}

void ObjectDesk::nudge(double dx, double dy, bool resize) {
  const AppState& state = session_.state();
  const std::optional<RowIndex> row = state.current_object();
  if (!row || !state.objects.ready()) return;
  const ObjectColumns columns(state.objects.table.table);
  const ObjectId id = columns.id->ints[*row];
  const bool drafted = state.objects.draft && state.objects.draft->first == id;
  const Box box = drafted ? state.objects.draft->second : columns.box(*row);
  const auto sample = static_cast<RowIndex>(columns.sample->ints[*row]);
  const Column* width = state.snapshot.samples.find("width");
  const Column* height = state.snapshot.samples.find("height");
  const auto side = [&](const Column* column) {
    return column == nullptr || column->is_null(sample) ? 1e9 : column->number(sample);
  };
  set_box(*row, drag_box(box, resize ? BoxPart::kBottomRight : BoxPart::kInside, dx, dy,
                         side(width), side(height)));
}

}  // namespace errata::viewer
