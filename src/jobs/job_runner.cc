#include "jobs/job_runner.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>

#include "base/priority.h"

namespace errata::jobs {

namespace {

using Clock = std::chrono::steady_clock;
constexpr size_t kKeptFinishedJobs = 100;

bool is_final(JobState state) {
  return state == JobState::kDone || state == JobState::kFailed || state == JobState::kCancelled;
}

}  // namespace

struct JobRunner::Job {
  JobId id = 0;
  std::string title;
  JobFn fn;
  std::function<void(const JobStatus&)> on_finished;
  Progress progress;
  CancelToken cancel;
  IssueLog issues;
  // Guarded by State::mutex.
  JobState state = JobState::kQueued;
  Clock::time_point started;
  Clock::time_point finished;
  std::string summary;
  std::optional<Error> error;
};

struct JobRunner::State {
  explicit State(size_t worker_threads)
      : worker_threads(worker_threads), thread(1, "errata-jobs") {}

  JobStatus status_of(const Job& job) const {
    JobStatus status;
    status.id = job.id;
    status.title = job.title;
    status.state = job.state;
    status.stage = job.progress.stage();
    status.done = job.progress.done();
    status.total = job.progress.total();
    if (job.state != JobState::kQueued) {
      const Clock::time_point end = is_final(job.state) ? job.finished : Clock::now();
      status.elapsed_secs = std::chrono::duration<double>(end - job.started).count();
    }
    status.issues_rejected = job.issues.rejected();
    status.issues_warned = job.issues.warned();
    status.summary = job.summary;
    status.error = job.error;
    return status;
  }

  std::shared_ptr<Job> find(JobId id) const {
    const auto found =
        std::find_if(jobs.begin(), jobs.end(), [&](const auto& job) { return job->id == id; });
    return found == jobs.end() ? nullptr : *found;
  }

  void run(const std::shared_ptr<Job>& job) {
    {
      std::lock_guard lock(mutex);
      job->started = Clock::now();
      if (job->cancel.cancelled()) {
        job->finished = job->started;
        job->state = JobState::kCancelled;
      } else {
        job->state = JobState::kRunning;
      }
    }
    if (job->state == JobState::kRunning) run_function(*job);
    job->fn = nullptr;
    JobStatus final_status;
    {
      std::lock_guard lock(mutex);
      final_status = status_of(*job);
    }
    if (job->on_finished) job->on_finished(final_status);
    forget_old();
  }

  void run_function(Job& job) {
    std::string summary;
    std::optional<Error> error;
    JobState state = JobState::kDone;
    try {
      // Threads inherit how their maker gives way: the workers are made here, by the jobs' thread.
      give_way();
      if (!workers) workers = std::make_unique<WorkerGroup>(worker_threads);
      JobContext context{job.progress, job.cancel, job.issues, *workers};
      summary = job.fn(context);
    } catch (const Error& thrown) {
      state = thrown.category() == ErrorCategory::kInterrupted ? JobState::kCancelled
                                                               : JobState::kFailed;
      error = thrown;
    } catch (const std::exception& thrown) {
      state = JobState::kFailed;
      error = Error(ErrorCategory::kInternal, thrown.what());
    }
    std::lock_guard lock(mutex);
    job.finished = Clock::now();
    job.summary = std::move(summary);
    job.error = std::move(error);
    job.state = state;
  }

  void forget_old() {
    std::lock_guard lock(mutex);
    auto finished = std::count_if(jobs.begin(), jobs.end(),
                                  [](const auto& job) { return is_final(job->state); });
    while (finished > static_cast<std::ptrdiff_t>(kKeptFinishedJobs) &&
           is_final(jobs.front()->state)) {
      jobs.pop_front();
      --finished;
    }
  }

  mutable std::mutex mutex;
  std::deque<std::shared_ptr<Job>> jobs;
  JobId next_id = 1;
  const size_t worker_threads;
  std::unique_ptr<WorkerGroup> workers;
  WorkerGroup thread;  // last: its destructor waits for the job that uses the rest
};

JobRunner::JobRunner(size_t worker_threads) : state_(std::make_shared<State>(worker_threads)) {}

JobRunner::~JobRunner() {
  std::lock_guard lock(state_->mutex);
  for (const auto& job : state_->jobs) job->cancel.cancel();
}

JobId JobRunner::start(std::string title, JobFn fn,
                       std::function<void(const JobStatus&)> on_finished) {
  auto job = std::make_shared<Job>();
  job->title = std::move(title);
  job->fn = std::move(fn);
  job->on_finished = std::move(on_finished);
  {
    std::lock_guard lock(state_->mutex);
    job->id = state_->next_id++;
    state_->jobs.push_back(job);
  }
  state_->thread.submit([state = state_.get(), job] { state->run(job); });
  return job->id;
}

void JobRunner::cancel(JobId id) {
  std::lock_guard lock(state_->mutex);
  if (const auto job = state_->find(id)) job->cancel.cancel();
}

std::optional<JobStatus> JobRunner::status(JobId id) const {
  std::lock_guard lock(state_->mutex);
  const auto job = state_->find(id);
  if (job == nullptr) return std::nullopt;
  return state_->status_of(*job);
}

std::vector<JobStatus> JobRunner::all() const {
  std::lock_guard lock(state_->mutex);
  std::vector<JobStatus> statuses;
  for (const auto& job : state_->jobs) statuses.push_back(state_->status_of(*job));
  return statuses;
}

bool JobRunner::busy() const {
  std::lock_guard lock(state_->mutex);
  return std::any_of(state_->jobs.begin(), state_->jobs.end(),
                     [](const auto& job) { return !is_final(job->state); });
}

void JobRunner::wait_idle() {
  state_->thread.wait_idle();
}

std::vector<Issue> JobRunner::issues_of(JobId id) const {
  std::shared_ptr<Job> job;
  {
    std::lock_guard lock(state_->mutex);
    job = state_->find(id);
    if (job == nullptr || !is_final(job->state)) return {};
  }
  return job->issues.issues();
}

}  // namespace errata::jobs
