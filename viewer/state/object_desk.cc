#include "viewer/state/object_desk.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <limits>
#include <utility>

#include "base/text.h"
#include "viewer/state/object_match.h"
#include "viewer/state/round_marks.h"
#include "viewer/state/session.h"

namespace errata::viewer {

namespace {

constexpr RowIndex kGone = std::numeric_limits<RowIndex>::max();
// An edit is followed in place by a walk of the table: more rows than these take longer than a
// frame has.
constexpr size_t kMostWalked = 10'000'000;

// Of every sample; empty where a snapshot does not say.
std::vector<uint8_t> excluded_samples(const Snapshot& snapshot) {
  const Column* excluded = snapshot.samples.find("excluded");
  return excluded == nullptr ? std::vector<uint8_t>() : excluded->bytes;
}

// Where the rows of `before` are in `after`; both keep the order of what they share.
std::vector<RowIndex> follow_rows(const std::vector<int64_t>& before,
                                  const std::vector<int64_t>& after,
                                  std::vector<ObjectId> changed) {
  std::sort(changed.begin(), changed.end());
  const auto moved = [&](int64_t id) {
    return std::binary_search(changed.begin(), changed.end(), id);
  };
  std::vector<RowIndex> rows(before.size(), kGone);
  size_t to = 0;
  for (size_t from = 0; from < before.size(); ++from) {
    if (to < after.size() && before[from] == after[to]) {
      rows[from] = static_cast<RowIndex>(to++);
      continue;
    }
    if (moved(before[from])) continue;  // it is gone
    while (to < after.size() && after[to] != before[from]) ++to;
    if (to < after.size()) rows[from] = static_cast<RowIndex>(to++);
  }
  return rows;
}

std::vector<int64_t> ids_of(const ObjectTable& objects) {
  const Column* ids = objects.table.find("object_id");
  return ids == nullptr ? std::vector<int64_t>() : ids->ints;
}

// Rising.
std::vector<ObjectId> missing_from(std::vector<int64_t> ids, std::vector<int64_t> others) {
  std::sort(ids.begin(), ids.end());
  std::sort(others.begin(), others.end());
  std::vector<ObjectId> missing;
  std::set_difference(ids.begin(), ids.end(), others.begin(), others.end(),
                      std::back_inserter(missing));
  return missing;
}

}  // namespace

void ObjectDesk::take_snapshot() {
  AppState& state = session_.state();
  ObjectsState& objects = state.objects;
  ++newest_load_;
  objects.table = ObjectTable();
  ++objects.revision;
  objects.picked.reset();
  objects.draft.reset();
  objects.outlines = {};
  objects.match_pending = false;
  ++newest_match_;
  show_once_loaded_.reset();
  meter_.forget();
  const RunSummary* run = state.active_run();
  const bool any = state.snapshot.objects > 0 || (run != nullptr && run->kind == "detections");
  objects.phase = any ? ObjectsPhase::kLoading : ObjectsPhase::kNone;
  if (any) return load();
  if (state.objects_shown()) session_.show_rows_of(CentreMode::kGrid);
}

void ObjectDesk::load() {
  ObjectsState& objects = session_.state().objects;
  // While a table is loaded again, the one before it is shown.
  if (objects.table.rows() == 0) objects.phase = ObjectsPhase::kLoading;
  const uint64_t number = ++newest_load_;
  session_.tasks().run(
      Lane::kStore, [this, number, snapshot = session_.state().snapshot]() -> Tasks::Apply {
        try {
          auto table = std::make_shared<ObjectTable>(session_.backend().load_objects(snapshot));
          return [this, number, table] {
            if (number == newest_load_) match_loaded(number, table);
          };
        } catch (const Error& error) {
          return [this, number, error] { fail_load(number, error); };
        }
      });
}

// Not in the lane of the store, where decisions would wait for it.
void ObjectDesk::match_loaded(uint64_t number, std::shared_ptr<ObjectTable> table) {
  if (table->rows() == 0) return take_nothing();
  const AppState& state = session_.state();
  excluded_ = excluded_samples(state.snapshot);
  session_.tasks().run(Lane::kPanels,
                       [this, number, table, choice = state.objects.wanted,
                        samples = state.snapshot.samples, follows = follows_]() -> Tasks::Apply {
                         try {
                           match_objects(table->table, samples, choice, serial_for);
                         } catch (const Error& error) {
                           return [this, number, error] { fail_load(number, error); };
                         }
                         return [this, number, table, choice, follows] {
                           if (number != newest_load_) return;
                           // The store has gone on meanwhile.
                           if (follows != follows_) return load();
                           take_loaded(std::move(*table), choice);
                         };
                       });
}

void ObjectDesk::take_loaded(ObjectTable table, const MatchChoice& choice) {
  AppState& state = session_.state();
  ObjectsState& now = state.objects;
  const std::vector<int64_t> before = ids_of(now.table);
  now.table = std::move(table);
  now.phase = ObjectsPhase::kReady;
  now.matched = choice;
  ++now.revision;
  if (excluded_ != excluded_samples(state.snapshot)) edited_revision_ = now.revision;
  // Panels about a classifier have nothing to say here, and are not offered.
  const bool classifier = state.snapshot.samples.find("prediction") != nullptr;
  if (!classifier && PanelDesk::shows(state.layout.bottom_tab)) state.layout.bottom_tab = "budget";
  if (before.empty()) {
    if (state.objects_shown()) session_.ask_view();
  } else {
    // Loaded again after an edit: what is shown stays, by its new rows.
    const std::vector<int64_t> after = ids_of(now.table);
    renumber(follow_rows(before, after, missing_from(before, after)));
  }
  if (!show_once_loaded_) return;
  const size_t row = now.table.row_of(*std::exchange(show_once_loaded_, std::nullopt));
  if (row != SIZE_MAX) show_changed(static_cast<RowIndex>(row));
}

void ObjectDesk::take_nothing() {
  ObjectsState& now = session_.state().objects;
  // Before the table goes, of whose rows the view speaks.
  if (session_.state().objects_shown()) session_.show_rows_of(CentreMode::kGrid);
  now.table = ObjectTable();
  now.phase = ObjectsPhase::kNone;
  now.picked.reset();
  ++now.revision;
}

void ObjectDesk::fail_load(uint64_t number, const Error& error) {
  if (number != newest_load_) return;
  session_.state().objects.phase = ObjectsPhase::kNone;
  if (session_.state().objects_shown()) session_.show_rows_of(CentreMode::kGrid);
  session_.show_error(error);
}

void ObjectDesk::show(const std::string& filter) {
  AppState& state = session_.state();
  if (state.objects.phase == ObjectsPhase::kNone) {
    throw Error(ErrorCategory::kNotFound, "this store has no objects",
                "errata import reads boxes from COCO, VOC and YOLO datasets");
  }
  if (state.objects_shown()) {
    session_.show_rows_of(CentreMode::kObjects);
    if (!filter.empty()) session_.set_filter(filter);
    return;
  }
  if (!filter.empty()) state.objects.other.filter = filter;
  session_.show_rows_of(CentreMode::kObjects);
}

void ObjectDesk::set_match(const MatchChoice& choice) {
  session_.state().objects.wanted = choice;
}

void ObjectDesk::ask_match() {
  const AppState& state = session_.state();
  session_.state().objects.match_pending = true;
  excluded_ = excluded_samples(state.snapshot);
  const uint64_t number = ++newest_match_;
  session_.tasks().run(Lane::kQuery,
                       [this, number, table = std::make_shared<Table>(state.objects.table.table),
                        samples = state.snapshot.samples, choice = state.objects.wanted,
                        revision = state.objects.revision]() -> Tasks::Apply {
                         try {
                           match_objects(*table, samples, choice, serial_for);
                         } catch (const Error& error) {
                           return [this, number, error] {
                             if (number != newest_match_) return;
                             // Not asked for again: the sliders stand as the table is.
                             ObjectsState& now = session_.state().objects;
                             now.match_pending = false;
                             now.wanted = now.matched;
                             edited_revision_ = 0;
                             session_.show_error(error);
                           };
                         }
                         return [this, number, table, choice, revision] {
                           if (number != newest_match_) return;
                           ObjectsState& now = session_.state().objects;
                           now.match_pending = false;
                           if (revision != now.revision || !now.ready())
                             return;  // frame() asks again
                           now.table.table = std::move(*table);
                           now.matched = choice;
                           ++now.revision;
                           if (session_.state().objects_shown()) session_.recount();
                         };
                       });
}

void ObjectDesk::frame(double) {
  const AppState& state = session_.state();
  const ObjectsState& objects = state.objects;
  if (!objects.ready()) return;
  const bool stale = objects.wanted != objects.matched || edited_revision_ == objects.revision;
  if (stale && !objects.match_pending) ask_match();
  const Asked asked{state.current_object(), state.view.get(), objects.revision};
  ask_outlines();
  meter_.frame(stale);
  if (state.objects_shown() && asked != alike_asked_) ask_alike(asked);
}

// Those of the sample under the cursor, once for each state of the table.
void ObjectDesk::ask_outlines() {
  AppState& state = session_.state();
  ObjectsState& objects = state.objects;
  const std::optional<RowIndex> sample = state.cursor_row();
  SampleOutlines& known = objects.outlines;
  if (!sample || !objects.table.has_shapes() || *sample >= objects.table.samples()) return;
  if (known.sample == sample && known.revision == objects.revision) return;
  if (known.sample != sample) known.outlines = nullptr;
  known.sample = sample;
  known.revision = objects.revision;
  const uint64_t number = ++newest_outlines_;
  const uint64_t first = objects.table.offsets[*sample];
  std::vector<std::string> shapes;
  for (uint64_t row = first; row < objects.table.offsets[*sample + 1]; ++row) {
    shapes.emplace_back(objects.table.shape_bytes(row));
  }
  session_.tasks().run(Lane::kQuery, [this, number, first, shapes]() -> Tasks::Apply {
    if (number != newest_outlines_) return nullptr;
    auto outlines = std::make_shared<std::vector<ObjectOutline>>(
        decode_outlines(shapes, static_cast<RowIndex>(first)));
    return [this, number, outlines] {
      if (number == newest_outlines_) session_.state().objects.outlines.outlines = outlines;
    };
  });
}

void ObjectDesk::ask_alike(const Asked& asked) {
  const AppState& state = session_.state();
  alike_asked_ = asked;
  const uint64_t number = ++newest_alike_;
  if (!asked.row || !state.view) {
    session_.state().objects.alike = 0;
    return;
  }
  session_.tasks().run(
      Lane::kQuery,
      [this, number, row = *asked.row, view = state.view, table = state.objects.table.table,
       classes = state.snapshot.classes.size()]() -> Tasks::Apply {
        if (number != newest_alike_) return nullptr;
        const size_t alike = objects_alike(ObjectColumns(table), view->order, row, classes).size();
        return [this, number, alike] {
          if (number == newest_alike_) session_.state().objects.alike = alike;
        };
      });
}

bool ObjectDesk::complete() const {
  const ObjectsState& objects = session_.state().objects;
  return objects.phase != ObjectsPhase::kLoading && !objects.match_pending &&
         !objects.measures_pending &&
         (!objects.ready() ||
          (objects.wanted == objects.matched && edited_revision_ != objects.revision));
}

void ObjectDesk::pick(std::optional<RowIndex> row) {
  AppState& state = session_.state();
  state.objects.picked.reset();
  if (!row) return;
  if (state.objects_shown() && state.view) {
    // The cursor goes there when the object is among those that are shown.
    const std::vector<RowIndex>& order = state.view->order;
    const auto found = std::find(order.begin(), order.end(), *row);
    if (found != order.end()) {
      return session_.set_cursor(static_cast<size_t>(found - order.begin()));
    }
  }
  state.objects.picked = row;
}

void ObjectDesk::pick_next(int64_t by) {
  const AppState& state = session_.state();
  const std::optional<RowIndex> sample = state.cursor_row();
  if (!sample || !state.objects.ready()) return;
  const auto first = static_cast<int64_t>(state.objects.table.offsets[*sample]);
  const auto count = static_cast<int64_t>(state.objects.table.offsets[*sample + 1]) - first;
  if (count == 0) return;
  const ObjectColumns columns(state.objects.table.table);
  const std::optional<RowIndex> now = state.current_object();
  int64_t at = now ? static_cast<int64_t>(*now) - first : (by > 0 ? -1 : count);
  for (int64_t tried = 0; tried < count; ++tried) {
    at = ((at + by) % count + count) % count;
    const auto row = static_cast<RowIndex>(first + at);
    const bool drawn = columns.is_given(row) ||
                       columns.confidence->doubles[row] >= state.objects.wanted.confidence;
    if (!drawn) continue;
    pick(row);
    return;
  }
}

void ObjectDesk::renumber(const std::vector<RowIndex>& new_rows) {
  AppState& state = session_.state();
  std::optional<RowIndex>& picked = state.objects.picked;
  if (picked) picked = new_rows[*picked] == kGone ? std::nullopt : std::optional(new_rows[*picked]);
  if (!state.objects_shown()) return;
  if (!state.view) return session_.renumber({}, {});
  std::vector<RowIndex> order;
  order.reserve(state.view->order.size());
  size_t cursor = state.cursor;
  for (size_t i = 0; i < state.view->order.size(); ++i) {
    const RowIndex row = new_rows[state.view->order[i]];
    if (row == kGone) {
      if (i < state.cursor) --cursor;
    } else {
      order.push_back(row);
    }
  }
  std::vector<RowIndex> selected;
  for (const RowIndex row : state.selection.rows()) {
    if (new_rows[row] != kGone) selected.push_back(new_rows[row]);
  }
  state.cursor = cursor;
  session_.renumber(std::move(order), selected);
}

bool ObjectDesk::follow(const EditOutcome& outcome, bool show_first_changed) {
  AppState& state = session_.state();
  ObjectsState& objects = state.objects;
  if (outcome.changed_objects.empty()) return false;
  ++follows_;
  tell_masks(outcome);
  const auto load_and_show = [&] {
    if (show_first_changed) show_once_loaded_ = outcome.changed_objects[0];
    load();
  };
  if (!objects.ready()) {
    // The first boxes of a store that had none.
    load_and_show();
    return false;
  }
  const std::vector<int64_t> before = ids_of(objects.table);
  const bool in_place = outcome.changed_objects.size() * before.size() <= kMostWalked;
  if (!in_place || !outcome.follow_objects ||
      !outcome.follow_objects(objects.table, state.snapshot)) {
    load_and_show();
    return true;  // counted when it is there
  }
  edited_revision_ = ++objects.revision;
  const std::vector<int64_t> after = ids_of(objects.table);
  const bool renumbered = before != after;
  if (renumbered) renumber(follow_rows(before, after, outcome.changed_objects));
  if (!show_first_changed) return renumbered;
  const size_t row = objects.table.row_of(outcome.changed_objects[0]);
  if (row != SIZE_MAX) show_changed(static_cast<RowIndex>(row));
  return renumbered;
}

void ObjectDesk::tell_masks(const EditOutcome& outcome) {
  std::optional<Message>& message = session_.state().message;
  if (outcome.masks_back > 0 && message && message->text == masks_note_) message.reset();
  const size_t lost = outcome.masks_lost;
  if (lost == 0) return;
  masks_note_ = fmt::format("{} dropped: a mask of pixels cannot move with its box",
                            lost == 1 ? "A mask was" : with_thousands(lost) + " masks were");
  session_.show_note(masks_note_, "U takes back edit by edit; with this one the mask comes back");
}

// What matching leaves out is another.
void ObjectDesk::edited(const EditOutcome& outcome) {
  const AppState& state = session_.state();
  if (!state.objects.ready()) return;
  if (!outcome.changed.empty()) meter_.sample_reviewed();
  const Column* excluded = state.snapshot.samples.find("excluded");
  if (excluded == nullptr) return;
  const bool another =
      std::any_of(outcome.changed.begin(), outcome.changed.end(), [&](SampleId sample) {
        const size_t row = state.snapshot.row_of(sample);
        return row < excluded_.size() && excluded_[row] != excluded->bytes[row];
      });
  if (another) edited_revision_ = ++session_.state().objects.revision;
}

// The object that an undo or a new box is about; in another image the cursor goes there.
void ObjectDesk::show_changed(RowIndex row) {
  const AppState& state = session_.state();
  if (!state.view) return;
  const auto sample = static_cast<RowIndex>(state.objects.table.table.find("sample")->ints[row]);
  if (state.cursor_row() != sample) {
    const std::vector<RowIndex>& order = state.view->order;
    const RowIndex wanted = state.objects_shown() ? row : sample;
    const auto found = std::find(order.begin(), order.end(), wanted);
    if (found == order.end()) return;
    session_.set_cursor(static_cast<size_t>(found - order.begin()));
  }
  pick(row);
}

}  // namespace errata::viewer
