// Geometry of the thumbnail grid. Scrolling counts rows of tiles in double precision, since pixels
// in float lose whole tiles beyond some hundred thousand samples.
#pragma once

#include <cstddef>

namespace errata::viewer {

struct GridLayout {
  size_t items = 0;
  size_t columns = 1;
  size_t rows = 0;  // of tiles
  float tile_width_px = 0;
  float image_height_px = 0;
  float tile_height_px = 0;  // image and captions
  float gap_px = 0;
  float view_height_px = 0;

  float row_pitch_px() const { return tile_height_px + gap_px; }
  // In rows, as all scroll positions: the furthest one may go.
  double max_scroll() const;
  double clamp_scroll(double scroll) const;
  // The least move of `scroll` that shows the item's whole row.
  double scroll_to_show(size_t item, double scroll) const;
  // Items of the rows that are at least partly visible: [first, last).
  void visible_items(double scroll, size_t& first, size_t& last) const;
  size_t rows_per_page() const;
};

// `aspect` is width over height of a tile's image area.
GridLayout make_grid_layout(size_t items, float view_width_px, float view_height_px,
                            float wanted_tile_width_px, float aspect, float caption_height_px,
                            float gap_px);

}  // namespace errata::viewer
