// Groups of copies, conflicts first, then leaks between splits: which one stays, the others go.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "viewer/views/panels/find_parts.h"
#include "viewer/views/panels/panels.h"
#include "viewer/views/thumb.h"
#include "viewer/widgets/controls.h"
#include "viewer/widgets/text.h"

namespace errata::viewer {

namespace {

constexpr float kHeadHeight = 36;
constexpr float kSide = 84;
constexpr float kRowHeight = 150;
constexpr float kMarksWidth = 132;
constexpr float kButtonsWidth = 170;

std::string_view text_of(const AppState& state, std::string_view name, RowIndex row) {
  const Column* column = state.snapshot.samples.find(name);
  return column == nullptr || column->is_null(row) ? std::string_view() : column->text(row);
}

// "test · 640 × 480"
std::string facts_of(const AppState& state, RowIndex row) {
  std::string text(text_of(state, "split", row));
  const Column* width = state.snapshot.samples.find("width");
  const Column* height = state.snapshot.samples.find("height");
  if (width == nullptr || height == nullptr || width->is_null(row)) return text;
  const std::string size = fmt::format("{}\u00D7{}", width->ints[row], height->ints[row]);
  return text.empty() ? size : text + " " + size;
}

class DuplicatesPanel : public Panel {
 public:
  std::string_view id() const override { return "duplicates"; }
  std::string title(const AppState& state) const override {
    const auto& copies = state.findings.copies;
    if (!copies) return "Duplicates";
    return fmt::format("Duplicates \u00B7 {}", with_thousands(copies->open));
  }

  void draw(const FrameContext& frame) override {
    const Theme& theme = frame.theme;
    const auto& copies = frame.state.findings.copies;
    if (!copies) {
      return draw_nothing_found_yet(
          frame, Overlay::kFindDuplicates, "Copies were not looked for yet",
          "The same picture more than once: equal files, equal pixels in other files, and nearly "
          "equal pictures; with other labels, or in another split.");
    }
    draw_find_progress(frame, Overlay::kFindDuplicates);
    draw_head(frame, *copies);
    if (copies->groups.empty()) return draw_none(frame, "No picture is there twice");
    ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(0, 0));
    ImGui::BeginChild("groups", ImGui::GetContentRegionAvail());
    const float width = ImGui::GetContentRegionAvail().x - theme.px(10);
    const float height = theme.px(kRowHeight);
    if (frame.state.findings.show_group) scroll_to_chosen(frame, height);
    ImGuiListClipper clipper;
    clipper.Begin(static_cast<int>(copies->groups.size()), height);
    while (clipper.Step()) {
      for (int i = clipper.DisplayStart; i < clipper.DisplayEnd; ++i) {
        draw_group(frame, static_cast<size_t>(i), ImVec2(width, height));
      }
    }
    ImGui::EndChild();
    ImGui::PopStyleVar();
  }

 private:
  static void scroll_to_chosen(const FrameContext& frame, float height) {
    frame.session.state().findings.show_group = false;
    const float top = height * static_cast<float>(frame.state.findings.group);
    const float seen = ImGui::GetScrollY();
    const float room = ImGui::GetWindowHeight();
    if (top < seen) ImGui::SetScrollY(top);
    if (top + height > seen + room) ImGui::SetScrollY(top + height - room);
  }

  static void draw_head(const FrameContext& frame, const CopiesAnswer& copies) {
    const Theme& theme = frame.theme;
    ImDrawList* list = ImGui::GetWindowDrawList();
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const float right = at.x + ImGui::GetContentRegionAvail().x;
    float end = right;
    const auto button = [&](const char* id, const std::string& text, std::string_view command) {
      const float width = text_width(theme, body(theme), text) + theme.px(24);
      end -= width;
      ImGui::SetCursorScreenPos(ImVec2(end, at.y));
      const Command& run = frame.commands.at(command);
      ImGui::BeginDisabled(!run.enabled(frame.state));
      if (choice_button(theme, id, text, width)) frame.run(command);
      ImGui::EndDisabled();
      if (ImGui::IsItemHovered(ImGuiHoveredFlags_DelayNormal)) {
        ImGui::SetTooltip("%s", run.help.c_str());
      }
      end -= theme.px(8);
    };
    button("find", "Find again ...", "find.duplicates");
    if (copies.copies > 0) {
      button("clean", fmt::format("Exclude all {} copies", with_thousands(copies.copies)),
             "review.exclude_copies");
    }
    float x = at.x;
    const auto entry = [&](const std::string& text, ImU32 color) {
      if (color != 0) {
        list->AddCircleFilled(ImVec2(x + theme.px(4), at.y + theme.px(14)), theme.px(4), color);
        x += theme.px(14);
      }
      const TextStyle style = color == 0 ? bold(theme) : body(theme);
      if (x + text_width(theme, style, text) > end) return;
      draw_text(theme, list, ImVec2(x, at.y + theme.px(6)), style, text);
      x += text_width(theme, style, text) + theme.px(16);
    };
    entry(fmt::format("{} groups to decide", with_thousands(copies.open)), 0);
    entry(fmt::format("{} with different labels", with_thousands(copies.conflicts)), theme.wrong);
    entry(fmt::format("{} across splits", with_thousands(copies.leaks)), theme.caution);
    ImGui::SetCursorScreenPos(ImVec2(at.x, at.y + theme.px(kHeadHeight)));
  }

