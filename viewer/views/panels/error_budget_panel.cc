// What each kind of error costs: how far AP would rise, were all errors of one kind mended (TIDE),
// the AP itself with its interval, and the AP of each class. Every bar opens its objects.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/text.h"
#include "viewer/views/box_layer.h"
#include "viewer/views/panels/measure_parts.h"
#include "viewer/views/panels/panels.h"
#include "viewer/widgets/controls.h"
#include "viewer/widgets/text.h"

namespace errata::viewer {

namespace {

constexpr float kBarsWidth = 380;
constexpr float kNumbersWidth = 260;

struct Bar {
  ObjectError error;
  const char* title;
};
constexpr std::array kBars{Bar{ObjectError::kClass, "class"},
                           Bar{ObjectError::kLocalisation, "place"},
                           Bar{ObjectError::kBoth, "both"},
                           Bar{ObjectError::kDuplicate, "duplicate"},
                           Bar{ObjectError::kBackground, "background"},
                           Bar{ObjectError::kMissed, "missed"}};

class ErrorBudgetPanel : public Panel {
 public:
  std::string_view id() const override { return "budget"; }
  std::string title(const AppState&) const override { return "Error budget"; }
  bool offered(const AppState& state) const override { return has_detector(state); }

  void draw(const FrameContext& frame) override {
    const ObjectMeasures* measures = measures_or_note(frame);
    if (measures == nullptr) return;
    const Theme& theme = frame.theme;
    draw_measures_line(frame, *measures, false);
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const ImVec2 room = ImGui::GetContentRegionAvail();
    const float bars = std::min(theme.px(kBarsWidth), room.x * 0.45F);
    draw_bars(frame, *measures, at, ImVec2(bars, room.y));
    float x = at.x + bars + theme.px(36);
    const float numbers = std::min(theme.px(kNumbersWidth), room.x * 0.3F);
    draw_numbers(frame, *measures, ImVec2(x, at.y), numbers);
    x += numbers + theme.px(28);
    if (at.x + room.x - x < theme.px(120)) return;
    ImGui::SetCursorScreenPos(ImVec2(x, at.y));
    ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ImVec2(0, 0));
    ImGui::BeginChild("classes", ImVec2(at.x + room.x - x, room.y));
    draw_classes(frame, *measures);
    ImGui::EndChild();
    ImGui::PopStyleVar();
  }

 private:
  static void draw_bars(const FrameContext& frame, const ObjectMeasures& measures, ImVec2 at,
                        ImVec2 size) {
    const Theme& theme = frame.theme;
    ImDrawList* list = ImGui::GetWindowDrawList();
    draw_words(theme, list, at, size.x, heading(theme),
               fmt::format("AP{:.0f} lost to each kind of error", measures.choice.overlap * 100));
    const double most =
        std::max(0.1, *std::max_element(measures.gains.begin(), measures.gains.end()));
    const float top = at.y + theme.px(26);
    const float bottom = at.y + size.y - theme.px(42);
    const float pitch = size.x / static_cast<float>(kBars.size());
    for (size_t i = 0; i < kBars.size(); ++i) {
      const Bar& bar = kBars[i];
      const double gain = measures.gains[static_cast<size_t>(bar.error)];
      const float left = at.x + static_cast<float>(i) * pitch;
      const float width = std::min(pitch - theme.px(8), theme.px(38));
      const float middle = left + pitch / 2;
      ImGui::SetCursorScreenPos(ImVec2(left, top));
      const std::string name(object_error_name(bar.error));
      if (ImGui::InvisibleButton(name.c_str(), ImVec2(pitch, at.y + size.y - top))) {
        show_objects(frame, name, -1);
      }
      const bool hovered = ImGui::IsItemHovered();
      if (hovered) {
        ImGui::SetTooltip("Mending every %s error would bring %.1f points of AP\nclick to see them",
                          name.c_str(), gain);
      }
      const float share = static_cast<float>(std::max(0.0, gain) / most);
      const float height = std::max(theme.px(2), share * (bottom - top));
      const ImU32 color = error_color(theme, bar.error);
      list->AddRectFilled(
          ImVec2(middle - width / 2, bottom - height), ImVec2(middle + width / 2, bottom),
          hovered ? with_alpha(color, 0.8F) : color, theme.px(3), ImDrawFlags_RoundCornersTop);
      const TextStyle style = hovered ? body(theme) : small(theme);
      const float room = pitch - theme.px(2);
      const float title_width = std::min(room, text_width(theme, small(theme), bar.title));
      draw_words(theme, list, ImVec2(middle - title_width / 2, bottom + theme.px(5)), room,
                 small(theme), bar.title);
      const std::string number = fmt::format("{:.1f}", gain);
      TextStyle bright = style;
      bright.color = theme.text;
      bright.size = Theme::kSmallSize;
      draw_text(theme, list,
                ImVec2(middle - text_width(theme, bright, number) / 2, bottom + theme.px(22)),
                bright, number);
    }
    list->AddLine(ImVec2(at.x, bottom), ImVec2(at.x + size.x, bottom), theme.border);
  }

