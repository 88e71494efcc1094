#include "viewer/state/inspect_desk.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <numeric>
#include <utility>

#include "base/files.h"
#include "base/text.h"
#include "viewer/state/desktop.h"
#include "viewer/state/findings.h"
#include "viewer/state/session.h"

namespace errata::viewer {

namespace {

// A cursor on its way through the grid asks for nothing.
constexpr double kRestSecs = 0.15;
constexpr double kShortRestSecs = 0.03;
constexpr size_t kMostKnown = 512;
constexpr size_t kMostCopies = 1000;
constexpr size_t kMostEntries = 50;

}  // namespace

std::vector<ClassIndex> by_probability(const std::vector<float>& probabilities) {
  std::vector<ClassIndex> order(probabilities.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](ClassIndex a, ClassIndex b) {
    return probabilities[static_cast<size_t>(a)] > probabilities[static_cast<size_t>(b)];
  });
  return order;
}

void InspectDesk::ask_again() {
  asked_ = false;
  ++newest_;
}

void InspectDesk::forget_evidence() {
  known_.clear();
  evidence_asked_.clear();
  ++evidence_number_;
}

void InspectDesk::snapshot_taken() {
  ask_again();
  forget_evidence();
  session_.state().inspect.evidence = {};
}

void InspectDesk::edited(const EditOutcome& outcome) {
  const std::vector<SampleId>& changed = outcome.changed;
  // Which samples annotations are of is not told.
  if (!outcome.changed_objects.empty() ||
      std::find(changed.begin(), changed.end(), resting_on_) != changed.end()) {
    ask_again();
  }
}

void InspectDesk::frame(double now_secs) {
  const SampleId sample = session_.state().detail.sample;
  if (sample != resting_on_) {
    resting_on_ = sample;
    resting_since_secs_ = now_secs;
    ask_again();
  }
  // What was asked before the pictures' quality was known says nothing of it.
  const bool quality_known = session_.state().findings.quality != nullptr;
  if (quality_known && !quality_known_) forget_evidence();
  quality_known_ = quality_known;
  if (sample != 0 && now_secs - resting_since_secs_ >= kShortRestSecs) want_evidence();
  if (asked_ || sample == 0 || now_secs - resting_since_secs_ < kRestSecs) return;
  asked_ = true;
  const uint64_t number = newest_;
  session_.tasks().run(Lane::kPanels, [this, number, sample]() -> Tasks::Apply {
    auto history = std::make_shared<SampleHistory>();
    history->sample = sample;
    store::LogFilter filter;
    filter.sample = sample;
    filter.limit = kMostEntries;
    history->entries = session_.backend().log(filter);
    return [this, number, history] {
      if (number == newest_) session_.state().inspect.history = std::move(*history);
    };
  });
}

// The sample under the cursor, then the one after it.
void InspectDesk::want_evidence() {
  AppState& state = session_.state();
  if (known_.size() > kMostKnown) {
    known_.clear();
    evidence_asked_.clear();
  }
  const auto found = known_.find(resting_on_);
  if (found == known_.end()) return ask_evidence(resting_on_);
  if (state.inspect.evidence.sample != resting_on_ || shown_number_ != evidence_number_) {
    state.inspect.evidence = found->second;
    shown_number_ = evidence_number_;
  }
  if (!state.view || state.cursor + 1 >= state.view->order.size()) return;
  ask_evidence(state.snapshot.ids[state.sample_of(state.view->order[state.cursor + 1])]);
}

