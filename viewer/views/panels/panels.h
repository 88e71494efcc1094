// Every panel's maker.
#pragma once

#include <memory>

#include "viewer/views/panel.h"

namespace errata::viewer {

std::unique_ptr<Panel> make_runs_panel();
std::unique_ptr<Panel> make_versions_panel();
std::unique_ptr<Panel> make_issues_panel();
std::unique_ptr<Panel> make_jobs_panel();

}  // namespace errata::viewer
