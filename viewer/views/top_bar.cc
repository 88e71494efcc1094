// Top: menus, the filter bar, sort, run, and the switch between grid and table.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "viewer/views/filter_bar.h"
#include "viewer/views/sort_menu.h"
#include "viewer/views/view.h"
#include "viewer/widgets/controls.h"
#include "viewer/widgets/text.h"

namespace errata::viewer {

namespace {

constexpr float kLeastFilter = 220;

class TopBar : public View {
 public:
  void draw(const FrameContext& frame) override {
    const Theme& theme = frame.theme;
    const float height = frame.regions.top.height();
    // The menu bar is the whole bar: its height comes from the frame padding.
    ImGui::PushStyleVar(ImGuiStyleVar_FramePadding,
                        ImVec2(theme.px(8), (height - ImGui::GetFontSize()) / 2));
    ImGui::PushStyleColor(ImGuiCol_MenuBarBg, theme.panel);
    ImGui::PushStyleColor(ImGuiCol_Border, IM_COL32(0, 0, 0, 0));
    begin_region("Top bar", frame.regions.top, theme.panel, ImVec2(0, 0),
                 ImGuiWindowFlags_MenuBar | ImGuiWindowFlags_NoScrollWithMouse);
    ImGui::PopStyleColor();
    if (ImGui::BeginMenuBar()) {
      draw_bar_items(frame);
      ImGui::EndMenuBar();
    }
    ImGui::PopStyleColor();
    ImGui::PopStyleVar();
    ImDrawList* list = ImGui::GetWindowDrawList();
    list->AddLine(ImVec2(frame.regions.top.min.x, frame.regions.top.max.y - 1),
                  ImVec2(frame.regions.top.max.x, frame.regions.top.max.y - 1), theme.border);
    ImGui::End();
    filter_.draw_below(frame);
  }

 private:
  void draw_bar_items(const FrameContext& frame) {
    const Theme& theme = frame.theme;
    const Rect& bar = frame.regions.top;
    ImDrawList* list = ImGui::GetWindowDrawList();
    const TextStyle title{theme.fonts.bold, Theme::kBodySize, theme.text};
    const float text_y = bar.min.y + (bar.height() - text_height(theme, title)) / 2;
    draw_text(theme, list, ImVec2(bar.min.x + theme.px(14), text_y), title, "Errata");
    ImGui::SetCursorScreenPos(
        ImVec2(bar.min.x + theme.px(22) + text_width(theme, title, "Errata"), bar.min.y));
    draw_menus(frame);
    const float left = ImGui::GetCursorScreenPos().x + theme.px(6);

    const std::string sort = "Sort: " + (frame.state.by_likeness ? std::string("most alike first")
                                                                 : sort_text(frame.state.sort));
    const std::string run = frame.state.snapshot.samples.active_run.empty()
                                ? std::string("No run")
                                : "Run: " + to_valid_utf8(frame.state.snapshot.samples.active_run);
    const TextStyle style = body(theme);
    const float pad = theme.px(11) * 2;
    const float gap = theme.px(10);
    // In a narrow window they give way to the filter, down to their first words.
    const float switch_x = bar.max.x - theme.px(12) - switch_width(frame);
    const float room = switch_x - left - 3 * gap - theme.px(kLeastFilter);
    const float most_sort = std::clamp(room * 0.58F, theme.px(74), theme.px(220));
    const float most_run = std::clamp(room * 0.42F, theme.px(64), theme.px(160));
    const float sort_width = std::min(most_sort, text_width(theme, style, sort) + pad);
    const float run_width = std::min(most_run, text_width(theme, style, run) + pad);
    const float y = bar.min.y + (bar.height() - theme.px(28)) / 2;
    const float run_x = switch_x - gap - run_width;
    const float sort_x = run_x - gap - sort_width;
    filter_.draw(frame, Rect{ImVec2(left, y), ImVec2(sort_x - gap, y + theme.px(28))});
    ImGui::SetCursorScreenPos(ImVec2(sort_x, y));
    if (choice_button(theme, "sort", sort, most_sort)) ImGui::OpenPopup(SortMenu::kId);
    popup_below();
    sort_menu_.draw(frame);
    ImGui::SetCursorScreenPos(ImVec2(run_x, y));
    if (choice_button(theme, "run", run, most_run)) ImGui::OpenPopup("run menu");
    popup_below();
    draw_run_menu(frame);
    draw_switch(frame, ImVec2(switch_x, y));
  }

  // What the centre shows; objects only where there are some.
  struct Choice {
    const char* word;
    const char* command;
    CentreMode mode;
    bool large;
  };
  static constexpr std::array kChoices{
      Choice{"Grid", nullptr, CentreMode::kGrid, false},
      Choice{"Table", nullptr, CentreMode::kTable, false},
      Choice{"Objects", "view.objects", CentreMode::kObjects, false},
      Choice{"Image", "view.open", CentreMode::kGrid, true}};

  static bool is_offered(const FrameContext& frame, const Choice& choice) {
    return choice.mode != CentreMode::kObjects || frame.state.objects.phase != ObjectsPhase::kNone;
  }