void InspectDesk::ask_evidence(SampleId sample) {
  // One at a time: the first waits until all embeddings are read, and pictures want the other
  // threads of the lane meanwhile.
  if (evidence_running_ || !evidence_asked_.insert(sample).second) return;
  evidence_running_ = true;
  const AppState& state = session_.state();
  session_.tasks().run(
      Lane::kImages,
      [this, sample, number = evidence_number_, embedded = has_embeddings(state),
       samples = state.snapshot.samples, quality = state.findings.quality,
       row = static_cast<RowIndex>(state.snapshot.row_of(sample))]() -> Tasks::Apply {
        auto evidence = std::make_shared<SampleEvidence>();
        evidence->sample = sample;
        if (embedded) {
          try {
            evidence->alike = session_.backend().alike({&sample, 1}, SampleEvidence::kMostAlike);
          } catch (const Error& error) {
            // Where only this one has no embedding the rest speaks for itself.
            if (error.category() == ErrorCategory::kUsage) evidence->lacks = error.what();
          }
        }
        const std::vector<int64_t>& ids = samples.find("id")->ints;
        for (const RowIndex other : copies_of(samples, row)) {
          if (evidence->copies.size() == kMostCopies) break;
          evidence->copies.push_back(ids[other]);
        }
        evidence->quality_known = quality != nullptr;
        if (quality) evidence->quality = quality_words(*quality, samples, row);
        return [this, number, evidence] {
          evidence_running_ = false;
          if (number == evidence_number_) known_[evidence->sample] = std::move(*evidence);
        };
      });
}

const SampleEvidence* InspectDesk::evidence(const AppState& state) {
  const SampleEvidence& evidence = state.inspect.evidence;
  return evidence.sample != 0 && evidence.sample == state.detail.sample ? &evidence : nullptr;
}

void InspectDesk::select_alike() {
  AppState& state = session_.state();
  const SampleEvidence* evidence = InspectDesk::evidence(state);
  const std::optional<RowIndex> cursor = state.cursor_row();
  if (evidence == nullptr || !cursor || state.objects_shown()) return;
  const Table& samples = state.snapshot.samples;
  const Column* label = samples.find("label");
  const Column* review = samples.find("review");
  const auto text = [](const Column* column, RowIndex row) {
    return column == nullptr || column->is_null(row) ? std::string_view() : column->text(row);
  };
  RowSet shown;
  shown.reset(samples.rows());
  for (const RowIndex row : state.view->order) shown.set(row, true);
  RowSet chosen;
  chosen.reset(samples.rows());
  const auto consider = [&](SampleId sample) {
    const size_t found = state.snapshot.row_of(sample);
    if (found == SIZE_MAX) return;
    const auto row = static_cast<RowIndex>(found);
    if (!shown.has(row) || text(review, row) != "unseen") return;
    if (text(label, row) != text(label, *cursor)) return;
    if (suggested_label(samples, row) != suggested_label(samples, *cursor)) return;
    chosen.set(row, true);
  };
  for (const Alike& each : evidence->alike) consider(each.sample);
  for (const SampleId each : evidence->copies) consider(each);
  if (chosen.count() == 0) {
    session_.show_note(
        "Nothing else that is shown looks like it with the same label and suggestion");
    return;
  }
  chosen.set(*cursor, true);
  state.selection = std::move(chosen);
  session_.show_note(fmt::format("{} look alike and have one label and one suggestion",
                                 with_thousands(state.selection.count())),
                     "Enter accepts, K keeps, A marks all of them; Esc lets them go");
}

bool InspectDesk::has_embeddings(const AppState& state) {
  return std::any_of(state.snapshot.runs.begin(), state.snapshot.runs.end(),
                     [](const RunSummary& run) { return run.embedding_columns > 0; });
}

InspectDesk::Asked InspectDesk::asked_now() const {
  const AppState& state = session_.state();
  return {state.loads, state.objects_shown(), state.filter.applied,
          state.sort,  state.round.number,    state.round.active()};
}

void InspectDesk::more_like_these() {
  constexpr size_t kShown = 200;
  constexpr size_t kMostAsked = 50;
  AppState& state = session_.state();
  // Of the rows that are shown, before others are.
  std::vector<RowIndex> first = state.targets().rows();
  if (first.size() > kMostAsked) first.resize(kMostAsked);
  std::vector<SampleId> like;
  for (const RowIndex row : first) like.push_back(state.snapshot.ids[row]);
  if (like.empty()) return;
  if (state.objects_shown()) session_.show_rows_of(CentreMode::kGrid);
  const Asked asked = asked_now();
  session_.tasks().run(Lane::kImages, [this, asked, like = std::move(like)]() -> Tasks::Apply {
    const std::vector<Alike> found = session_.backend().alike(like, kShown);
    return [this, asked, like, found] {
      similar_ = Similar{asked, like, found};
      show_similar();
    };
  });
}

void InspectDesk::view_taken() {
  show_similar();
}

