// A line for each class: how often it is the label, how often it is found, how often it is right.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "base/text.h"
#include "viewer/state/filter_text.h"
#include "viewer/views/panels/measure_parts.h"
#include "viewer/views/panels/panels.h"
#include "viewer/widgets/controls.h"
#include "viewer/widgets/text.h"

namespace errata::viewer {

namespace {

struct TableColumn {
  const char* title;
  const char* meaning;
  float width;  // 1/96 inch
  double (*value)(const ClassLine&);
  bool is_share;
};

const std::array kColumns{
    TableColumn{"samples", "Samples with this label", 84,
                [](const ClassLine& line) { return static_cast<double>(line.support); }, false},
    TableColumn{"predicted", "Samples that the model takes for this class", 84,
                [](const ClassLine& line) { return static_cast<double>(line.predicted); }, false},
    TableColumn{
        "mistakes", "Samples with this label that the model takes for another class", 84,
        [](const ClassLine& line) { return static_cast<double>(line.support - line.right); },
        false},
    TableColumn{"precision", "Share of those predicted that have the label", 110,
                [](const ClassLine& line) { return line.precision; }, true},
    TableColumn{"recall", "Share of those with the label that are predicted", 110,
                [](const ClassLine& line) { return line.recall; }, true},
    TableColumn{"F1", "Harmonic mean of precision and recall", 110,
                [](const ClassLine& line) { return line.f1; }, true},
    TableColumn{"confidence", "Mean confidence of the prediction on samples with the label", 96,
                [](const ClassLine& line) { return line.mean_confidence; }, true}};

class ClassesPanel : public Panel {
 public:
  std::string_view id() const override { return "classes"; }
  bool offered(const AppState& state) const override { return has_classifier(state); }
  std::string title(const AppState& state) const override {
    return state.snapshot.classes.empty()
               ? std::string("Classes")
               : fmt::format("Classes \u00B7 {}", with_thousands(state.snapshot.classes.size()));
  }

  void draw(const FrameContext& frame) override {
    const PanelAnswer* answer = answer_or_note(frame);
    if (answer == nullptr) return;
    sort_if_changed(frame);
    draw_measured_line(frame, *answer);
    const Theme& theme = frame.theme;
    float numbers = 0;
    for (const TableColumn& column : kColumns) numbers += theme.px(column.width);
    const float bar = ImGui::GetStyle().ScrollbarSize;  // beside the numbers, not over them
    const float name =
        std::clamp(ImGui::GetContentRegionAvail().x - numbers - bar, theme.px(90), theme.px(320));
    ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ImVec2(0, 0));
    ImGui::BeginChild("table", ImVec2(0, 0), 0, ImGuiWindowFlags_HorizontalScrollbar);
    draw_header(frame, name);
    ImGui::BeginChild("lines", ImVec2(name + numbers + bar, 0));
    ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(0, 0));
    ImGuiListClipper clipper;
    const float height = theme.px(22);
    clipper.Begin(static_cast<int>(order_.size()), height);
    while (clipper.Step()) {
      for (int i = clipper.DisplayStart; i < clipper.DisplayEnd; ++i) {
        draw_line(frame, answer->classes[order_[static_cast<size_t>(i)]], i, name, numbers, height);
      }
    }
    ImGui::PopStyleVar();
    ImGui::EndChild();
    ImGui::EndChild();
    ImGui::PopStyleVar();
  }

 private:
  // Sorting happens once for each answer and choice, not in each frame.
  void sort_if_changed(const FrameContext& frame) {
    const PanelState& panels = frame.state.panels;
    if (sorted_for_ == panels.answer && sorted_column_ == panels.class_sort_column &&
        sorted_descending_ == panels.class_sort_descending) {
      return;
    }
    sorted_for_ = panels.answer;
    sorted_column_ = panels.class_sort_column;
    sorted_descending_ = panels.class_sort_descending;
    const std::vector<ClassLine>& classes = panels.answer->classes;
    order_.resize(classes.size());
    std::iota(order_.begin(), order_.end(), size_t{0});
    if (sorted_column_ < 0) return;
    const TableColumn& column = kColumns[static_cast<size_t>(sorted_column_)];
    std::stable_sort(order_.begin(), order_.end(), [&](size_t a, size_t b) {
      const double x = column.value(classes[a]);
      const double y = column.value(classes[b]);
      if (std::isnan(x) || std::isnan(y)) return std::isnan(y) && !std::isnan(x);
      return sorted_descending_ ? x > y : x < y;
    });
  }

