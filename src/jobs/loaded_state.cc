#include "jobs/loaded_state.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "jobs/score_job.h"
#include "query/filter.h"
#include "store/snapshot_loader.h"

namespace errata::jobs {

namespace {

// A filter that names another run needs the columns of all.
bool names_runs(const std::string& where) {
  return to_lower_ascii(where).find("run") != std::string::npos ||
         where.find('@') != std::string::npos;
}

std::string run_choice_text(const Snapshot& snapshot) {
  if (snapshot.runs.size() < 2) return {};
  return fmt::format("run '{}', the newest of {} (choose with --run)", snapshot.samples.active_run,
                     snapshot.runs.size());
}

}  // namespace

const RunSummary* find_run(const Snapshot& snapshot, std::string_view name) {
  for (const RunSummary& run : snapshot.runs) {
    if (run.name == name) return &run;
  }
  return nullptr;
}

void bring_up_to_date(const std::string& store_path) {
  try {
    store::Store::open(store_path, store::Access::kRead);
  } catch (const Error& error) {
    if (error.category() != ErrorCategory::kUnsupported) throw;
    store::Store::open(store_path, store::Access::kWrite).close();
  }
}

LoadedState load_state(const StateOptions& options) {
  LoadedState state{store::Store::open(options.store_path, store::Access::kRead),
                    Snapshot(),
                    query::Selection(),
                    {},
                    {},
                    {}};
  store::SnapshotOptions snapshot_options;
  snapshot_options.active_run = options.run;
  snapshot_options.all_runs = names_runs(options.where);
  state.snapshot = store::load_snapshot(state.store, snapshot_options);
  state.run = state.snapshot.samples.active_run;
  if (options.run.empty()) state.run_choice = run_choice_text(state.snapshot);
  if (options.needs_run && state.run.empty()) {
    throw Error(ErrorCategory::kNotFound, "the store has no predictions yet",
                "Run `errata infer --model FILE` or `errata predictions FILE` first.",
                options.store_path);
  }
  if (options.where.empty()) {
    state.selection = query::Selection::all(state.snapshot.samples.rows());
    return state;
  }
  const query::Filter filter = query::parse_typed_filter(options.where, state.snapshot.samples);
  for (const query::FilterNote& note : query::check_filter(filter, state.snapshot.samples)) {
    state.notes.push_back(note.message);
  }
  const std::vector<std::string> columns = filter.columns();
  const bool uses_label_scores =
      std::any_of(columns.begin(), columns.end(), [](const std::string& name) {
        return name.starts_with("loss") || name.starts_with("self_confidence");
      });
  if (uses_label_scores) fill_stale_scores(state);
  state.selection = query::evaluate(filter, state.snapshot.samples);
  return state;
}

size_t leave_out_excluded(LoadedState& state, const std::string& where) {
  if (!where.empty()) {
    for (const std::string& name : query::parse_filter(where).columns()) {
      if (name == "excluded" || name == "review") return 0;
    }
  }
  return leave_out_excluded(state.selection, state.snapshot.samples);
}

size_t leave_out_excluded(query::Selection& selection, const Table& samples) {
  const Column* excluded = samples.find("excluded");
  if (excluded == nullptr) return 0;
  query::Selection left_out(selection.rows());
  selection.for_each([&](RowIndex row) {
    if (excluded->bytes[row] != 0) left_out.set(row);
  });
  selection.subtract(left_out);
  return left_out.count();
}

std::vector<uint8_t> kept_labels(const Snapshot& snapshot, std::span<const RowIndex> rows) {
  std::vector<uint8_t> kept(rows.size(), 0);
  const Column* review = snapshot.samples.find("review");
  if (review == nullptr) return kept;
  for (size_t i = 0; i < rows.size(); ++i) {
    kept[i] = !review->is_null(rows[i]) && review->text(rows[i]) == "kept" ? 1 : 0;
  }
  return kept;
}

std::vector<std::string> narrowing_warnings(const LoadedState& state, const std::string& where,
                                            std::string_view column) {
  std::vector<std::string> warnings = state.notes;
  const Column* before = where.empty() ? nullptr : state.snapshot.samples.find(column);
  if (before == nullptr) return warnings;
  size_t others = 0;
  for (RowIndex row = 0; row < state.snapshot.samples.rows(); ++row) {
    others += !before->is_null(row) && !state.selection.test(row) ? 1 : 0;
  }
  if (others > 0) {
    warnings.push_back(
        fmt::format("what was found before of {} that this filter leaves out is gone: it was found "
                    "among others",
                    plural(others, "sample")));
  }
  return warnings;
}

std::string trained_on_warning(const Snapshot& snapshot, const RunSummary& run,
                               const query::Selection& rows) {
  if (run.trained_on.empty()) return {};
  query::Selection trained;
  try {
    trained = query::evaluate(query::parse_filter(run.trained_on), snapshot.samples);
  } catch (const Error& error) {
    return fmt::format("what run '{}' was trained on can no longer be told: {}", run.name,
                       error.what());
  }
  const size_t total = rows.count();
  trained &= rows;
  const size_t seen = trained.count();
  if (seen == 0) return {};
  return fmt::format(
      "run '{}' was trained on {} of these {} samples ({}): it repeats their labels, errors "
      "included",
      run.name, with_thousands(seen), with_thousands(total), run.trained_on);
}

std::vector<std::string> run_warnings(const LoadedState& state) {
  std::vector<std::string> warnings = state.notes;
  const RunSummary* run = find_run(state.snapshot, state.run);
  if (run == nullptr) return warnings;
  const std::string trained = trained_on_warning(state.snapshot, *run, state.selection);
  if (!trained.empty()) warnings.push_back(trained);
  if (run->state != RunState::kComplete) {
    warnings.push_back(fmt::format("run '{}' is not complete", run->name));
  }
  return warnings;
}

size_t fill_stale_scores(LoadedState& state) {
  const RunSummary* run = find_run(state.snapshot, state.run);
  if (run == nullptr || !run->scores_stale) return 0;
  return fill_label_scores(state.store, state.snapshot, *run);
}

}  // namespace errata::jobs
