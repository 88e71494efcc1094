#include "viewer/state/round_desk.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "base/hash.h"
#include "base/random.h"
#include "base/text.h"
#include "query/filter.h"
#include "query/rank.h"
#include "text/json.h"
#include "viewer/state/evidence.h"
#include "viewer/state/session.h"

namespace errata::viewer {

namespace {

constexpr const char* kAuditTag = "audit";

// In random order: the first `size` of a shuffle of all.
std::vector<SampleId> draw_audit(const Table& samples, std::span<const SampleId> ids,
                                 const std::string& filter, size_t size, uint64_t seed) {
  const Column* review = samples.find("review");
  const query::Selection rows =
      query::evaluate(query::parse_typed_filter(filter, samples), samples);
  std::vector<SampleId> drawn;
  for (const RowIndex row : query::order_rows(samples, rows, {})) {
    const bool excluded =
        review != nullptr && !review->is_null(row) && review->text(row) == "excluded";
    if (!excluded) drawn.push_back(ids[row]);
  }
  Rng(seed).shuffle(drawn);
  if (drawn.size() > size) drawn.resize(size);
  return drawn;
}

std::vector<SampleId> tagged(const Table& samples, std::span<const SampleId> ids,
                             std::string_view tag) {
  std::vector<SampleId> found;
  const Column* tags = samples.find("tags");
  if (tags == nullptr || !tags->dictionary) return found;
  const int32_t code = tags->dictionary->find(tag);
  for (size_t row = 0; code >= 0 && row < ids.size(); ++row) {
    const auto begin = tags->codes.begin() + static_cast<std::ptrdiff_t>(tags->offsets[row]);
    const auto end = tags->codes.begin() + static_cast<std::ptrdiff_t>(tags->offsets[row + 1]);
    if (std::find(begin, end, code) != end) found.push_back(ids[row]);
  }
  return found;
}

}  // namespace

void RoundDesk::start() {
  AppState& state = session_.state();
  if (!state.view || state.round.starting) return;
  state.round.starting = true;
  const uint64_t number = ++newest_;
  session_.tasks().run(
      Lane::kPanels,
      [this, number, view = state.view, samples = state.snapshot.samples, ids = state.snapshot.ids,
       filter = state.filter.applied, sort = state.sort]() -> Tasks::Apply {
        auto round = std::make_shared<RoundState>();
        round->filter = filter;
        round->sort = sort;
        try {
          const auto again =
              outdated_decisions(session_.backend().newest_decisions({}), samples, ids);
          const Column* review = samples.find("review");
          for (const RowIndex row : view->order) {
            const bool decided =
                review != nullptr && !review->is_null(row) && review->text(row) != "unseen";
            const bool comes_back = decided && again.contains(ids[row]);
            if (comes_back) round->returned.push_back(ids[row]);
            if (!decided || comes_back) round->queue.push_back(ids[row]);
          }
        } catch (const Error& error) {
          return [this, error] {
            session_.state().round.starting = false;
            session_.show_error(error);
          };
        }
        return [this, number, round, seen = view->order.size()] {
          if (number != newest_) return;
          session_.state().round.starting = false;
          if (!round->queue.empty()) return begin(std::move(*round));
          session_.show_note(seen == 0 ? "There is nothing to review: no sample passes the filter"
                                       : fmt::format("All {} shown here are decided already",
                                                     with_thousands(seen)),
                             "change the filter, or take decisions back with Shift K");
        };
      });
}

void RoundDesk::start_audit(size_t size) {
  AppState& state = session_.state();
  if (!state.view || state.round.starting) return;
  state.round.starting = true;
  const uint64_t number = ++newest_;
  const uint64_t seed = mix64(xxh3_64(now_iso8601_utc())) >> 32;
  session_.tasks().run(
      Lane::kStore,
      [this, number, size, seed, samples = state.snapshot.samples, ids = state.snapshot.ids,
       filter = state.filter.applied, sort = state.sort]() -> Tasks::Apply {
        try {
          auto round = std::make_shared<RoundState>();
          round->audit = true;
          round->filter = filter;
          round->sort = sort;
          round->queue = draw_audit(samples, ids, filter, size, seed);
          if (!round->queue.empty()) {
            const auto options = text::Json::object(
                {{"population", filter}, {"size", round->queue.size()}, {"seed", seed}});
            session_.backend().save_view({kAuditTag, "tags = 'audit'", "id", options.dump()});
          }
          return [this, number, round, seed, former = tagged(samples, ids, kAuditTag)] {
            if (number == newest_) begin_audit(std::move(*round), former, seed);
          };
        } catch (const Error& error) {
          return [this, error] {
            session_.state().round.starting = false;
            session_.show_error(error);
          };
        }
      });
}

void RoundDesk::begin_audit(RoundState round, const std::vector<SampleId>& former, uint64_t seed) {
  session_.state().round.starting = false;
  if (round.queue.empty()) {
    session_.show_note("There is nothing to draw from: every sample shown is excluded");
    return;
  }
  std::vector<ReviewEdit> edits;
  for (const SampleId sample : former) {
    edits.push_back({sample, ReviewKind::kUntag, {}, kAuditTag, {}});
  }
  for (const SampleId sample : round.queue) {
    edits.push_back({sample, ReviewKind::kTag, {}, kAuditTag, {}});
  }
  const size_t drawn = round.queue.size();
  session_.apply(std::move(edits));
  session_.lists().refresh();
  session_.show_note(
      fmt::format("{} samples drawn with seed {}", with_thousands(drawn), seed),
      "they carry the tag audit; the saved view of that name says how they were drawn");
  begin(std::move(round));
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
  round.to_decide_again.insert(round.returned.begin(), round.returned.end());
  state.round = std::move(round);
  mark_all();
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
  next_ = Next::kNothing;
  if (active) session_.refresh();
}

bool RoundDesk::shows_question() const {
  const AppState& state = session_.state();
  return state.view && !state.view_pending && state.filter.applied == state.round.filter &&
         state.sort == state.round.sort;
}

void RoundDesk::ask_for_question(Next next) {
  AppState& state = session_.state();
  next_ = next;
  state.sort = state.round.sort;
  session_.set_filter(state.round.filter);
}

void RoundDesk::resume() {
  AppState& state = session_.state();
  if (state.round.phase != RoundPhase::kPaused) return;
  if (!shows_question()) return ask_for_question(Next::kResume);
  state.round.phase = RoundPhase::kActive;
  show_queue();
  if (!state.view->order.empty()) go_to_open(state.view->order.size() - 1);
}

void RoundDesk::refresh() {
  if (session_.state().round.phase == RoundPhase::kNone) return;
  ask_for_question(Next::kStart);
}

void RoundDesk::snapshot_taken() {
  if (session_.state().round.phase == RoundPhase::kNone) return;
  mark_all();
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
    show_queue();
  } else if (!ours) {
    state.round.phase = RoundPhase::kPaused;
  }
}

