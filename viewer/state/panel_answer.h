// Computes PanelAnswer: pure, off the window's thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "jobs/audit_job.h"
#include "model/class_map.h"
#include "model/columns.h"
#include "viewer/state/panel_state.h"

namespace errata::viewer {

struct PanelQuestion {
  Table samples;
  ClassMap classes;
  std::string filter;  // as applied
  bool exactly_shown = false;
  std::optional<jobs::AuditDrawing> audit;
  std::string trained_on;  // the filter of what the run was trained on; empty: not said
};

// The filter without its top-level terms about predictions, scores, reviews or exclusion: among
// the mistakes every accuracy is 0. A filter that does not parse gives itself.
std::string measured_filter(std::string_view filter);

// Null when the table has no predictions or no labels. Throws Error for a filter that is wrong.
// Bounded by samples and classes, not by pairs of classes.
std::shared_ptr<const PanelAnswer> answer_panels(const PanelQuestion& question);

}  // namespace errata::viewer
