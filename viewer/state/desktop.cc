#include "viewer/state/desktop.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <mutex>
#include <vector>

#include "base/error.h"
#include "base/files.h"

extern char** environ;

namespace errata::viewer {

namespace {

// xdg-open says at once when it cannot; a file manager that it stays for may run as long as it
// likes.
constexpr int kPatienceMs = 1500;
constexpr int kStepMs = 20;

// Children that outlived our patience: taken off the process table at a later call.
void reap(std::vector<pid_t>& children) {
  std::erase_if(children, [](pid_t child) { return waitpid(child, nullptr, WNOHANG) != 0; });
}

Error no_file_manager(const std::string& folder) {
  return {ErrorCategory::kUnsupported, "no file manager could be opened",
          "install xdg-utils and a file manager, or open the folder yourself", folder};
}

}  // namespace

void open_in_file_manager(const std::string& folder) {
  if (!is_directory(folder)) {
    throw Error(ErrorCategory::kNotFound, "the folder is not there",
                "when the images have moved, `errata root set` says where they are now", folder);
  }
  static std::mutex mutex;
  static std::vector<pid_t> running;
  const std::lock_guard lock(mutex);
  reap(running);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  for (const int descriptor : {0, 1, 2}) {
    posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_RDWR, 0);
  }
  std::array<const char*, 3> arguments{"xdg-open", folder.c_str(), nullptr};
  pid_t child = 0;
  const int failed = posix_spawnp(&child, "xdg-open", &actions, nullptr,
                                  const_cast<char* const*>(arguments.data()), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) throw no_file_manager(folder);
  for (int waited = 0; waited < kPatienceMs; waited += kStepMs) {
    int status = 0;
    if (waitpid(child, &status, WNOHANG) == child) {
      const bool fine = WIFEXITED(status) && WEXITSTATUS(status) == 0;
      if (!fine) throw no_file_manager(folder);
      return;
    }
    poll(nullptr, 0, kStepMs);
  }
  running.push_back(child);
}

}  // namespace errata::viewer