  static float switch_width(const FrameContext& frame) {
    const TextStyle style = body(frame.theme);
    float width = 0;
    for (const Choice& choice : kChoices) {
      if (!is_offered(frame, choice)) continue;
      width += text_width(frame.theme, style, choice.word) + frame.theme.px(16);
    }
    return width;
  }

  static void draw_switch(const FrameContext& frame, ImVec2 min) {
    const Theme& theme = frame.theme;
    const TextStyle style = body(theme);
    const float height = theme.px(28);
    const ImVec2 max(min.x + switch_width(frame), min.y + height);
    ImDrawList* list = ImGui::GetWindowDrawList();
    list->AddRectFilled(min, max, theme.raised, theme.px(6));
    list->AddRect(min, max, theme.border, theme.px(6));
    float x = min.x;
    const LayoutState& layout = frame.state.layout;
    for (const Choice& choice : kChoices) {
      if (!is_offered(frame, choice)) continue;
      const float width = text_width(theme, style, choice.word) + theme.px(16);
      const bool chosen =
          choice.large ? layout.show_large : !layout.show_large && layout.centre == choice.mode;
      ImGui::SetCursorScreenPos(ImVec2(x, min.y));
      if (ImGui::InvisibleButton(choice.word, ImVec2(width, height)) && !chosen) {
        if (choice.command != nullptr) {
          frame.run(choice.command);
        } else {
          frame.session.show_rows_of(choice.mode);
        }
      }
      TextStyle each = style;
      if (!chosen && !ImGui::IsItemHovered()) each.color = theme.text_faint;
      draw_words(theme, list,
                 ImVec2(x + theme.px(8), min.y + (height - text_height(theme, each)) / 2),
                 width - theme.px(8), each, choice.word);
      x += width;
    }
  }

  // The popup that follows hangs from the button just drawn, inside the window.
  static void popup_below() {
    const ImVec2 corner = ImGui::GetItemRectMax();
    ImGui::SetNextWindowPos(ImVec2(corner.x, corner.y + ImGui::GetStyle().ItemSpacing.y), 0,
                            ImVec2(1, 0));
  }

  static void push_menu_style(const Theme& theme) {
    ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ImVec2(theme.px(8), theme.px(8)));
    ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, ImVec2(theme.px(8), theme.px(5)));
    ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(theme.px(12), theme.px(6)));
  }
  static void pop_menu_style() { ImGui::PopStyleVar(3); }

  static void draw_menus(const FrameContext& frame) {
    const Theme& theme = frame.theme;
    constexpr std::array kMenus{Menu::kFile,    Menu::kEdit, Menu::kReview, Menu::kFind,
                                Menu::kObjects, Menu::kView, Menu::kRun,    Menu::kHelp};
    ImGui::PushStyleColor(ImGuiCol_Text, theme.text_dim);
    for (const Menu menu : kMenus) {
      ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ImVec2(theme.px(8), theme.px(8)));
      const bool open = ImGui::BeginMenu(std::string(menu_title(menu)).c_str());
      ImGui::PopStyleVar();
      if (!open) continue;
      push_menu_style(theme);
      ImGui::PushStyleColor(ImGuiCol_Text, theme.text);
      for (const Command& command : frame.commands.all()) {
        if (command.menu == menu) draw_menu_entry(frame, command);
      }
      if (menu == Menu::kRun) draw_runs(frame);
      ImGui::PopStyleColor();
      pop_menu_style();
      ImGui::EndMenu();
    }
    ImGui::PopStyleColor();
  }

  static void draw_menu_entry(const FrameContext& frame, const Command& command) {
    const std::string key = command.keys.empty() ? "" : key_text(command.keys[0]);
    if (ImGui::MenuItem(command.title.c_str(), key.empty() ? nullptr : key.c_str(), false,
                        command.enabled(frame.state))) {
      frame.run(command.id);
    }
    if (ImGui::IsItemHovered(ImGuiHoveredFlags_DelayNormal)) {
      ImGui::SetTooltip("%s", command.help.c_str());
    }
  }

  static void draw_runs(const FrameContext& frame) {
    const AppState& state = frame.state;
    if (!state.snapshot.runs.empty()) ImGui::Separator();
    for (const RunSummary& run : state.snapshot.runs) {
      const std::string title = to_valid_utf8(run.name);
      const std::string about =
          run.state == RunState::kComplete
              ? fmt::format("{} samples", with_thousands(run.predicted_samples))
              : std::string(run.state == RunState::kRunning ? "running" : "interrupted");
      ImGui::PushID(static_cast<int>(run.id));
      if (ImGui::MenuItem(title.c_str(), about.c_str(),
                          run.name == state.snapshot.samples.active_run)) {
        frame.session.set_run(run.name);
      }
      ImGui::PopID();
    }
  }

  static void draw_run_menu(const FrameContext& frame) {
    push_menu_style(frame.theme);
    if (ImGui::BeginPopup("run menu")) {
      if (frame.state.snapshot.runs.empty()) {
        ImGui::TextUnformatted("No model has been run yet: errata infer, or errata predictions");
      }
      draw_runs(frame);
      ImGui::EndPopup();
    }
    pop_menu_style();
  }

  FilterBar filter_;
  SortMenu sort_menu_;
};

}  // namespace

std::unique_ptr<View> make_top_bar() {
  return std::make_unique<TopBar>();
}

}  // namespace errata::viewer
