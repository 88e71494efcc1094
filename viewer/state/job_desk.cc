#include "viewer/state/job_desk.h"

#include "base/workers.h"
#include "viewer/state/session.h"

namespace errata::viewer {

JobDesk::JobDesk(Session& session)
    : session_(session), runner_(std::make_unique<jobs::JobRunner>(hardware_threads())) {}

jobs::JobId JobDesk::start(std::string title, jobs::JobRunner::JobFn fn) {
  // The Tasks outlive the runner: close() ends the runner first.
  return runner_->start(std::move(title), std::move(fn), [this](const jobs::JobStatus& status) {
    session_.tasks().post([this, status] {
      if (status.error) session_.show_error(*status.error);
      session_.reload();
    });
  });
}

}  // namespace errata::viewer
