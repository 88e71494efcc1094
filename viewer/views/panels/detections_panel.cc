// Which class a detector takes each object for: rows are labels, columns detections, the last of
// each the background. Every cell opens its objects.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "viewer/state/filter_text.h"
#include "viewer/views/panels/measure_parts.h"
#include "viewer/views/panels/panels.h"
#include "viewer/widgets/text.h"

namespace errata::viewer {

namespace {

constexpr float kLeastCell = 34;
constexpr float kMostCell = 92;
constexpr float kCellHeight = 24;
constexpr size_t kMostClasses = 60;

class DetectionsPanel : public Panel {
 public:
  std::string_view id() const override { return "detections"; }
  std::string title(const AppState&) const override { return "Detections"; }
  bool offered(const AppState& state) const override { return has_detector(state); }

  void draw(const FrameContext& frame) override {
    const ObjectMeasures* measures = measures_or_note(frame);
    if (measures == nullptr) return;
    draw_measures_line(frame, *measures, true);
    ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ImVec2(0, 0));
    ImGui::BeginChild("matrix", ImGui::GetContentRegionAvail(), 0,
                      ImGuiWindowFlags_HorizontalScrollbar);
    draw_matrix(frame, *measures);
    ImGui::EndChild();
    ImGui::PopStyleVar();
  }

 private:
  static std::string_view name_at(const ObjectMeasures& measures, size_t k) {
    return k < measures.classes.size() ? std::string_view(measures.classes[k].name)
                                       : std::string_view("background");
  }

  static int64_t count_at(const ObjectMeasures& measures, size_t row, size_t column) {
    return measures.confusion[row * (measures.classes.size() + 1) + column];
  }

  static void draw_matrix(const FrameContext& frame, const ObjectMeasures& measures) {
    const Theme& theme = frame.theme;
    ImDrawList* list = ImGui::GetWindowDrawList();
    const size_t classes = measures.classes.size();
    // Of very many classes the first; the background always.
    std::vector<size_t> shown;
    for (size_t k = 0; k < std::min(classes, kMostClasses); ++k) shown.push_back(k);
    shown.push_back(classes);
    const ImVec2 at = ImGui::GetCursorScreenPos();
    float names = 0;
    for (const size_t k : shown) {
      names = std::max(names, text_width(theme, dim(theme), name_at(measures, k)));
    }
    names = std::min(names, theme.px(130)) + theme.px(12);
    const float room = ImGui::GetContentRegionAvail().x - names - theme.px(10);
    const float cell = std::clamp(room / static_cast<float>(shown.size()), theme.px(kLeastCell),
                                  theme.px(kMostCell));
    const float height = theme.px(kCellHeight);
    const float head = theme.px(20);
    const float right = at.x + names + cell * static_cast<float>(shown.size());
    draw_text_fit(theme, list, at, names - theme.px(8), small(theme), "label");
    for (size_t column = 0; column < shown.size(); ++column) {
      const float x = at.x + names + static_cast<float>(column) * cell;
      draw_text_fit(theme, list, ImVec2(x + theme.px(4), at.y), cell - theme.px(6), small(theme),
                    name_at(measures, shown[column]));
    }
    for (size_t row = 0; row < shown.size(); ++row) {
      const float y = at.y + head + static_cast<float>(row) * height;
      if (!ImGui::IsRectVisible(ImVec2(at.x, y), ImVec2(right, y + height))) continue;
      draw_text_fit(theme, list, ImVec2(at.x, y + theme.px(3)), names - theme.px(8), dim(theme),
                    name_at(measures, shown[row]));
      const ImVec2 size(cell - theme.px(2), height - theme.px(2));
      int64_t total = 0;
      for (size_t k = 0; k <= classes; ++k) total += count_at(measures, shown[row], k);
      for (size_t column = 0; column < shown.size(); ++column) {
        if (row + 1 == shown.size() && column + 1 == shown.size()) continue;
        const ImVec2 min(at.x + names + static_cast<float>(column) * cell, y);
        if (!ImGui::IsRectVisible(min, ImVec2(min.x + size.x, min.y + size.y))) continue;
        draw_cell(frame, measures, shown[row], shown[column], total, min, size);
      }
    }
    ImGui::SetCursorScreenPos(at);
    ImGui::Dummy(ImVec2(names + cell * static_cast<float>(shown.size()),
                        head + height * static_cast<float>(shown.size())));
  }

  static void draw_cell(const FrameContext& frame, const ObjectMeasures& measures, size_t row,
                        size_t column, int64_t row_total, ImVec2 min, ImVec2 size) {
    const Theme& theme = frame.theme;
    const size_t classes = measures.classes.size();
    const int64_t count = count_at(measures, row, column);
    const bool right = row == column;
    const int64_t most = right ? 1 + row_total : std::max<int64_t>(1, measures.largest_confusion);
    const float share =
        std::sqrt(static_cast<float>(static_cast<double>(count) / static_cast<double>(most)));
    const ImU32 color = count == 0 ? theme.panel
                                   : mix(theme.panel, right ? theme.right : theme.wrong,
                                         0.12F + 0.33F * std::min(1.0F, share));
    ImGui::SetCursorScreenPos(min);
    ImGui::PushID(static_cast<int>(row * (classes + 1) + column));
    if (ImGui::InvisibleButton("cell", size) && count > 0) show_cell(frame, measures, row, column);
    ImGui::PopID();
    const bool hovered = ImGui::IsItemHovered();
    ImDrawList* list = ImGui::GetWindowDrawList();
    const ImVec2 max(min.x + size.x, min.y + size.y);
    list->AddRectFilled(min, max, color, theme.px(3));
    if (hovered) list->AddRect(min, max, theme.accent, theme.px(3));
    if (hovered) {
      ImGui::SetTooltip("%s %s found as %s%s", with_thousands(static_cast<uint64_t>(count)).c_str(),
                        row < classes ? std::string(name_at(measures, row)).c_str() : "places",
                        std::string(name_at(measures, column)).c_str(),
                        count > 0 ? "\nclick to see them" : "");
    }
    if (count == 0) return;
    const TextStyle style = right ? bold(theme) : body(theme);
    const std::string text = with_thousands(static_cast<uint64_t>(count));
    draw_text(theme, list,
              ImVec2(min.x + (size.x - text_width(theme, style, text)) / 2,
                     min.y + (size.y - text_height(theme, style)) / 2),
              style, text);
  }

  // Labels that were not found by their class, detections on nothing, labels taken for another.
  static void show_cell(const FrameContext& frame, const ObjectMeasures& measures, size_t row,
                        size_t column) {
    const size_t classes = measures.classes.size();
    std::string filter = "kind = ";
    filter += row < classes ? "'given'" : "'predicted'";
    const size_t label = row < classes ? row : column;
    filter = with_facet_choice(filter, "label", {{measures.classes[label].name}, false});
    FacetChoice errors;
    if (row == column) {
      errors.values = {"true"};
    } else if (row == classes) {
      errors.values = {"background", "both", "localisation", "duplicate"};
    } else if (column == classes) {
      errors.values = {"missed", "localisation"};
    } else {
      errors.values = {"class"};
    }
    filter = with_facet_choice(filter, "error", errors);
    frame.session.objects().show(filter);
  }
};

}  // namespace

std::unique_ptr<Panel> make_detections_panel() {
  return std::make_unique<DetectionsPanel>();
}

}  // namespace errata::viewer
