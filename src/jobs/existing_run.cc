#include "jobs/existing_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/error.h"
#include "base/text.h"
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

void refuse_absent_run(store::Store& store, const std::string& name) {
  std::vector<std::string> names;
  for (const store::RunInfo& run : store::list_runs(store)) names.push_back(run.summary.name);
  if (std::find(names.begin(), names.end(), name) != names.end()) return;
  std::vector<std::string> listed = nearest_words(name, names);
  for (const std::string& other : names) {
    if (std::find(listed.begin(), listed.end(), other) == listed.end()) listed.push_back(other);
  }
  constexpr size_t kMostListed = 20;
  const bool more = listed.size() > kMostListed;
  if (more) listed.resize(kMostListed);
  const std::string known =
      listed.empty()
          ? "The store has no runs yet."
          : fmt::format("There are: {}{}.", fmt::join(listed, ", "), more ? ", ..." : "");
  throw Error(ErrorCategory::kNotFound, fmt::format("there is no run '{}' to resume", name),
              known + " Without --resume it is begun.", store.path());
}

}  // namespace errata::jobs
