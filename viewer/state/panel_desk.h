// Computes PanelState on Lane::kPanels from the snapshot and the filter.
#pragma once

#include "viewer/state/session_part.h"

namespace errata::viewer {

class Session;

class PanelDesk : public SessionPart {
 public:
  explicit PanelDesk(Session& session) : session_(session) {}

 private:
  Session& session_;
};

}  // namespace errata::viewer
