#include "tests/jobs/program.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>

#include "base/error.h"
#include "tests/support/temp_dir.h"

namespace errata::test {

namespace {

using Clock = std::chrono::steady_clock;

int64_t microseconds_since(Clock::time_point start) {
  return std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - start).count();
}

// In the child, between fork and exec.
[[noreturn]] void become_errata(std::vector<char*>& argv, int output, const RunLimits& limits) {
  ::dup2(output, STDOUT_FILENO);
  ::dup2(output, STDERR_FILENO);
  if (limits.max_file_bytes > 0) {
    const rlimit limit{limits.max_file_bytes, limits.max_file_bytes};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    ::signal(SIGXFSZ, SIG_IGN);
  }
  ::execv(argv[0], argv.data());
  ::_exit(127);
}

// Reads what there is until `deadline_us`; false at the end of the output.
bool read_until(int descriptor, Clock::time_point start, int64_t deadline_us, std::string& output) {
  std::array<char, 65536> buffer;
  while (true) {
    int timeout_ms = -1;
    if (deadline_us >= 0) {
      const int64_t left_us = deadline_us - microseconds_since(start);
      if (left_us <= 0) return true;
      timespec wait{left_us / 1'000'000, left_us % 1'000'000 * 1000};
      pollfd ready{descriptor, POLLIN, 0};
      if (::ppoll(&ready, 1, &wait, nullptr) == 0) return true;
    } else {
      pollfd ready{descriptor, POLLIN, 0};
      ::poll(&ready, 1, timeout_ms);
    }
    const ssize_t n = ::read(descriptor, buffer.data(), buffer.size());
    if (n <= 0) return false;
    output.append(buffer.data(), static_cast<size_t>(n));
  }
}

}  // namespace

Running start_errata(const std::vector<std::string>& arguments, const RunLimits& limits) {
  std::vector<std::string> words{bin_dir() + "/errata"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  std::array<int, 2> pipe{};
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0) throw io_error("make a pipe", "", errno);
  Running running;
  running.pid = ::fork();
  if (running.pid < 0) throw io_error("start a process", words[0], errno);
  if (running.pid == 0) become_errata(argv, pipe[1], limits);
  ::close(pipe[1]);
  running.output = pipe[0];
  return running;
}

Ended end_errata(Running& running) {
  Ended ended;
  read_until(running.output, Clock::now(), -1, ended.output);
  ::close(running.output);
  int status = 0;
  ::waitpid(running.pid, &status, 0);
  if (WIFEXITED(status)) ended.exit_code = WEXITSTATUS(status);
  return ended;
}

Ended run_errata(const std::vector<std::string>& arguments, const RunLimits& limits) {
  const Clock::time_point start = Clock::now();
  Running running = start_errata(arguments, limits);
  std::string output;
  bool open = true;
  if (limits.interrupt_after_us >= 0) {
    open = read_until(running.output, start, limits.interrupt_after_us, output);
    if (open) ::kill(running.pid, SIGINT);
  } else if (limits.kill_after_us >= 0) {
    open = read_until(running.output, start, limits.kill_after_us, output);
    if (open) ::kill(running.pid, SIGKILL);
  }
  Ended ended = end_errata(running);
  ended.output = output + ended.output;
  ended.killed = ended.exit_code < 0;
  ended.elapsed_secs = static_cast<double>(microseconds_since(start)) / 1e6;
  return ended;
}

}  // namespace errata::test
