#include "store/edits.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <unordered_set>

#include "base/text.h"
#include "store/detection_reviews.h"
#include "store/event_log.h"
#include "store/history.h"
#include "store/object_changes.h"
#include "store/sample_state.h"

namespace errata::store {

std::string_view edit_kind_name(EditKind kind) {
  switch (kind) {
    case EditKind::kSetLabel: return "label";
    case EditKind::kExclude: return "exclude";
    case EditKind::kInclude: return "include";
    case EditKind::kKeep: return "keep";
    case EditKind::kAmbiguous: return "ambiguous";
    case EditKind::kUnreview: return "unreview";
    case EditKind::kTag: return "tag";
    case EditKind::kUntag: return "untag";
    case EditKind::kSetSplit: return "split";
  }
  return "?";
}

std::string_view review_name(Review review) {
  switch (review) {
    case Review::kUnseen: return "unseen";
    case Review::kKept: return "kept";
    case Review::kRelabelled: return "relabelled";
    case Review::kExcluded: return "excluded";
    case Review::kAmbiguous: return "ambiguous";
  }
  return "?";
}

namespace {

Review undecided(const StoredState& stored) {
  return stored.state.labels == stored.given ? Review::kUnseen : Review::kRelabelled;
}

// Changes `stored` as the edit says and gives the event, or nothing when nothing changed.
std::optional<Event> change(const Edit& edit, StoredState& stored) {
  SampleState& state = stored.state;
  Event event;
  event.sample = edit.sample;
  event.what = edit_kind_name(edit.kind);
  event.review_from = state.review;
  event.why = edit.why;
  const SampleState before = state;
  switch (edit.kind) {
    case EditKind::kSetLabel:
      state.labels = edit.labels;
      std::sort(state.labels.begin(), state.labels.end());
      state.labels.erase(std::unique(state.labels.begin(), state.labels.end()), state.labels.end());
      state.review = state.labels == stored.given ? Review::kKept : Review::kRelabelled;
      event.from = ids_to_json(before.labels);
      event.to = ids_to_json(state.labels);
      break;
    case EditKind::kExclude: state.review = Review::kExcluded; break;
    case EditKind::kInclude:
      if (state.review == Review::kExcluded) state.review = undecided(stored);
      break;
    case EditKind::kKeep: state.review = Review::kKept; break;
    case EditKind::kAmbiguous: state.review = Review::kAmbiguous; break;
    case EditKind::kUnreview: state.review = undecided(stored); break;
    case EditKind::kTag: {
      const auto at = std::lower_bound(state.tags.begin(), state.tags.end(), edit.text);
      if (at == state.tags.end() || *at != edit.text) state.tags.insert(at, edit.text);
      event.to = edit.text;
      break;
    }
    case EditKind::kUntag:
      std::erase(state.tags, edit.text);
      event.from = edit.text;
      break;
    case EditKind::kSetSplit:
      state.split = edit.text;
      event.from = before.split;
      event.to = state.split;
      break;
  }
  event.review_to = state.review;
  if (state == before) return std::nullopt;
  return event;
}

void check_edits(Connection& db, std::span<const Edit> edits) {
  std::unordered_set<ClassId> classes;
  Statement read = db.prepare("SELECT id FROM class WHERE merged_into IS NULL");
  while (read.step()) classes.insert(read.integer(0));
  for (const Edit& edit : edits) {
    const bool is_tag = edit.kind == EditKind::kTag || edit.kind == EditKind::kUntag;
    if (is_tag && trim(edit.text).empty()) {
      throw Error(ErrorCategory::kUsage, "a tag needs a name");
    }
    if (!is_valid_utf8(edit.text)) {
      throw Error(ErrorCategory::kUsage,
                  fmt::format("'{}' is not valid UTF-8", escape_bytes(edit.text)));
    }
    for (const ClassId id : edit.labels) {
      if (!classes.contains(id)) {
        throw Error(ErrorCategory::kNotFound, fmt::format("the project has no class {}", id),
                    "see `errata classes list`");
      }
    }
  }
}

// The samples that a batch touches: as they were, and as they are so far.
class Changes {
 public:
  explicit Changes(Connection& db) : rows_(db) {}

