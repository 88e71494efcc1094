#include "viewer/app/store_news.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "store/runs.h"
#include "store/saved_views.h"

namespace errata::viewer {

namespace {

// Differs from any state in all that a snapshot compares, so that following makes everything anew.
store::SampleState unknown_state(const store::SampleState& now) {
  store::SampleState state;
  state.labels = {-1};
  state.review = now.review == store::Review::kKept ? store::Review::kUnseen : store::Review::kKept;
  state.split = now.split + " before";
  state.tags = now.tags;
  state.tags.emplace_back("before");
  return state;
}

}  // namespace

int64_t newest_event(store::Store& store) {
  store::LogFilter filter;
  filter.limit = 1;
  const std::vector<store::LogEntry> newest = store::read_log(store, filter);
  return newest.empty() ? 0 : newest.front().event;
}

std::vector<store::LogEntry> events_after(store::Store& store, int64_t event) {
  store::LogFilter filter;
  filter.limit = std::min<size_t>(
      kMostFollowed, static_cast<size_t>(std::max<int64_t>(newest_event(store) - event, 0)));
  if (filter.limit == 0) return {};
  std::vector<store::LogEntry> entries = store::read_log(store, filter);
  std::erase_if(entries, [&](const store::LogEntry& entry) { return entry.event <= event; });
  return entries;
}

std::vector<RunId> complete_runs(store::Store& store) {
  std::vector<RunId> runs;
  for (const store::RunInfo& run : store::list_runs(store)) {
    if (run.summary.state == RunState::kComplete) runs.push_back(run.summary.id);
  }
  return runs;
}

std::string views_stamp(store::Store& store) {
  std::string stamp;
  for (const store::SavedView& view : store::list_saved_views(store)) {
    stamp += fmt::format("{}\n{}\n{}\n{}\n", view.name, view.filter, view.sort, view.options_json);
  }
  return stamp;
}

bool not_a_decision(const store::LogEntry& entry) {
  // What others changed about boxes is loaded anew.
  return entry.sample == 0 || entry.what.starts_with("object-") ||
         entry.what.starts_with("detection-") || entry.batch_kind == "import" ||
         entry.batch_kind == "class";
}

store::AppliedBatch as_batch(store::Store& store, const std::vector<store::LogEntry>& entries) {
  std::set<SampleId> changed;
  std::set<SampleId> relabelled;
  store::AppliedBatch batch;
  for (const store::LogEntry& entry : entries) {
    changed.insert(entry.sample);
    if (entry.from != entry.to && entry.what == "label") relabelled.insert(entry.sample);
    batch.batch = std::max(batch.batch, entry.batch);
  }
  const std::vector<SampleId> samples(changed.begin(), changed.end());
  const std::vector<store::SampleState> states = store::read_states(store, samples);
  for (size_t i = 0; i < samples.size(); ++i) {
    batch.edits.push_back({samples[i], unknown_state(states[i]), states[i]});
  }
  batch.relabelled.assign(relabelled.begin(), relabelled.end());
  batch.label_revision = store::label_revision(store);
  return batch;
}

std::string decisions_text(const std::vector<store::LogEntry>& entries,
                           const std::set<int64_t>& own_batches) {
  std::set<SampleId> samples;
  std::set<std::string> who;
  for (const store::LogEntry& entry : entries) {
    if (own_batches.contains(entry.batch)) continue;
    samples.insert(entry.sample);
    who.insert(to_valid_utf8(entry.who));
  }
  if (samples.empty()) return {};
  return fmt::format(
      "{} decided on {} elsewhere; it is shown here too",
      who.size() == 1 ? *who.begin() : std::string("Others"),
      samples.size() == 1 ? std::string("a sample") : with_thousands(samples.size()) + " samples");
}

}  // namespace errata::viewer
