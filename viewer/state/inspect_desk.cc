#include "viewer/state/inspect_desk.h"

#include <algorithm>
#include <memory>
#include <numeric>

#include "base/files.h"
#include "viewer/state/desktop.h"
#include "viewer/state/session.h"

namespace errata::viewer {

namespace {

// A cursor on its way through the grid asks for nothing.
constexpr double kRestSecs = 0.15;
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

void InspectDesk::edited(const EditOutcome& outcome) {
  const std::vector<SampleId>& changed = outcome.changed;
  if (std::find(changed.begin(), changed.end(), resting_on_) != changed.end()) ask_again();
}

void InspectDesk::frame(double now_secs) {
  const SampleId sample = session_.state().detail.sample;
  if (sample != resting_on_) {
    resting_on_ = sample;
    resting_since_secs_ = now_secs;
    ask_again();
  }
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

bool InspectDesk::complete() const {
  const AppState& state = session_.state();
  return state.detail.sample == resting_on_ && (resting_on_ == 0 || asked_);
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
