#include "viewer/views/thumb.h"

#include "viewer/views/tile.h"
#include "viewer/widgets/controls.h"
#include "viewer/widgets/text.h"

namespace errata::viewer {

namespace {

constexpr float kLine = 16;

}  // namespace

float thumb_height(const Theme& theme, const Thumb& thumb) {
  return thumb.side + theme.px(3) + (thumb.first.empty() ? 0 : theme.px(kLine)) +
         (thumb.second.empty() ? 0 : theme.px(kLine));
}

bool draw_thumb(const FrameContext& frame, const Thumb& thumb) {
  const Theme& theme = frame.theme;
  const ImVec2 min = ImGui::GetCursorScreenPos();
  const ImVec2 max(min.x + thumb.side, min.y + thumb.side);
  ImDrawList* list = ImGui::GetWindowDrawList();
  ImGui::PushID(static_cast<int>(thumb.row));
  const bool pressed =
      ImGui::InvisibleButton("thumb", ImVec2(thumb.side, thumb_height(theme, thumb)));
  const bool hovered = ImGui::IsItemHovered();
  const bool rested = ImGui::IsItemHovered(ImGuiHoveredFlags_DelayNormal);
  ImGui::PopID();
  if (rested) draw_tile_hover(frame, find_tile_columns(frame.state), thumb.row);
  if (!ImGui::IsRectVisible(min, ImVec2(max.x, max.y + theme.px(40)))) return pressed;
  const SampleId sample = frame.state.snapshot.ids[thumb.row];
  list->AddRectFilled(min, max, theme.image_back, theme.px(4));
  if (const auto region = frame.pictures.thumbnail(sample)) {
    draw_fitted(list, *region, min, max, thumb.faded ? IM_COL32(255, 255, 255, 70) : IM_COL32_WHITE,
                theme.px(4));
  }
  const ImU32 edge = thumb.frame != 0 ? thumb.frame : hovered ? theme.text_dim : 0;
  if (edge != 0) {
    list->AddRect(ImVec2(min.x - theme.px(1), min.y - theme.px(1)),
                  ImVec2(max.x + theme.px(1), max.y + theme.px(1)), edge, theme.px(4), theme.px(2));
  }
  float y = max.y + theme.px(3);
  TextStyle style = small(theme);
  if (!thumb.first.empty()) {
    style.color = thumb.first_color != 0 ? thumb.first_color : theme.text_dim;
    draw_text_fit(theme, list, ImVec2(min.x, y), thumb.side, style, thumb.first);
    y += theme.px(kLine);
  }
  if (!thumb.second.empty()) {
    draw_text_fit(theme, list, ImVec2(min.x, y), thumb.side, small(theme), thumb.second);
  }
  return pressed;
}

}  // namespace errata::viewer
