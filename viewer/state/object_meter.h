// Measures the detector for the panels that show it, when one is open and something has changed.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "viewer/state/object_state.h"

namespace errata::viewer {

class Session;

class ObjectMeter {
 public:
  explicit ObjectMeter(Session& session) : session_(session) {}

  // A panel that shows what is measured here.
  static bool is_measured(std::string_view panel);
  // Called each frame while objects are there. `stale`: they are about to be matched anew.
  void frame(bool stale);
  // A new snapshot: what was measured is of another.
  void forget();
  // The review of a sample is another: an audit may be whole now.
  void sample_reviewed() { measured_revision_ = 0; }

 private:
  void ask();
  const std::string& wanted_filter();
  const std::string& audit_options() const;

  Session& session_;
  uint64_t newest_ = 0;
  uint64_t measured_revision_ = 0;
  MatchChoice measured_choice_;
  std::string measured_filter_;
  std::string measured_audit_;
  std::string shown_filters_;  // those that wanted_filter_ was made from
  std::string wanted_filter_;  // what the panels are to be measured over
};

}  // namespace errata::viewer
