#include "jobs/existing_run.h"

#include <fmt/format.h>

#include "base/error.h"
#include "store/runs.h"

namespace errata::jobs {

void refuse_existing_run(store::Store& store, const std::string& name, Resumable resumable) {
  for (const store::RunInfo& run : store::list_runs(store)) {
    if (run.summary.name != name) continue;
    const bool unended = resumable == Resumable::kYes && run.summary.state != RunState::kComplete;
    throw Error(
        ErrorCategory::kConflict,
        fmt::format("there is a run '{}' already{}", name, unended ? ", which did not end" : ""),
        unended ? "--resume goes on with it, --replace begins it anew"
                : "--replace begins it anew, --run NAME names another",
        store.path());
  }
}

}  // namespace errata::jobs
