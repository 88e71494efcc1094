// Below the grid, or in its place: the panels as tabs.
#include <algorithm>

#include "base/text.h"
#include "viewer/views/panel.h"
#include "viewer/widgets/text.h"

namespace errata::viewer {

namespace {

constexpr float kTabHeight = 32;
constexpr float kTabPad = 10;
constexpr float kTabGap = 4;
constexpr float kButtonWidth = 30;

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

  static float tab_width(const FrameContext& frame, const Panel& panel) {
    return text_width(frame.theme, body(frame.theme), panel.title(frame.state)) +
           frame.theme.px(2 * kTabPad);
  }

  // Those that there is no room for go behind a button; the open one is always a tab.
  void draw_tabs(const FrameContext& frame) const {
    const Theme& theme = frame.theme;
    const Rect& rect = frame.regions.bottom;
    const Panel* current = chosen(frame);
    std::vector<const Panel*> offered;
    float whole = 0;
    for (const auto& panel : panels_) {
      if (!panel->offered(frame.state)) continue;
      offered.push_back(panel.get());
      whole += tab_width(frame, *panel) + theme.px(kTabGap);
    }
    const float left = rect.min.x + theme.px(10);
    const float right = rect.max.x - theme.px(kButtonWidth + 8);
    const bool all_fit = left + whole <= right;
    const float end = all_fit ? right : right - theme.px(64);
    const float current_width =
        current == nullptr ? 0 : tab_width(frame, *current) + theme.px(kTabGap);
    std::vector<const Panel*> hidden;
    float x = left;
    bool current_drawn = false;
    for (const Panel* panel : offered) {
      const float width = tab_width(frame, *panel);
      const float kept = current_drawn || panel == current ? 0 : current_width;
      if (x + width + kept > end) {
        if (panel != current) hidden.push_back(panel);
        continue;
      }
      draw_tab(frame, *panel, x, width, panel == current);
      current_drawn = current_drawn || panel == current;
      x += width + theme.px(kTabGap);
    }
    if (!current_drawn && current != nullptr) {
      draw_tab(frame, *current, x, tab_width(frame, *current), true);
      x += current_width;
    }
    if (!hidden.empty()) draw_more(frame, hidden, x);
    draw_tall_button(frame);
  }

  static void draw_tab(const FrameContext& frame, const Panel& panel, float x, float width,
                       bool is_current) {
    const Theme& theme = frame.theme;
    ImDrawList* list = ImGui::GetWindowDrawList();
    const float top = frame.regions.bottom.min.y;
    const float height = theme.px(kTabHeight);
    ImGui::SetCursorScreenPos(ImVec2(x, top + theme.px(4)));
    ImGui::PushID(panel.id().data());
    if (ImGui::InvisibleButton("tab", ImVec2(width, height - theme.px(4)))) {
      frame.session.state().layout.bottom_tab = panel.id();
    }
    const bool hovered = ImGui::IsItemHovered();
    ImGui::PopID();
    if (is_current) {
      list->AddRectFilled(ImVec2(x, top + theme.px(4)), ImVec2(x + width, top + height),
                          theme.raised, theme.px(6), ImDrawFlags_RoundCornersTop);
    }
    const TextStyle style = is_current || hovered ? body(theme) : dim(theme);
    draw_text(theme, list,
              ImVec2(x + theme.px(kTabPad),
                     top + theme.px(4) + (height - theme.px(4) - text_height(theme, style)) / 2),
              style, panel.title(frame.state));
  }

  static void draw_more(const FrameContext& frame, const std::vector<const Panel*>& hidden,
                        float x) {
    const Theme& theme = frame.theme;
    const float top = frame.regions.bottom.min.y;
    const float height = theme.px(kTabHeight);
    const std::string text = with_thousands(hidden.size()) + " more";
    const float width = text_width(theme, dim(theme), text) + theme.px(2 * kTabPad);
    ImGui::SetCursorScreenPos(ImVec2(x, top + theme.px(4)));
    if (ImGui::InvisibleButton("more tabs", ImVec2(width, height - theme.px(4)))) {
      ImGui::OpenPopup("more tabs menu");
    }
    const TextStyle style = ImGui::IsItemHovered() ? body(theme) : dim(theme);
    draw_text(theme, ImGui::GetWindowDrawList(),
              ImVec2(x + theme.px(kTabPad),
                     top + theme.px(4) + (height - theme.px(4) - text_height(theme, style)) / 2),
              style, text);
    ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ImVec2(theme.px(10), theme.px(8)));
    ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(theme.px(12), theme.px(7)));
    if (ImGui::BeginPopup("more tabs menu")) {
      for (const Panel* panel : hidden) {
        if (ImGui::MenuItem(panel->title(frame.state).c_str())) {
          frame.session.state().layout.bottom_tab = panel->id();
        }
      }
      ImGui::EndPopup();
    }
    ImGui::PopStyleVar(2);
  }

  // A corner that opens or folds.
  static void draw_tall_button(const FrameContext& frame) {
    const Theme& theme = frame.theme;
    const Rect& rect = frame.regions.bottom;
    const float width = theme.px(kButtonWidth);
    const ImVec2 min(rect.max.x - width - theme.px(6), rect.min.y + theme.px(4));
    ImGui::SetCursorScreenPos(min);
    if (ImGui::InvisibleButton("tall", ImVec2(width, theme.px(kTabHeight - 6)))) {
      frame.run("panel.tall");
    }
    const bool hovered = ImGui::IsItemHovered();
    const bool tall = frame.state.layout.tall_bottom;
    if (hovered) {
      ImGui::SetTooltip("%s (Shift P)", tall ? "The grid again, the panel below it"
                                             : "The panel in the grid's place");
    }
    ImDrawList* list = ImGui::GetWindowDrawList();
    if (hovered) {
      list->AddRectFilled(min, ImVec2(min.x + width, min.y + theme.px(kTabHeight - 6)),
                          theme.hovered, theme.px(5));
    }
    const ImVec2 middle(min.x + width / 2, min.y + theme.px(kTabHeight - 6) / 2);
    const float arm = theme.px(5);
    const float tip = tall ? arm / 2 : -arm / 2;
    const ImU32 ink = hovered ? theme.text : theme.text_dim;
    list->AddLine(ImVec2(middle.x - arm, middle.y - tip), ImVec2(middle.x, middle.y + tip), ink,
                  theme.px(1.5F));
    list->AddLine(ImVec2(middle.x, middle.y + tip), ImVec2(middle.x + arm, middle.y - tip), ink,
                  theme.px(1.5F));
  }

  std::vector<std::unique_ptr<Panel>> panels_;
};

}  // namespace

std::unique_ptr<View> make_bottom() {
  return std::make_unique<BottomView>();
}

}  // namespace errata::viewer
