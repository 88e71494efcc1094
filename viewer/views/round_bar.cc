// The strip above the grid while a review round goes on: how far it is, how it was chosen, what
// came of it.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <vector>

#include "base/text.h"
#include "viewer/state/view_query.h"
#include "viewer/views/view.h"
#include "viewer/widgets/controls.h"
#include "viewer/widgets/text.h"

namespace errata::viewer {

namespace {

constexpr float kActiveHeight = 74;
constexpr float kPausedHeight = 38;
constexpr float kPad = 14;
constexpr float kButtonHeight = 26;

std::string progress_text(const RoundState& round) {
  return fmt::format("{} of {}", with_thousands(round.counts.decided()),
                     with_thousands(round.queue.size()));
}

std::string how_chosen(const RoundState& round) {
  const std::string filter = !round.filter.empty() ? round.filter
                             : round.objects       ? "every object"
                                                   : "every sample";
  if (round.audit) return fmt::format("drawn at random from {}", filter);
  return fmt::format("{} \u00B7 {}", filter, sort_text(round.sort));
}

class RoundBar : public View {
 public:
  void draw(const FrameContext& frame) override {
    const RoundState& round = frame.state.round;
    if (round.phase == RoundPhase::kNone) return;
    const Theme& theme = frame.theme;
    const Rect& rect = frame.regions.round;
    if (begin_region("Round", rect, theme.panel, ImVec2(0, 0))) {
      ImGui::GetWindowDrawList()->AddLine(ImVec2(rect.min.x, rect.max.y - 1),
                                          ImVec2(rect.max.x, rect.max.y - 1), theme.border);
      if (round.active()) {
        draw_active(frame);
      } else {
        draw_paused(frame);
      }
    }
    ImGui::End();
  }

 private:
  struct Button {
    std::string_view command;
    std::string_view word;
  };
  static std::string key_of(const FrameContext& frame, const Button& button) {
    return key_text(frame.commands.find(button.command)->keys[0]);
  }
  static float width_of(const FrameContext& frame, const Button& button, bool in_words) {
    const Theme& theme = frame.theme;
    const float key = theme.px(12) + key_cap_width(theme, key_of(frame, button));
    return in_words ? key + text_width(theme, dim(theme), button.word) + theme.px(9) : key;
  }

  // From right to left, the last ending at `right`; their keys alone where the words would begin
  // left of `least`. Returns where they begin.
  static float key_buttons(const FrameContext& frame, float right, float middle, float least,
                           std::span<const Button> buttons) {
    float whole = 0;
    for (const Button& each : buttons) whole += width_of(frame, each, true) + frame.theme.px(6);
    const bool in_words = right - whole >= least;
    for (const Button& each : buttons) right = key_button(frame, right, middle, each, in_words);
    return right;
  }
  static float key_button(const FrameContext& frame, float right, float middle,
                          const Button& button, bool in_words) {
    const Theme& theme = frame.theme;
    const Command* command = frame.commands.find(button.command);
    const std::string key = key_of(frame, button);
    const std::string word(button.word);
    TextStyle style = dim(theme);
    const float cap = key_cap_width(theme, key);
    const float width = width_of(frame, button, in_words);
    const ImVec2 min(right - width, middle - theme.px(kButtonHeight) / 2);
    const ImVec2 max(right, min.y + theme.px(kButtonHeight));
    const bool enabled = command->enabled(frame.state);
    ImGui::SetCursorScreenPos(min);
    ImGui::BeginDisabled(!enabled);
    if (ImGui::InvisibleButton(word.c_str(), ImVec2(width, max.y - min.y))) {
      frame.run(command->id);
    }
    ImGui::EndDisabled();
    const bool hovered = enabled && ImGui::IsItemHovered();
    if (hovered) {
      ImGui::SetTooltip("%s%s%s", in_words ? "" : command->title.c_str(), in_words ? "" : "\n",
                        command->help.c_str());
    }
    ImDrawList* list = ImGui::GetWindowDrawList();
    list->AddRectFilled(min, max, hovered ? theme.hovered : theme.raised, theme.px(6));
    list->AddRect(min, max, theme.border, theme.px(6));
    draw_key_cap(theme, list, ImVec2(min.x + theme.px(6), middle - key_cap_height(theme) / 2), key);
    style.color = !enabled ? theme.text_faint : hovered ? theme.text : theme.text_dim;
    if (in_words) {
      draw_text(theme, list,
                ImVec2(min.x + theme.px(12) + cap, middle - text_height(theme, style) / 2), style,
                word);
    }
    return min.x - theme.px(6);
  }

