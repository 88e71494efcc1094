// Has the map drawn on Lane::kPanels while its panel is open, and turns what a person does on it
// into the view, the filter, the selection and the cursor.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "viewer/state/map_state.h"
#include "viewer/state/session_part.h"

namespace errata::viewer {

class Session;

// What the panel has room for, and the theme's colours.
struct MapCanvas {
  int width_px = 0;
  int height_px = 0;
  double pixel_scale = 1;  // pixels in 1/96 inch
  Rgb background{};
  Rgb faint{};
  bool dark = true;

  bool operator==(const MapCanvas&) const = default;
};

class MapDesk : public SessionPart {
 public:
  explicit MapDesk(Session& session) : session_(session) {}

  void snapshot_taken() override;
  void view_taken() override;
  void edited(const EditOutcome&) override { dirty_ = true; }
  void frame(double now_secs) override;

  // Told by the panel each frame.
  void set_canvas(const MapCanvas& canvas);
  void set_color(const std::string& column);
  void pan(double px_x, double px_y);
  // Around a place of the canvas; factor below 1 comes nearer.
  void zoom(double factor, MapPixel at);
  void show_all();
  // Filters on the box around the polygon and selects what is inside; fewer than 3 places: nothing.
  void lasso(std::vector<MapPlace> polygon);
  void drop_lasso();
  // The sample drawn nearest to a place of the canvas, within a few pixels.
  std::optional<RowIndex> row_near(MapPixel at) const;
  // The cursor goes there, where the filter shows it.
  void go_to(RowIndex row);

 private:
  void ask();
  void set_view(const MapView& view);
  void select_encircled();

  Session& session_;
  bool dirty_ = true;
  bool running_ = false;
  uint64_t pictures_ = 0;
  MapCanvas canvas_;
  size_t drawn_selection_ = 0;
  bool selects_ = false;  // the filter of the lasso is asked for
  uint64_t places_ = 0;   // stamp of the points' places in the last snapshot
};

}  // namespace errata::viewer