  StoredState& at(SampleId sample) {
    const auto found = now_.find(sample);
    if (found != now_.end()) return found->second;
    StoredState stored = rows_.read(sample);
    before_.emplace(sample, stored.state);
    return now_.emplace(sample, std::move(stored)).first->second;
  }

  void write(AppliedBatch& batch) {
    for (auto& [sample, stored] : now_) {
      const SampleState& before = before_.at(sample);
      if (before == stored.state) continue;
      rows_.write(sample, before, stored.state);
      batch.edits.push_back({sample, before, stored.state});
    }
  }

 private:
  StateRows rows_;
  std::map<SampleId, SampleState> before_;
  std::map<SampleId, StoredState> now_;
};

}  // namespace

AppliedBatch apply_edits_in(Connection& db, std::span<const Edit> edits, EventWriter& log) {
  check_edits(db, edits);
  AppliedBatch batch;
  Changes changes(db);
  for (const Edit& edit : edits) {
    const std::optional<Event> event = change(edit, changes.at(edit.sample));
    if (event) log.add(*event);
  }
  changes.write(batch);
  return batch;
}

AppliedBatch apply_edits(Store& store, std::span<const Edit> edits, const std::string& who,
                         const std::string& why) {
  Connection& db = store.db();
  Transaction transaction(db, Transaction::Kind::kDurable);
  EventWriter log(db, {.kind = "edit", .who = who, .why = why});
  AppliedBatch batch = apply_edits_in(db, edits, log);
  log.finish(batch);
  transaction.commit();
  return batch;
}

namespace {

Error stale_error(std::string_view what, int64_t id, int64_t batch) {
  return Error(
      ErrorCategory::kConflict,
      fmt::format("{} {} was changed after batch {}, which cannot be taken back", what, id, batch),
      "take the later changes back first (`errata log` lists them)");
}

// Changes `state` as the event says; false when it is not as the event expects it.
bool apply_event(const Event& event, SampleState& state) {
  if (state.review != event.review_from) return false;
  if (event.what == "label") {
    if (ids_to_json(state.labels) != event.from) return false;
    state.labels = ids_from_json(event.to);
  } else if (event.what == "split") {
    if (state.split != event.from) return false;
    state.split = event.to;
  } else if (event.what == "tag" || event.what == "untag") {
    const std::string& tag = event.to.empty() ? event.from : event.to;
    const auto at = std::lower_bound(state.tags.begin(), state.tags.end(), tag);
    const bool has = at != state.tags.end() && *at == tag;
    if (has != event.to.empty()) return false;
    if (has) {
      state.tags.erase(at);
    } else {
      state.tags.insert(at, tag);
    }
  }
  state.review = event.review_to;
  return true;
}

void apply_class_event(Connection& db, const Event& event) {
  Statement update = db.prepare("UPDATE class SET merged_into = ?2 WHERE id = ?1");
  update.bind(1, int64_t{std::stoll(event.from)});
  if (event.what == "class-merge") {
    update.bind(2, int64_t{std::stoll(event.to)});
  } else {
    update.bind_null(2);
  }
  update.run();
}

Event inverse(Event event) {
  const bool of_class = event.what == "class-merge" || event.what == "class-unmerge";
  event.what = inverse_change(event.what);
  if (of_class) return event;
  std::swap(event.from, event.to);
  std::swap(event.review_from, event.review_to);
  return event;
}

// Writes the inverse of `target` as a batch of `kind`.
AppliedBatch take_back(Connection& db, int64_t target, const std::string& kind,
                       const std::string& who) {
  std::vector<Event> events = read_events(db, target);
  std::reverse(events.begin(), events.end());
  AppliedBatch batch;
  Changes changes(db);
  ObjectChanges objects(db);
  std::vector<ObjectId> known;
  for (const Event& event : events) {
    if (event.what.starts_with("object-")) known.push_back(event.object);
  }
  DetectionReviews reviews(db);
  objects.load(std::move(known));
  EventWriter log(db, {.kind = kind, .who = who, .why = {}, .undoes = target});
  for (const Event& event : events) {
    const Event back = inverse(event);
    if (back.what.starts_with("detection-")) {
      if (!reviews.apply_event(back)) throw stale_error("detection", back.object, target);
    } else if (back.object != 0) {
      if (!objects.apply_event(back)) throw stale_error("object", back.object, target);
    } else if (back.sample == 0) {
      apply_class_event(db, back);
      batch.classes_changed = true;
    } else if (!apply_event(back, changes.at(back.sample).state)) {
      throw stale_error("sample", back.sample, target);
    }
    log.add(back);
  }
  changes.write(batch);
  objects.write(batch);
  reviews.list(batch);
  log.finish(batch);
  Statement mark = db.prepare("UPDATE batch SET undone_by = ?2 WHERE id = ?1");
  mark.bind(1, target).bind(2, batch.batch).run();
  return batch;
}

constexpr std::string_view kUndoTarget =
    "SELECT max(id) FROM batch WHERE kind IN ('edit', 'redo') AND undone_by IS NULL";
constexpr std::string_view kRedoTarget =
    "SELECT max(id) FROM batch WHERE kind = 'undo' AND undone_by IS NULL "
    "AND id > (SELECT coalesce(max(id), 0) FROM batch WHERE kind = 'edit')";

}  // namespace

AppliedBatch undo(Store& store, const std::string& who) {
  Connection& db = store.db();
  Transaction transaction(db, Transaction::Kind::kDurable);
  const int64_t target = db.integer(kUndoTarget);
  if (target == 0) throw Error(ErrorCategory::kNotFound, "there is no edit to take back");
  AppliedBatch batch = take_back(db, target, "undo", who);
  transaction.commit();
  return batch;
}

AppliedBatch undo_batch(Store& store, int64_t target, const std::string& who) {
  Connection& db = store.db();
  Transaction transaction(db, Transaction::Kind::kDurable);
  Statement find = db.prepare("SELECT kind, undone_by FROM batch WHERE id = ?1");
  find.bind(1, target);
  if (!find.step() || (find.text(0) != "edit" && find.text(0) != "redo")) {
    throw Error(ErrorCategory::kNotFound, fmt::format("there is no edit of number {}", target),
                "see `errata log`");
  }
  if (!find.is_null(1)) {
    throw Error(
        ErrorCategory::kConflict,
        fmt::format("batch {} was taken back already, by batch {}", target, find.integer(1)));
  }
  find.reset();
  AppliedBatch batch = take_back(db, target, "undo", who);
  transaction.commit();
  return batch;
}

AppliedBatch redo(Store& store, const std::string& who) {
  Connection& db = store.db();
  Transaction transaction(db, Transaction::Kind::kDurable);
  const int64_t target = db.integer(kRedoTarget);
  if (target == 0) throw Error(ErrorCategory::kNotFound, "there is nothing to do again");
  AppliedBatch batch = take_back(db, target, "redo", who);
  transaction.commit();
  return batch;
}

namespace {

std::string describe_batch(Connection& db, int64_t batch, bool undoes) {
  std::string text;
  Statement count = db.prepare(
      "SELECT what, count(*) FROM event WHERE batch_id = ?1 GROUP BY what ORDER BY what");
  count.bind(1, batch);
  while (count.step()) {
    if (!text.empty()) text += ", ";
    const std::string_view what = count.text(0);
    text +=
        change_words(undoes ? inverse_change(what) : what, static_cast<uint64_t>(count.integer(1)));
  }
  return text;
}

}  // namespace

UndoState undo_state(Store& store) {
  Connection& db = store.db();
  const Transaction transaction(db, Transaction::Kind::kRead);
  UndoState state;
  const int64_t undo_target = db.integer(kUndoTarget);
  const int64_t redo_target = db.integer(kRedoTarget);
  state.can_undo = undo_target != 0;
  state.can_redo = redo_target != 0;
  if (state.can_undo) state.undo_text = describe_batch(db, undo_target, false);
  if (state.can_redo) state.redo_text = describe_batch(db, redo_target, true);
  return state;
}

int64_t label_revision(Store& store) {
  return label_revision(store.db());
}

std::vector<SampleState> read_states(Store& store, std::span<const SampleId> samples) {
  const Transaction transaction(store.db(), Transaction::Kind::kRead);
  StateRows rows(store.db());
  std::vector<SampleState> states;
  states.reserve(samples.size());
  for (const SampleId sample : samples) states.push_back(rows.read(sample).state);
  return states;
}

}  // namespace errata::store
