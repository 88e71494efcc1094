#include "viewer/views/sort_menu.h"

#include <imgui_stdlib.h>

#include <algorithm>

#include "base/text.h"
#include "model/scores.h"
#include "viewer/widgets/text.h"

namespace errata::viewer {

namespace {

constexpr float kWidth = 560;
constexpr float kLineHeight = 27;
constexpr float kTitleWidth = 150;
constexpr size_t kMostVisible = 16;

}  // namespace

// When the menu opens and when the text changes, not in every frame.
void SortMenu::find(const Table& samples) {
  lines_.clear();
  const std::string wanted = to_lower_ascii(trim(typed_));
  bool gap = false;
  const auto add = [&](std::string_view name) {
    const Column* column = samples.find(name);
    if (column == nullptr || !is_sortable(*column)) return;
    std::string title = table_title(name);
    if (to_lower_ascii(title).find(wanted) == std::string::npos) return;
    lines_.push_back({std::string(name), std::move(title), column_sentence(name, *column), gap});
    gap = false;
  };
  const bool objects = samples.find("object_id") != nullptr;
  for (const ScoreInfo& score : objects ? object_scores() : all_scores()) add(score.name);
  gap = !lines_.empty();
  for (const ColumnInfo& column : objects ? object_columns() : sample_columns()) add(column.name);
  gap = !lines_.empty();
  for (const auto& column : samples.columns()) {
    if (column->name.starts_with("attr.")) add(column->name);
  }
}

bool SortMenu::draw_line(const FrameContext& frame, const Line& line, float width) {
  const Theme& theme = frame.theme;
  const float height = theme.px(kLineHeight);
  const ImVec2 min = ImGui::GetCursorScreenPos();
  const ImVec2 max(min.x + width, min.y + height);
  const bool pressed = ImGui::InvisibleButton(line.column.c_str(), ImVec2(width, height));
  const bool hovered = ImGui::IsItemHovered();
  ImDrawList* list = ImGui::GetWindowDrawList();
  const bool chosen = frame.state.sort.column == line.column;
  if (chosen || hovered) {
    list->AddRectFilled(min, max, chosen ? theme.accent_soft : theme.hovered, theme.px(5));
  }
  if (line.after_gap) {
    list->AddLine(min, ImVec2(max.x, min.y), theme.border);
  }
  const TextStyle title{theme.fonts.regular, Theme::kBodySize,
                        chosen ? theme.on_accent : theme.text};
  TextStyle about = small(theme);
  if (chosen) about.color = theme.on_accent;
  const float pad = theme.px(8);
  const auto y = [&](const TextStyle& style) {
    return min.y + (height - text_height(theme, style)) / 2;
  };
  draw_text_fit(theme, list, ImVec2(min.x + pad, y(title)), theme.px(kTitleWidth), title,
                line.title);
  const float x = min.x + pad + theme.px(kTitleWidth) + theme.px(10);
  const float room = max.x - pad - x;
  draw_text_fit(theme, list, ImVec2(x, y(about)), room, about, line.sentence);
  if (hovered && text_width(theme, about, line.sentence) > room && ImGui::BeginItemTooltip()) {
    ImGui::PushTextWrapPos(theme.px(420));
    ImGui::TextUnformatted(line.sentence.c_str());
    ImGui::PopTextWrapPos();
    ImGui::EndTooltip();
  }
  return pressed;
}

void SortMenu::draw(const FrameContext& frame) {
  const Theme& theme = frame.theme;
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ImVec2(theme.px(10), theme.px(10)));
  const bool open = ImGui::BeginPopup(kId, ImGuiWindowFlags_NoNav);
  ImGui::PopStyleVar();
  if (!open) return;
  const bool appearing = ImGui::IsWindowAppearing();
  if (appearing) {
    typed_.clear();
    find(frame.state.table());
    ImGui::SetKeyboardFocusHere();
  }
  const float width = std::min(theme.px(kWidth), frame.regions.all.width() - theme.px(40));
  const float button = theme.px(118);
  ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, ImVec2(theme.px(8), theme.px(6)));
  ImGui::SetNextItemWidth(width - button - theme.px(8));
  if (ImGui::InputTextWithHint("##search", "Sort by", &typed_)) {
    find(frame.state.table());
  }
  ImGui::SameLine(0, theme.px(8));
  const SortChoice& sort = frame.state.sort;
  if (ImGui::Button("turn round", ImVec2(button, 0))) {
    frame.session.set_sort({sort.column, !sort.descending});
  }
  ImGui::PopStyleVar();
  const bool enter = ImGui::IsKeyPressed(ImGuiKey_Enter, false) && !appearing;
  std::string taken;
  if (enter && !typed_.empty() && !lines_.empty()) taken = lines_[0].column;
  const float height = theme.px(kLineHeight) *
                       static_cast<float>(std::clamp(lines_.size(), size_t{1}, kMostVisible));
  const float most = frame.regions.all.height() - frame.regions.top.max.y - theme.px(90);
  ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(0, 0));
  ImGui::BeginChild("lines", ImVec2(width, std::min(height, most)));
  ImGuiListClipper clipper;
  clipper.Begin(static_cast<int>(lines_.size()), theme.px(kLineHeight));
  while (clipper.Step()) {
    for (int i = clipper.DisplayStart; i < clipper.DisplayEnd; ++i) {
      const Line& line = lines_[static_cast<size_t>(i)];
      if (draw_line(frame, line, ImGui::GetContentRegionAvail().x)) taken = line.column;
    }
  }
  if (lines_.empty()) {
    draw_text(theme, ImGui::GetWindowDrawList(), ImGui::GetCursorScreenPos(), dim(theme),
              "nothing of that name");
  }
  ImGui::EndChild();
  ImGui::PopStyleVar();
  if (!taken.empty()) {
    frame.session.set_sort(next_sort(sort, taken));
    ImGui::CloseCurrentPopup();
  }
  ImGui::EndPopup();
}

}  // namespace errata::viewer
