// Starts the jobs of src/jobs on behalf of the windows: the same options structs and functions as
// the command line's.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "jobs/job_runner.h"
#include "viewer/state/session_part.h"

namespace errata::viewer {

class Session;

class JobDesk : public SessionPart {
 public:
  explicit JobDesk(Session& session);

  // Queues a job. Once it is done, the store is loaded again.
  jobs::JobId start(std::string title, jobs::JobRunner::JobFn fn);
  void cancel(jobs::JobId id) { runner_->cancel(id); }
  const jobs::JobRunner& runner() const { return *runner_; }
  jobs::JobRunner& runner() { return *runner_; }
  void close() { runner_.reset(); }

 private:
  Session& session_;
  std::unique_ptr<jobs::JobRunner> runner_;
};

}  // namespace errata::viewer
