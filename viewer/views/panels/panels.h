// Every panel's maker.
#pragma once

#include <memory>

#include "viewer/views/panel.h"

namespace errata::viewer {

std::unique_ptr<Panel> make_error_budget_panel();
std::unique_ptr<Panel> make_curves_panel();
std::unique_ptr<Panel> make_detections_panel();
std::unique_ptr<Panel> make_confusion_panel();
std::unique_ptr<Panel> make_calibration_panel();
std::unique_ptr<Panel> make_classes_panel();
std::unique_ptr<Panel> make_scores_panel();
std::unique_ptr<Panel> make_labels_panel();
std::unique_ptr<Panel> make_map_panel();
std::unique_ptr<Panel> make_duplicates_panel();
std::unique_ptr<Panel> make_quality_panel();
std::unique_ptr<Panel> make_slices_panel();
std::unique_ptr<Panel> make_runs_panel();
std::unique_ptr<Panel> make_history_panel();
std::unique_ptr<Panel> make_versions_panel();
std::unique_ptr<Panel> make_issues_panel();
std::unique_ptr<Panel> make_jobs_panel();

}  // namespace errata::viewer
