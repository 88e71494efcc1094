// Which class is taken for which: the matrix, the largest confusions, and the accuracy.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/text.h"
#include "viewer/state/filter_text.h"
#include "viewer/views/panels/measure_parts.h"
#include "viewer/views/panels/panels.h"
#include "viewer/widgets/text.h"

namespace errata::viewer {

namespace {

constexpr float kAccuracyWidth = 270;
constexpr float kPairsWidth = 230;
constexpr float kLeastMatrix = 220;
// Ten classes and the line below them fit the panel as it begins.
constexpr float kCellHeight = 15;
constexpr float kLeastCell = 26;
constexpr float kMostCell = 64;
constexpr float kLeastHeaded = 30;  // below it a column has no room for a name
constexpr float kHeadHeight = 15;

// "6.9k" where "6,891" has no room.
std::string short_count(int64_t count) {
  const double thousands = static_cast<double>(count) / 1000;
  if (thousands >= 999.5) return fmt::format("{:.0f}M", thousands / 1000);
  return thousands < 9.95 ? fmt::format("{:.1f}k", thousands) : fmt::format("{:.0f}k", thousands);
}

// The classes in the order that is wanted, as places in ConfusionView::shown.
std::vector<size_t> order_of(const PanelAnswer& answer, ConfusionOrder order) {
  std::vector<size_t> places(answer.confusion.shown.size());
  std::iota(places.begin(), places.end(), size_t{0});
  if (order == ConfusionOrder::kProject) return places;
  const auto errors = [&](size_t place) {
    const ClassLine& line = answer.classes[static_cast<size_t>(answer.confusion.shown[place])];
    return line.support + line.predicted - 2 * line.right;
  };
  std::stable_sort(places.begin(), places.end(),
                   [&](size_t a, size_t b) { return errors(a) > errors(b); });
  return places;
}

class ConfusionPanel : public Panel {
 public:
  std::string_view id() const override { return "confusion"; }
  std::string title(const AppState&) const override { return "Confusion"; }
  bool offered(const AppState& state) const override { return has_classifier(state); }

  void draw(const FrameContext& frame) override {
    const PanelAnswer* answer = answer_or_note(frame);
    if (answer == nullptr) return;
    if (answer != ordered_for_.get() || frame.state.panels.order != ordered_by_) {
      order_ = order_of(*answer, frame.state.panels.order);
      ordered_for_ = frame.state.panels.answer;
      ordered_by_ = frame.state.panels.order;
    }
    const Theme& theme = frame.theme;
    draw_measured_line(frame, *answer);
    const float height = ImGui::GetContentRegionAvail().y;
    const float width = ImGui::GetContentRegionAvail().x;
    // The matrix has the pairs too: they go first where there is no room for all.
    const bool pairs = width >= theme.px(kLeastMatrix + kAccuracyWidth + kPairsWidth + 36);
    const float sides = theme.px(kAccuracyWidth + 18 + (pairs ? kPairsWidth + 18 : 0));
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const float matrix = std::max(theme.px(kLeastMatrix) / 2, width - sides);
    ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ImVec2(0, 0));
    ImGui::BeginChild("matrix", ImVec2(matrix, height), 0, ImGuiWindowFlags_HorizontalScrollbar);
    draw_matrix(frame, *answer);
    ImGui::EndChild();
    float x = at.x + matrix + theme.px(18);
    if (pairs) {
      ImGui::SetCursorScreenPos(ImVec2(x, at.y));
      ImGui::BeginChild("pairs", ImVec2(theme.px(kPairsWidth), height));
      draw_pairs(frame, *answer);
      ImGui::EndChild();
      x += theme.px(kPairsWidth + 18);
    }
    ImGui::SetCursorScreenPos(ImVec2(x, at.y));
    ImGui::BeginChild("accuracy", ImVec2(theme.px(kAccuracyWidth), height));
    draw_accuracy(frame, *answer, theme.px(kAccuracyWidth) - theme.px(10));
    ImGui::EndChild();
    ImGui::PopStyleVar();
  }

