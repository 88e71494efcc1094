// Draws the map's points into a picture. Pure; any thread.
#pragma once

#include <memory>

#include "model/columns.h"
#include "viewer/state/map_state.h"
#include "viewer/state/row_set.h"
#include "viewer/state/view_query.h"

namespace errata::viewer {

struct MapQuestion {
  Table samples;
  std::shared_ptr<const ViewAnswer> view;  // whose order says which samples are shown; null: all
  RowSet selection;                        // while there is one, the others step back
  std::string color;                       // column; unknown: all alike
  MapView place;
  int width_px = 0;  // of the canvas
  int height_px = 0;
  double pixel_scale = 1;  // pixels in 1/96 inch
  Rgb background{};
  Rgb faint{};  // samples that the filter leaves out, and those without a value
  bool dark = true;
};

// True when both columns are there.
bool has_map(const Table& samples);
// Null when there is no map or no room.
std::shared_ptr<MapPicture> draw_map(const MapQuestion& question);

// The columns that points can be coloured by: categories, then scores.
std::vector<std::string> map_colors(const Table& samples);

// Even-odd rule.
bool is_inside(const std::vector<MapPlace>& polygon, MapPlace place);

}  // namespace errata::viewer
