#include "cli/progress_display.h"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <mutex>

#include "base/text.h"
#include "base/workers.h"

namespace errata::cli {

namespace {

using Clock = std::chrono::steady_clock;
constexpr auto kPeriod = std::chrono::milliseconds(100);

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

}  // namespace

std::string progress_line(const std::string& stage, uint64_t done, uint64_t total,
                          double elapsed_secs) {
  std::string line = stage.empty() ? "working" : stage;
  if (done == 0 && total == 0) return line;
  line += "  " + with_thousands(done);
  if (total > 0) {
    const uint64_t shown_done = done < total ? done : total;
    line += fmt::format(" of {}  {} %", with_thousands(total), shown_done * 100 / total);
  }
  if (elapsed_secs < 0.2 || done == 0) return line;
  const double rate_per_sec = static_cast<double>(done) / elapsed_secs;
  line += rate_per_sec >= 10
              ? fmt::format("  {}/s", with_thousands(static_cast<uint64_t>(rate_per_sec)))
              : fmt::format("  {:.1f}/s", rate_per_sec);
  if (total > done) {
    const double left_secs = static_cast<double>(total - done) / rate_per_sec;
    line += "  " +
            (left_secs < 60 ? fmt::format("{:.0f} s", left_secs) : human_duration(left_secs)) +
            " left";
  }
  return line;
}

struct ProgressDisplay::State {
  explicit State(const Progress& shown_progress)
      : progress(shown_progress), workers(1, "progress") {}

  void loop() {
    std::unique_lock lock(mutex);
    Clock::time_point stage_start = Clock::now();
    uint64_t stage_number = progress.stage_number();
    while (!stop_cv.wait_for(lock, kPeriod, [&] { return stop; })) {
      if (progress.stage_number() != stage_number) {
        stage_number = progress.stage_number();
        stage_start = Clock::now();
      }
      if (stage_number == 0) continue;
      const std::string line = progress_line(progress.stage(), progress.done(), progress.total(),
                                             seconds_since(stage_start));
      std::fputs(("\r\x1b[K" + line).c_str(), stderr);
      std::fflush(stderr);
      drawn = true;
    }
    if (drawn) std::fputs("\r\x1b[K", stderr);
  }

  const Progress& progress;
  std::mutex mutex;
  std::condition_variable stop_cv;
  bool stop = false;
  bool drawn = false;
  WorkerGroup workers;  // last: its destructor waits for loop()
};

ProgressDisplay::ProgressDisplay(const Progress& progress, bool enabled) {
  if (!enabled) return;
  state_ = std::make_unique<State>(progress);
  state_->workers.submit([state = state_.get()] { state->loop(); });
}

ProgressDisplay::~ProgressDisplay() {
  if (state_ == nullptr) return;
  {
    std::lock_guard lock(state_->mutex);
    state_->stop = true;
  }
  state_->stop_cv.notify_all();
}

bool stderr_is_terminal() {
  return ::isatty(STDERR_FILENO) == 1;
}

}  // namespace errata::cli
