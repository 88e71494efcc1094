#include "viewer/state/changes.h"

#include <poll.h>

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "viewer/state/session.h"

namespace errata::viewer {

namespace {

// More changed rows than these take longer than a frame has.
constexpr size_t kMostInPlace = 5'000;
// A column of more rows takes too long to copy, as it must be while a lane still reads it.
constexpr size_t kMostCopied = 200'000;

bool takes_long(const EditOutcome& outcome, const Table& samples) {
  if (!outcome.follow || outcome.changed.empty()) return false;
  if (outcome.changed.size() > kMostInPlace) return true;
  // Whoever holds a table holds its first column.
  return samples.rows() > kMostCopied && samples.columns().front().use_count() > 1;
}

}  // namespace

void Changes::make(std::shared_ptr<StoreChange> change) {
  ++session_.state().saves_pending;
  waiting_.push_back(change);
  session_.tasks().run(Lane::kStore, [this, change, tasks = &session_.tasks()]() -> Tasks::Apply {
    auto outcome = std::make_shared<std::optional<EditOutcome>>();
    std::optional<Error> refused;
    try {
      save(*change, *tasks, *outcome);
    } catch (const Error& error) {
      refused = error;
    }
    return [this, change, outcome, refused] {
      std::erase(waiting_, change);
      AppState& state = session_.state();
      --state.saves_pending;
      state.save_waits_for.clear();
      // What was done afterwards may be what was refused.
      if (*outcome) follow(std::move(**outcome), change->show_first_changed);
      if (refused) {
        session_.show_error(*refused);
        if (change->otherwise) change->otherwise();
      } else if (change->then) {
        change->then();
      }
    };
  });
}

// Lane::kStore. A store that another program writes to is no reason to lose a decision: it is tried
// again until it is saved, and those made after it wait behind it. Only closing sets an end.
void Changes::save(StoreChange& change, Tasks& tasks, std::optional<EditOutcome>& outcome) {
  constexpr int kTriesWhenClosing = 3;
  constexpr int kPauseMs = 100;
  if (gave_up_) throw Error(ErrorCategory::kBusy, "an earlier decision still waits");
  const std::vector<ReviewEdit> edits = change.edits ? change.edits() : std::vector<ReviewEdit>();
  for (int closing_tries = 0;;) {
    try {
      if (!change.done && change.edits) {
        if (!edits.empty()) outcome = session_.backend().review(edits);
      } else if (!change.done && !change.object_edits.empty()) {
        outcome = session_.backend().edit_objects(change.object_edits);
      } else if (!change.done) {
        outcome = change.other();
      }
      change.done = true;
      if (change.afterwards) change.afterwards();
      return;
    } catch (const Error& error) {
      if (error.category() != ErrorCategory::kBusy) {
        change.done = true;
        throw;
      }
      if (closing_ && ++closing_tries >= kTriesWhenClosing) {
        gave_up_ = true;
        log_warning("a change waits for its store: {}", error.what());
        throw;
      }
      tasks.post(Lane::kStore, [this, text = std::string(error.what())] {
        session_.state().save_waits_for = text;
      });
    }
    poll(nullptr, 0, kPauseMs);
  }
}

std::vector<std::shared_ptr<const StoreChange>> Changes::unsaved() const {
  std::vector<std::shared_ptr<const StoreChange>> changes;
  std::vector<std::shared_ptr<const StoreChange>> undone;
  for (const std::shared_ptr<StoreChange>& change : waiting_) {
    if (change->done) continue;
    if (change->edits || !change->object_edits.empty()) {
      changes.push_back(change);
      undone.clear();
    } else if (change->back == StoreChange::Back::kUndo && !changes.empty()) {
      undone.push_back(changes.back());
      changes.pop_back();
    } else if (change->back == StoreChange::Back::kRedo && !undone.empty()) {
      changes.push_back(undone.back());
      undone.pop_back();
    }
  }
  return changes;
}

void Changes::snapshot_taken() {
  later_.clear();
  apart_ = false;
  ++newest_apart_;
}

void Changes::follow(EditOutcome outcome, bool show_first_changed) {
  if (apart_) {
    later_.push_back({std::move(outcome), show_first_changed});
    return;
  }
  AppState& state = session_.state();
  state.undo = outcome.undo;
  if (takes_long(outcome, state.snapshot.samples)) {
    return follow_apart(std::move(outcome), show_first_changed);
  }
  if (outcome.follow && !outcome.follow(state.snapshot)) return session_.reload();
  followed(outcome, show_first_changed);
}

void Changes::follow_apart(EditOutcome outcome, bool show_first_changed) {
  apart_ = true;
  const uint64_t number = ++newest_apart_;
  const Snapshot& now = session_.state().snapshot;
  // Without the ids, which are long and do not change; the lane takes them from their column.
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->samples = now.samples;
  snapshot->class_ids = now.class_ids;
  snapshot->runs = now.runs;
  snapshot->score_bases = now.score_bases;
  snapshot->label_revision = now.label_revision;
  snapshot->objects = now.objects;
  auto change = std::make_shared<EditOutcome>(std::move(outcome));
  // Of the lanes this one has several threads and short work: a mark is not to wait for a panel.
  session_.tasks().run(Lane::kImages,
                       [this, number, snapshot, change, show_first_changed]() -> Tasks::Apply {
                         snapshot->ids = snapshot->samples.find("id")->ints;
                         const bool fine = change->follow(*snapshot);
                         return [this, number, snapshot, change, show_first_changed, fine] {
                           if (number != newest_apart_) return;
                           apart_ = false;
                           if (!fine)
                             return session_.reload();  // which has what is still to be followed
                           Snapshot& state = session_.state().snapshot;
                           std::swap(state.samples, snapshot->samples);
                           state.runs = std::move(snapshot->runs);
                           state.label_revision = snapshot->label_revision;
                           state.objects = snapshot->objects;
                           followed(*change, show_first_changed);
                           // The former columns are given back where nobody waits for it.
                           session_.tasks().run(Lane::kImages, [snapshot]() -> Tasks::Apply {
                             snapshot->samples = Table();
                             return nullptr;
                           });
                           while (!later_.empty() && !apart_) {
                             Later next = std::move(later_.front());
                             later_.pop_front();
                             follow(std::move(next.outcome), next.show_first_changed);
                           }
                         };
                       });
}

void Changes::followed(const EditOutcome& outcome, bool show_first_changed) {
  AppState& state = session_.state();
  const bool renumbered = session_.objects().follow(outcome, show_first_changed);
  state.edits_since_order +=
      state.objects_shown() ? outcome.changed_objects.size() : outcome.changed.size();
  if (show_first_changed && !outcome.changed.empty() && state.view && !state.objects_shown()) {
    const auto row = static_cast<RowIndex>(state.snapshot.row_of(outcome.changed[0]));
    const std::vector<RowIndex>& order = state.view->order;
    const auto found = std::find(order.begin(), order.end(), row);
    if (found != order.end()) session_.set_cursor(static_cast<size_t>(found - order.begin()));
  }
  session_.tell_edited(outcome, !renumbered);
}

}  // namespace errata::viewer