 private:
  static std::string number_of(const PanelAnswer& answer, ConfusionNumbers numbers, size_t label,
                               size_t prediction) {
    const ConfusionView& view = answer.confusion;
    const int64_t count = view.counts[label * view.shown.size() + prediction];
    if (count == 0) return {};
    if (numbers == ConfusionNumbers::kCounts) return with_thousands(static_cast<uint64_t>(count));
    const int64_t whole = numbers == ConfusionNumbers::kOfLabel
                              ? view.label_totals[label]
                              : view.prediction_totals[prediction];
    const double share =
        whole == 0 ? 0 : 100 * static_cast<double>(count) / static_cast<double>(whole);
    return share < 0.5 ? std::string("<1") : fmt::format("{:.0f}", share);
  }

  static ImU32 cell_color(const FrameContext& frame, const PanelAnswer& answer, size_t label,
                          size_t prediction) {
    const Theme& theme = frame.theme;
    const ConfusionView& view = answer.confusion;
    const int64_t count = view.counts[label * view.shown.size() + prediction];
    if (count == 0) return theme.panel;
    const bool right = label == prediction;
    const int64_t most = right ? std::max<int64_t>(1, view.label_totals[label])
                               : std::max<int64_t>(1, view.largest_off_diagonal);
    // Square root: a few confusions are still seen beside many.
    const float share =
        std::sqrt(static_cast<float>(static_cast<double>(count) / static_cast<double>(most)));
    return mix(theme.panel, right ? theme.right : theme.wrong, 0.12F + 0.33F * share);
  }

  void draw_matrix(const FrameContext& frame, const PanelAnswer& answer) {
    const Theme& theme = frame.theme;
    PanelState& panels = frame.session.state().panels;
    static constexpr const char* kNumbers[] = {"counts", "% of label", "% of prediction"};
    const ImVec2 start = ImGui::GetCursorScreenPos();
    const int numbers =
        choice_words(frame, "numbers", kNumbers, 3, static_cast<int>(panels.numbers));
    if (numbers >= 0) panels.numbers = static_cast<ConfusionNumbers>(numbers);
    static constexpr const char* kOrders[] = {"as listed", "worst first"};
    const ImVec2 after = ImGui::GetCursorScreenPos();
    ImGui::SetCursorScreenPos(ImVec2(after.x + theme.px(14), after.y));
    const int order = choice_words(frame, "order", kOrders, 2, static_cast<int>(panels.order));
    if (order >= 0) panels.order = static_cast<ConfusionOrder>(order);
    const ImVec2 end = ImGui::GetCursorScreenPos();
    const bool beside =
        draw_legend(frame, answer, ImVec2(end.x + theme.px(14), end.y),
                    start.x + ImGui::GetWindowWidth() - theme.px(8) - end.x - theme.px(14));
    draw_cells(frame, answer, ImVec2(start.x, start.y + theme.px(26)));
    if (beside) return;
    draw_legend(frame, answer, ImGui::GetCursorScreenPos(), FLT_MAX);
    ImGui::Dummy(ImVec2(0, theme.px(16)));
  }

