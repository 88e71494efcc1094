// Background jobs with a state that can be drawn: the viewer's way to start what the command line
// runs in the foreground.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "jobs/job_context.h"

namespace errata::jobs {

enum class JobState : uint8_t { kQueued, kRunning, kDone, kFailed, kCancelled };

using JobId = uint64_t;

// A copy of a job's state at one moment.
struct JobStatus {
  JobId id = 0;
  std::string title;
  JobState state = JobState::kQueued;
  std::string stage;
  uint64_t done = 0;
  uint64_t total = 0;
  double elapsed_secs = 0;  // since it began to run
  uint64_t issues_rejected = 0;
  uint64_t issues_warned = 0;
  std::string summary;         // what the job returned, one line for a person
  std::optional<Error> error;  // kFailed
};

// Runs one job after the other on a thread of its own; each gets its own progress, cancel token and
// issue log, and shares one worker group. All functions may be called from any thread. The
// destructor cancels what runs, drops what waits, and waits.
class JobRunner {
 public:
  // The returned text is the job's summary. Thrown Errors become the job's error.
  using JobFn = std::function<std::string(JobContext&)>;

  explicit JobRunner(size_t worker_threads);
  ~JobRunner();
  JobRunner(const JobRunner&) = delete;
  JobRunner& operator=(const JobRunner&) = delete;

  // `on_finished` is called on the job's thread after the state is final; may be empty.
  JobId start(std::string title, JobFn fn,
              std::function<void(const JobStatus&)> on_finished = nullptr);
  void cancel(JobId id);  // a queued job never starts; unknown ids are ignored
  std::optional<JobStatus> status(JobId id) const;
  std::vector<JobStatus> all() const;  // oldest first; the last hundred finished ones are kept
  bool busy() const;                   // something is queued or running
  void wait_idle();
  // The issues of a finished job; empty for others.
  std::vector<Issue> issues_of(JobId id) const;

 private:
  struct Job;
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace errata::jobs