  static void draw_header(const FrameContext& frame, float name) {
    const Theme& theme = frame.theme;
    PanelState& panels = frame.session.state().panels;
    ImDrawList* list = ImGui::GetWindowDrawList();
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const float height = theme.px(20);
    if (header_cell(frame, "class", at, ImVec2(name, height), false, panels.class_sort_column < 0,
                    "The project's order")) {
      panels.class_sort_column = -1;
    }
    float x = at.x + name;
    for (size_t i = 0; i < kColumns.size(); ++i) {
      const TableColumn& column = kColumns[i];
      const float width = theme.px(column.width);
      const bool chosen = panels.class_sort_column == static_cast<int>(i);
      if (header_cell(frame, column.title, ImVec2(x, at.y), ImVec2(width, height), true, chosen,
                      column.meaning)) {
        // Shares are worst when low, counts of mistakes when high.
        panels.class_sort_descending = chosen ? !panels.class_sort_descending : !column.is_share;
        panels.class_sort_column = static_cast<int>(i);
      }
      x += width;
    }
    list->AddLine(ImVec2(at.x, at.y + height), ImVec2(x, at.y + height), theme.border);
    ImGui::SetCursorScreenPos(ImVec2(at.x, at.y + height + 1));
  }

  static bool header_cell(const FrameContext& frame, const char* title, ImVec2 at, ImVec2 size,
                          bool right, bool chosen, const char* meaning) {
    const Theme& theme = frame.theme;
    ImDrawList* list = ImGui::GetWindowDrawList();
    ImGui::SetCursorScreenPos(at);
    const bool clicked = ImGui::InvisibleButton(title, size);
    TextStyle style = heading(theme);
    if (chosen || ImGui::IsItemHovered()) style.color = theme.text;
    std::string text = title;
    if (chosen && right) text += frame.state.panels.class_sort_descending ? " \u2193" : " \u2191";
    if (right) {
      draw_text_right(theme, list, ImVec2(at.x + size.x - theme.px(8), at.y + theme.px(2)), style,
                      text);
    } else {
      draw_text(theme, list, ImVec2(at.x + theme.px(4), at.y + theme.px(2)), style, text);
    }
    if (ImGui::IsItemHovered(ImGuiHoveredFlags_DelayNormal)) ImGui::SetTooltip("%s", meaning);
    return clicked;
  }

  static void draw_line(const FrameContext& frame, const ClassLine& line, int i, float name,
                        float numbers, float height) {
    const Theme& theme = frame.theme;
    ImDrawList* list = ImGui::GetWindowDrawList();
    const ImVec2 at = ImGui::GetCursorScreenPos();
    ImGui::PushID(i);
    if (ImGui::InvisibleButton("line", ImVec2(name + numbers, height))) {
      frame.session.panels().toggle_label(line.name);
    }
    ImGui::PopID();
    const bool chosen = facet_choice(frame.state.filter.draft, "label").has(line.name);
    if (chosen || ImGui::IsItemHovered()) {
      list->AddRectFilled(at, ImVec2(at.x + name + numbers, at.y + height),
                          chosen ? theme.accent_soft : theme.hovered, theme.px(4));
    }
    const float y = at.y + theme.px(2);
    draw_text_fit(theme, list, ImVec2(at.x + theme.px(4), y), name - theme.px(12), body(theme),
                  line.name);
    float x = at.x + name;
    for (const TableColumn& column : kColumns) {
      const float width = theme.px(column.width);
      const double value = column.value(line);
      TextStyle style = value == 0 ? small(theme) : body(theme);
      style.size = Theme::kBodySize;
      if (column.is_share && !std::isnan(value)) {
        const float bar = width - theme.px(64);
        if (bar > theme.px(10)) {
          const float middle = at.y + height / 2;
          draw_bar(theme, list, ImVec2(x + theme.px(6), middle - theme.px(3)),
                   ImVec2(x + theme.px(6) + bar, middle + theme.px(3)), static_cast<float>(value),
                   with_alpha(theme.accent, 0.8F));
        }
      }
      draw_text_right(theme, list, ImVec2(x + width - theme.px(8), y), style,
                      std::isnan(value) ? std::string()
                      : column.is_share ? fmt::format("{:.3f}", value)
                                        : with_thousands(static_cast<uint64_t>(value)));
      x += width;
    }
  }

  std::vector<size_t> order_;
  std::shared_ptr<const PanelAnswer> sorted_for_;
  int sorted_column_ = -2;
  bool sorted_descending_ = false;
};

}  // namespace

std::unique_ptr<Panel> make_classes_panel() {
  return std::make_unique<ClassesPanel>();
}

}  // namespace errata::viewer
