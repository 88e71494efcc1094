// The map of all samples: where it looks, and what was drawn of it. The points are drawn into a
// picture on a lane, a million as well as ten; a frame draws that picture, moved along while the
// next one is made.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "model/ids.h"

namespace errata::viewer {

using Rgb = std::array<uint8_t, 3>;

// In units of map_x and map_y; y points up.
struct MapPlace {
  double x = 0;
  double y = 0;
};

// A place in pixels, from a top left corner.
struct MapPixel {
  double x = 0;
  double y = 0;
};

struct MapView {
  MapPlace middle;
  double units_per_px = 0;  // 0: all points, whatever the size

  bool operator==(const MapView& other) const {
    return middle.x == other.middle.x && middle.y == other.middle.y &&
           units_per_px == other.units_per_px;
  }
  // Of a canvas so large.
  MapPlace place_at(MapPixel at, int width_px, int height_px) const {
    return {middle.x + (at.x - width_px / 2.0) * units_per_px,
            middle.y - (at.y - height_px / 2.0) * units_per_px};
  }
  MapPixel pixel_of(MapPlace at, int width_px, int height_px) const {
    return {(at.x - middle.x) / units_per_px + width_px / 2.0,
            (middle.y - at.y) / units_per_px + height_px / 2.0};
  }
};

// A value of the category that points are coloured by.
struct MapLegend {
  std::string name;
  Rgb color{};
  size_t count = 0;       // of the samples that the filter shows
  bool is_value = false;  // can be filtered on: not "12 others" or "none"
};

// Of a number: its colours from the best value to the worst, and these two. Between the first and
// the last hundredth: one extreme value does not wash out the others.
struct MapScale {
  std::vector<Rgb> colors;
  double best = 0;
  double worst = 1;
};

struct MapPicture {
  static constexpr RowIndex kNoRow = std::numeric_limits<RowIndex>::max();

  uint64_t number = 0;  // rises
  // Larger than the canvas by a margin on each side, so that the next one is there before a person
  // who drags sees its edge.
  int width_px = 0;
  int height_px = 0;
  MapView view;                   // as drawn: never with 0 units
  std::vector<uint8_t> rgb;       // width x height x 3
  std::vector<RowIndex> row_at;   // of each pixel: the point drawn there last, or kNoRow
  size_t placed = 0;              // samples on the map
  size_t shown = 0;               // of those, in the filter
  std::vector<MapLegend> legend;  // of a category: most frequent first
  std::optional<MapScale> scale;  // of a number
  double elapsed_ms = 0;
};

struct MapState {
  bool exists = false;          // the samples have a place
  std::string color = "label";  // column
  MapView view;
  bool shows_all = true;                      // nobody has moved or zoomed
  std::vector<MapPlace> lasso;                // what was encircled, while the filter has its box
  std::shared_ptr<const MapPicture> picture;  // null before the first
  bool pending = false;
};

}  // namespace errata::viewer
