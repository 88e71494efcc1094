#include "viewer/platform/virtual_display.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <string_view>

#include "base/error.h"

extern char** environ;

namespace errata::viewer {

namespace {

constexpr int kStartTimeoutMs = 20'000;
constexpr int kEndTimeoutMs = 5'000;

// The number that Xvfb writes when it is ready; empty when it ends or says nothing.
std::string read_display_number(int descriptor) {
  std::string number;
  std::array<char, 16> buffer{};
  for (;;) {
    pollfd waiting{descriptor, POLLIN, 0};
    if (poll(&waiting, 1, kStartTimeoutMs) <= 0) return {};
    const ssize_t got = read(descriptor, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return {};
    number.append(buffer.data(), static_cast<size_t>(got));
    if (number.back() == '\n') {
      number.pop_back();
      return number;
    }
  }
}

// Ends Xvfb. Said again and again: Xvfb looks whether it is to end right before it waits for
// clients, so a signal that comes between the two is not heeded until something else wakes it.
void end_process(pid_t pid) {
  constexpr int kStepMs = 10;
  for (int waited = 0; waited < kEndTimeoutMs; waited += kStepMs) {
    kill(pid, SIGTERM);
    if (waitpid(pid, nullptr, WNOHANG) != 0) return;
    poll(nullptr, 0, kStepMs);
  }
  kill(pid, SIGKILL);
  waitpid(pid, nullptr, 0);
}

}  // namespace

VirtualDisplay::VirtualDisplay(int width_px, int height_px) {
  std::array<int, 2> ends{};
  if (pipe(ends.data()) != 0) throw io_error("make a pipe", "", errno);
  fcntl(ends[0], F_SETFD, FD_CLOEXEC);
  const std::string screen = std::to_string(width_px) + "x" + std::to_string(height_px) + "x24";
  const std::string descriptor = std::to_string(ends[1]);
  // -terminate: it also ends when this program dies without saying so.
  std::array<const char*, 10> arguments{"Xvfb",       "-displayfd",   descriptor.c_str(), "-screen",
                                        "0",          screen.c_str(), "-nolisten",        "tcp",
                                        "-terminate", nullptr};
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
  const int failed = posix_spawnp(&pid_, "Xvfb", &actions, nullptr,
                                  const_cast<char* const*>(arguments.data()), environ);
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  const std::string number = failed == 0 ? read_display_number(ends[0]) : std::string();
  close(ends[0]);
  if (number.empty()) {
    if (failed == 0) end_process(pid_);
    throw Error(ErrorCategory::kUnsupported, "cannot start a virtual display (Xvfb)",
                "apt-get install xvfb libgl1-mesa-dri, or set DISPLAY");
  }
  name_ = ":" + number;
  setenv("DISPLAY", name_.c_str(), 1);
}

VirtualDisplay::~VirtualDisplay() {
  end_process(pid_);
  // Whoever comes next is not to look for it.
  const char* display = getenv("DISPLAY");
  if (display != nullptr && name_ == display) unsetenv("DISPLAY");
}

}  // namespace errata::viewer
