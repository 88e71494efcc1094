// The log: the only singleton. Lines go to stderr (or wherever set_log_sink says); library code
// never prints by other ways. Lost data is an error, never a warning.
#pragma once

#include <fmt/format.h>

#include <functional>
#include <string>

namespace errata {

enum class LogLevel { kDebug, kInfo, kWarning, kError };

void set_log_level(LogLevel lowest_shown);
// Called under a lock, from any thread. An empty function restores stderr.
void set_log_sink(std::function<void(LogLevel, const std::string&)> sink);
void log_line(LogLevel level, const std::string& line);

template <typename... Args>
void log_info(fmt::format_string<Args...> format, Args&&... args) {
  log_line(LogLevel::kInfo, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void log_warning(fmt::format_string<Args...> format, Args&&... args) {
  log_line(LogLevel::kWarning, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void log_error(fmt::format_string<Args...> format, Args&&... args) {
  log_line(LogLevel::kError, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace errata