  static void draw_active(const FrameContext& frame) {
    const Theme& theme = frame.theme;
    const RoundState& round = frame.state.round;
    const Rect& rect = frame.regions.round;
    ImDrawList* list = ImGui::GetWindowDrawList();
    const float left = rect.min.x + theme.px(kPad);
    const float right = rect.max.x - theme.px(kPad);
    float middle = rect.min.y + theme.px(21);
    const std::string title = fmt::format("{} \u00B7 {}",
                                          round.finished() ? "Review finished"
                                          : round.audit    ? "Audit"
                                                           : "Review",
                                          progress_text(round));
    const TextStyle strong = bold(theme);
    const float title_end = left + text_width(theme, strong, title) + theme.px(12);
    std::vector<Button> buttons{{"round.leave", "leave"}};
    if (!round.audit) buttons.push_back({"round.refresh", "refresh"});
    if (!round.finished()) buttons.push_back({"round.next", "next undecided"});
    const float end = key_buttons(frame, right, middle, title_end, buttons);
    draw_text(theme, list, ImVec2(left, middle - text_height(theme, strong) / 2), strong, title);
    const float chosen_left = title_end;
    const TextStyle faint = small(theme);
    const std::string chosen = how_chosen(round);
    const ImVec2 at(chosen_left, middle - text_height(theme, faint) / 2);
    if (end - theme.px(8) > chosen_left) {
      draw_text_fit(theme, list, at, end - theme.px(8) - chosen_left, faint, chosen);
      if (ImGui::IsMouseHoveringRect(at, ImVec2(end, at.y + text_height(theme, faint)))) {
        ImGui::SetTooltip("%s", to_valid_utf8(chosen).c_str());
      }
    }
    middle = rect.min.y + theme.px(44);
    draw_bar(
        theme, list, ImVec2(left, middle - theme.px(2.5F)), ImVec2(right, middle + theme.px(2.5F)),
        round.queue.empty()
            ? 0
            : static_cast<float>(round.counts.decided()) / static_cast<float>(round.queue.size()),
        theme.accent);
    draw_counts(frame, left, rect.min.y + theme.px(53));
  }

  static void draw_counts(const FrameContext& frame, float x, float y) {
    const Theme& theme = frame.theme;
    const RoundState& round = frame.state.round;
    ImDrawList* list = ImGui::GetWindowDrawList();
    const TextStyle style = small(theme);
    const float line = text_height(theme, style);
    // `name` as the state's review is called, which has the colour.
    const auto add = [&](std::string_view name, size_t count, std::string_view word) {
      const float radius = theme.px(3.5F);
      list->AddCircleFilled(ImVec2(x + radius, y + line / 2 + 1), radius,
                            review_color(theme, name));
      x += radius * 2 + theme.px(5);
      const std::string text = fmt::format("{} {}", with_thousands(count), word);
      TextStyle counted = style;
      counted.color = theme.text_dim;
      draw_text(theme, list, ImVec2(x, y), counted, text);
      x += text_width(theme, style, text) + theme.px(16);
    };
    add("kept", round.counts.kept, "kept");
    if (round.objects) {
      add("relabelled", round.counts.added, "added");
      add("relabelled", round.counts.relabelled, "changed");
      add("excluded", round.counts.deleted, "deleted");
      if (round.counts.excluded > 0) add("excluded", round.counts.excluded, "excluded");
    } else {
      add("relabelled", round.counts.relabelled, "relabelled");
      add("excluded", round.counts.excluded, "excluded");
    }
    add("ambiguous", round.counts.ambiguous, "ambiguous");
    if (round.returned.empty()) return;
    const std::string text = fmt::format("{} came back: the model changed its mind",
                                         with_thousands(round.returned.size()));
    const float room = frame.regions.round.max.x - theme.px(kPad) - x;
    if (room > theme.px(60)) draw_text_fit(theme, list, ImVec2(x, y), room, style, text);
  }

  static void draw_paused(const FrameContext& frame) {
    const Theme& theme = frame.theme;
    const RoundState& round = frame.state.round;
    const Rect& rect = frame.regions.round;
    const float middle = (rect.min.y + rect.max.y) / 2;
    const TextStyle style = body(theme);
    const float left = rect.min.x + theme.px(kPad);
    constexpr std::array kButtons{Button{"round.leave", "leave"}, Button{"round.resume", "resume"}};
    const float end = key_buttons(frame, rect.max.x - theme.px(kPad), middle, left, kButtons);
    draw_text_fit(
        theme, ImGui::GetWindowDrawList(), ImVec2(left, middle - text_height(theme, style) / 2),
        end - left, style,
        fmt::format("{} paused at {}", round.audit ? "Audit" : "Review", progress_text(round)));
  }
};

}  // namespace

float round_bar_height(const RoundState& round) {
  switch (round.phase) {
    case RoundPhase::kActive: return kActiveHeight;
    case RoundPhase::kPaused: return kPausedHeight;
    case RoundPhase::kNone: break;
  }
  return 0;
}

std::unique_ptr<View> make_round_bar() {
  return std::make_unique<RoundBar>();
}

}  // namespace errata::viewer