// In the place of a view, so not before one is there.
void InspectDesk::show_similar() {
  const AppState& state = session_.state();
  if (!similar_ || !state.view || state.view_pending) return;
  const Similar similar = *std::exchange(similar_, std::nullopt);
  if (asked_now() != similar.asked) return;  // something else is looked at by now
  std::vector<RowIndex> order;
  const auto add = [&](SampleId sample) {
    const size_t row = state.snapshot.row_of(sample);
    if (row != SIZE_MAX) order.push_back(static_cast<RowIndex>(row));
  };
  for (const SampleId sample : similar.like) add(sample);
  for (const Alike& each : similar.found) add(each.sample);
  session_.round().pause();
  session_.show_order(std::move(order));
  session_.state().by_likeness = true;
  session_.set_cursor(0);
  session_.show_note(
      fmt::format("The {} samples most like {}", with_thousands(similar.found.size()),
                  similar.like.size() == 1
                      ? std::string("this one")
                      : fmt::format("these {}", with_thousands(similar.like.size()))),
      "F5 shows the samples of the filter again");
}

void InspectDesk::visit(RowIndex row) {
  const AppState& state = session_.state();
  if (!state.view || state.objects_shown() || session_.set_cursor_on(row)) return;
  std::vector<RowIndex> order = state.view->order;
  const size_t place = std::min(state.cursor, order.size());
  order.insert(order.begin() + static_cast<std::ptrdiff_t>(place), row);
  const bool by_likeness = state.by_likeness;
  session_.show_order(std::move(order));
  session_.state().by_likeness = by_likeness;
  session_.set_cursor(place);
  session_.show_note("This one is not among those that are shown: it stands before them here",
                     "Right goes back to where you were; F5 takes it away");
}

bool InspectDesk::complete() const {
  const AppState& state = session_.state();
  return state.detail.sample == resting_on_ &&
         (resting_on_ == 0 || (asked_ && state.inspect.evidence.sample == resting_on_));
}

std::vector<std::string> InspectDesk::other_runs() const {
  const AppState& state = session_.state();
  std::vector<std::string> runs;
  for (const RunSummary& run : state.snapshot.runs) {
    if (run.kind == "probabilities" && run.name != state.snapshot.samples.active_run) {
      runs.push_back(run.name);
    }
  }
  std::sort(runs.begin(), runs.end());
  return runs;
}

std::vector<std::string> InspectDesk::runs_beside() const {
  const std::vector<std::string>& hidden = session_.state().inspect.hidden_runs;
  std::vector<std::string> runs = other_runs();
  std::erase_if(runs, [&](const std::string& run) {
    return std::find(hidden.begin(), hidden.end(), run) != hidden.end();
  });
  if (runs.size() > InspectState::kMostOtherRuns) runs.resize(InspectState::kMostOtherRuns);
  return runs;
}

void InspectDesk::show_run_beside(const std::string& run, bool shown) {
  std::vector<std::string>& hidden = session_.state().inspect.hidden_runs;
  std::erase(hidden, run);
  if (!shown) {
    hidden.push_back(run);
  } else {
    // The newly chosen one takes the place of the last when there is no room for it.
    std::vector<std::string> beside = runs_beside();
    if (std::find(beside.begin(), beside.end(), run) == beside.end()) {
      hidden.push_back(beside.back());
    }
  }
  session_.ask_detail_again();
}

void InspectDesk::copy_path() {
  const SampleDetail& detail = session_.state().detail;
  if (detail.absolute_path.empty()) {
    throw Error(ErrorCategory::kNotFound, "the path of this sample is not known yet");
  }
  session_.state().inspect.clipboard = detail.absolute_path;
  session_.show_note("The path was copied");
}

void InspectDesk::open_folder() {
  const SampleDetail& detail = session_.state().detail;
  if (detail.absolute_path.empty()) {
    throw Error(ErrorCategory::kNotFound, "the path of this sample is not known yet");
  }
  const std::string folder(parent_path(detail.absolute_path));
  session_.tasks().run(Lane::kPanels, [folder]() -> Tasks::Apply {
    open_in_file_manager(folder);
    return nullptr;
  });
}

}  // namespace errata::viewer
