// What the store holds of a sample: its file, its labels, its tags, scores and attributes.
#include <fmt/format.h>

#include <algorithm>

#include "base/files.h"
#include "base/text.h"
#include "model/scores.h"
#include "viewer/views/inspector_sections.h"
#include "viewer/widgets/controls.h"
#include "viewer/widgets/display_text.h"
#include "viewer/widgets/text.h"

namespace errata::viewer {

namespace {

constexpr float kLineHeight = 20;

// A command as a small button, with its key in the hover.
void command_button(const Inspected& sample, const char* id, std::string_view command_id,
                    std::string_view text) {
  const FrameContext& frame = sample.frame;
  const Command* command = frame.commands.find(command_id);
  if (small_button(frame.theme, id, text, command->enabled(frame.state))) frame.run(command_id);
  if (ImGui::IsItemHovered(ImGuiHoveredFlags_DelayNormal)) {
    draw_hover(frame.theme, fmt::format("{}  ({})\n{}", command->title, key_text(command->keys[0]),
                                        command->help));
  }
}

std::string size_text(const Inspected& sample) {
  const Column* bytes = sample.frame.state.snapshot.samples.find("size_bytes");
  if (bytes == nullptr || bytes->is_null(sample.row)) return {};
  return human_bytes(static_cast<uint64_t>(bytes->number(sample.row)));
}

// A score that was made for the label before the present one.
bool is_outdated(const Inspected& sample, const Column& column) {
  const Snapshot& snapshot = sample.frame.state.snapshot;
  if (!snapshot.depends_on_labels(column.name)) return false;
  const Column* prediction = snapshot.samples.find("prediction");
  const Column* label = snapshot.samples.find("label");
  return column.is_null(sample.row) && prediction != nullptr && !prediction->is_null(sample.row) &&
         label != nullptr && !label->is_null(sample.row);
}

}  // namespace

std::string Inspected::text(std::string_view column) const {
  const Column* found = frame.state.snapshot.samples.find(column);
  return found == nullptr || found->is_null(row) ? std::string()
                                                 : to_valid_utf8(found->display(row));
}

void draw_hover(const Theme& theme, std::string_view text) {
  ImGui::BeginTooltip();
  ImGui::PushTextWrapPos(theme.px(360));
  ImGui::TextUnformatted(display_lines(text).c_str());
  ImGui::PopTextWrapPos();
  ImGui::EndTooltip();
}

void draw_section_title(const Inspected& sample, std::string_view title) {
  const Theme& theme = sample.frame.theme;
  ImGui::Dummy(ImVec2(0, theme.px(12)));
  draw_text_fit(theme, ImGui::GetWindowDrawList(), ImGui::GetCursorScreenPos(), sample.width,
                heading(theme), title);
  ImGui::Dummy(ImVec2(0, theme.px(19)));
}

void draw_fact(const Inspected& sample, std::string_view name, std::string_view value, ImU32 color,
               std::string_view more) {
  const Theme& theme = sample.frame.theme;
  const ImVec2 at = ImGui::GetCursorScreenPos();
  ImDrawList* list = ImGui::GetWindowDrawList();
  TextStyle style = body(theme);
  const float name_width = draw_text_fit(theme, list, at, sample.width * 0.5F, dim(theme), name);
  if (color != 0) style.color = color;
  const float room = sample.width - name_width - theme.px(12);
  const float whole = text_width(theme, style, value);
  const float shown = std::min(room, whole);
  draw_text_fit(theme, list, ImVec2(at.x + sample.width - shown, at.y), shown + 1, style, value);
  ImGui::Dummy(ImVec2(sample.width, theme.px(kLineHeight)));
  const bool cut = whole > room || text_width(theme, style, name) > sample.width * 0.5F;
  if ((!more.empty() || cut) && ImGui::IsItemHovered()) {
    std::string said = cut ? fmt::format("{}: {}", name, value) : std::string();
    if (!more.empty()) said += (said.empty() ? "" : "\n") + std::string(more);
    draw_hover(theme, said);
  }
}

void draw_sample_name(const Inspected& sample) {
  const FrameContext& frame = sample.frame;
  const Theme& theme = frame.theme;
  ImDrawList* list = ImGui::GetWindowDrawList();
  ImGui::Dummy(ImVec2(0, theme.px(10)));
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const std::string path = sample.text("path");
  const std::string split = sample.text("split");
  std::string facts = fmt::format("{} \u00D7 {}", sample.text("width"), sample.text("height"));
  if (const std::string size = size_text(sample); !size.empty()) facts += " \u00B7 " + size;
  if (!split.empty()) facts += " \u00B7 " + split;
  const float most_facts = sample.width * 0.6F;
  const float facts_width = std::min(text_width(theme, dim(theme), facts), most_facts);
  const float room = sample.width - facts_width - theme.px(12);
  // The last part of the path says most; the whole of it stands in the hover.
  const bool fits = text_width(theme, bold(theme), path) <= room;
  draw_text_fit(theme, list, at, room, bold(theme), fits ? path : std::string(base_name(path)));
  draw_text_fit(theme, list, ImVec2(at.x + sample.width - facts_width, at.y), facts_width + 1,
                dim(theme), facts);
  ImGui::Dummy(ImVec2(sample.width, theme.px(kLineHeight)));
  if (ImGui::IsItemHovered()) {
    const std::string& absolute = frame.state.detail.absolute_path;
    const std::string source = sample.text("source");
    std::string said = absolute.empty() ? path : to_valid_utf8(absolute);
    if (!source.empty()) said += "\nimported as " + source;
    draw_hover(theme, said);
  }
  ImGui::Dummy(ImVec2(0, theme.px(3)));
  command_button(sample, "copy path", "edit.copy_path", "Copy path");
  ImGui::SameLine(0, theme.px(6));
  command_button(sample, "open folder", "file.open_folder", "Open folder");
  ImGui::Dummy(ImVec2(0, theme.px(4)));
}

void draw_decision(const Inspected& sample) {
  const Theme& theme = sample.frame.theme;
  ImGui::Dummy(ImVec2(0, theme.px(4)));
  const std::string label = sample.text("label");
  const std::string given = sample.text("label_given");
  const std::string all = sample.text("labels");
  const std::string review = sample.text("review");
  const std::string predicted = sample.text("prediction");
  const std::string& shown = label.empty() ? all : label;
  draw_fact(sample, "Label", shown.empty() ? "none" : shown, shown.empty() ? theme.text_faint : 0);
  if (given != label && !given.empty()) draw_fact(sample, "Imported as", given);
  if (!predicted.empty()) {
    draw_fact(sample, "Prediction", predicted, predicted == label ? theme.right : theme.wrong);
  }
  if (!review.empty() && review != "unseen") {
    draw_fact(sample, "Review", review, review_color(theme, review));
  }
}

void draw_tags(const Inspected& sample) {
  const FrameContext& frame = sample.frame;
  const Theme& theme = frame.theme;
  const Column* tags = frame.state.snapshot.samples.find("tags");
  if (tags == nullptr || tags->offsets[sample.row] == tags->offsets[sample.row + 1]) return;
  ImGui::Dummy(ImVec2(0, theme.px(4)));
  const ImVec2 start = ImGui::GetCursorScreenPos();
  const TextStyle style{theme.fonts.regular, Theme::kSmallSize, theme.text};
  const float gap = theme.px(5);
  const float height = theme.px(21);
  float x = start.x;
  float y = start.y;
  ImDrawList* list = ImGui::GetWindowDrawList();
  for (uint64_t i = tags->offsets[sample.row]; i < tags->offsets[sample.row + 1]; ++i) {
    const std::string& tag = (*tags->dictionary)[tags->codes[i]];
    const float width = std::min(sample.width, text_width(theme, style, tag) + theme.px(18));
    if (x > start.x && x + width > start.x + sample.width) {
      x = start.x;
      y += height + gap;
    }
    ImGui::SetCursorScreenPos(ImVec2(x, y));
    ImGui::PushID(static_cast<int>(tags->codes[i]));
    if (ImGui::InvisibleButton("tag", ImVec2(width, height))) {
      frame.session.toggle_facet("tags", tag, false);
    }
    ImGui::PopID();
    const bool hovered = ImGui::IsItemHovered();
    if (hovered) draw_hover(theme, tag + "\nclick to show all that have this tag");
    list->AddRectFilled(ImVec2(x, y), ImVec2(x + width, y + height),
                        hovered ? theme.hovered : theme.raised, height / 2);
    list->AddRect(ImVec2(x, y), ImVec2(x + width, y + height), theme.border, height / 2);
    draw_text_fit(theme, list,
                  ImVec2(x + theme.px(9), y + (height - text_height(theme, style)) / 2),
                  width - theme.px(17), style, tag);
    x += width + gap;
  }
  ImGui::SetCursorScreenPos(ImVec2(start.x, y));
  ImGui::Dummy(ImVec2(sample.width, height));
}

void draw_scores(const Inspected& sample) {
  const Theme& theme = sample.frame.theme;
  const Table& samples = sample.frame.state.snapshot.samples;
  bool any = false;
  for (const ScoreInfo& score : all_scores()) {
    const Column* column = samples.find(score.name);
    if (column == nullptr) continue;
    const bool outdated = is_outdated(sample, *column);
    if (column->is_null(sample.row) && !outdated) continue;
    if (!any) draw_section_title(sample, "Scores");
    any = true;
    if (outdated) {
      draw_fact(sample, column_title(score.name), "for the label before", theme.caution,
                fmt::format("{}\nIt depends on the label, which was changed since: loading the "
                            "store again (Ctrl R) makes it anew.",
                            score.sentence));
    } else {
      draw_fact(sample, column_title(score.name), fmt::format("{:.3f}", column->number(sample.row)),
                0, score.sentence);
    }
  }
}

void draw_attributes(const Inspected& sample) {
  constexpr std::string_view kPrefix = "attr.";
  bool any = false;
  for (const std::shared_ptr<Column>& column : sample.frame.state.snapshot.samples.columns()) {
    if (!column->name.starts_with(kPrefix) || column->is_null(sample.row)) continue;
    if (!any) draw_section_title(sample, "Attributes");
    any = true;
    draw_fact(sample, to_valid_utf8(column->name.substr(kPrefix.size())),
              to_valid_utf8(column->display(sample.row)));
  }
}

}  // namespace errata::viewer
