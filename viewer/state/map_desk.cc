#include "viewer/state/map_desk.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>

#include "base/hash.h"
#include "base/random.h"
#include "viewer/state/filter_text.h"
#include "viewer/state/map_picture.h"
#include "viewer/state/session.h"

namespace errata::viewer {

namespace {

constexpr double kReach = 6;  // of the pointer; 1/96 inch

uint64_t places_stamp(const Table& samples) {
  uint64_t stamp = 0;
  for (const char* name : {"map_x", "map_y"}) {
    const Column* column = samples.find(name);
    if (column == nullptr || column->type != ColumnType::kFloat) continue;
    const std::span<const float> values(column->floats);
    stamp =
        mix64(stamp ^ xxh3_64({reinterpret_cast<const char*>(values.data()), values.size_bytes()}));
  }
  return stamp;
}

}  // namespace

void MapDesk::snapshot_taken() {
  MapState& map = session_.state().map;
  map.exists = has_map(session_.state().snapshot.samples);
  map.picture = nullptr;
  selects_ = false;
  // The same places: what was looked at and encircled stays.
  const uint64_t places = places_stamp(session_.state().snapshot.samples);
  if (std::exchange(places_, places) != places) {
    map.view = {};
    map.shows_all = true;
    map.lasso.clear();
  }
  dirty_ = true;
}

void MapDesk::view_taken() {
  dirty_ = true;
  AppState& state = session_.state();
  if (number_range(state.sample_filter(), "map_x").empty()) {
    state.map.lasso.clear();
    selects_ = false;
  }
  if (selects_ && !state.objects_shown()) select_encircled();
}

void MapDesk::select_encircled() {
  selects_ = false;
  AppState& state = session_.state();
  const Column* x = state.snapshot.samples.find("map_x");
  const Column* y = state.snapshot.samples.find("map_y");
  if (x == nullptr || y == nullptr || !state.view) return;
  for (const RowIndex row : state.view->order) {
    if (is_inside(state.map.lasso, {x->floats[row], y->floats[row]})) {
      state.selection.set(row, true);
    }
  }
}

void MapDesk::frame(double) {
  AppState& state = session_.state();
  const bool wanted = state.layout.show_bottom && state.layout.bottom_tab == "map" &&
                      state.view != nullptr && state.map.exists && canvas_.width_px > 0;
  const size_t selected = state.objects_shown() ? 0 : state.selection.count();
  if (selected != drawn_selection_) dirty_ = true;
  if (wanted && dirty_ && !running_) ask();
  state.map.pending = wanted && (dirty_ || running_);
}

void MapDesk::ask() {
  const AppState& state = session_.state();
  dirty_ = false;
  running_ = true;
  MapQuestion question;
  question.samples = state.snapshot.samples;
  // The rows of an order of objects are no samples.
  if (!state.objects_shown()) {
    question.view = state.view;
    question.selection = state.selection;
  }
  drawn_selection_ = question.selection.count();
  question.color = state.map.color;
  question.place = state.map.view;
  question.width_px = canvas_.width_px;
  question.height_px = canvas_.height_px;
  question.pixel_scale = canvas_.pixel_scale;
  question.background = canvas_.background;
  question.faint = canvas_.faint;
  question.dark = canvas_.dark;
  session_.tasks().run(
      Lane::kPanels, [this, loads = state.loads, question = std::move(question)]() -> Tasks::Apply {
        std::shared_ptr<MapPicture> picture = draw_map(question);
        return [this, loads, picture, asked = question.place] {
          running_ = false;
          MapState& map = session_.state().map;
          // Rows of another snapshot mean nothing in this one.
          if (picture == nullptr || loads != session_.state().loads) return;
          picture->number = ++pictures_;
          map.picture = picture;
          // All points were asked for, and nobody moved since.
          if (asked.units_per_px == 0 && map.view.units_per_px == 0) map.view = picture->view;
        };
      });
}

void MapDesk::set_canvas(const MapCanvas& canvas) {
  if (canvas == canvas_) return;
  const bool resized = canvas.width_px != canvas_.width_px || canvas.height_px != canvas_.height_px;
  canvas_ = canvas;
  dirty_ = true;
  // Until a person has moved, all points are shown whatever the size.
  MapState& map = session_.state().map;
  if (resized && map.shows_all) map.view = {};
}

void MapDesk::set_color(const std::string& column) {
  session_.state().map.color = column;
  dirty_ = true;
}

void MapDesk::set_view(const MapView& view) {
  MapState& map = session_.state().map;
  map.shows_all = view.units_per_px == 0;
  if (map.view == view) return;
  map.view = view;
  dirty_ = true;
}

void MapDesk::pan(double px_x, double px_y) {
  MapView view = session_.state().map.view;
  if (view.units_per_px <= 0 || (px_x == 0 && px_y == 0)) return;
  view.middle.x -= px_x * view.units_per_px;
  view.middle.y += px_y * view.units_per_px;
  set_view(view);
}

void MapDesk::zoom(double factor, MapPixel at) {
  constexpr double kNearest = 1e-6;
  constexpr double kFarthest = 1e3;
  MapView view = session_.state().map.view;
  if (view.units_per_px <= 0) return;
  const MapPlace fixed = view.place_at(at, canvas_.width_px, canvas_.height_px);
  view.units_per_px = std::clamp(view.units_per_px * factor, kNearest, kFarthest);
  const MapPlace moved = view.place_at(at, canvas_.width_px, canvas_.height_px);
  view.middle.x += fixed.x - moved.x;
  view.middle.y += fixed.y - moved.y;
  set_view(view);
}

void MapDesk::show_all() {
  set_view({});
}

void MapDesk::lasso(std::vector<MapPlace> polygon) {
  if (polygon.size() < 3) return;
  NumberRange x{polygon[0].x, polygon[0].x};
  NumberRange y{polygon[0].y, polygon[0].y};
  for (const MapPlace& each : polygon) {
    x = {std::min(*x.low, each.x), std::max(*x.high, each.x)};
    y = {std::min(*y.low, each.y), std::max(*y.high, each.y)};
  }
  AppState& state = session_.state();
  if (state.objects_shown()) session_.show_rows_of(CentreMode::kGrid);
  state.map.lasso = std::move(polygon);
  selects_ = true;
  const std::string with_x = with_number_range(state.filter.draft, "map_x", x);
  session_.set_filter(with_number_range(with_x, "map_y", y));
}

void MapDesk::drop_lasso() {
  const std::string without_x = with_number_range(session_.state().filter.draft, "map_x", {});
  session_.set_filter(with_number_range(without_x, "map_y", {}));
}

std::optional<RowIndex> MapDesk::row_near(MapPixel at) const {
  const MapState& map = session_.state().map;
  // While the view is nearer or farther than the picture, its points are not where they are drawn.
  if (map.picture == nullptr || map.picture->view.units_per_px != map.view.units_per_px) {
    return std::nullopt;
  }
  const MapPicture& picture = *map.picture;
  const MapPlace place = map.view.place_at(at, canvas_.width_px, canvas_.height_px);
  const MapPixel middle = picture.view.pixel_of(place, picture.width_px, picture.height_px);
  const int left = static_cast<int>(middle.x);
  const int top = static_cast<int>(middle.y);
  const int reach = static_cast<int>(kReach * canvas_.pixel_scale);
  std::optional<RowIndex> nearest;
  int least = reach * reach + 1;
  for (int y = std::max(0, top - reach); y <= std::min(picture.height_px - 1, top + reach); ++y) {
    for (int x = std::max(0, left - reach); x <= std::min(picture.width_px - 1, left + reach);
         ++x) {
      const RowIndex row =
          picture.row_at[static_cast<size_t>(y) * static_cast<size_t>(picture.width_px) +
                         static_cast<size_t>(x)];
      const int squared = (x - left) * (x - left) + (y - top) * (y - top);
      if (row == MapPicture::kNoRow || squared >= least) continue;
      least = squared;
      nearest = row;
    }
  }
  return nearest;
}

void MapDesk::go_to(RowIndex row) {
  const AppState& state = session_.state();
  if (!state.view || state.objects_shown()) return;
  if (session_.set_cursor_on(row)) return;
  session_.show_note("This one is not among those that are shown",
                     "Shift L shows what is most like the one under the cursor");
}

}  // namespace errata::viewer
