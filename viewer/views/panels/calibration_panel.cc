// Does a confidence of 0.8 mean right in 8 of 10 cases? Each bin sets the range of the filter.
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

constexpr float kNumbersWidth = 270;

class CalibrationPanel : public Panel {
 public:
  std::string_view id() const override { return "calibration"; }
  std::string title(const AppState&) const override { return "Calibration"; }
  bool offered(const AppState& state) const override { return has_classifier(state); }

  void draw(const FrameContext& frame) override {
    const PanelAnswer* answer = answer_or_note(frame);
    if (answer == nullptr) return;
    const Theme& theme = frame.theme;
    draw_measured_line(frame, *answer);
    if (answer->calibration.bins.empty() || std::isnan(answer->calibration.ece.value)) {
      draw_words(theme, ImGui::GetWindowDrawList(), ImGui::GetCursorScreenPos(),
                 ImGui::GetContentRegionAvail().x, dim(theme), "This run has no confidences");
      return;
    }
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const ImVec2 room = ImGui::GetContentRegionAvail();
    const float numbers = theme.px(kNumbersWidth);
    // The axes' numbers stand left of and below the diagram.
    const float left = at.x + theme.px(34);
    const float bottom = at.y + room.y - theme.px(34);
    const float right = at.x + room.x - numbers - theme.px(24);
    draw_diagram(frame, *answer, ImVec2(left, at.y + theme.px(4)), ImVec2(right, bottom));
    ImGui::SetCursorScreenPos(ImVec2(right + theme.px(24), at.y));
    ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ImVec2(0, 0));
    ImGui::BeginChild("numbers", ImVec2(numbers, room.y));
    draw_numbers(frame, *answer, numbers - theme.px(8));
    ImGui::EndChild();
    ImGui::PopStyleVar();
  }

 private:
  static void draw_axes(const FrameContext& frame, ImVec2 min, ImVec2 max) {
    const Theme& theme = frame.theme;
    ImDrawList* list = ImGui::GetWindowDrawList();
    list->AddRectFilled(min, max, theme.panel);
    for (const float share : {0.0F, 0.5F, 1.0F}) {
      const float y = max.y - share * (max.y - min.y);
      const float x = min.x + share * (max.x - min.x);
      list->AddLine(ImVec2(min.x, y), ImVec2(max.x, y), theme.border);
      const std::string text = fmt::format("{:.1f}", share);
      const float height = text_height(theme, small(theme));
      draw_text_right(theme, list, ImVec2(min.x - theme.px(6), y - height / 2), small(theme), text);
      const float width = text_width(theme, small(theme), text);
      draw_text(theme, list,
                ImVec2(std::clamp(x - width / 2, min.x, max.x - width), max.y + theme.px(3)),
                small(theme), text);
    }
    const std::string_view axis = "confidence; the bar is the share that is right";
    draw_text_fit(theme, list, ImVec2(min.x, max.y + theme.px(18)), max.x - min.x, small(theme),
                  axis);
    list->AddLine(ImVec2(min.x, max.y), ImVec2(max.x, min.y), theme.text_faint);
  }

  static void draw_diagram(const FrameContext& frame, const PanelAnswer& answer, ImVec2 min,
                           ImVec2 max) {
    if (max.x - min.x < frame.theme.px(60) || max.y - min.y < frame.theme.px(30)) return;
    draw_axes(frame, min, max);
    const NumberRange range = number_range(frame.state.filter.draft, "confidence");
    int64_t most = 1;
    for (const analysis::CalibrationBin& bin : answer.calibration.bins) {
      most = std::max(most, bin.count);
    }
    for (size_t i = 0; i < answer.calibration.bins.size(); ++i) {
      draw_bin(frame, answer.calibration.bins[i], static_cast<int>(i), min, max, range, most);
    }
  }

  static void draw_bin(const FrameContext& frame, const analysis::CalibrationBin& bin, int index,
                       ImVec2 min, ImVec2 max, const NumberRange& range, int64_t most) {
    const Theme& theme = frame.theme;
    ImDrawList* list = ImGui::GetWindowDrawList();
    const auto x_at = [&](double share) {
      return std::round(min.x + static_cast<float>(share) * (max.x - min.x));
    };
    const auto y_at = [&](double share) {
      return max.y - static_cast<float>(share) * (max.y - min.y);
    };
    const ImVec2 bar_min(x_at(bin.low) + 1, min.y);
    const ImVec2 bar_max(x_at(bin.high) - 1, max.y);
    const bool chosen =
        range.low && range.high && *range.low <= bin.low + 1e-9 && *range.high >= bin.high - 1e-9;
    if (bin.count > 0) {
      // Bins of few samples are fainter: their height says little.
      const float weight = std::sqrt(static_cast<float>(bin.count) / static_cast<float>(most));
      list->AddRectFilled(ImVec2(bar_min.x, y_at(bin.accuracy)), bar_max,
                          with_alpha(theme.accent, chosen ? 1.0F : 0.35F + 0.45F * weight));
      // The gap to what the confidence promises.
      const float promised = y_at(bin.mean_confidence);
      list->AddLine(ImVec2(bar_min.x, promised), ImVec2(bar_max.x, promised),
                    bin.mean_confidence > bin.accuracy ? theme.wrong : theme.right, theme.px(2));
    }
    ImGui::PushID(index);
    ImGui::SetCursorScreenPos(bar_min);
    if (ImGui::InvisibleButton(
            "bin", ImVec2(std::max(1.0F, bar_max.x - bar_min.x), bar_max.y - bar_min.y))) {
      NumberRange wanted;
      if (!chosen) wanted = {bin.low, bin.high};
      frame.session.set_range("confidence", wanted);
    }
    ImGui::PopID();
    if (!ImGui::IsItemHovered()) return;
    list->AddRect(bar_min, bar_max, theme.text_dim);
    if (bin.count == 0) {
      ImGui::SetTooltip("confidence %.2f to %.2f: no samples", bin.low, bin.high);
    } else {
      ImGui::SetTooltip(
          "confidence %.2f to %.2f: %s samples\nright %.1f %%, mean confidence %.1f %%\n"
          "click shows them",
          bin.low, bin.high, with_thousands(static_cast<uint64_t>(bin.count)).c_str(),
          bin.accuracy * 100, bin.mean_confidence * 100);
    }
  }

  static void draw_numbers(const FrameContext& frame, const PanelAnswer& answer, float width) {
    const Theme& theme = frame.theme;
    ImDrawList* list = ImGui::GetWindowDrawList();
    const analysis::Calibration& calibration = answer.calibration;
    const auto line = [&](std::string_view name, const std::string& value) {
      const ImVec2 at = ImGui::GetCursorScreenPos();
      draw_words(theme, list, at, width * 0.6F, dim(theme), name);
      draw_text_right(theme, list, ImVec2(at.x + width, at.y), body(theme), value);
      ImGui::Dummy(ImVec2(width, theme.px(22)));
    };
    draw_words(theme, list, ImGui::GetCursorScreenPos(), width, heading(theme),
               "Expected calibration error");
    ImGui::Dummy(ImVec2(width, theme.px(18)));
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const TextStyle big{theme.fonts.bold, 24, theme.text};
    const std::string value = percent(calibration.ece.value);
    draw_text(theme, list, at, big, value);
    draw_text_fit(theme, list,
                  ImVec2(at.x + text_width(theme, big, value) + theme.px(8), at.y + theme.px(9)),
                  width - text_width(theme, big, value) - theme.px(8), dim(theme),
                  fmt::format("95 % interval {:.1f} to {:.1f}", calibration.ece.low * 100,
                              calibration.ece.high * 100));
    ImGui::Dummy(ImVec2(width, theme.px(36)));
    line("largest gap of a bin", percent(calibration.max_error));
    line("accuracy", percent(answer.accuracy.value));
    double confidence = 0;
    int64_t count = 0;
    for (const analysis::CalibrationBin& bin : calibration.bins) {
      if (bin.count == 0) continue;
      confidence += bin.mean_confidence * static_cast<double>(bin.count);
      count += bin.count;
    }
    const double mean = count == 0 ? 0 : confidence / static_cast<double>(count);
    line("mean confidence", percent(mean));
    draw_text_fit(theme, list, ImGui::GetCursorScreenPos(), width, small(theme),
                  mean > answer.accuracy.value ? "the model is surer than it is right"
                                               : "the model is right more often than it is sure");
  }
};

}  // namespace

std::unique_ptr<Panel> make_calibration_panel() {
  return std::make_unique<CalibrationPanel>();
}

}  // namespace errata::viewer