  static void big_number(const FrameContext& frame, ImVec2& at, float width, std::string_view title,
                         const analysis::Interval& value) {
    const Theme& theme = frame.theme;
    ImDrawList* list = ImGui::GetWindowDrawList();
    draw_words(theme, list, at, width, heading(theme), title);
    const TextStyle big{theme.fonts.bold, 22, theme.text};
    const std::string number =
        value.value < 0 ? std::string("n/a") : fmt::format("{:.1f}", value.value * 100);
    draw_text(theme, list, ImVec2(at.x, at.y + theme.px(18)), big, number);
    if (!std::isnan(value.low)) {
      draw_text_fit(
          theme, list,
          ImVec2(at.x + text_width(theme, big, number) + theme.px(8), at.y + theme.px(26)),
          width - text_width(theme, big, number) - theme.px(8), small(theme),
          fmt::format("95 % interval {:.1f} to {:.1f}", value.low * 100, value.high * 100));
    }
    at.y += theme.px(58);
  }

  static void draw_numbers(const FrameContext& frame, const ObjectMeasures& measures, ImVec2 at,
                           float width) {
    const Theme& theme = frame.theme;
    big_number(frame, at, width, "AP50-95", measures.ap);
    big_number(frame, at, width, "AP50", measures.ap50);
    const auto text = [](double value) {
      return value < 0 ? std::string("n/a") : fmt::format("{:.1f}", value * 100);
    };
    draw_text_fit(theme, ImGui::GetWindowDrawList(), at, width, small(theme),
                  fmt::format("small {} \u00B7 medium {} \u00B7 large {}", text(measures.coco[3]),
                              text(measures.coco[4]), text(measures.coco[5])));
  }

  static void draw_classes(const FrameContext& frame, const ObjectMeasures& measures) {
    const Theme& theme = frame.theme;
    ImDrawList* list = ImGui::GetWindowDrawList();
    const float width = ImGui::GetContentRegionAvail().x;
    draw_words(theme, list, ImGui::GetCursorScreenPos(), width, heading(theme),
               "AP50 of each class");
    ImGui::Dummy(ImVec2(0, theme.px(22)));
    const float names = std::min(theme.px(110), width * 0.35F);
    ImGuiListClipper clipper;
    clipper.Begin(static_cast<int>(measures.classes.size()), theme.px(22));
    while (clipper.Step()) {
      for (int i = clipper.DisplayStart; i < clipper.DisplayEnd; ++i) {
        const DetectorClass& line = measures.classes[static_cast<size_t>(i)];
        const ImVec2 at = ImGui::GetCursorScreenPos();
        ImGui::PushID(i);
        if (ImGui::InvisibleButton("class", ImVec2(width, theme.px(22)))) {
          show_objects(frame, {}, line.label);
        }
        ImGui::PopID();
        const TextStyle style = ImGui::IsItemHovered() ? body(theme) : dim(theme);
        draw_text_fit(theme, list, at, names - theme.px(8), style, line.name);
        const float right = at.x + width - theme.px(44);
        const float y = at.y + theme.px(6);
        draw_bar(theme, list, ImVec2(at.x + names, y), ImVec2(right, y + theme.px(8)),
                 static_cast<float>(std::max(0.0, line.ap50)), theme.accent);
        draw_text_right(theme, list, ImVec2(at.x + width - theme.px(4), at.y), body(theme),
                        line.ap50 < 0 ? "n/a" : fmt::format("{:.1f}", line.ap50 * 100));
      }
    }
  }
};

}  // namespace

std::unique_ptr<Panel> make_error_budget_panel() {
  return std::make_unique<ErrorBudgetPanel>();
}

}  // namespace errata::viewer
