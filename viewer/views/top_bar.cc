// Top: menus, the filter bar with its problem in place, sort and run.
#include <fmt/format.h>
#include <imgui_internal.h>
#include <imgui_stdlib.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "model/scores.h"
#include "viewer/views/view.h"
#include "viewer/widgets/controls.h"
#include "viewer/widgets/text.h"

namespace errata::viewer {

namespace {

// A problem is shown once the typing pauses, not in the middle of a word.
constexpr double kProblemDelaySecs = 0.6;

ImU32 span_color(const Theme& theme, FilterSpanKind kind) {
  switch (kind) {
    case FilterSpanKind::kKeyword: return theme.accent;
    case FilterSpanKind::kOperator: return theme.accent;
    case FilterSpanKind::kString: return theme.string_text;
    case FilterSpanKind::kNumber: return theme.string_text;
    default: return theme.text;
  }
}

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
    draw_problem(frame);
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

    const std::string sort = "Sort: " + sort_text(frame.state.sort);
    const std::string run = frame.state.snapshot.samples.active_run.empty()
                                ? std::string("No run")
                                : "Run: " + to_valid_utf8(frame.state.snapshot.samples.active_run);
    const float most = theme.px(240);
    const TextStyle style = body(theme);
    const float pad = theme.px(11) * 2;
    const float gap = theme.px(10);
    const float sort_width = std::min(most, text_width(theme, style, sort) + pad);
    const float run_width = std::min(most, text_width(theme, style, run) + pad);
    const float y = bar.min.y + (bar.height() - theme.px(28)) / 2;
    const float run_x = bar.max.x - theme.px(12) - run_width;
    const float sort_x = run_x - gap - sort_width;
    draw_filter(frame, Rect{ImVec2(left, y), ImVec2(sort_x - gap, y + theme.px(28))});
    ImGui::SetCursorScreenPos(ImVec2(sort_x, y));
    if (choice_button(theme, "sort", sort, most)) ImGui::OpenPopup("sort menu");
    popup_below();
    draw_sort_menu(frame);
    ImGui::SetCursorScreenPos(ImVec2(run_x, y));
    if (choice_button(theme, "run", run, most)) ImGui::OpenPopup("run menu");
    popup_below();
    draw_run_menu(frame);
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
    ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(theme.px(12), theme.px(7)));
  }
  static void pop_menu_style() { ImGui::PopStyleVar(3); }

  static void draw_menus(const FrameContext& frame) {
    const Theme& theme = frame.theme;
    constexpr std::array kMenus{Menu::kFile, Menu::kEdit, Menu::kReview,
                                Menu::kView, Menu::kRun,  Menu::kHelp};
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

  static void sort_entry(const FrameContext& frame, std::string_view column,
                         std::string_view sentence, bool worst_high) {
    if (frame.state.snapshot.samples.find(column) == nullptr) return;
    const bool chosen = frame.state.sort.column == column;
    if (ImGui::MenuItem(column_title(column).c_str(), nullptr, chosen)) {
      // A second click turns the order round.
      const bool descending = chosen ? !frame.state.sort.descending : worst_high;
      frame.session.set_sort({std::string(column), descending});
    }
    if (ImGui::IsItemHovered(ImGuiHoveredFlags_DelayNormal)) {
      ImGui::PushTextWrapPos(frame.theme.px(420));
      ImGui::SetTooltip("%.*s", static_cast<int>(sentence.size()), sentence.data());
      ImGui::PopTextWrapPos();
    }
  }

  static void draw_sort_menu(const FrameContext& frame) {
    push_menu_style(frame.theme);
    if (ImGui::BeginPopup("sort menu")) {
      if (ImGui::MenuItem("turn the order round")) {
        frame.session.set_sort({frame.state.sort.column, !frame.state.sort.descending});
      }
      ImGui::Separator();
      for (const ScoreInfo& score : all_scores()) {
        sort_entry(frame, score.name, score.sentence, score.worst == Worst::kHigh);
      }
      ImGui::Separator();
      for (const ColumnInfo& column : sample_columns()) {
        if (column.type == ColumnType::kSet) continue;
        sort_entry(frame, column.name, column.sentence, false);
      }
      ImGui::EndPopup();
    }
    pop_menu_style();
  }

  void draw_filter(const FrameContext& frame, const Rect& rect) {
    const Theme& theme = frame.theme;
    AppState& state = frame.session.state();
    field_ = rect;
    const FontScope font(theme.fonts.mono, Theme::kBodySize - 1);
    ImGui::SetCursorScreenPos(rect.min);
    ImGui::SetNextItemWidth(rect.width());
    ImGui::PushStyleVar(ImGuiStyleVar_FramePadding,
                        ImVec2(theme.px(10), (rect.height() - ImGui::GetFontSize()) / 2));
    ImGui::PushStyleVar(ImGuiStyleVar_FrameBorderSize, 1);
    ImGui::PushStyleVar(ImGuiStyleVar_FrameRounding, theme.px(6));
    const bool wrong = !state.filter.problem.empty();
    ImGui::PushStyleColor(ImGuiCol_Border, wrong     ? theme.wrong
                                           : active_ ? theme.accent
                                                     : theme.border);
    // The text is drawn again, coloured, over the field's own.
    ImGui::PushStyleColor(ImGuiCol_Text, IM_COL32(0, 0, 0, 0));
    ImGui::PushStyleColor(ImGuiCol_InputTextCursor, theme.text);
    if (state.filter.focus_wanted) ImGui::SetKeyboardFocusHere();
    state.filter.focus_wanted = false;
    const bool changed = ImGui::InputText("##filter", &state.filter.draft);
    active_ = ImGui::IsItemActive();
    ImGui::PopStyleColor(3);
    ImGui::PopStyleVar(3);
    draw_coloured(frame, rect, ImGui::GetItemID());
    if (changed) {
      changed_secs_ = frame.now_secs;
      frame.session.set_filter(state.filter.draft);
    }
  }

  // What stands in the field, in colours; the hint when it is empty.
  void draw_coloured(const FrameContext& frame, const Rect& rect, ImGuiID id) const {
    const Theme& theme = frame.theme;
    const FilterState& filter = frame.state.filter;
    ImDrawList* list = ImGui::GetWindowDrawList();
    TextStyle style{theme.fonts.mono, Theme::kBodySize - 1, theme.text};
    const float y = rect.min.y + (rect.height() - text_height(theme, style)) / 2;
    float x = rect.min.x + theme.px(10);
    const ImVec2 clip_min(x, rect.min.y);
    list->PushClipRect(clip_min, ImVec2(rect.max.x - theme.px(10), rect.max.y), true);
    if (filter.draft.empty() && !active_) {
      style.color = theme.text_faint;
      draw_text(theme, list, ImVec2(x, y), style,
                "filter, as label != prediction and confidence > 0.9");
    }
    if (const ImGuiInputTextState* input = ImGui::GetInputTextState(id); active_ && input) {
      x -= input->Scroll.x;
    }
    for (const FilterSpan& span : filter_spans(filter.draft)) {
      style.color = span_color(theme, span.kind);
      const auto text = std::string_view(filter.draft).substr(span.begin, span.end - span.begin);
      list->AddText(style.font, style.size * theme.scale, ImVec2(x, y), style.color, text.data(),
                    text.data() + text.size());
      const float width = text_width(theme, style, text);
      if (!filter.problem.empty() && filter.problem_end > filter.problem_begin &&
          span.begin < filter.problem_end && span.end > filter.problem_begin) {
        const float line = y + text_height(theme, style) + theme.px(1);
        list->AddLine(ImVec2(x, line), ImVec2(x + width, line), theme.wrong, theme.px(1.5F));
      }
      x += width;
    }
    list->PopClipRect();
  }

  void draw_problem(const FrameContext& frame) const {
    const FilterState& filter = frame.state.filter;
    const Theme& theme = frame.theme;
    if (filter.problem.empty()) return;
    if (active_ && frame.now_secs - changed_secs_ < kProblemDelaySecs) return;
    ImGui::SetNextWindowPos(ImVec2(field_.min.x, field_.max.y + theme.px(6)));
    ImGui::SetNextWindowSizeConstraints(ImVec2(field_.width() * 0.5F, 0),
                                        ImVec2(field_.width(), FLT_MAX));
    ImGui::PushStyleColor(ImGuiCol_WindowBg, theme.raised);
    ImGui::PushStyleColor(ImGuiCol_Border, theme.wrong);
    ImGui::PushStyleVar(ImGuiStyleVar_WindowBorderSize, 1);
    ImGui::PushStyleVar(ImGuiStyleVar_WindowRounding, theme.px(6));
    if (ImGui::Begin("Filter problem", nullptr,
                     ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_AlwaysAutoResize |
                         ImGuiWindowFlags_NoFocusOnAppearing | ImGuiWindowFlags_NoNav |
                         ImGuiWindowFlags_NoMove | ImGuiWindowFlags_NoSavedSettings |
                         ImGuiWindowFlags_NoDocking)) {
      ImGui::PushStyleColor(ImGuiCol_Text, theme.wrong);
      ImGui::PushTextWrapPos(field_.width() - theme.px(24));
      ImGui::TextUnformatted(filter.problem.c_str());
      ImGui::PopTextWrapPos();
      ImGui::PopStyleColor();
      if (!filter.problem_hint.empty()) {
        const FontScope font(theme.fonts.mono, Theme::kSmallSize);
        ImGui::PushStyleColor(ImGuiCol_Text, theme.text_dim);
        ImGui::TextUnformatted(filter.problem_hint.c_str());
        ImGui::PopStyleColor();
      }
    }
    ImGui::End();
    ImGui::PopStyleVar(2);
    ImGui::PopStyleColor(2);
  }

  Rect field_;
  bool active_ = false;
  double changed_secs_ = 0;
};

}  // namespace

std::unique_ptr<View> make_top_bar() {
  return std::make_unique<TopBar>();
}

}  // namespace errata::viewer
