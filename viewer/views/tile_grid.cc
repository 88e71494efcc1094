#include "viewer/views/tile_grid.h"

#include <cmath>

#include "viewer/views/tile.h"
#include "viewer/widgets/controls.h"

namespace errata::viewer {

namespace {

constexpr float kGap = 10;
constexpr float kScrollBar = 12;

}  // namespace

TileGrid::Shown TileGrid::draw(const FrameContext& frame, const Rect& rect, float aspect,
                               const std::function<void(const GridTile&)>& content,
                               void (*menu)(const FrameContext&, const char*)) {
  const Theme& theme = frame.theme;
  AppState& state = frame.session.state();
  const float pad = theme.px(12);
  const float bar = theme.px(kScrollBar);
  const GridLayout layout = make_grid_layout(
      state.view->order.size(), rect.width() - pad - bar, rect.height() - pad * 2,
      theme.px(state.layout.tile_width), aspect, theme.px(kTileCaption), theme.px(kGap));
  state.grid_columns = layout.columns;
  state.grid_page_rows = layout.rows_per_page();
  double& scroll = state.layout.grid_scroll;
  if (state.show_cursor_wanted) scroll = layout.scroll_to_show(state.cursor, scroll);
  state.show_cursor_wanted = false;
  if (ImGui::IsWindowHovered() && ImGui::GetIO().MouseWheel != 0) {
    constexpr double kRowsPerNotch = 0.6;
    scroll -= static_cast<double>(ImGui::GetIO().MouseWheel) * kRowsPerNotch;
  }
  scroll = layout.clamp_scroll(scroll);
  Shown shown;
  layout.visible_items(scroll, shown.first, shown.last);
  shown.page = layout.columns * layout.rows_per_page();
  // Nothing of a tile is to stand over what is above the grid.
  ImGui::PushClipRect(rect.min, rect.max, true);
  for (size_t i = shown.first; i < shown.last; ++i) {
    const double row = static_cast<double>(i / layout.columns) - scroll;
    const float x = rect.min.x + pad +
                    static_cast<float>(i % layout.columns) * (layout.tile_width_px + layout.gap_px);
    const float y = rect.min.y + pad + std::round(static_cast<float>(row * layout.row_pitch_px()));
    GridTile tile;
    tile.position = i;
    tile.row = state.view->order[i];
    tile.rect = {ImVec2(x, y), ImVec2(x + layout.tile_width_px, y + layout.tile_height_px)};
    tile.image_height_px = layout.image_height_px;
    draw_tile(frame, tile, content);
  }
  ImGui::PopClipRect();
  band_.draw(frame, layout, Rect{rect.min, ImVec2(rect.max.x - bar, rect.max.y)},
             ImVec2(rect.min.x + pad, rect.min.y + pad), scroll);
  if (menu_wanted_) ImGui::OpenPopup("tile menu");
  menu_wanted_ = false;
  menu(frame, "tile menu");
  scroll_bar(theme, "scroll", ImVec2(rect.max.x - bar, rect.min.y + theme.px(4)),
             ImVec2(bar, rect.height() - theme.px(8)), static_cast<double>(layout.rows),
             static_cast<double>(layout.rows) - layout.max_scroll(), scroll);
  return shown;
}

void TileGrid::draw_tile(const FrameContext& frame, GridTile tile,
                         const std::function<void(const GridTile&)>& content) {
  const Theme& theme = frame.theme;
  const AppState& state = frame.state;
  const auto& [min, max] = tile.rect;
  ImGui::SetCursorScreenPos(min);
  ImGui::PushID(static_cast<int>(tile.position));
  if (ImGui::InvisibleButton("tile", ImVec2(max.x - min.x, max.y - min.y)) && !band_.active()) {
    const ImGuiIO& io = ImGui::GetIO();
    const SelectMode mode = io.KeyShift  ? SelectMode::kRange
                            : io.KeyCtrl ? SelectMode::kToggle
                                         : SelectMode::kOne;
    frame.session.set_cursor(tile.position, mode);
  }
  tile.hovered = ImGui::IsItemHovered();
  tile.rested_on =
      ImGui::IsItemHovered(ImGuiHoveredFlags_DelayNormal | ImGuiHoveredFlags_NoSharedDelay);
  if (tile.hovered && ImGui::IsMouseClicked(ImGuiMouseButton_Right)) {
    // The menu is about what was clicked, or about all that are selected with it.
    if (!state.selection.has(tile.row)) frame.session.set_cursor(tile.position);
    menu_wanted_ = true;
  }
  if (tile.hovered && ImGui::IsMouseDoubleClicked(ImGuiMouseButton_Left)) frame.run("view.open");
  ImGui::PopID();

  content(tile);
  ImDrawList* list = ImGui::GetWindowDrawList();
  const float rounding = theme.px(kTileRounding);
  const bool selected = state.selection.has(tile.row);
  if (selected) {
    list->AddRectFilled(min, max, with_alpha(theme.accent, 0.16F), rounding);
    list->AddRect(min, max, theme.accent, rounding, theme.px(1.5F));
  }
  if (tile.position == state.cursor) {
    const float out = theme.px(2);
    list->AddRect(ImVec2(min.x - out, min.y - out), ImVec2(max.x + out, max.y + out), theme.accent,
                  rounding + out, theme.px(2));
  } else if (!selected) {
    list->AddRect(min, max, theme.border, rounding);
  }
}

}  // namespace errata::viewer
