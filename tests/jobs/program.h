// Runs the built `errata` as its own process: to kill it, to starve it, to race two of them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace errata::test {

struct Ended {
  int exit_code = -1;   // -1 when a signal ended it
  bool killed = false;  // by `kill_after_us`
  double elapsed_secs = 0;
  std::string output;  // stdout and stderr together
};

struct RunLimits {
  int64_t kill_after_us = -1;       // SIGKILL then; negative: never
  int64_t interrupt_after_us = -1;  // SIGINT then; negative: never
  uint64_t max_file_bytes = 0;      // RLIMIT_FSIZE: a write beyond fails with EFBIG; 0: none
};

// Waits for its end. `arguments` without the program's name.
Ended run_errata(const std::vector<std::string>& arguments, const RunLimits& limits = {});

// Starts one without waiting; end_errata() waits.
struct Running {
  int pid = 0;
  int output = -1;
};
Running start_errata(const std::vector<std::string>& arguments, const RunLimits& limits = {});
Ended end_errata(Running& running);

}  // namespace errata::test
