// Computes PanelState on Lane::kPanels from the snapshot and the filter, once the changes pause,
// and only while a panel that shows it is open.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "viewer/state/session_part.h"

namespace errata::viewer {

class Session;

class PanelDesk : public SessionPart {
 public:
  explicit PanelDesk(Session& session) : session_(session) {}

  // What is measured is another: measures again, once it is looked at.
  void changed();

  void snapshot_taken() override;
  void view_taken() override { changed(); }
  void edited(const EditOutcome&) override { changed(); }
  void frame(double now_secs) override;

  // Measure exactly what the filter shows, or the samples that it speaks of.
  void set_exactly_shown(bool exactly);
  // Filters on a cell of the confusion matrix; the same again drops it.
  void toggle_pair(const std::string& label, const std::string& prediction);
  // Filters on samples with this label; the same again drops it.
  void toggle_label(const std::string& label);

  static bool shows(std::string_view panel);

 private:
  void ask();

  Session& session_;
  bool dirty_ = false;
  bool running_ = false;
  std::string asked_audit_;   // options of the audit that the newest question knew
  double changed_secs_ = -1;  // set by the first frame after a change
};

}  // namespace errata::viewer
