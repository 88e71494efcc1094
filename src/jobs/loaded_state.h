// The state of a store as a command that reads wants it: snapshot, run, rows that a filter selects.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/snapshot.h"
#include "query/selection.h"
#include "store/store.h"

namespace errata::jobs {

struct StateOptions {
  std::string store_path = "errata.db";
  std::string run;    // empty: the only one, or the newest
  std::string where;  // filter; empty: all
  bool needs_run = false;
};

struct LoadedState {
  store::Store store;  // open to read
  Snapshot snapshot;
  query::Selection selection;
  std::string run;                 // name; empty when the store has none
  std::string run_choice;          // why this one, when there were several: a sentence; else empty
  std::vector<std::string> notes;  // legal, and surely not what was meant
};

// For what writes after it has read: brings a store of an older schema up to date, which reading
// alone refuses to. Changes nothing in one of today, and asks no leave to write to it.
void bring_up_to_date(const std::string& store_path);

// Throws Error(kNotFound) for an unknown run or when one is needed and there is none, FilterError
// for the filter. Only the columns of the run are loaded unless the filter names another.
LoadedState load_state(const StateOptions& options);

// Takes what a person excluded out of the selection, unless `where` speaks of `excluded` or
// `review`. Returns how many samples that left out.
size_t leave_out_excluded(LoadedState& state, const std::string& where);
// The same out of any rows of `samples`.
size_t leave_out_excluded(query::Selection& selection, const Table& samples);

// 1 for each of `rows` whose label a person kept.
std::vector<uint8_t> kept_labels(const Snapshot& snapshot, std::span<const RowIndex> rows);

const RunSummary* find_run(const Snapshot& snapshot, std::string_view name);

// Where predictions are measured or ranked on the samples that the run was trained on: one
// sentence, else empty. `rows` are those that matter.
std::string trained_on_warning(const Snapshot& snapshot, const RunSummary& run,
                               const query::Selection& rows);

// What is to be said of `where`, which narrowed the selection before `column` is written for it
// alone: the state's notes, and that what other samples have there will be gone.
std::vector<std::string> narrowing_warnings(const LoadedState& state, const std::string& where,
                                            std::string_view column);

// What is to be said of the numbers of the state's run on the selected rows: the state's notes,
// that the run was trained on them, that it is not complete.
std::vector<std::string> run_warnings(const LoadedState& state);

// Gives loss and self_confidence of the run to rows whose label changed since they were stored:
// from the run's probabilities and the labels of the snapshot. Returns how many rows were filled.
size_t fill_stale_scores(LoadedState& state);

}  // namespace errata::jobs
