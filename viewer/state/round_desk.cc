#include "viewer/state/round_desk.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <random>
#include <utility>

#include "base/text.h"
#include "jobs/audit_job.h"
#include "viewer/state/evidence.h"
#include "viewer/state/panel_answer.h"
#include "viewer/state/session.h"

namespace errata::viewer {

namespace {

// More than these take longer to look up than a frame has; so do they in a table of more rows.
constexpr size_t kMostAtOnce = 10'000;
constexpr size_t kMostWalked = 50'000;

// Another for each round of each window.
std::string new_round_id() {
  std::random_device random;
  return fmt::format("{}-{:08x}", now_iso8601_utc(), random());
}

const std::vector<int64_t>& ids_of(const Table& samples) {
  return samples.find("id")->ints;
}

// SIZE_MAX when it is not there.
size_t row_of(const std::vector<int64_t>& ids, SampleId sample) {
  const auto found = std::lower_bound(ids.begin(), ids.end(), sample);
  return found == ids.end() || *found != sample ? SIZE_MAX
                                                : static_cast<size_t>(found - ids.begin());
}

std::vector<SampleId> tagged(const Table& samples, std::string_view tag) {
  std::vector<SampleId> found;
  for (const RowIndex row : jobs::tagged_rows(samples, tag)) found.push_back(ids_of(samples)[row]);
  return found;
}

}  // namespace

void RoundDesk::replace_by(std::function<void(Session&)> start) {
  const RoundState& round = session_.state().round;
  const size_t decided = round.counts.decided();
  if (round.phase == RoundPhase::kNone || round.finished() || (decided == 0 && !round.audit)) {
    return start(session_);
  }
  session_.jobs().ask(
      {"Start another round?",
       fmt::format("{} of {} of the round under way are decided and stay so; what is left of its "
                   "queue is dropped. {} goes on with it instead.",
                   with_thousands(decided), with_thousands(round.queue.size()),
                   round.active() ? "N" : "Shift N"),
       "start another", std::move(start)});
}

void RoundDesk::start() {
  AppState& state = session_.state();
  if (!state.view || state.round.starting) return;
  if (state.objects_shown()) return start_objects();
  state.round.starting = true;
  const uint64_t number = ++newest_;
  session_.tasks().run(Lane::kPanels,
                       [this, number, view = state.view, samples = state.snapshot.samples,
                        filter = state.filter.applied, sort = state.sort]() -> Tasks::Apply {
                         const std::vector<int64_t>& ids = ids_of(samples);
                         std::vector<SampleId> queue;
                         std::vector<SampleId> returned;
                         auto round = std::make_shared<RoundState>();
                         round->filter = filter;
                         round->sort = sort;
                         try {
                           const auto again = outdated_decisions(
                               session_.backend().newest_decisions({}), samples, ids);
                           const Column* review = samples.find("review");
                           for (const RowIndex row : view->order) {
                             const bool decided = review != nullptr && !review->is_null(row) &&
                                                  review->text(row) != "unseen";
                             const bool comes_back = decided && again.contains(ids[row]);
                             if (comes_back) returned.push_back(ids[row]);
                             if (!decided || comes_back) queue.push_back(ids[row]);
                           }
                           round->queue = std::move(queue);
                           round->returned = std::move(returned);
                         } catch (const Error& error) {
                           return [this, error] {
                             session_.state().round.starting = false;
                             session_.show_error(error);
                           };
                         }
                         return [this, number, round, seen = view->order.size()] {
                           if (number != newest_) return;
                           start_over(round, seen);
                         };
                       });
}

void RoundDesk::start_over(std::shared_ptr<RoundState> round, size_t seen) {
  session_.state().round.starting = false;
  if (!round->queue.empty()) return begin(std::move(*round));
  session_.show_note(
      seen == 0 ? fmt::format("There is nothing to review: no {} passes the filter",
                              round->objects ? "object" : "sample")
                : fmt::format("All {} shown here are decided already", with_thousands(seen)),
      "change the filter, or take decisions back with Shift K");
}

void RoundDesk::start_objects() {
  AppState& state = session_.state();
  state.round.starting = true;
  const uint64_t number = ++newest_;
  auto round = std::make_shared<RoundState>();
  round->objects = true;
  round->filter = state.filter.applied;
  round->sort = state.sort;
  session_.tasks().run(Lane::kPanels,
                       [this, number, round, view = state.view, objects = state.objects.table.table,
                        samples = state.snapshot.samples]() -> Tasks::Apply {
                         round->queue = open_objects(objects, samples, view->order);
                         return [this, number, round, seen = view->order.size()] {
                           if (number == newest_) start_over(round, seen);
                         };
                       });
}

std::string RoundDesk::audit_population() const {
  const AppState& state = session_.state();
  const std::string& filter = state.sample_filter();
  return state.panels.exactly_shown ? filter : measured_filter(filter);
}

void RoundDesk::start_audit(size_t size) {
  AppState& state = session_.state();
  if (!state.view || state.round.starting) return;
  state.round.starting = true;
  const uint64_t number = ++newest_;
  const uint64_t seed = jobs::audit_seed_by_clock();
  session_.tasks().run(
      Lane::kPanels,
      [this, number, size, seed, samples = state.snapshot.samples, filter = audit_population(),
       sort = state.objects_shown() ? state.objects.other.sort : state.sort]() -> Tasks::Apply {
        try {
          auto round = std::make_shared<RoundState>();
          round->audit = true;
          round->filter = filter;
          round->sort = sort;
          round->queue = jobs::draw_audit_sample(samples, filter, size, seed);
          const jobs::AuditDrawing drawing{filter, round->queue.size(), seed,
                                           jobs::audit_fingerprint(round->queue.ids()),
                                           jobs::newest_sample(samples)};
          return [this, number, round, drawing, former = tagged(samples, jobs::kAuditTag)] {
            if (number == newest_) begin_audit(std::move(*round), former, drawing);
          };
        } catch (const Error& error) {
          return [this, error] {
            session_.state().round.starting = false;
            session_.show_error(error);
          };
        }
      });
}

void RoundDesk::begin_audit(RoundState round, const std::vector<SampleId>& former,
                            const jobs::AuditDrawing& drawing) {
  if (round.queue.empty()) {
    session_.state().round.starting = false;
    session_.show_note("There is nothing to draw from: every sample shown is excluded");
    return;
  }
  std::vector<ReviewEdit> edits;
  for (const SampleId sample : former) {
    edits.push_back({sample, ReviewKind::kUntag, {}, jobs::kAuditTag, {}});
  }
  for (const SampleId sample : round.queue) {
    edits.push_back({sample, ReviewKind::kTag, {}, jobs::kAuditTag, {}});
  }
  // The view speaks of the tags: it is written once they are, so that it never tells of samples
  // that were drawn otherwise.
  const std::string options = jobs::audit_options_json(drawing);
  auto change = std::make_shared<StoreChange>();
  change->edits = [edits = std::move(edits)] { return edits; };
  change->afterwards = [this, options] {
    session_.backend().save_view({jobs::kAuditTag, "tags = 'audit'", "id", options});
  };
  change->then = [this, round = std::move(round), seed = drawing.seed] {
    session_.state().round.starting = false;
    session_.lists().refresh();
    session_.show_note(
        fmt::format("{} samples drawn with seed {}", with_thousands(round.queue.size()), seed),
        "they carry the tag audit; the saved view of that name says how they were drawn");
    begin(round);
  };
  change->otherwise = [this] { session_.state().round.starting = false; };
  session_.changes().make(std::move(change));
}

void RoundDesk::begin(RoundState round) {
  hold(std::move(round));
  resume();
}

void RoundDesk::put_back(RoundState round, bool was_active) {
  hold(std::move(round));
  if (was_active && shows_question()) resume();
}

void RoundDesk::hold(RoundState round) {
  AppState& state = session_.state();
  round.number = state.round.number + 1;
  round.phase = RoundPhase::kPaused;
  if (round.id.empty()) round.id = new_round_id();
  round.to_decide_again.insert(round.returned.begin(), round.returned.end());
  state.round = std::move(round);
  marks_.clear();
  object_marks_.clear();
  being_saved_.clear();
  ask_marks(Show::kNothing);
  ask_returned();
}

void RoundDesk::leave() {
  RoundState& round = session_.state().round;
  ++newest_;
  const bool active = round.active();
  const uint64_t number = round.number + 1;
  round = {};
  round.number = number;
  marks_.clear();
  object_marks_.clear();
  marking_ = false;
  ++newest_marks_;
  next_ = Next::kNothing;
  if (active) session_.refresh();
}

bool RoundDesk::shows_question() const {
  const AppState& state = session_.state();
  return state.view && !state.view_pending && state.objects_shown() == state.round.objects &&
         state.filter.applied == state.round.filter && state.sort == state.round.sort;
}

void RoundDesk::ask_for_question(Next next) {
  AppState& state = session_.state();
  if (state.round.objects && state.objects.phase == ObjectsPhase::kNone) {
    throw Error(ErrorCategory::kNotFound, "this store has no objects any more",
                "leave the round with Shift S; what was decided stays decided");
  }
  next_ = next;
  if (state.objects_shown() != state.round.objects) {
    session_.show_rows_of(state.round.objects ? CentreMode::kObjects : CentreMode::kGrid);
  }
  state.sort = state.round.sort;
  session_.set_filter(state.round.filter);
}

void RoundDesk::pause() {
  RoundState& round = session_.state().round;
  if (round.active()) round.phase = RoundPhase::kPaused;
}

void RoundDesk::resume() {
  AppState& state = session_.state();
  if (state.round.phase != RoundPhase::kPaused) return;
  if (!shows_question()) return ask_for_question(Next::kResume);
  state.round.phase = RoundPhase::kActive;
  ask_marks(Show::kQueueAtOpen);
}

void RoundDesk::refresh() {
  if (session_.state().round.phase == RoundPhase::kNone) return;
  ask_for_question(Next::kStart);
}

void RoundDesk::snapshot_taken() {
  if (session_.state().round.phase == RoundPhase::kNone) return;
  marks_.clear();  // rows of the snapshot before
  ask_marks(Show::kNothing);
  ask_returned();
}

void RoundDesk::view_taken() {
  AppState& state = session_.state();
  if (state.round.phase == RoundPhase::kNone) return;
  const Next next = std::exchange(next_, Next::kNothing);
  const bool ours = shows_question();
  if (ours && next == Next::kStart) {
    state.round.phase = RoundPhase::kPaused;
    start();
  } else if (ours && next == Next::kResume) {
    resume();
  } else if (ours && state.round.active()) {
    ask_marks(Show::kQueue);
  } else if (!ours) {
    state.round.phase = RoundPhase::kPaused;
  }
}

RoundDesk::Mark RoundDesk::mark_of(const Column* review, RowIndex row, bool decide_again) {
  if (review == nullptr || review->is_null(row)) return Mark::kOpen;
  const std::string_view text = review->text(row);
  if (text == "relabelled") return Mark::kRelabelled;
  if (text == "excluded") return Mark::kExcluded;
  if (text == "unseen" || decide_again) return Mark::kOpen;
  return text == "ambiguous" ? Mark::kAmbiguous : Mark::kKept;
}

RoundDesk::Marked RoundDesk::mark_queue(const Table& samples, const SampleList& queue,
                                        const std::unordered_set<SampleId>& again) {
  const std::vector<int64_t>& ids = ids_of(samples);
  const Column* review = samples.find("review");
  Marked marked;
  marked.marks.assign(ids.size(), Mark::kOutside);
  marked.order.reserve(queue.size());
  for (const SampleId sample : queue) {
    const size_t found = row_of(ids, sample);
    if (found == SIZE_MAX) continue;
    const auto row = static_cast<RowIndex>(found);
    marked.order.push_back(row);
    marked.marks[row] = mark_of(review, row, again.contains(sample));
    marked.counts.count(marked.marks[row], true);
  }
  return marked;
}

void RoundDesk::ask_marks(Show show) {
  const AppState& state = session_.state();
  // One that is under way may have been asked to show the queue.
  show_ = marking_ ? std::max(show_, show) : show;
  const uint64_t number = ++newest_marks_;
  edited_meanwhile_.clear();
  if (state.round.objects) return ask_object_marks();
  if (state.round.queue.size() <= kMostAtOnce) {
    marking_ = false;
    take_marks(mark_queue(state.snapshot.samples, state.round.queue, state.round.to_decide_again),
               show_);
    return;
  }
  marking_ = true;
  session_.tasks().run(Lane::kPanels,
                       [this, number, samples = state.snapshot.samples, queue = state.round.queue,
                        again = state.round.to_decide_again]() -> Tasks::Apply {
                         auto marked = std::make_shared<Marked>(mark_queue(samples, queue, again));
                         return [this, number, marked] {
                           if (number != newest_marks_) return;
                           marking_ = false;
                           take_marks(std::move(*marked), show_);
                           for (const SampleId sample : edited_meanwhile_) mark_again(sample);
                         };
                       });
}

void RoundDesk::ask_object_marks() {
  const AppState& state = session_.state();
  const ObjectsState& objects = state.objects;
  if (!objects.ready()) return;  // frame() asks once they are there
  marked_revision_ = objects.revision;
  const uint64_t number = newest_marks_;
  if (state.round.queue.size() <= kMostAtOnce && objects.table.rows() <= kMostWalked) {
    marking_ = false;
    return take_object_marks(
        mark_objects(objects.table.table, state.snapshot.samples, state.round.queue), show_);
  }
  marking_ = true;
  session_.tasks().run(Lane::kPanels,
                       [this, number, table = objects.table.table, samples = state.snapshot.samples,
                        queue = state.round.queue, revision = objects.revision]() -> Tasks::Apply {
                         auto marked =
                             std::make_shared<MarkedObjects>(mark_objects(table, samples, queue));
                         return [this, number, marked, revision] {
                           if (number != newest_marks_) return;
                           // Rows may have been numbered anew.
                           if (revision != session_.state().objects.revision)
                             return ask_marks(show_);
                           marking_ = false;
                           take_object_marks(std::move(*marked), show_);
                         };
                       });
}

void RoundDesk::take_object_marks(MarkedObjects marked, Show show) {
  object_marks_ = std::move(marked.marks);
  const AppState& state = session_.state();
  session_.state().round.counts = marked.counts;
  const bool some_back =
      state.round.active() && state.view && marked.order.size() > state.view->order.size();
  if (show != Show::kNothing || !some_back) return show_queue(std::move(marked.order), show);
  // A deletion was undone: the queue is shown with it again, and the cursor goes there.
  const std::vector<RowIndex> before = state.view->order;
  session_.show_order(std::move(marked.order));
  const std::vector<RowIndex>& now = state.view->order;
  size_t back = 0;
  while (back < before.size() && now[back] == before[back]) ++back;
  session_.set_cursor(back);
}

void RoundDesk::take_marks(Marked marked, Show show) {
  marks_ = std::move(marked.marks);
  session_.state().round.counts = marked.counts;
  show_queue(std::move(marked.order), show);
}

void RoundDesk::show_queue(std::vector<RowIndex> order, Show show) {
  const AppState& state = session_.state();
  if (show == Show::kNothing || !state.round.active()) return;
  // The queue shown once more, as after a reload, is the one that was worked on.
  session_.show_order(std::move(order),
                      show == Show::kQueue ? Session::Selected::kKept : Session::Selected::kNone);
  if (show == Show::kQueueAtOpen && state.view && !state.view->order.empty()) {
    go_to_open(state.view->order.size() - 1);
  }
}

void RoundDesk::mark_again(SampleId sample) {
  AppState& state = session_.state();
  const size_t found = state.snapshot.row_of(sample);
  if (found >= marks_.size() || marks_[found] == Mark::kOutside) return;
  const auto row = static_cast<RowIndex>(found);
  state.round.counts.count(marks_[row], false);
  marks_[row] = mark_of(state.snapshot.samples.find("review"), row,
                        state.round.to_decide_again.contains(sample));
  state.round.counts.count(marks_[row], true);
}

void RoundDesk::edited(const EditOutcome& outcome) {
  const AppState& state = session_.state();
  if (state.round.phase == RoundPhase::kNone || state.round.objects) return;
  if (outcome.changed.size() > kMostAtOnce) {
    being_saved_.clear();
    ask_marks(Show::kNothing);
  } else {
    for (const SampleId sample : outcome.changed) {
      being_saved_.erase(sample);
      if (marking_) edited_meanwhile_.push_back(sample);
      mark_again(sample);
    }
  }
  ask_returned();
}

// What became of an object is in the table, which goes on when an edit was followed, when it was
// matched anew and when it was loaded again.
void RoundDesk::frame(double /*now_secs*/) {
  const AppState& state = session_.state();
  if (state.round.phase == RoundPhase::kNone || !over_objects()) return;
  if (state.objects.ready() && state.objects.revision != marked_revision_) {
    ask_marks(Show::kNothing);
  }
  // A detection that was accepted is decided once the table was loaded with what it became, and
  // they were matched.
  const Tasks& tasks = session_.tasks();
  const bool idle = state.saves_pending == 0 && tasks.pending(Lane::kStore) == 0 &&
                    tasks.pending(Lane::kPanels) == 0 && session_.objects().complete();
  if (!being_saved_.empty() && idle && !marking_) being_saved_.clear();
}

bool RoundDesk::over_objects() const {
  return session_.state().round.objects;
}

void RoundDesk::ask_returned() {
  const AppState& state = session_.state();
  if (state.round.returned.empty()) return;
  session_.tasks().run(Lane::kPanels,
                       [this, number = state.round.number, returned = state.round.returned,
                        samples = state.snapshot.samples]() -> Tasks::Apply {
                         auto again =
                             outdated_decisions(session_.backend().newest_decisions(returned.ids()),
                                                samples, ids_of(samples));
                         return [this, number, again = std::move(again)] {
                           RoundState& round = session_.state().round;
                           if (round.number != number || round.to_decide_again == again) return;
                           round.to_decide_again = again;
                           ask_marks(Show::kNothing);
                         };
                       });
}

void RoundDesk::go_to_open(size_t from) {
  const AppState& state = session_.state();
  const std::vector<RowIndex>& order = state.view->order;
  for (size_t i = 1; i <= order.size(); ++i) {
    const size_t position = (from + i) % order.size();
    if (!is_open(order[position])) continue;
    session_.set_cursor(position);
    return;
  }
}

bool RoundDesk::is_open(RowIndex row) const {
  const AppState& state = session_.state();
  if (being_saved_.contains(state.id_of(row))) return false;
  if (!state.round.objects) return row < marks_.size() && marks_[row] == Mark::kOpen;
  const auto found = object_marks_.find(state.id_of(row));
  return found != object_marks_.end() && found->second == Mark::kOpen;
}

bool RoundDesk::next_undecided() {
  const AppState& state = session_.state();
  if (!state.round.active() || !state.cursor_row()) return false;
  const size_t before = state.cursor;
  go_to_open(before);
  return state.cursor != before;
}

bool RoundDesk::move_on(std::span<const SampleId> decided) {
  const AppState& state = session_.state();
  if (!state.round.active() || state.round.objects) return false;
  // What an earlier save failed to do is open again.
  if (state.saves_pending <= 1) being_saved_.clear();
  being_saved_.insert(decided.begin(), decided.end());
  next_undecided();
  return true;
}

bool RoundDesk::move_on_objects(std::span<const ObjectId> decided) {
  if (!session_.state().round.active() || !over_objects()) return false;
  being_saved_.insert(decided.begin(), decided.end());
  next_undecided();
  return true;
}

}  // namespace errata::viewer
