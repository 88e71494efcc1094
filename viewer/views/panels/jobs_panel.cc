// What runs, what waits and what was done since the window opened, newest first.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "viewer/views/panels/panels.h"
#include "viewer/widgets/controls.h"
#include "viewer/widgets/issue_rows.h"
#include "viewer/widgets/job_text.h"
#include "viewer/widgets/rows.h"

namespace errata::viewer {

namespace {

constexpr float kLineHeight = 46;

class JobsPanel : public Panel {
 public:
  std::string_view id() const override { return "jobs"; }
  std::string title(const AppState&) const override { return "Jobs"; }

  void draw(const FrameContext& frame) override {
    const Theme& theme = frame.theme;
    // At most a hundred are kept.
    const std::vector<jobs::JobStatus> all = frame.session.jobs().runner().all();
    if (all.empty()) {
      draw_words(theme, ImGui::GetWindowDrawList(), ImGui::GetCursorScreenPos(),
                 ImGui::GetContentRegionAvail().x, dim(theme),
                 "Nothing was started in this window yet; imports, models and exports show here");
      return;
    }
    for (auto job = all.rbegin(); job != all.rend(); ++job) draw_job(frame, *job);
    const JobsState& state = frame.state.jobs;
    if (state.chosen == 0 || state.chosen_issues.empty()) return;
    ImGui::Dummy(ImVec2(0, theme.px(4)));
    draw_issues(theme, state.chosen_issues.size(),
                [&](size_t i) -> const Issue& { return state.chosen_issues[i]; });
  }

 private:
  static void draw_job(const FrameContext& frame, const jobs::JobStatus& job) {
    const Theme& theme = frame.theme;
    ImDrawList* list = ImGui::GetWindowDrawList();
    const ImVec2 min = ImGui::GetCursorScreenPos();
    const float width = ImGui::GetContentRegionAvail().x;
    const float right = min.x + width;
    const bool running = job.state == jobs::JobState::kRunning;
    const bool waits = job.state == jobs::JobState::kQueued;
    ImGui::PushID(static_cast<int>(job.id));
    float x = min.x;
    list->AddCircleFilled(ImVec2(x + theme.px(4), min.y + theme.px(9)), theme.px(4),
                          color(theme, job.state));
    x += theme.px(16);
    x += draw_text_fit(theme, list, ImVec2(x, min.y), width * 0.35F, bold(theme), job.title);
    x += theme.px(12);
    float end = right;
    if (running || waits) {
      end -= theme.px(70);
      ImGui::SetCursorScreenPos(ImVec2(end + theme.px(6), min.y - theme.px(4)));
      if (choice_button(theme, "cancel", "Cancel", theme.px(64))) {
        frame.session.jobs().cancel(job.id);
      }
    } else if (job.issues_rejected + job.issues_warned > 0) {
      end -= theme.px(110);
      const bool open = frame.state.jobs.chosen == job.id;
      ImGui::SetCursorScreenPos(ImVec2(end + theme.px(6), min.y - theme.px(4)));
      const std::string text =
          open ? "Hide issues"
               : fmt::format("{} issues", with_thousands(job.issues_rejected + job.issues_warned));
      if (choice_button(theme, "issues", text, theme.px(104))) {
        frame.session.jobs().show_issues(open ? 0 : job.id);
      }
    }
    if (frame.state.jobs.tables.contains(job.id)) {
      end -= theme.px(110);
      ImGui::SetCursorScreenPos(ImVec2(end + theme.px(6), min.y - theme.px(4)));
      if (choice_button(theme, "table", "Show the table", theme.px(104))) {
        frame.session.jobs().show_table(job.id);
      }
    }
    if (!waits && !running) {
      draw_text_fit(theme, list, ImVec2(x, min.y), end - x, small(theme),
                    human_duration(job.elapsed_secs));
    }
    draw_second_line(frame, job, ImVec2(min.x + theme.px(16), min.y + theme.px(20)), end);
    ImGui::SetCursorScreenPos(ImVec2(min.x, min.y + theme.px(kLineHeight)));
    ImGui::Dummy(ImVec2(0, 0));
    ImGui::PopID();
  }

  static ImU32 color(const Theme& theme, jobs::JobState state) {
    switch (state) {
      case jobs::JobState::kQueued: return theme.text_faint;
      case jobs::JobState::kRunning: return theme.accent;
      case jobs::JobState::kDone: return theme.right;
      case jobs::JobState::kFailed: return theme.wrong;
      case jobs::JobState::kCancelled: return theme.caution;
    }
    return theme.text_faint;
  }

  static void draw_second_line(const FrameContext& frame, const jobs::JobStatus& job, ImVec2 at,
                               float right) {
    const Theme& theme = frame.theme;
    ImDrawList* list = ImGui::GetWindowDrawList();
    TextStyle style = dim(theme);
    std::string text;
    switch (job.state) {
      case jobs::JobState::kQueued: text = "waits for the job before it"; break;
      case jobs::JobState::kRunning: {
        const float bar = theme.px(180);
        const float y = at.y + theme.px(5);
        const float share =
            job.total == 0 ? 0 : static_cast<float>(job.done) / static_cast<float>(job.total);
        draw_bar(theme, list, ImVec2(at.x, y), ImVec2(at.x + bar, y + theme.px(7)), share,
                 theme.accent);
        at.x += bar + theme.px(12);
        text = job_progress_text(job);
        break;
      }
      case jobs::JobState::kDone: text = job.summary; break;
      case jobs::JobState::kCancelled: text = "stopped"; break;
      case jobs::JobState::kFailed:
        style.color = theme.wrong;
        if (job.error) {
          text = job.error->what();
          if (!job.error->hint().empty()) text += " \u00B7 " + job.error->hint();
        }
        break;
    }
    text = to_valid_utf8(text);
    draw_text_fit(theme, list, at, right - at.x, style, text);
    if (text_width(theme, style, text) > right - at.x && ImGui::IsWindowHovered() &&
        ImGui::IsMouseHoveringRect(at, ImVec2(right, at.y + theme.px(18)))) {
      ImGui::SetTooltip("%s", text.c_str());
    }
  }
};

}  // namespace

std::unique_ptr<Panel> make_jobs_panel() {
  return std::make_unique<JobsPanel>();
}

}  // namespace errata::viewer
