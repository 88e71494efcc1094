// A review round: a queue that was frozen when it began, and where in it the person is.
#pragma once

#include <string>
#include <vector>

#include "model/ids.h"

namespace errata::viewer {

struct RoundState {
  bool active = false;          // the grid shows the queue
  std::vector<SampleId> queue;  // in the order frozen at the start
};

}  // namespace errata::viewer
