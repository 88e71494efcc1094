#include "viewer/views/overlay.h"

#include <imgui_stdlib.h>

#include <algorithm>

#include "viewer/widgets/text.h"

namespace errata::viewer {

bool begin_overlay(const FrameContext& frame, Overlay which, const char* name, float width,
                   float top_share) {
  if (frame.state.overlay != which) return false;
  const Theme& theme = frame.theme;
  const Rect& all = frame.regions.all;
  // Behind the panel, above everything else.
  ImGui::SetNextWindowPos(all.min);
  ImGui::SetNextWindowSize(ImVec2(all.width(), all.height()));
  ImGui::PushStyleColor(ImGuiCol_WindowBg, IM_COL32(0, 0, 0, 110));
  ImGui::Begin("Shade", nullptr,
               ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove | ImGuiWindowFlags_NoNav |
                   ImGuiWindowFlags_NoSavedSettings | ImGuiWindowFlags_NoDocking |
                   ImGuiWindowFlags_NoFocusOnAppearing);
  ImGui::SetCursorScreenPos(all.min);
  const bool beside = ImGui::InvisibleButton("beside", ImVec2(all.width(), all.height()));
  ImGui::End();
  ImGui::PopStyleColor();
  if (beside || ImGui::IsKeyPressed(ImGuiKey_Escape, false)) {
    frame.session.show_overlay(Overlay::kNone);
    return false;
  }
  const float wide = std::min(theme.px(width), all.width() - theme.px(40));
  ImGui::SetNextWindowPos(
      ImVec2((all.min.x + all.max.x - wide) / 2, all.min.y + all.height() * top_share));
  ImGui::SetNextWindowSizeConstraints(ImVec2(wide, 0),
                                      ImVec2(wide, all.height() * (0.97F - top_share)));
  ImGui::PushStyleColor(ImGuiCol_WindowBg, theme.panel);
  ImGui::PushStyleVar(ImGuiStyleVar_WindowBorderSize, 1);
  ImGui::PushStyleVar(ImGuiStyleVar_WindowRounding, theme.px(9));
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ImVec2(theme.px(16), theme.px(14)));
  ImGui::SetNextWindowFocus();
  ImGui::Begin(name, nullptr,
               ImGuiWindowFlags_NoTitleBar | ImGuiWindowFlags_NoMove | ImGuiWindowFlags_NoResize |
                   ImGuiWindowFlags_AlwaysAutoResize | ImGuiWindowFlags_NoSavedSettings |
                   ImGuiWindowFlags_NoDocking | ImGuiWindowFlags_NoNav);
  ImGui::PopStyleVar(3);
  ImGui::PopStyleColor();
  return true;
}

void end_overlay(const FrameContext&) {
  ImGui::End();
}

bool overlay_search(const FrameContext& frame, const char* hint) {
  const Theme& theme = frame.theme;
  AppState& state = frame.session.state();
  if (ImGui::IsWindowAppearing() || !ImGui::IsAnyItemActive()) ImGui::SetKeyboardFocusHere();
  ImGui::SetNextItemWidth(-1);
  ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, ImVec2(theme.px(10), theme.px(8)));
  ImGui::PushStyleVar(ImGuiStyleVar_FrameBorderSize, 1);
  ImGui::PushStyleColor(ImGuiCol_Border, theme.border);
  const bool changed = ImGui::InputTextWithHint("##search", hint, &state.overlay_text);
  ImGui::PopStyleColor();
  ImGui::PopStyleVar(2);
  if (changed) state.overlay_choice = 0;
  return changed;
}

int overlay_list(const FrameContext& frame, size_t count, float line_height, size_t most_visible,
                 const std::function<void(size_t, ImVec2, ImVec2, bool)>& draw_line) {
  const Theme& theme = frame.theme;
  size_t& choice = frame.session.state().overlay_choice;
  bool moved = false;
  if (count > 0 && ImGui::IsKeyPressed(ImGuiKey_DownArrow)) {
    choice = std::min(choice + 1, count - 1);
    moved = true;
  }
  if (ImGui::IsKeyPressed(ImGuiKey_UpArrow) && choice > 0) {
    --choice;
    moved = true;
  }
  if (choice >= count) choice = count == 0 ? 0 : count - 1;
  int taken = -1;
  const bool enter = ImGui::IsKeyPressed(ImGuiKey_Enter, false) ||
                     ImGui::IsKeyPressed(ImGuiKey_KeypadEnter, false);
  if (enter && count > 0 && !ImGui::IsWindowAppearing()) taken = static_cast<int>(choice);
  const float height = line_height * static_cast<float>(std::clamp(count, size_t{1}, most_visible));
  ImGui::Dummy(ImVec2(0, theme.px(2)));
  ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(0, 0));
  ImGui::BeginChild("lines", ImVec2(0, height));
  if (moved) {
    const float y = line_height * static_cast<float>(choice);
    if (y < ImGui::GetScrollY()) ImGui::SetScrollY(y);
    if (y + line_height > ImGui::GetScrollY() + height) ImGui::SetScrollY(y + line_height - height);
  }
  ImGuiListClipper clipper;
  clipper.Begin(static_cast<int>(count), line_height);
  while (clipper.Step()) {
    for (int i = clipper.DisplayStart; i < clipper.DisplayEnd; ++i) {
      const ImVec2 min = ImGui::GetCursorScreenPos();
      const float width = ImGui::GetContentRegionAvail().x;
      const ImVec2 max(min.x + width, min.y + line_height);
      ImGui::PushID(i);
      if (ImGui::InvisibleButton("line", ImVec2(width, line_height))) taken = i;
      ImGui::PopID();
      const bool chosen = static_cast<size_t>(i) == choice;
      if (chosen || ImGui::IsItemHovered()) {
        ImGui::GetWindowDrawList()->AddRectFilled(
            min, max, chosen ? theme.accent_soft : theme.hovered, theme.px(5));
      }
      draw_line(static_cast<size_t>(i), min, max, chosen);
    }
  }
  if (count == 0) {
    draw_text(theme, ImGui::GetWindowDrawList(),
              ImVec2(ImGui::GetCursorScreenPos().x + theme.px(10),
                     ImGui::GetCursorScreenPos().y + theme.px(6)),
              dim(theme), "nothing of that name");
  }
  ImGui::EndChild();
  ImGui::PopStyleVar();
  return taken;
}

}  // namespace errata::viewer
