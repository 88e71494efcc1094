// What every job is handed besides its options: where to report, when to stop, who helps.
#pragma once

#include <functional>
#include <string>

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
  // Something a person should read before the job is over ("format: imagefolder, because ..."), on
  // the job's thread; may be empty.
  std::function<void(const std::string&)> say = {};

  void tell(const std::string& line) const {
    if (say) say(line);
  }
};

}  // namespace errata::jobs
