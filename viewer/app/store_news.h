// What others wrote to a store since it was loaded: read from its log, followed in place where it
// is nothing but decisions.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "store/edits.h"
#include "store/history.h"
#include "store/store.h"

namespace errata::viewer {

// More events of others than these, at once, are read by loading the store again.
inline constexpr size_t kMostFollowed = 4096;

// 0 when the log is empty.
int64_t newest_event(store::Store& store);
// Newest first, at most kMostFollowed.
std::vector<store::LogEntry> events_after(store::Store& store, int64_t event);
// A run that is being made counts once it is complete.
std::vector<RunId> complete_runs(store::Store& store);
// Another once a view was saved or deleted.
std::string views_stamp(store::Store& store);

// An import or a change of the classes: not to be followed sample by sample.
bool not_a_decision(const store::LogEntry& entry);
// The present state of all that the entries are about, as one batch for apply_to_snapshot().
store::AppliedBatch as_batch(store::Store& store, const std::vector<store::LogEntry>& entries);
// "anna decided on 3 samples elsewhere"; nothing when all of it is our own.
std::string decisions_text(const std::vector<store::LogEntry>& entries,
                           const std::set<int64_t>& own_batches);

}  // namespace errata::viewer
