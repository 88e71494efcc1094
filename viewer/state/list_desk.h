// Keeps AppState::lists up to date: versions, saved views, issues.
#pragma once

#include <cstdint>

#include "store/saved_views.h"
#include "viewer/state/session_part.h"

namespace errata::viewer {

class Session;

class ListDesk : public SessionPart {
 public:
  explicit ListDesk(Session& session) : session_(session) {}

  void snapshot_taken() override { refresh(); }
  // Asks for the lists again; the last asked for wins.
  void refresh();
  // Shows the issues of one kind; of all when it is empty.
  void show_issues(const std::string& kind);
  // The filter, sort and run in use, under a name; replaces one of that name.
  void save_view(const std::string& name);
  void delete_view(const std::string& name);
  // Puts a saved view's filter and sort to use.
  void use_view(const store::SavedView& view);

 private:
  Session& session_;
  uint64_t newest_ = 0;
};

}  // namespace errata::viewer