void RoundDesk::show_queue() {
  const AppState& state = session_.state();
  std::vector<RowIndex> order;
  order.reserve(state.round.queue.size());
  for (const SampleId sample : state.round.queue) {
    const size_t row = state.snapshot.row_of(sample);
    if (row != SIZE_MAX) order.push_back(static_cast<RowIndex>(row));
  }
  session_.show_order(std::move(order));
}

RoundDesk::Mark RoundDesk::mark_now(RowIndex row, SampleId sample) const {
  const AppState& state = session_.state();
  const Column* review = state.snapshot.samples.find("review");
  if (review == nullptr || review->is_null(row)) return Mark::kOpen;
  const std::string_view text = review->text(row);
  if (text == "relabelled") return Mark::kRelabelled;
  if (text == "excluded") return Mark::kExcluded;
  if (text == "unseen" || state.round.to_decide_again.contains(sample)) return Mark::kOpen;
  return text == "ambiguous" ? Mark::kAmbiguous : Mark::kKept;
}

void RoundDesk::count(Mark mark, bool in) {
  RoundCounts& counts = session_.state().round.counts;
  const size_t by = in ? 1 : size_t{0} - 1;
  switch (mark) {
    case Mark::kKept: counts.kept += by; break;
    case Mark::kRelabelled: counts.relabelled += by; break;
    case Mark::kExcluded: counts.excluded += by; break;
    case Mark::kAmbiguous: counts.ambiguous += by; break;
    case Mark::kOutside:
    case Mark::kOpen: break;
  }
}

void RoundDesk::mark_all() {
  AppState& state = session_.state();
  marks_.assign(state.snapshot.ids.size(), Mark::kOutside);
  state.round.counts = {};
  for (const SampleId sample : state.round.queue) {
    const size_t row = state.snapshot.row_of(sample);
    if (row == SIZE_MAX) continue;
    marks_[row] = mark_now(static_cast<RowIndex>(row), sample);
    count(marks_[row], true);
  }
}

void RoundDesk::edited(const EditOutcome& outcome) {
  const AppState& state = session_.state();
  if (state.round.phase == RoundPhase::kNone) return;
  for (const SampleId sample : outcome.changed) {
    being_saved_.erase(sample);
    const size_t row = state.snapshot.row_of(sample);
    if (row >= marks_.size() || marks_[row] == Mark::kOutside) continue;
    count(marks_[row], false);
    marks_[row] = mark_now(static_cast<RowIndex>(row), sample);
    count(marks_[row], true);
  }
  ask_returned();
}

void RoundDesk::ask_returned() {
  const AppState& state = session_.state();
  if (state.round.returned.empty()) return;
  session_.tasks().run(
      Lane::kPanels,
      [this, number = state.round.number, returned = state.round.returned,
       samples = state.snapshot.samples, ids = state.snapshot.ids]() -> Tasks::Apply {
        auto again =
            outdated_decisions(session_.backend().newest_decisions(returned), samples, ids);
        return [this, number, again = std::move(again)] {
          RoundState& round = session_.state().round;
          if (round.number != number || round.to_decide_again == again) return;
          round.to_decide_again = again;
          mark_all();
        };
      });
}

void RoundDesk::go_to_open(size_t from) {
  const AppState& state = session_.state();
  const std::vector<RowIndex>& order = state.view->order;
  for (size_t i = 1; i <= order.size(); ++i) {
    const size_t position = (from + i) % order.size();
    const RowIndex row = order[position];
    if (marks_[row] != Mark::kOpen || being_saved_.contains(state.snapshot.ids[row])) continue;
    session_.set_cursor(position);
    return;
  }
}

bool RoundDesk::next_undecided() {
  const AppState& state = session_.state();
  if (!state.round.active() || !state.cursor_row()) return false;
  const size_t before = state.cursor;
  go_to_open(before);
  return state.cursor != before;
}

bool RoundDesk::move_on(SampleId decided) {
  const AppState& state = session_.state();
  if (!state.round.active()) return false;
  // What an earlier save failed to do is open again.
  if (state.saves_pending <= 1) being_saved_.clear();
  being_saved_.insert(decided);
  next_undecided();
  return true;
}

}  // namespace errata::viewer
