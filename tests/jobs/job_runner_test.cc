#include "jobs/job_runner.h"

#include <doctest/doctest.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>

namespace errata::jobs {

TEST_CASE("a job runs, reports and ends with its summary") {
  JobRunner runner(1);
  std::atomic<int> finished{0};
  const JobId id = runner.start(
      "count",
      [](JobContext& context) {
        context.progress.start_stage("counting", 3);
        context.workers.parallel_for(3, 1, [&](size_t, size_t) { context.progress.add(); });
        context.issues.warn("odd", "file", "row 1", "x", "An odd thing.");
        return std::string("counted");
      },
      [&](const JobStatus& status) { finished += status.state == JobState::kDone; });
  runner.wait_idle();
  const auto status = runner.status(id);
  REQUIRE(status.has_value());
  CHECK(status->state == JobState::kDone);
  CHECK(status->summary == "counted");
  CHECK(status->done == 3);
  CHECK(status->issues_warned == 1);
  CHECK(runner.issues_of(id).size() == 1);
  CHECK(finished == 1);
  CHECK(!runner.busy());
}

namespace {
int nice_of_this_thread() {
  return ::getpriority(PRIO_PROCESS, static_cast<id_t>(::syscall(SYS_gettid)));
}
}  // namespace

TEST_CASE("a job and its workers give way to the thread that started it") {
  const int mine = nice_of_this_thread();
  if (mine >= 19) return;  // nothing is lower
  JobRunner runner(2);
  std::atomic<int> seen{0};
  std::atomic<int> lower{0};
  runner.start("work", [&](JobContext& context) {
    std::atomic<int> inside{0};
    context.workers.parallel_for(3, 1, [&](size_t, size_t) {
      ++seen;
      if (nice_of_this_thread() > mine) ++lower;
      for (++inside; inside < 3;) {  // so that each range has a thread of its own
      }
    });
    return std::string();
  });
  runner.wait_idle();
  CHECK(seen == 3);
  CHECK(lower == 3);
  CHECK(nice_of_this_thread() == mine);
}

TEST_CASE("a thrown error is the job's, and the next job runs") {
  JobRunner runner(1);
  const JobId bad = runner.start(
      "bad", [](JobContext&) -> std::string { throw Error(ErrorCategory::kBadInput, "broken"); });
  const JobId good = runner.start("good", [](JobContext&) { return std::string("fine"); });
  runner.wait_idle();
  CHECK(runner.status(bad)->state == JobState::kFailed);
  CHECK(runner.status(bad)->error->category() == ErrorCategory::kBadInput);
  CHECK(runner.status(good)->state == JobState::kDone);
}

TEST_CASE("cancelling stops what runs and keeps what waits from starting") {
  JobRunner runner(1);
  std::atomic<bool> running{false};
  const JobId first = runner.start("first", [&](JobContext& context) -> std::string {
    running = true;
    while (true) context.cancel.check();
  });
  const JobId second = runner.start("second", [](JobContext&) { return std::string("ran"); });
  while (!running) {
  }
  runner.cancel(second);
  runner.cancel(first);
  runner.wait_idle();
  CHECK(runner.status(first)->state == JobState::kCancelled);
  CHECK(runner.status(second)->state == JobState::kCancelled);
  CHECK(runner.status(second)->summary.empty());
}

TEST_CASE("the runner's end stops what runs") {
  std::atomic<bool> running{false};
  JobRunner runner(1);
  runner.start("endless", [&](JobContext& context) -> std::string {
    running = true;
    while (true) context.cancel.check();
  });
  while (!running) {
  }
}

}  // namespace errata::jobs
