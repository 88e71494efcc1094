// How the scores spread, right and wrong predictions apart; each bin sets the range of the filter.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "model/scores.h"
#include "viewer/state/filter_text.h"
#include "viewer/views/panels/measure_parts.h"
#include "viewer/views/panels/panels.h"
#include "viewer/widgets/text.h"

namespace errata::viewer {

namespace {

constexpr float kLeastWidth = 260;
constexpr float kChartHeight = 96;

class ScoresPanel : public Panel {
 public:
  std::string_view id() const override { return "scores"; }
  std::string title(const AppState&) const override { return "Scores"; }
  bool offered(const AppState& state) const override { return has_classifier(state); }

  void draw(const FrameContext& frame) override {
    const PanelAnswer* answer = answer_or_note(frame);
    if (answer == nullptr) return;
    const Theme& theme = frame.theme;
    draw_measured_line(frame, *answer);
    draw_legend(frame);
    const float room = ImGui::GetContentRegionAvail().x;
    const float gap = theme.px(20);
    const auto columns =
        std::max<size_t>(1, static_cast<size_t>((room + gap) / (theme.px(kLeastWidth) + gap)));
    const float width =
        (room - gap * static_cast<float>(columns - 1)) / static_cast<float>(columns);
    const ImVec2 start = ImGui::GetCursorScreenPos();
    const float pitch = theme.px(kChartHeight + 62);
    for (size_t i = 0; i < answer->scores.size(); ++i) {
      const ImVec2 at(start.x + static_cast<float>(i % columns) * (width + gap),
                      start.y + static_cast<float>(i / columns) * pitch);
      draw_score(frame, answer->scores[i], at, width);
    }
    const size_t rows = (answer->scores.size() + columns - 1) / columns;
    ImGui::SetCursorScreenPos(start);
    ImGui::Dummy(ImVec2(room, pitch * static_cast<float>(rows)));
  }

 private:
  static void draw_legend(const FrameContext& frame) {
    const Theme& theme = frame.theme;
    ImDrawList* list = ImGui::GetWindowDrawList();
    const ImVec2 at = ImGui::GetCursorScreenPos();
    float x = at.x;
    const auto entry = [&](std::string_view word, ImU32 color) {
      list->AddRectFilled(ImVec2(x, at.y + theme.px(4)),
                          ImVec2(x + theme.px(9), at.y + theme.px(13)), color, theme.px(2));
      draw_text(theme, list, ImVec2(x + theme.px(14), at.y), small(theme), word);
      x += theme.px(28) + text_width(theme, small(theme), word);
    };
    entry("prediction is the label", theme.right);
    entry("prediction differs", theme.wrong);
    draw_text(theme, list, ImVec2(x, at.y), small(theme), "each scaled to its own largest bin");
    ImGui::Dummy(ImVec2(0, theme.px(22)));
  }

  static void draw_score(const FrameContext& frame, const ScoreDistribution& score, ImVec2 at,
                         float width) {
    const Theme& theme = frame.theme;
    ImDrawList* list = ImGui::GetWindowDrawList();
    draw_text_fit(theme, list, at, width, heading(theme), column_title(score.column));
    const ScoreInfo* info = find_score(score.column);
    ImGui::SetCursorScreenPos(at);
    ImGui::PushID(score.column.c_str());
    ImGui::InvisibleButton("title", ImVec2(width, theme.px(18)));
    if (info != nullptr && ImGui::IsItemHovered()) {
      ImGui::BeginTooltip();
      ImGui::PushTextWrapPos(theme.px(360));
      ImGui::TextUnformatted(info->sentence.data(), info->sentence.data() + info->sentence.size());
      ImGui::PopTextWrapPos();
      ImGui::EndTooltip();
    }
    const ImVec2 min(at.x, at.y + theme.px(20));
    const ImVec2 max(at.x + width, min.y + theme.px(kChartHeight));
    list->AddRectFilled(min, max, theme.panel, theme.px(3));
    const uint64_t most_right =
        std::max<uint64_t>(1, *std::max_element(score.right.begin(), score.right.end()));
    const uint64_t most_wrong =
        std::max<uint64_t>(1, *std::max_element(score.wrong.begin(), score.wrong.end()));
    const size_t bins = score.right.size();
    for (size_t i = 0; i < bins; ++i) {
      draw_bin(frame, score, i, min, max, most_right, most_wrong);
    }
    ImGui::PopID();
    draw_text(theme, list, ImVec2(min.x, max.y + theme.px(2)), small(theme),
              fmt::format("{:.2f}", score.low));
    draw_text_right(theme, list, ImVec2(max.x, max.y + theme.px(2)), small(theme),
                    fmt::format("{:.2f}", score.high));
  }

  static void draw_bin(const FrameContext& frame, const ScoreDistribution& score, size_t i,
                       ImVec2 min, ImVec2 max, uint64_t most_right, uint64_t most_wrong) {
    const Theme& theme = frame.theme;
    ImDrawList* list = ImGui::GetWindowDrawList();
    const auto bins = static_cast<float>(score.right.size());
    const float left = min.x + (max.x - min.x) * static_cast<float>(i) / bins;
    const float right = min.x + (max.x - min.x) * static_cast<float>(i + 1) / bins;
    const float middle = (left + right) / 2;
    const auto bar = [&](uint64_t count, uint64_t most, float x0, float x1, ImU32 color) {
      if (count == 0) return;
      const float share =
          static_cast<float>(static_cast<double>(count) / static_cast<double>(most));
      const float height = std::max(theme.px(2), (max.y - min.y - theme.px(4)) * share);
      list->AddRectFilled(ImVec2(x0, max.y - height), ImVec2(std::max(x0 + 1, x1), max.y), color);
    };
    bar(score.right[i], most_right, left + 1, middle, theme.right);
    bar(score.wrong[i], most_wrong, middle, right, theme.wrong);
    const double step = (score.high - score.low) / static_cast<double>(score.right.size());
    const double low = score.low + step * static_cast<double>(i);
    ImGui::PushID(static_cast<int>(i));
    ImGui::SetCursorScreenPos(ImVec2(left, min.y));
    if (ImGui::InvisibleButton("bin", ImVec2(right - left, max.y - min.y))) {
      const NumberRange now = number_range(frame.state.filter.draft, score.column);
      const bool chosen = now.low && std::abs(*now.low - low) < step / 100 && now.high &&
                          std::abs(*now.high - low - step) < step / 100;
      NumberRange wanted;
      if (!chosen) wanted = {low, low + step};
      frame.session.set_range(score.column, wanted);
    }
    ImGui::PopID();
    if (!ImGui::IsItemHovered()) return;
    list->AddRect(ImVec2(left, min.y), ImVec2(right, max.y), theme.text_dim);
    ImGui::SetTooltip("%.3f to %.3f: right %s, wrong %s\nclick shows them", low, low + step,
                      with_thousands(score.right[i]).c_str(),
                      with_thousands(score.wrong[i]).c_str());
  }
};

}  // namespace

std::unique_ptr<Panel> make_scores_panel() {
  return std::make_unique<ScoresPanel>();
}

}  // namespace errata::viewer
