#include "viewer/views/panels/find_parts.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "viewer/widgets/controls.h"
#include "viewer/widgets/job_text.h"
#include "viewer/widgets/text.h"

namespace errata::viewer {

namespace {

void command_button(const FrameContext& frame, std::string_view id, bool primary) {
  const Command& command = frame.commands.at(id);
  const Theme& theme = frame.theme;
  const std::string key = command.keys.empty() ? std::string() : key_text(command.keys[0]);
  const float width = action_button_width(theme, key, command.title);
  if (action_button(theme, command.id.c_str(), key, command.title, width, primary,
                    command.enabled(frame.state))) {
    frame.run(id);
  }
  ImGui::SameLine(0, theme.px(8));
}

}  // namespace

void draw_nothing_found_yet(const FrameContext& frame, Overlay form, std::string_view title,
                            std::string_view sentence) {
  const Theme& theme = frame.theme;
  if (draw_find_progress(frame, form)) return;
  const FindKind& kind = *find_kind(form);
  const std::string lacks = what_is_lacking(kind, frame.state);
  ImDrawList* list = ImGui::GetWindowDrawList();
  const float room = ImGui::GetContentRegionAvail().x;
  ImGui::Dummy(ImVec2(0, theme.px(6)));
  const TextStyle head{theme.fonts.bold, Theme::kLargeSize, theme.text};
  draw_words(theme, list, ImGui::GetCursorScreenPos(), room, head, title);
  ImGui::Dummy(ImVec2(0, theme.px(24)));
  ImGui::PushStyleColor(ImGuiCol_Text, theme.text_dim);
  ImGui::PushTextWrapPos(ImGui::GetCursorPosX() + std::min(room, theme.px(620)));
  ImGui::TextUnformatted(sentence.data(), sentence.data() + sentence.size());
  if (!lacks.empty()) {
    ImGui::PushStyleColor(ImGuiCol_Text, theme.caution);
    ImGui::TextUnformatted(lacks.c_str());
    ImGui::PopStyleColor();
  }
  ImGui::PopTextWrapPos();
  ImGui::PopStyleColor();
  ImGui::Dummy(ImVec2(0, theme.px(4)));
  if (lacks.empty()) {
    command_button(frame, "find." + std::string(kind.id), true);
  } else if (frame.state.snapshot.ids.empty()) {
    command_button(frame, "file.import", true);
  } else {
    command_button(frame, "run.infer", true);
    command_button(frame, "run.predictions", false);
  }
  ImGui::NewLine();
}

bool draw_find_progress(const FrameContext& frame, Overlay form) {
  const Theme& theme = frame.theme;
  const std::string_view title = find_kind(form)->job;
  const std::vector<jobs::JobStatus> all = frame.session.jobs().runner().all();
  const auto job = std::find_if(all.rbegin(), all.rend(), [&](const jobs::JobStatus& each) {
    return each.title == title &&
           (each.state == jobs::JobState::kRunning || each.state == jobs::JobState::kQueued);
  });
  if (job == all.rend()) return false;
  const ImVec2 at = ImGui::GetCursorScreenPos();
  ImDrawList* list = ImGui::GetWindowDrawList();
  const float room = ImGui::GetContentRegionAvail().x;
  const float stop = theme.px(70);
  // In a narrow column the words go below.
  const bool narrow = room < theme.px(480);
  const float bar = narrow ? room - stop - theme.px(12) : theme.px(180);
  const float share =
      job->total == 0 ? 0 : static_cast<float>(job->done) / static_cast<float>(job->total);
  draw_bar(theme, list, ImVec2(at.x, at.y + theme.px(10)), ImVec2(at.x + bar, at.y + theme.px(17)),
           share, theme.accent);
  ImGui::SetCursorScreenPos(ImVec2(at.x + bar + theme.px(12), at.y));
  if (choice_button(theme, "stop", "Cancel", stop)) frame.session.jobs().cancel(job->id);
  const std::string text = job->state == jobs::JobState::kQueued ? "waits for the job before it"
                                                                 : job_progress_text(*job);
  const float left = narrow ? 0 : bar + theme.px(24) + stop;
  const float down = narrow ? theme.px(32) : theme.px(5);
  draw_text_fit(theme, list, ImVec2(at.x + left, at.y + down), room - left,
                narrow ? small(theme) : dim(theme), to_valid_utf8(text));
  ImGui::SetCursorScreenPos(ImVec2(at.x, at.y + theme.px(narrow ? 52 : 34)));
  return true;
}

void draw_none(const FrameContext& frame, std::string_view sentence) {
  const Theme& theme = frame.theme;
  const float width = ImGui::GetContentRegionAvail().x;
  draw_words(theme, ImGui::GetWindowDrawList(), ImGui::GetCursorScreenPos(), width, dim(theme),
             sentence);
  ImGui::Dummy(ImVec2(width, theme.px(24)));
}

}  // namespace errata::viewer
