// Loads the state of a store as columns.
#pragma once

#include <string>

#include "base/workers.h"
#include "model/snapshot.h"
#include "store/store.h"

namespace errata::store {

struct SnapshotOptions {
  std::string active_run;  // empty: the newest with predictions; none when there is no run
  bool all_runs = true;    // false: columns of the active run only
  ParallelFor parallel =
      nullptr;  // columns are unpacked and made by several threads; empty: by this one
};

// Columns as model/scores.h documents them, attributes as "attr.NAME", those of a run as
// "NAME@run". label, label_given and every prediction share one dictionary whose first
// classes.size() codes are the project's classes. A sample with more than one label has NULL in
// `label` and all of them in the set column `labels`, which exists only when there is such a
// sample. One short read transaction. Error(kNotFound) for an unknown active run, kCorrupt.
Snapshot load_snapshot(Store& store, const SnapshotOptions& options = {});

}  // namespace errata::store
