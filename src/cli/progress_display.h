// One line on stderr that says what a job does, how far it is, how fast and how long still. Shown
// only on a terminal: logs and pipes stay clean.
#pragma once

#include <memory>
#include <string>

#include "base/progress.h"

namespace errata::cli {

// "reading images  12,345 of 60,000  20 %  98,210/s  0.5 s left"
std::string progress_line(const std::string& stage, uint64_t done, uint64_t total,
                          double elapsed_secs);

// Draws `progress` every tenth of a second from construction to destruction, then clears the line.
// `progress` must live longer.
class ProgressDisplay {
 public:
  ProgressDisplay(const Progress& progress, bool enabled);
  ~ProgressDisplay();
  ProgressDisplay(const ProgressDisplay&) = delete;
  ProgressDisplay& operator=(const ProgressDisplay&) = delete;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

bool stderr_is_terminal();

}  // namespace errata::cli
