// Below the grid: the panels as tabs.
#include <algorithm>

#include "viewer/views/panel.h"
#include "viewer/widgets/text.h"

namespace errata::viewer {

namespace {

constexpr float kTabHeight = 32;

class BottomView : public View {
 public:
  BottomView() : panels_(all_panels()) {}

  void draw(const FrameContext& frame) override {
    if (frame.regions.bottom.height() <= 0) return;
    const Theme& theme = frame.theme;
    const Rect& rect = frame.regions.bottom;
    if (begin_region("Panels", rect, theme.panel, ImVec2(0, 0))) {
      ImDrawList* list = ImGui::GetWindowDrawList();
      list->AddLine(rect.min, ImVec2(rect.max.x, rect.min.y), theme.border);
      draw_tabs(frame);
      ImGui::SetCursorScreenPos(ImVec2(rect.min.x, rect.min.y + theme.px(kTabHeight)));
      ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ImVec2(theme.px(14), theme.px(10)));
      ImGui::PushStyleColor(ImGuiCol_ChildBg, theme.raised);
      // Each panel scrolls for itself.
      ImGui::BeginChild(frame.state.layout.bottom_tab.c_str(),
                        ImVec2(rect.width(), rect.height() - theme.px(kTabHeight)),
                        ImGuiChildFlags_AlwaysUseWindowPadding, ImGuiWindowFlags_NoNav);
      if (Panel* panel = chosen(frame)) panel->draw(frame);
      ImGui::EndChild();
      ImGui::PopStyleColor();
      ImGui::PopStyleVar();
    }
    ImGui::End();
  }

 private:
  Panel* chosen(const FrameContext& frame) const {
    for (const auto& panel : panels_) {
      if (panel->id() == frame.state.layout.bottom_tab && panel->offered(frame.state)) {
        return panel.get();
      }
    }
    for (const auto& panel : panels_) {
      if (panel->offered(frame.state)) return panel.get();
    }
    return nullptr;
  }

  void draw_tabs(const FrameContext& frame) const {
    const Theme& theme = frame.theme;
    const Rect& rect = frame.regions.bottom;
    ImDrawList* list = ImGui::GetWindowDrawList();
    const float height = theme.px(kTabHeight);
    float x = rect.min.x + theme.px(10);
    const Panel* current = chosen(frame);
    for (const auto& panel : panels_) {
      if (!panel->offered(frame.state)) continue;
      const std::string title = panel->title(frame.state);
      const float width = text_width(theme, body(theme), title) + theme.px(20);
      ImGui::SetCursorScreenPos(ImVec2(x, rect.min.y + theme.px(4)));
      ImGui::PushID(panel->id().data());
      if (ImGui::InvisibleButton("tab", ImVec2(width, height - theme.px(4)))) {
        frame.session.state().layout.bottom_tab = panel->id();
      }
      const bool hovered = ImGui::IsItemHovered();
      ImGui::PopID();
      const bool is_current = panel.get() == current;
      if (is_current) {
        list->AddRectFilled(ImVec2(x, rect.min.y + theme.px(4)),
                            ImVec2(x + width, rect.min.y + height), theme.raised, theme.px(6),
                            ImDrawFlags_RoundCornersTop);
      }
      const TextStyle style = is_current || hovered ? body(theme) : dim(theme);
      draw_text(
          theme, list,
          ImVec2(x + theme.px(10),
                 rect.min.y + theme.px(4) + (height - theme.px(4) - text_height(theme, style)) / 2),
          style, title);
      x += width + theme.px(4);
    }
  }

  std::vector<std::unique_ptr<Panel>> panels_;
};

}  // namespace

std::unique_ptr<View> make_bottom() {
  return std::make_unique<BottomView>();
}

}  // namespace errata::viewer
