#include "viewer/widgets/rows.h"

#include <algorithm>

namespace errata::viewer {

namespace {

constexpr float kColumnGap = 14;
// Of a column that shares what is left.
constexpr float kLeast = 60;
constexpr float kEnough = 110;

}  // namespace

Rows::Rows(const Theme& theme, std::span<const RowColumn> columns, float actions_width)
    : theme_(theme), columns_(columns), whole_width_(ImGui::GetContentRegionAvail().x) {
  float fixed = theme.px(actions_width);
  float sharing = 0;
  for (const RowColumn& column : columns) {
    fixed += theme.px(column.width + kColumnGap);
    if (column.width == 0) ++sharing;
  }
  std::vector<bool> left_out(columns.size());
  const auto share = [&] { return sharing == 0 ? 0 : (whole_width_ - fixed) / sharing; };
  for (size_t i = columns.size(); i-- > 0 && sharing > 0 && share() < theme.px(kEnough);) {
    if (!columns[i].spare) continue;
    left_out[i] = true;
    fixed -= theme.px(columns[i].width + kColumnGap);
  }
  const float each = std::max(share(), theme.px(kLeast));
  float x = 0;
  for (size_t i = 0; i < columns.size(); ++i) {
    const float width = columns[i].width == 0 ? each : theme.px(columns[i].width);
    lefts_.push_back(x);
    widths_.push_back(left_out[i] ? 0 : width);
    if (!left_out[i]) x += width + theme.px(kColumnGap);
  }
}

void Rows::draw_heads() {
  min_ = ImGui::GetCursorScreenPos();
  ImDrawList* list = ImGui::GetWindowDrawList();
  const TextStyle style = heading(theme_);
  for (size_t i = 0; i < columns_.size(); ++i) {
    if (widths_[i] == 0) continue;
    if (columns_[i].right) {
      draw_text_right(theme_, list, ImVec2(min_.x + lefts_[i] + widths_[i], min_.y), style,
                      columns_[i].title);
    } else {
      draw_words(theme_, list, ImVec2(min_.x + lefts_[i], min_.y), widths_[i], style,
                 columns_[i].title);
    }
  }
  ImGui::Dummy(ImVec2(whole_width_, theme_.px(16)));
}

bool Rows::begin_row(int id, bool chosen) {
  const float height = theme_.px(kHeight);
  min_ = ImGui::GetCursorScreenPos();
  ImGui::PushID(id);
  ImGui::SetNextItemAllowOverlap();
  const bool pressed = ImGui::InvisibleButton("row", ImVec2(std::max(whole_width_, 1.0F), height));
  const ImVec2 max(min_.x + whole_width_, min_.y + height);
  hovered_ = ImGui::IsMouseHoveringRect(min_, max) && ImGui::IsWindowHovered();
  shows_actions_ = hovered_ || chosen;
  const float bleed = theme_.px(8);
  if (chosen || hovered_) {
    ImGui::GetWindowDrawList()->AddRectFilled(
        ImVec2(min_.x - bleed, min_.y), ImVec2(max.x + bleed, max.y),
        chosen ? with_alpha(theme_.accent_soft, 0.8F) : theme_.hovered, theme_.px(4));
  }
  actions_right_ = max.x;
  return pressed;
}

void Rows::cell(size_t column, const TextStyle& style, std::string_view text) {
  if (text.empty() || widths_[column] == 0) return;
  const float x = min_.x + lefts_[column];
  const float width = widths_[column];
  const float y = min_.y + (theme_.px(kHeight) - text_height(theme_, style)) / 2;
  ImDrawList* list = ImGui::GetWindowDrawList();
  if (columns_[column].right) {
    draw_text_right(theme_, list, ImVec2(x + width, y), style, text);
    return;
  }
  const float whole = text_width(theme_, style, text);
  draw_text_fit(theme_, list, ImVec2(x, y), width, style, text);
  const ImVec2 max(x + width, min_.y + theme_.px(kHeight));
  if (whole > width && ImGui::IsMouseHoveringRect(ImVec2(x, min_.y), max) &&
      ImGui::IsWindowHovered()) {
    ImGui::BeginTooltip();
    ImGui::PushTextWrapPos(theme_.px(520));
    ImGui::TextUnformatted(text.data(), text.data() + text.size());
    ImGui::PopTextWrapPos();
    ImGui::EndTooltip();
  }
}

bool Rows::action(const char* id, std::string_view word, std::string_view help) {
  const TextStyle base = body(theme_);
  const float width = text_width(theme_, base, word);
  const ImVec2 after = ImGui::GetCursorScreenPos();
  const ImVec2 at(actions_right_ - width, min_.y);
  actions_right_ = at.x - theme_.px(14);
  ImGui::SetCursorScreenPos(at);
  const bool pressed = ImGui::InvisibleButton(id, ImVec2(width, theme_.px(kHeight)));
  const bool over = ImGui::IsItemHovered();
  if (over) {
    ImGui::SetTooltip("%.*s", static_cast<int>(help.size()), help.data());
  }
  ImGui::SetCursorScreenPos(after);
  if (shows_actions_) {
    TextStyle style = base;
    style.color = over ? theme_.text : theme_.accent;
    draw_text(theme_, ImGui::GetWindowDrawList(),
              ImVec2(at.x, min_.y + (theme_.px(kHeight) - text_height(theme_, style)) / 2), style,
              word);
  }
  return pressed;
}

void Rows::end_row() {
  ImGui::PopID();
  ImGui::SetCursorScreenPos(ImVec2(min_.x, min_.y + theme_.px(kHeight)));
  ImGui::Dummy(ImVec2(0, 0));
}

std::string short_time(const std::string& iso) {
  if (iso.size() < 16 || iso[10] != 'T') return iso;
  return iso.substr(0, 10) + " " + iso.substr(11, 5);
}

}  // namespace errata::viewer
