// What every job is handed besides its options: where to report, when to stop, who helps.
#pragma once

#include "base/issue_log.h"
#include "base/progress.h"
#include "base/workers.h"

namespace errata::jobs {

// The referenced objects outlive the job. A job calls progress.start_stage for each of its stages,
// asks `cancel` between items, and throws Error(kInterrupted) after leaving the store consistent.
struct JobContext {
  Progress& progress;
  CancelToken& cancel;
  IssueLog& issues;
  WorkerGroup& workers;
};

}  // namespace errata::jobs
