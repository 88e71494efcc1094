// Groups of copies, conflicts first, then leaks between splits: which one stays, the others go. And
// the pairs that lie between groups.
#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "base/text.h"
#include "viewer/state/findings.h"
#include "viewer/views/inspector_sections.h"
#include "viewer/views/panels/copy_pairs.h"
#include "viewer/views/panels/duplicate_parts.h"
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
    if (frame.state.findings.between) return draw_between(frame, *copies);
    if (copies->groups.empty()) return draw_none(frame, "No picture is there twice");
    ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(0, 0));
    ImGui::BeginChild("groups", ImGui::GetContentRegionAvail());
    const float width = ImGui::GetContentRegionAvail().x - theme.px(10);
    const float height = theme.px(kRowHeight);
    if (frame.state.findings.show_group) {
      scroll_to_row(frame.state.findings.group, height);
      frame.session.state().findings.show_group = false;
    }
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
  void draw_between(const FrameContext& frame, const CopiesAnswer& copies) {
    if (!copies.pairs_known) {
      return draw_none(frame, "This search did not keep what lies between groups: find again");
    }
    if (copies.pairs.empty()) {
      return draw_none(frame, "No two copies in different groups differ in label or split");
    }
    ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(0, 0));
    pairs_.draw(frame);
    ImGui::PopStyleVar();
  }

  // "Groups · 12", underlined where those are shown. Returns how wide it is.
  static float draw_choice(const FrameContext& frame, const char* id, bool between,
                           const std::string& text, const std::string& help) {
    const Theme& theme = frame.theme;
    const bool chosen = frame.state.findings.between == between;
    TextStyle style = chosen ? bold(theme) : dim(theme);
    const float width = text_width(theme, style, text);
    const ImVec2 at = ImGui::GetCursorScreenPos();
    if (ImGui::InvisibleButton(id, ImVec2(width, theme.px(26)))) {
      frame.session.findings().show_between(between);
    }
    if (ImGui::IsItemHovered()) style.color = theme.text;
    if (ImGui::IsItemHovered(ImGuiHoveredFlags_DelayNormal)) draw_hover(theme, help);
    ImDrawList* list = ImGui::GetWindowDrawList();
    draw_text(theme, list, ImVec2(at.x, at.y + theme.px(6)), style, text);
    const float y = at.y + theme.px(25);
    if (chosen) {
      list->AddLine(ImVec2(at.x, y), ImVec2(at.x + width, y), theme.accent, theme.px(1.5F));
    }
    return width;
  }

  static float draw_choices(const FrameContext& frame, const CopiesAnswer& copies) {
    const Theme& theme = frame.theme;
    const ImVec2 at = ImGui::GetCursorScreenPos();
    float x = at.x;
    x +=
        draw_choice(frame, "groups", false, "Groups \u00B7 " + with_thousands(copies.open),
                    fmt::format("{} of {} groups of copies are to decide",
                                with_thousands(copies.open), with_thousands(copies.groups.size())));
    x += theme.px(18);
    ImGui::SetCursorScreenPos(ImVec2(x, at.y));
    std::string between = "Between groups";
    if (copies.pairs_known) {
      between += " \u00B7 " + with_thousands(copies.open_pairs) + (copies.more_pairs ? "+" : "");
    }
    x += draw_choice(frame, "between", true, between,
                     fmt::format("{} ({}): two copies in different groups with different labels or "
                                 "in different splits. None is left once the copies of all groups "
                                 "are gone.",
                                 frame.commands.at("duplicates.between").title,
                                 key_text(frame.commands.at("duplicates.between").keys[0])));
    return x + theme.px(22);
  }

  static void draw_head(const FrameContext& frame, const CopiesAnswer& copies) {
    const Theme& theme = frame.theme;
    ImDrawList* list = ImGui::GetWindowDrawList();
    const ImVec2 at = ImGui::GetCursorScreenPos();
    float end = at.x + ImGui::GetContentRegionAvail().x;
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
    ImGui::SetCursorScreenPos(at);
    const float x = draw_choices(frame, copies);
    const bool between = frame.state.findings.between;
    std::vector<std::pair<std::string, ImU32>> entries;
    if (!between || copies.pairs_known) {
      const size_t conflicts = between ? copies.pair_conflicts : copies.conflicts;
      const size_t leaks = between ? copies.pair_leaks : copies.leaks;
      entries = {{with_thousands(conflicts) + " with different labels", theme.wrong},
                 {with_thousands(leaks) + " across splits", theme.caution}};
    }
    float whole = 0;
    for (const auto& [text, color] : entries) {
      whole += theme.px(30) + text_width(theme, body(theme), text);
    }
    // Where there is no room beside the buttons, below them.
    const bool below = x + whole > end;
    ImVec2 entry(below ? at.x : x, at.y + theme.px(below ? 32 : 6));
    for (const auto& [text, color] : entries) {
      list->AddCircleFilled(ImVec2(entry.x + theme.px(4), entry.y + theme.px(8)), theme.px(4),
                            color);
      draw_text(theme, list, ImVec2(entry.x + theme.px(14), entry.y), body(theme), text);
      entry.x += theme.px(30) + text_width(theme, body(theme), text);
    }
    ImGui::SetCursorScreenPos(ImVec2(at.x, at.y + theme.px(kHeadHeight + (below ? 24 : 0))));
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
    const std::vector<RowIndex> staying =
        chosen ? frame.state.findings.kept
               : CopyChoice(frame.state.snapshot.samples).staying(group);
    const std::string label = copy_label(frame.state, group.members.front());
    for (size_t i = 0; i < shown; ++i) {
      const RowIndex row = group.members[i];
      const std::string own = copy_label(frame.state, row);
      const std::string facts = copy_facts(frame.state, row);
      Thumb thumb;
      thumb.row = row;
      thumb.side = side;
      thumb.first = own;
      thumb.second = facts;
      thumb.first_color = own == label ? theme.text : theme.wrong;
      thumb.faded = is_excluded_copy(frame.state, row);
      const bool stays = std::find(staying.begin(), staying.end(), row) != staying.end();
      if (stays && group.open) thumb.frame = theme.right;
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
            "Excludes all but the marked; a click on another marks that, with Ctrl that too. Of "
            "several that are marked each counts as kept");
      }
      ImGui::SetCursorScreenPos(ImVec2(at.x, at.y + theme.px(40)));
    }
    const ImVec2 show = ImGui::GetCursorScreenPos();
    if (choice_button(theme, "show", "In the grid", width)) {
      frame.session.findings().show_group(index);
    }
    if (!group.in_larger_chain()) return;
    ImGui::SetCursorScreenPos(ImVec2(show.x, show.y + theme.px(36)));
    draw_chain_button(frame, group.chain, "In a chain of", width);
  }

  CopyPairs pairs_;
};

}  // namespace

std::unique_ptr<Panel> make_duplicates_panel() {
  return std::make_unique<DuplicatesPanel>();
}

}  // namespace errata::viewer
