// Precision over recall, or F1 over confidence, of all classes together and of each; a click on a
// curve takes the confidence there.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/text.h"
#include "viewer/views/panels/measure_parts.h"
#include "viewer/views/panels/panels.h"
#include "viewer/widgets/text.h"

namespace errata::viewer {

namespace {

constexpr float kTableWidth = 400;
// More curves than this are not told apart by eye: the rest comes when its line is pointed at.
constexpr size_t kMostCurves = 8;

class CurvesPanel : public Panel {
 public:
  std::string_view id() const override { return "curves"; }
  std::string title(const AppState&) const override { return "Precision and recall"; }
  bool offered(const AppState& state) const override { return has_detector(state); }

  void draw(const FrameContext& frame) override {
    const ObjectMeasures* measures = measures_or_note(frame);
    if (measures == nullptr) return;
    const Theme& theme = frame.theme;
    draw_measures_line(frame, *measures, false);
    static constexpr const char* kWhat[] = {"precision over recall", "F1 over confidence"};
    bool& f1 = frame.session.state().objects.f1_shown;
    const int chosen = choice_words(frame, "curve", kWhat, 2, f1 ? 1 : 0);
    if (chosen >= 0) f1 = chosen == 1;
    const ImVec2 at(ImGui::GetWindowPos().x + theme.px(14),
                    ImGui::GetCursorScreenPos().y + theme.px(26));
    const float width = ImGui::GetWindowWidth() - theme.px(28);
    const float bottom = ImGui::GetWindowPos().y + ImGui::GetWindowHeight() - theme.px(32);
    const float table = std::min(theme.px(kTableWidth), width * 0.5F);
    const ImVec2 min(at.x + theme.px(30), at.y);
    const ImVec2 max(at.x + width - table - theme.px(28), bottom);
    draw_plot(frame, *measures, f1, min, max);
    ImGui::SetCursorScreenPos(ImVec2(max.x + theme.px(28), at.y - theme.px(26)));
    ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ImVec2(0, 0));
    ImGui::BeginChild("classes", ImVec2(table, bottom - at.y + theme.px(50)));
    draw_table(frame, *measures);
    ImGui::EndChild();
    ImGui::PopStyleVar();
  }

 private:
  static ImU32 class_color(const Theme& theme, size_t k) {
    const std::array colors{theme.accent, theme.caution,     theme.doubt, theme.error_duplicate,
                            theme.wrong,  theme.error_class, theme.right, theme.error_both};
    return colors[k % colors.size()];
  }

  static void draw_axes(const FrameContext& frame, ImVec2 min, ImVec2 max) {
    const Theme& theme = frame.theme;
    ImDrawList* list = ImGui::GetWindowDrawList();
    list->AddRectFilled(min, max, theme.panel);
    for (const float share : {0.0F, 0.25F, 0.5F, 0.75F, 1.0F}) {
      const float y = max.y - share * (max.y - min.y);
      const float x = min.x + share * (max.x - min.x);
      list->AddLine(ImVec2(min.x, y), ImVec2(max.x, y), theme.border);
      list->AddLine(ImVec2(x, min.y), ImVec2(x, max.y), theme.border);
      if (share != 0 && share != 0.5F && share != 1) continue;
      const std::string text = fmt::format("{:.1f}", share);
      draw_text_right(theme, list,
                      ImVec2(min.x - theme.px(6), y - text_height(theme, small(theme)) / 2),
                      small(theme), text);
      const float width = text_width(theme, small(theme), text);
      draw_text(theme, list,
                ImVec2(std::clamp(x - width / 2, min.x, max.x - width), max.y + theme.px(3)),
                small(theme), text);
    }
  }

  static void draw_curve(const analysis::DetectionCurve& curve, bool f1, ImVec2 min, ImVec2 max,
                         ImU32 color, float line) {
    if (curve.empty()) return;
    ImDrawList* list = ImGui::GetWindowDrawList();
    for (size_t i = 0; i < curve.score.size(); ++i) {
      const double x = f1 ? std::clamp(curve.score[i], 0.0, 1.0) : curve.recall[i];
      const double y = f1 ? curve.f1[i] : curve.precision[i];
      list->PathLineTo(ImVec2(min.x + static_cast<float>(x) * (max.x - min.x),
                              max.y - static_cast<float>(y) * (max.y - min.y)));
    }
    list->PathStroke(color, line);
  }

  // The point of the curve nearest to the pointer along x.
  static size_t point_at(const analysis::DetectionCurve& curve, bool f1, double x) {
    size_t best = 0;
    double least = 2;
    for (size_t i = 0; i < curve.score.size(); ++i) {
      const double away = std::abs((f1 ? curve.score[i] : curve.recall[i]) - x);
      if (away < least) {
        least = away;
        best = i;
      }
    }
    return best;
  }