  static void draw_group(const FrameContext& frame, size_t index, ImVec2 size) {
    const Theme& theme = frame.theme;
    const CopyGroup& group = frame.state.findings.copies->groups[index];
    const bool chosen = index == frame.state.findings.group;
    ImDrawList* list = ImGui::GetWindowDrawList();
    const ImVec2 min = ImGui::GetCursorScreenPos();
    const ImVec2 max(min.x + size.x, min.y + size.y - theme.px(8));
    ImGui::PushID(static_cast<int>(group.number));
    list->AddRectFilled(min, max, chosen ? theme.panel : theme.raised, theme.px(6));
    if (chosen) list->AddRect(min, max, theme.accent, theme.px(6), theme.px(1.5F));
    ImGui::SetNextItemAllowOverlap();
    if (ImGui::InvisibleButton("group", ImVec2(size.x, size.y - theme.px(8)))) {
      frame.session.findings().choose_group(index);
    }
    draw_marks(frame, group, ImVec2(min.x + theme.px(12), min.y + theme.px(10)));
    const float left = min.x + theme.px(kMarksWidth);
    const float right = max.x - theme.px(kButtonsWidth);
    draw_members(frame, index, chosen, ImVec2(left, min.y + theme.px(10)), right - left);
    draw_buttons(frame, index, chosen, ImVec2(right + theme.px(8), min.y + theme.px(10)));
    ImGui::PopID();
    ImGui::SetCursorScreenPos(min);
    ImGui::Dummy(size);
  }

  static void draw_marks(const FrameContext& frame, const CopyGroup& group, ImVec2 at) {
    const Theme& theme = frame.theme;
    ImDrawList* list = ImGui::GetWindowDrawList();
    const float room = theme.px(kMarksWidth - 24);
    draw_text_fit(theme, list, at, room, bold(theme),
                  with_thousands(group.members.size()) + " alike");
    float y = at.y + theme.px(24);
    const auto mark = [&](std::string_view word, ImU32 color) {
      list->AddCircleFilled(ImVec2(at.x + theme.px(4), y + theme.px(8)), theme.px(3.5F), color);
      draw_words(theme, list, ImVec2(at.x + theme.px(14), y), room - theme.px(14), dim(theme),
                 word);
      y += theme.px(20);
    };
    if (!group.open) return mark("decided", theme.right);
    if (group.conflict) mark("labels differ", theme.wrong);
    if (group.leak) mark("across splits", theme.caution);
  }

  static void draw_members(const FrameContext& frame, size_t index, bool chosen, ImVec2 at,
                           float room) {
    const Theme& theme = frame.theme;
    const CopyGroup& group = frame.state.findings.copies->groups[index];
    const float gap = theme.px(10);
    const float side = theme.px(kSide);
    const auto fit = std::max<size_t>(1, static_cast<size_t>((room + gap) / (side + gap)));
    const size_t shown = group.members.size() <= fit ? group.members.size() : fit - 1;
    const std::string_view label = text_of(frame.state, "label", group.members.front());
    for (size_t i = 0; i < shown; ++i) {
      const RowIndex row = group.members[i];
      const std::string_view own = text_of(frame.state, "label", row);
      const std::string facts = facts_of(frame.state, row);
      Thumb thumb;
      thumb.row = row;
      thumb.side = side;
      thumb.first = own.empty() ? std::string_view("no label") : own;
      thumb.second = facts;
      thumb.first_color = own == label ? theme.text : theme.wrong;
      thumb.faded = text_of(frame.state, "review", row) == "excluded";
      const bool kept = chosen ? frame.state.findings.keeps(row) : i < group.kept;
      if (kept && group.open) thumb.frame = theme.right;
      ImGui::SetCursorScreenPos(ImVec2(at.x + static_cast<float>(i) * (side + gap), at.y));
      if (draw_thumb(frame, thumb)) {
        if (!chosen) frame.session.findings().choose_group(index);
        frame.session.findings().keep(row, ImGui::GetIO().KeyCtrl || ImGui::GetIO().KeyShift);
        frame.session.map().go_to(row);
      }
    }
    if (shown == group.members.size()) return;
    draw_text(theme, ImGui::GetWindowDrawList(),
              ImVec2(at.x + static_cast<float>(shown) * (side + gap), at.y + side / 2), dim(theme),
              "+" + with_thousands(group.members.size() - shown));
  }

  static void draw_buttons(const FrameContext& frame, size_t index, bool chosen, ImVec2 at) {
    const Theme& theme = frame.theme;
    const float width = theme.px(kButtonsWidth - 18);
    const CopyGroup& group = frame.state.findings.copies->groups[index];
    ImGui::SetCursorScreenPos(at);
    if (chosen && group.open) {
      const Command& command = frame.commands.at("review.keep_one");
      if (action_button(theme, "others", key_text(command.keys[0]), "keep marked", width, true,
                        command.enabled(frame.state))) {
        frame.run(command.id);
      }
      if (ImGui::IsItemHovered(ImGuiHoveredFlags_DelayNormal)) {
        ImGui::SetTooltip(
            "Excludes all but the marked; a click on another marks that, with Ctrl that too");
      }
      ImGui::SetCursorScreenPos(ImVec2(at.x, at.y + theme.px(40)));
    }
    if (choice_button(theme, "show", "In the grid", width)) {
      frame.session.findings().show_group(index);
    }
  }
};

}  // namespace

std::unique_ptr<Panel> make_duplicates_panel() {
  return std::make_unique<DuplicatesPanel>();
}

}  // namespace errata::viewer
