// Bottom: how much is shown and selected, what was saved, what runs, and where to find the keys.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "viewer/views/view.h"
#include "viewer/widgets/controls.h"
#include "viewer/widgets/job_text.h"
#include "viewer/widgets/text.h"

namespace errata::viewer {

namespace {

class StatusBar : public View {
 public:
  void draw(const FrameContext& frame) override {
    const Theme& theme = frame.theme;
    const Rect& rect = frame.regions.status;
    if (begin_region("Status", rect, theme.panel, ImVec2(0, 0))) {
      ImDrawList* list = ImGui::GetWindowDrawList();
      list->AddLine(rect.min, ImVec2(rect.max.x, rect.min.y), theme.border);
      float right = rect.max.x - theme.px(14);
      right = draw_key(frame, right, "help.palette", "commands");
      right = draw_key(frame, right - theme.px(16), "help.keys", "keys");
      right = draw_tile_size(frame, right - theme.px(20));
      draw_jobs(frame, right - theme.px(20));
      draw_left(frame);
    }
    ImGui::End();
  }

 private:
  static float text_y(const FrameContext& frame, const TextStyle& style) {
    const Rect& rect = frame.regions.status;
    return rect.min.y + (rect.height() - text_height(frame.theme, style)) / 2;
  }

  // Draws to the left of `right`; returns where the next thing ends.
  static float draw_key(const FrameContext& frame, float right, std::string_view command_id,
                        std::string_view word) {
    const Theme& theme = frame.theme;
    const Rect& rect = frame.regions.status;
    ImDrawList* list = ImGui::GetWindowDrawList();
    const Command* command = frame.commands.find(command_id);
    const std::string key = key_text(command->keys[0]);
    const TextStyle style = dim(theme);
    const float word_width = text_width(theme, style, word);
    const float width = word_width + theme.px(8) + key_cap_width(theme, key);
    const float left = right - width;
    ImGui::SetCursorScreenPos(ImVec2(left, rect.min.y));
    if (ImGui::InvisibleButton(std::string(word).c_str(), ImVec2(width, rect.height()))) {
      frame.run(command_id);
    }
    draw_key_cap(theme, list,
                 ImVec2(left, rect.min.y + (rect.height() - key_cap_height(theme)) / 2), key);
    draw_text(theme, list, ImVec2(right - word_width, text_y(frame, style)), style, word);
    return left;
  }

  static float draw_tile_size(const FrameContext& frame, float right) {
    const Theme& theme = frame.theme;
    const Rect& rect = frame.regions.status;
    const float width = theme.px(90);
    const float left = right - width;
    constexpr float kSmallest = 60;
    constexpr float kLargest = 480;
    AppState& state = frame.session.state();
    ImGui::SetCursorScreenPos(ImVec2(left, rect.min.y));
    ImGui::InvisibleButton("thumbnail size", ImVec2(width, rect.height()));
    if (ImGui::IsItemActive()) {
      const float share = std::clamp((ImGui::GetIO().MousePos.x - left) / width, 0.0F, 1.0F);
      state.layout.tile_width = kSmallest + share * (kLargest - kSmallest);
      state.show_cursor_wanted = true;
    }
    if (ImGui::IsItemHovered()) ImGui::SetTooltip("thumbnail size");
    const float share =
        std::clamp((state.layout.tile_width - kSmallest) / (kLargest - kSmallest), 0.0F, 1.0F);
    ImDrawList* list = ImGui::GetWindowDrawList();
    const float y = (rect.min.y + rect.max.y) / 2;
    list->AddRectFilled(ImVec2(left, y - theme.px(1.5F)), ImVec2(right, y + theme.px(1.5F)),
                        theme.track, theme.px(2));
    list->AddCircleFilled(ImVec2(left + share * width, y), theme.px(6), theme.text_dim);
    return left;
  }

  static void draw_jobs(const FrameContext& frame, float right) {
    const Theme& theme = frame.theme;
    const Rect& rect = frame.regions.status;
    for (const jobs::JobStatus& job : frame.session.jobs().runner().all()) {
      if (job.state != jobs::JobState::kRunning) continue;
      const std::string text = job.title + " \u00B7 " + job_progress_text(job);
      TextStyle style = dim(theme);
      const float width = std::min(text_width(theme, style, text), rect.width() * 0.38F);
      ImGui::SetCursorScreenPos(ImVec2(right - width, rect.min.y));
      if (ImGui::InvisibleButton("job", ImVec2(width, rect.height()))) frame.run("panel.jobs");
      if (ImGui::IsItemHovered()) style.color = theme.text;
      draw_text_fit(theme, ImGui::GetWindowDrawList(), ImVec2(right - width, text_y(frame, style)),
                    width + 1, style, text);
      return;
    }
  }

  static void draw_left(const FrameContext& frame) {
    const Theme& theme = frame.theme;
    const AppState& state = frame.state;
    const Rect& rect = frame.regions.status;
    float x = rect.min.x + theme.px(14);
    const auto add = [&](const std::string& text, ImU32 color) {
      TextStyle style = dim(theme);
      style.color = color;
      draw_text(theme, ImGui::GetWindowDrawList(), ImVec2(x, text_y(frame, style)), style, text);
      x += text_width(theme, style, text) + theme.px(20);
    };
    if (!state.view) {
      const std::string& problem = state.filter.problem;
      add(!state.view_pending ? (problem.empty() ? "not opened" : "the filter is not understood")
          : state.loaded      ? "filtering"
                              : "opening " + to_valid_utf8(state.store_name),
          theme.text_dim);
      return;
    }
    add(fmt::format("{} of {} shown", with_thousands(state.view->order.size()),
                    with_thousands(state.view->total)),
        theme.text);
    if (state.selection.count() > 0) {
      add(with_thousands(state.selection.count()) + " selected", theme.accent);
    }
    add(fmt::format("filter {:.1f} ms", state.view->elapsed_ms), theme.text_dim);
    if (!state.save_waits_for.empty()) {
      add(fmt::format("{} to be saved: {}", with_thousands(state.saves_pending),
                      to_valid_utf8(state.save_waits_for)),
          theme.caution);
    } else if (state.saves_pending > 0) {
      add("saving", theme.caution);
    }
    if (state.edits_since_order > 0) {
      link(frame, x,
           fmt::format("{} changed \u00B7 F5 orders anew", with_thousands(state.edits_since_order)),
           "view.refresh");
    }
    if (state.store_changed && !frame.session.jobs().runner().busy()) {
      link(frame, x, "the store was changed elsewhere \u00B7 Ctrl R reloads", "file.reload");
    }
  }

  static void link(const FrameContext& frame, float& x, const std::string& text,
                   std::string_view command) {
    const Theme& theme = frame.theme;
    const Rect& rect = frame.regions.status;
    TextStyle style = dim(theme);
    const float width = text_width(theme, style, text);
    ImGui::SetCursorScreenPos(ImVec2(x, rect.min.y));
    if (ImGui::InvisibleButton(std::string(command).c_str(), ImVec2(width, rect.height()))) {
      frame.run(command);
    }
    style.color = ImGui::IsItemHovered() ? theme.text : theme.accent;
    draw_text(theme, ImGui::GetWindowDrawList(), ImVec2(x, text_y(frame, style)), style, text);
    x += width + theme.px(20);
  }
};

}  // namespace

std::unique_ptr<View> make_status_bar() {
  return std::make_unique<StatusBar>();
}

}  // namespace errata::viewer
