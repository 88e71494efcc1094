// Starts, leaves and resumes review rounds.
#pragma once

#include "viewer/state/session_part.h"

namespace errata::viewer {

class Session;

class RoundDesk : public SessionPart {
 public:
  explicit RoundDesk(Session& session) : session_(session) {}

 private:
  Session& session_;
};

}  // namespace errata::viewer
