// What happened to a sample: its part of the log, newest first.
#include <fmt/format.h>

#include "base/text.h"
#include "viewer/views/inspector_sections.h"
#include "viewer/widgets/rows.h"
#include "viewer/widgets/text.h"

namespace errata::viewer {

namespace {

std::string joined(const std::vector<std::string>& texts) {
  return texts.empty() ? "none" : to_valid_utf8(fmt::format("{}", fmt::join(texts, ", ")));
}

std::string what_text(const store::LogEntry& entry) {
  if (entry.what == "import")
    return "imported" + (entry.to.empty() ? "" : " as " + joined(entry.to));
  if (entry.what == "label" || entry.what == "split") {
    return fmt::format("{}: {} \u2192 {}", entry.what, joined(entry.from), joined(entry.to));
  }
  if (entry.what == "tag") return "tagged " + joined(entry.to);
  if (entry.what == "untag") return "tag removed: " + joined(entry.from);
  if (entry.what == "keep" || entry.what == "kept") return "label kept";
  if (entry.what == "exclude") return "excluded";
  if (entry.what == "include") return "no longer excluded";
  if (entry.what == "unreview") return "review taken back";
  return entry.what;
}

}  // namespace

void draw_history(const Inspected& sample) {
  const FrameContext& frame = sample.frame;
  const Theme& theme = frame.theme;
  const SampleHistory& history = frame.state.inspect.history;
  if (history.sample != frame.state.snapshot.ids[sample.row] || history.entries.empty()) return;
  draw_section_title(sample, "History");
  ImDrawList* list = ImGui::GetWindowDrawList();
  for (const store::LogEntry& entry : history.entries) {
    const ImVec2 at = ImGui::GetCursorScreenPos();
    std::string what = what_text(entry);
    if (entry.batch_kind == "undo" || entry.batch_kind == "redo") {
      what = entry.batch_kind + ": " + what;
    }
    TextStyle style = body(theme);
    if (entry.undone_by != 0) {
      what += " (taken back)";
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