  // Where the cells lie; the matrix fills the width it has, within bounds.
  void draw_cells(const FrameContext& frame, const PanelAnswer& answer, ImVec2 at) {
    const Theme& theme = frame.theme;
    ImDrawList* list = ImGui::GetWindowDrawList();
    const size_t shown = order_.size();
    float names = theme.px(50);
    for (const size_t place : order_) {
      names = std::max(names, text_width(theme, dim(theme), name_at(answer, place)));
    }
    names = std::min(names, theme.px(110)) + theme.px(10);
    const float room = ImGui::GetWindowWidth() - names - theme.px(12);
    const float cell = std::clamp(std::floor(room / static_cast<float>(std::max<size_t>(1, shown))),
                                  theme.px(kLeastCell), theme.px(kMostCell));
    const float height = theme.px(kCellHeight);
    const FacetChoice label = facet_choice(frame.state.filter.draft, "label");
    const FacetChoice prediction = facet_choice(frame.state.filter.draft, "prediction");
    const bool headed = cell >= theme.px(kLeastHeaded);
    const float head = headed ? theme.px(kHeadHeight) : 0;
    for (size_t column = 0; headed && column < shown; ++column) {
      const float x = at.x + names + static_cast<float>(column) * cell;
      const std::string& name = name_at(answer, order_[column]);
      const float most = cell - theme.px(3);
      const float width = std::min(most, text_width(theme, small(theme), name));
      draw_text_fit(theme, list, ImVec2(x + (cell - 1 - width) / 2, at.y), most, small(theme),
                    name);
    }
    for (size_t row = 0; row < shown; ++row) {
      const float y = at.y + head + static_cast<float>(row) * height;
      draw_text_fit(theme, list, ImVec2(at.x, y + theme.px(1)), names - theme.px(8), small(theme),
                    name_at(answer, order_[row]));
      for (size_t column = 0; column < shown; ++column) {
        const ImVec2 min(at.x + names + static_cast<float>(column) * cell, y);
        draw_cell(frame, answer, order_[row], order_[column], min,
                  ImVec2(min.x + cell - 1, min.y + height - 1), label, prediction);
      }
    }
    ImGui::SetCursorScreenPos(at);
    ImGui::Dummy(ImVec2(names + cell * static_cast<float>(shown),
                        head + height * static_cast<float>(shown) + theme.px(4)));
  }

  // What rows and columns are. False, with nothing drawn, when it does not fit into `room`.
  static bool draw_legend(const FrameContext& frame, const PanelAnswer& answer, ImVec2 at,
                          float room) {
    const Theme& theme = frame.theme;
    std::string text = "rows: label \u00B7 columns: prediction";
    if (answer.confusion.shown.size() < answer.confusion.occurring) {
      text +=
          fmt::format(" \u00B7 the {} most confused of {} classes", answer.confusion.shown.size(),
                      with_thousands(answer.confusion.occurring));
    }
    if (text_width(theme, small(theme), text) > room) return false;
    draw_text(theme, ImGui::GetWindowDrawList(), at, small(theme), text);
    return true;
  }

  static const std::string& name_at(const PanelAnswer& answer, size_t place) {
    return answer.classes[static_cast<size_t>(answer.confusion.shown[place])].name;
  }

  static void draw_cell(const FrameContext& frame, const PanelAnswer& answer, size_t label,
                        size_t prediction, ImVec2 min, ImVec2 max, const FacetChoice& chosen_label,
                        const FacetChoice& chosen_prediction) {
    if (!ImGui::IsRectVisible(min, max)) return;
    const Theme& theme = frame.theme;
    ImDrawList* list = ImGui::GetWindowDrawList();
    const ConfusionView& view = answer.confusion;
    const int64_t count = view.counts[label * view.shown.size() + prediction];
    list->AddRectFilled(min, max, cell_color(frame, answer, label, prediction));
    std::string number = number_of(answer, frame.state.panels.numbers, label, prediction);
    TextStyle style = small(theme);
    style.color = theme.text;
    float width = text_width(theme, style, number);
    if (width > max.x - min.x - theme.px(2) && count >= 1000) {
      number = short_count(count);
      width = text_width(theme, style, number);
    }
    if (width <= max.x - min.x) {
      draw_text(
          theme, list,
          ImVec2((min.x + max.x - width) / 2, (min.y + max.y - text_height(theme, style)) / 2),
          style, number);
    }
    const std::string& label_name = name_at(answer, label);
    const std::string& prediction_name = name_at(answer, prediction);
    ImGui::PushID(static_cast<int>(label * 1000 + prediction));
    ImGui::SetCursorScreenPos(min);
    if (ImGui::InvisibleButton("cell", ImVec2(max.x - min.x, max.y - min.y))) {
      frame.session.panels().toggle_pair(label_name, prediction_name);
    }
    ImGui::PopID();
    if (ImGui::IsItemHovered()) {
      list->AddRect(min, max, theme.text_dim);
      ImGui::SetTooltip("label %s, prediction %s: %s\nclick shows them", label_name.c_str(),
                        prediction_name.c_str(),
                        with_thousands(static_cast<uint64_t>(count)).c_str());
    }
    if (chosen_label.has(label_name) && chosen_prediction.has(prediction_name)) {
      list->AddRect(min, max, theme.accent, 0, theme.px(2));
    }
  }

