// What the viewer remembers between two starts, for each store and for all: layout, theme, filter,
// place, round, recent stores. Files below XDG_STATE_HOME; losing them loses no decision.
#pragma once

#include "viewer/state/session_part.h"

namespace errata::viewer {

class Session;

class Memory : public SessionPart {
 public:
  explicit Memory(Session& session) : session_(session) {}

 private:
  Session& session_;
};

}  // namespace errata::viewer
