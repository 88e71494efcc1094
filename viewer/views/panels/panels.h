// Every panel's maker.
#pragma once

#include <memory>

#include "viewer/views/panel.h"

namespace errata::viewer {

std::unique_ptr<Panel> make_versions_panel();

}  // namespace errata::viewer
