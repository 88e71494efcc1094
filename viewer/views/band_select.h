// A rectangle dragged over the tiles of the grid selects those that it touches; with Shift or Ctrl
// held, also what was selected before.
#pragma once

#include "viewer/state/grid_layout.h"
#include "viewer/state/row_set.h"
#include "viewer/views/view.h"

namespace errata::viewer {

class BandSelect {
 public:
  // In the grid's window, after the tiles. `origin` is the corner of the first tile when nothing is
  // scrolled; `area` is where a drag may begin. Scrolls when the pointer leaves the area.
  void draw(const FrameContext& frame, const GridLayout& layout, const Rect& area, ImVec2 origin,
            double& scroll);
  // A drag is going on: what is pressed meanwhile is no click.
  bool active() const { return active_; }

 private:
  bool pressed_ = false;
  bool active_ = false;
  double from_x_ = 0;  // pixels from the origin
  double from_y_ = 0;  // rows of tiles
  RowSet kept_;        // what was selected before, where it stays so
  // What was selected last: rows and columns, both ends in it.
  size_t rows_[2] = {0, 0};
  size_t columns_[2] = {0, 0};
};

}  // namespace errata::viewer
