// What the grids of samples and of objects share: where the tiles lie, scrolling, clicks, the
// rectangle selection, the menu, and the frame that says what is selected.
#pragma once

#include <functional>

#include "viewer/state/grid_layout.h"
#include "viewer/views/band_select.h"
#include "viewer/views/view.h"

namespace errata::viewer {

struct GridTile {
  size_t position = 0;  // in the order
  RowIndex row = 0;
  Rect rect;
  float image_height_px = 0;
  bool hovered = false;
  bool rested_on = false;  // the pointer has stayed: time for a hover
};

class TileGrid {
 public:
  // Positions that were drawn, and how many more a page holds.
  struct Shown {
    size_t first = 0;
    size_t last = 0;  // one after
    size_t page = 0;
  };

  // In a region of its own. `aspect` is width over height of a tile's picture; `content` draws a
  // tile below its frame; `menu` draws the popup of the given name.
  Shown draw(const FrameContext& frame, const Rect& rect, float aspect,
             const std::function<void(const GridTile&)>& content,
             void (*menu)(const FrameContext&, const char*));

 private:
  void draw_tile(const FrameContext& frame, GridTile tile,
                 const std::function<void(const GridTile&)>& content);

  bool menu_wanted_ = false;
  BandSelect band_;
};

}  // namespace errata::viewer
