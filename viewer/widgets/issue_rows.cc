#include "viewer/widgets/issue_rows.h"

#include <array>

#include "base/text.h"
#include "viewer/widgets/rows.h"
#include "viewer/widgets/text.h"

namespace errata::viewer {

namespace {

constexpr std::array kColumns{RowColumn{"", 64},      RowColumn{"Kind", 130}, RowColumn{"File"},
                              RowColumn{"Place", 90}, RowColumn{"What"},      RowColumn{"To do"}};

}  // namespace

void draw_issues(const Theme& theme, size_t count,
                 const std::function<const Issue&(size_t)>& issue_at) {
  Rows rows(theme, kColumns, 0);
  rows.draw_heads();
  ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(0, 0));
  ImGuiListClipper clipper;
  clipper.Begin(static_cast<int>(count), theme.px(Rows::kHeight));
  while (clipper.Step()) {
    for (int i = clipper.DisplayStart; i < clipper.DisplayEnd; ++i) {
      const Issue& issue = issue_at(static_cast<size_t>(i));
      rows.begin_row(i, false);
      const bool rejected = issue.severity == IssueSeverity::kRejected;
      TextStyle severity = dim(theme);
      severity.color = rejected ? theme.wrong : theme.caution;
      rows.cell(0, severity, rejected ? "rejected" : "warning");
      rows.cell(1, dim(theme), issue.kind);
      rows.cell(2, body(theme), to_valid_utf8(issue.file));
      rows.cell(3, dim(theme), issue.place);
      rows.cell(4, body(theme),
                issue.text.empty() ? issue.message
                                   : issue.message + " [" + to_valid_utf8(issue.text) + "]");
      rows.cell(5, dim(theme), issue.fix);
      rows.end_row();
    }
  }
  ImGui::PopStyleVar();
}

bool pill(const Theme& theme, const char* id, const std::string& text, bool chosen, float right) {
  const TextStyle base = body(theme);
  const float width = text_width(theme, base, text) + theme.px(18);
  const float height = theme.px(24);
  if (ImGui::GetCursorScreenPos().x + width > right) ImGui::NewLine();
  const ImVec2 min = ImGui::GetCursorScreenPos();
  const bool pressed = ImGui::InvisibleButton(id, ImVec2(width, height));
  ImDrawList* list = ImGui::GetWindowDrawList();
  const ImVec2 max(min.x + width, min.y + height);
  ImU32 fill = ImGui::IsItemHovered() ? theme.hovered : theme.panel;
  if (chosen) fill = theme.accent_soft;
  list->AddRectFilled(min, max, fill, theme.px(6));
  list->AddRect(min, max, chosen ? theme.accent : theme.border, theme.px(6));
  TextStyle style = base;
  if (chosen) style.color = theme.on_accent;
  draw_text(theme, list,
            ImVec2(min.x + theme.px(9), min.y + (height - text_height(theme, style)) / 2), style,
            text);
  ImGui::SameLine(0, theme.px(6));
  return pressed;
}

}  // namespace errata::viewer
