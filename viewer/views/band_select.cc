#include "viewer/views/band_select.h"

#include <algorithm>
#include <cmath>

namespace errata::viewer {

namespace {

// Items along one side that [from, to] touches, in units of their pitch; each fills `share` of it.
bool touched(double from, double to, double share, size_t count, size_t (&range)[2]) {
  const double first = std::max(0.0, std::floor(from));
  const double last = std::min(static_cast<double>(count) - 1, std::floor(to));
  // A start in the gap behind an item does not touch it.
  range[0] = static_cast<size_t>(from - first > share ? first + 1 : first);
  if (last < 0) return false;
  range[1] = static_cast<size_t>(last);
  return range[0] <= range[1];
}

}  // namespace

void BandSelect::draw(const FrameContext& frame, const GridLayout& layout, const Rect& area,
                      ImVec2 origin, double& scroll) {
  const Theme& theme = frame.theme;
  const ImGuiIO& io = ImGui::GetIO();
  const ImVec2 mouse = io.MousePos;
  const double pitch = layout.row_pitch_px();
  const double x = static_cast<double>(mouse.x - origin.x);
  const double y = static_cast<double>(mouse.y - origin.y) / pitch + scroll;
  const bool inside = mouse.x >= area.min.x && mouse.x < area.max.x && mouse.y >= area.min.y &&
                      mouse.y < area.max.y;
  if (ImGui::IsMouseClicked(ImGuiMouseButton_Left)) {
    pressed_ = inside && ImGui::IsWindowHovered(ImGuiHoveredFlags_AllowWhenBlockedByActiveItem);
    kept_ = io.KeyShift || io.KeyCtrl ? frame.state.selection : RowSet();
    from_x_ = x;
    from_y_ = y;
    rows_[0] = 1;
    rows_[1] = 0;
  }
  if (!pressed_ || !ImGui::IsMouseDown(ImGuiMouseButton_Left)) {
    pressed_ = active_ = false;
    return;
  }
  active_ = active_ || ImGui::IsMouseDragging(ImGuiMouseButton_Left, theme.px(6));
  if (!active_) return;
  constexpr double kRowsPerSecond = 6;
  const double step = kRowsPerSecond * static_cast<double>(io.DeltaTime);
  if (mouse.y < area.min.y) scroll = layout.clamp_scroll(scroll - step);
  if (mouse.y > area.max.y) scroll = layout.clamp_scroll(scroll + step);

  const auto [top, bottom] = std::minmax(from_y_, y);
  const auto [left, right] = std::minmax(from_x_, x);
  const double width = static_cast<double>(layout.tile_width_px + layout.gap_px);
  size_t rows[2];
  size_t columns[2];
  const bool any =
      touched(top, bottom, layout.tile_height_px / pitch, layout.rows, rows) &&
      touched(left / width, right / width, layout.tile_width_px / width, layout.columns, columns);
  const bool same =
      any && std::equal(rows, rows + 2, rows_) && std::equal(columns, columns + 2, columns_);
  if (any && !same) {
    std::copy(rows, rows + 2, rows_);
    std::copy(columns, columns + 2, columns_);
    frame.session.select_block(layout.columns, rows_[0], rows_[1], columns_[0], columns_[1], kept_);
  }
  ImDrawList* list = ImGui::GetWindowDrawList();
  const auto screen_y = [&](double row) {
    return origin.y + static_cast<float>((row - scroll) * pitch);
  };
  const ImVec2 min(origin.x + static_cast<float>(left), std::max(area.min.y, screen_y(top)));
  const ImVec2 max(origin.x + static_cast<float>(right), std::min(area.max.y, screen_y(bottom)));
  list->AddRectFilled(min, max, with_alpha(theme.accent, 0.14F), theme.px(2));
  list->AddRect(min, max, theme.accent, theme.px(2));
}

}  // namespace errata::viewer
