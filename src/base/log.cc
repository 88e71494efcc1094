#include "base/log.h"

#include <cstdio>
#include <mutex>

namespace errata {

namespace {

struct LogState {
  std::mutex mutex;
  LogLevel lowest = LogLevel::kInfo;
  std::function<void(LogLevel, const std::string&)> sink;
};

LogState& log_state() {
  static LogState state;
  return state;
}

}  // namespace

void set_log_level(LogLevel lowest_shown) {
  std::lock_guard lock(log_state().mutex);
  log_state().lowest = lowest_shown;
}

void set_log_sink(std::function<void(LogLevel, const std::string&)> sink) {
  std::lock_guard lock(log_state().mutex);
  log_state().sink = std::move(sink);
}

void log_line(LogLevel level, const std::string& line) {
  LogState& state = log_state();
  std::lock_guard lock(state.mutex);
  if (level < state.lowest) return;
  if (state.sink) return state.sink(level, line);
  constexpr const char* kPrefix[] = {"debug: ", "", "warning: ", "error: "};
  std::fprintf(stderr, "errata: %s%s\n", kPrefix[static_cast<int>(level)], line.c_str());
}

}  // namespace errata