  static void draw_pairs(const FrameContext& frame, const PanelAnswer& answer) {
    const Theme& theme = frame.theme;
    ImDrawList* list = ImGui::GetWindowDrawList();
    const float width = ImGui::GetContentRegionAvail().x;
    draw_words(theme, list, ImGui::GetCursorScreenPos(), width, heading(theme),
               "Largest confusions");
    ImGui::Dummy(ImVec2(0, theme.px(20)));
    if (answer.confusions.empty()) {
      draw_words(theme, list, ImGui::GetCursorScreenPos(), width, small(theme), "no mistake here");
      return;
    }
    ImGuiListClipper clipper;
    const float height = theme.px(20);
    ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(0, 0));
    clipper.Begin(static_cast<int>(answer.confusions.size()), height);
    while (clipper.Step()) {
      for (int i = clipper.DisplayStart; i < clipper.DisplayEnd; ++i) {
        draw_pair(frame, answer, answer.confusions[static_cast<size_t>(i)], i, width, height);
      }
    }
    ImGui::PopStyleVar();
  }

  static void draw_pair(const FrameContext& frame, const PanelAnswer& answer,
                        const ConfusedPair& pair, int i, float width, float height) {
    const Theme& theme = frame.theme;
    ImDrawList* list = ImGui::GetWindowDrawList();
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const std::string& label = answer.classes[static_cast<size_t>(pair.label)].name;
    const std::string& prediction = answer.classes[static_cast<size_t>(pair.prediction)].name;
    ImGui::PushID(i);
    if (ImGui::InvisibleButton("pair", ImVec2(width, height))) {
      frame.session.panels().toggle_pair(label, prediction);
    }
    ImGui::PopID();
    const std::string& draft = frame.state.filter.draft;
    const bool chosen = facet_choice(draft, "label").has(label) &&
                        facet_choice(draft, "prediction").has(prediction);
    if (chosen || ImGui::IsItemHovered()) {
      list->AddRectFilled(at, ImVec2(at.x + width, at.y + height),
                          chosen ? theme.accent_soft : theme.hovered, theme.px(4));
    }
    const std::string count = with_thousands(static_cast<uint64_t>(pair.count));
    const float number = text_width(theme, dim(theme), count) + theme.px(14);
    const float half = (width - number) / 2;
    const float used = draw_text_fit(theme, list, ImVec2(at.x + theme.px(4), at.y + theme.px(1)),
                                     half, body(theme), label);
    TextStyle wrong = body(theme);
    wrong.color = theme.wrong;
    draw_text_fit(theme, list, ImVec2(at.x + used + theme.px(12), at.y + theme.px(1)),
                  width - number - used - theme.px(12), wrong, prediction);
    draw_text_right(theme, list, ImVec2(at.x + width - theme.px(4), at.y + theme.px(1)), dim(theme),
                    count);
  }

  std::vector<size_t> order_;
  std::shared_ptr<const PanelAnswer> ordered_for_;  // held, so that no other takes its place
  ConfusionOrder ordered_by_ = ConfusionOrder::kProject;
};

}  // namespace

std::unique_ptr<Panel> make_confusion_panel() {
  return std::make_unique<ConfusionPanel>();
}

}  // namespace errata::viewer
