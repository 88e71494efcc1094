// What the panels below the grid show: confusion, calibration, classes, metrics.
#pragma once

namespace errata::viewer {

struct PanelState {
  bool pending = false;
};

}  // namespace errata::viewer
