#include "viewer/views/panel.h"
#include "viewer/views/panels/panels.h"

namespace errata::viewer {

std::vector<std::unique_ptr<Panel>> all_panels() {
  std::vector<std::unique_ptr<Panel>> panels;
  panels.push_back(make_error_budget_panel());
  panels.push_back(make_curves_panel());
  panels.push_back(make_detections_panel());
  panels.push_back(make_confusion_panel());
  panels.push_back(make_calibration_panel());
  panels.push_back(make_classes_panel());
  panels.push_back(make_scores_panel());
  panels.push_back(make_labels_panel());
  panels.push_back(make_map_panel());
  panels.push_back(make_duplicates_panel());
  panels.push_back(make_quality_panel());
  panels.push_back(make_slices_panel());
  panels.push_back(make_runs_panel());
  panels.push_back(make_versions_panel());
  panels.push_back(make_history_panel());
  panels.push_back(make_issues_panel());
  panels.push_back(make_jobs_panel());
  return panels;
}

}  // namespace errata::viewer
