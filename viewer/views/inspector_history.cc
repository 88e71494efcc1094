// What happened to a sample: its part of the log, newest first.
#include <fmt/format.h>

#include "base/text.h"
#include "viewer/state/history_words.h"
#include "viewer/views/inspector_sections.h"
#include "viewer/widgets/rows.h"
#include "viewer/widgets/text.h"

namespace errata::viewer {

void draw_history(const Inspected& sample) {
  const FrameContext& frame = sample.frame;
  const Theme& theme = frame.theme;
  const SampleHistory& history = frame.state.inspect.history;
  if (history.sample != frame.state.snapshot.ids[sample.row] || history.entries.empty()) return;
  draw_section_title(sample, "History");
  ImDrawList* list = ImGui::GetWindowDrawList();
  for (const store::LogEntry& entry : history.entries) {
    const ImVec2 at = ImGui::GetCursorScreenPos();
    std::string what = entry_words(entry);
    TextStyle style = body(theme);
    if (entry.undone_by != 0) {
      what += entry.batch_kind == "undo" ? " (made again)" : " (taken back)";
      style.color = theme.text_faint;
    }
    const std::string when = short_time(entry.at);
    const std::string who = to_valid_utf8(entry.who);
    const float line = theme.px(18);
    draw_text_fit(theme, list, at, sample.width, style, what);
    draw_text_fit(theme, list, ImVec2(at.x, at.y + line), sample.width, small(theme),
                  entry.why.empty()
                      ? fmt::format("{} \u00B7 {}", when, who)
                      : fmt::format("{} \u00B7 {} \u00B7 {}", when, who, to_valid_utf8(entry.why)));
    ImGui::Dummy(ImVec2(sample.width, theme.px(40)));
    if (ImGui::IsItemHovered()) {
      draw_hover(theme, fmt::format("{}\n{} by {}{}", what, entry.at, who,
                                    entry.why.empty() ? "" : "\n" + to_valid_utf8(entry.why)));
    }
  }
}

}  // namespace errata::viewer
