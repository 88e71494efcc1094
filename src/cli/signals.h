// Ctrl-C and SIGTERM as a request to stop cleanly.
#pragma once

#include "base/progress.h"

namespace errata::cli {

// From construction to destruction the first SIGINT or SIGTERM cancels `cancel`; a second one ends
// the process at once with exit code 130. One at a time; `cancel` must live longer.
class CancelOnSignal {
 public:
  explicit CancelOnSignal(CancelToken& cancel);
  ~CancelOnSignal();
  CancelOnSignal(const CancelOnSignal&) = delete;
  CancelOnSignal& operator=(const CancelOnSignal&) = delete;
};

}  // namespace errata::cli