  void draw_plot(const FrameContext& frame, const ObjectMeasures& measures, bool f1, ImVec2 min,
                 ImVec2 max) const {
    if (max.x - min.x < 40 || max.y - min.y < 30) return;
    const Theme& theme = frame.theme;
    ImDrawList* list = ImGui::GetWindowDrawList();
    draw_axes(frame, min, max);
    for (size_t k = 0; k < measures.classes.size(); ++k) {
      if (k >= kMostCurves && pointed_ != k) continue;
      const bool faint = pointed_ && pointed_ != k;
      draw_curve(measures.classes[k].curve, f1, min, max,
                 faint ? with_alpha(class_color(theme, k), 0.25F) : class_color(theme, k),
                 theme.px(pointed_ == k ? 2.2F : 1.4F));
    }
    const analysis::DetectionCurve& all = measures.all;
    draw_curve(all, f1, min, max, theme.text, theme.px(2.2F));
    ImGui::SetCursorScreenPos(min);
    const bool clicked =
        ImGui::InvisibleButton("plot", ImVec2(max.x - min.x, max.y - min.y)) && !all.empty();
    if (!ImGui::IsItemHovered() || all.empty()) return;
    const double x = static_cast<double>((ImGui::GetIO().MousePos.x - min.x) / (max.x - min.x));
    const size_t i = point_at(all, f1, x);
    const double px = f1 ? all.score[i] : all.recall[i];
    const double py = f1 ? all.f1[i] : all.precision[i];
    list->AddCircleFilled(ImVec2(min.x + static_cast<float>(px) * (max.x - min.x),
                                 max.y - static_cast<float>(py) * (max.y - min.y)),
                          theme.px(4), theme.text);
    ImGui::SetTooltip(
        "all classes, from %.3f on\nprecision %.3f, recall %.3f, F1 %.3f\nclick to "
        "take this confidence",
        all.score[i], all.precision[i], all.recall[i], all.f1[i]);
    if (clicked) {
      MatchChoice choice = frame.state.objects.wanted;
      choice.confidence = std::clamp(all.score[i], 0.0, 1.0);
      frame.session.objects().set_match(choice);
    }
  }

  void draw_line(const FrameContext& frame, int id, std::string_view name,
                 const analysis::DetectionCurve& curve, ImU32 color, int32_t label) {
    const Theme& theme = frame.theme;
    ImDrawList* list = ImGui::GetWindowDrawList();
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const float width = ImGui::GetContentRegionAvail().x;
    ImGui::PushID(id);
    if (ImGui::InvisibleButton("line", ImVec2(width, theme.px(22)))) {
      // The confidence at which this class does best, and its objects.
      MatchChoice choice = frame.state.objects.wanted;
      if (!curve.empty()) choice.confidence = std::clamp(curve.score[curve.best], 0.0, 1.0);
      frame.session.objects().set_match(choice);
      show_objects(frame, {}, label);
    }
    ImGui::PopID();
    const bool hovered = ImGui::IsItemHovered();
    if (hovered && id >= 0) next_pointed_ = static_cast<size_t>(id);
    if (hovered) ImGui::SetTooltip("click to take its best confidence and see its objects");
    list->AddRectFilled(ImVec2(at.x, at.y + theme.px(8)),
                        ImVec2(at.x + theme.px(14), at.y + theme.px(11)), color);
    const TextStyle style = hovered ? body(theme) : dim(theme);
    draw_text_fit(theme, list, ImVec2(at.x + theme.px(22), at.y), width * 0.36F - theme.px(22),
                  style, name);
    if (curve.empty()) return;
    const size_t best = curve.best;
    const std::array numbers{curve.f1[best], curve.score[best], curve.precision[best],
                             curve.recall[best]};
    for (size_t i = 0; i < numbers.size(); ++i) {
      draw_text_right(theme, list,
                      ImVec2(at.x + width * (0.52F + 0.155F * static_cast<float>(i)), at.y), style,
                      fmt::format("{:.3f}", numbers[i]));
    }
  }

  void draw_table(const FrameContext& frame, const ObjectMeasures& measures) {
    const Theme& theme = frame.theme;
    ImDrawList* list = ImGui::GetWindowDrawList();
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const float width = ImGui::GetContentRegionAvail().x;
    draw_words(theme, list, at, width * 0.36F, heading(theme), "where F1 is best");
    const std::array heads{"F1", "confidence", "precision", "recall"};
    for (size_t i = 0; i < heads.size(); ++i) {
      draw_text_right(theme, list,
                      ImVec2(at.x + width * (0.52F + 0.155F * static_cast<float>(i)), at.y),
                      small(theme), heads[i]);
    }
    ImGui::Dummy(ImVec2(0, theme.px(22)));
    next_pointed_.reset();
    draw_line(frame, -1, "all classes", measures.all, theme.text, -1);
    ImGuiListClipper clipper;
    clipper.Begin(static_cast<int>(measures.classes.size()), theme.px(22));
    while (clipper.Step()) {
      for (int i = clipper.DisplayStart; i < clipper.DisplayEnd; ++i) {
        const DetectorClass& line = measures.classes[static_cast<size_t>(i)];
        draw_line(frame, i, line.name, line.curve, class_color(theme, static_cast<size_t>(i)),
                  line.label);
      }
    }
    pointed_ = next_pointed_;
  }

  std::optional<size_t> pointed_;  // the class whose line is under the pointer
  std::optional<size_t> next_pointed_;
};

}  // namespace

std::unique_ptr<Panel> make_curves_panel() {
  return std::make_unique<CurvesPanel>();
}

}  // namespace errata::viewer
