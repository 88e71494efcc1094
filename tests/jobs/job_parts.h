// What a job is run with, for the fixtures of tests.
#pragma once

#include "base/issue_log.h"
#include "base/progress.h"
#include "base/workers.h"
#include "jobs/job_context.h"

namespace errata::jobs {

struct JobParts {
  explicit JobParts(size_t threads) : workers(threads) {}
  JobContext job() { return {progress, cancel, issues, workers}; }

  Progress progress;
  CancelToken cancel;
  IssueLog issues;
  WorkerGroup workers;
};

}  // namespace errata::jobs
