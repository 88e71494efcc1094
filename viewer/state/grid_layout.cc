#include "viewer/state/grid_layout.h"

#include <algorithm>
#include <cmath>

namespace errata::viewer {

double GridLayout::max_scroll() const {
  // The last row's gap is not scrolled into view.
  const double visible = static_cast<double>((view_height_px + gap_px) / row_pitch_px());
  return std::max(0.0, static_cast<double>(rows) - visible);
}

double GridLayout::clamp_scroll(double scroll) const {
  return std::clamp(scroll, 0.0, max_scroll());
}

double GridLayout::scroll_to_show(size_t item, double scroll) const {
  const double row = static_cast<double>(item / columns);
  const double visible = static_cast<double>((view_height_px + gap_px) / row_pitch_px());
  if (row < scroll) return clamp_scroll(row);
  if (row + 1 > scroll + visible) return clamp_scroll(row + 1 - visible);
  return clamp_scroll(scroll);
}

void GridLayout::visible_items(double scroll, size_t& first, size_t& last) const {
  const double begin = std::max(0.0, scroll);
  const double end = begin + static_cast<double>(view_height_px / row_pitch_px());
  first = std::min(items, static_cast<size_t>(begin) * columns);
  last = std::min(items, static_cast<size_t>(std::ceil(end)) * columns);
}

size_t GridLayout::rows_per_page() const {
  return std::max<size_t>(1, static_cast<size_t>(view_height_px / row_pitch_px()));
}

GridLayout make_grid_layout(size_t items, float view_width_px, float view_height_px,
                            float wanted_tile_width_px, float aspect, float caption_height_px,
                            float gap_px) {
  GridLayout layout;
  layout.items = items;
  layout.gap_px = gap_px;
  layout.view_height_px = std::max(1.0F, view_height_px);
  const float width = std::max(1.0F, view_width_px);
  const float fit = (width + gap_px) / (std::max(1.0F, wanted_tile_width_px) + gap_px);
  layout.columns = std::max<size_t>(1, static_cast<size_t>(fit));
  layout.rows = (items + layout.columns - 1) / layout.columns;
  const float gaps = gap_px * static_cast<float>(layout.columns - 1);
  layout.tile_width_px = std::floor((width - gaps) / static_cast<float>(layout.columns));
  layout.tile_width_px = std::max(1.0F, layout.tile_width_px);
  layout.image_height_px = std::floor(layout.tile_width_px / aspect);
  layout.tile_height_px = layout.image_height_px + caption_height_px;
  return layout;
}

}  // namespace errata::viewer
