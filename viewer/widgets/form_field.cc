#include "viewer/widgets/form_field.h"

#include <imgui_internal.h>
#include <imgui_stdlib.h>

#include <algorithm>

#include "base/text.h"
#include "viewer/widgets/controls.h"
#include "viewer/widgets/text.h"

namespace errata::viewer {

namespace {

constexpr float kHeight = 30;
constexpr float kGap = 6;
constexpr float kBrowseWidth = 78;

void draw_label(const Theme& theme, const FormField& field, ImVec2 at, float width) {
  TextStyle style = dim(theme);
  const float y = at.y + (theme.px(kHeight) - text_height(theme, style)) / 2;
  draw_words(theme, ImGui::GetWindowDrawList(), ImVec2(at.x, y), width, style, field.label);
}

// A pill that is one of several; wraps to the next line before `right`.
bool chip(const Theme& theme, const std::string& id, std::string_view text, ImVec2& at, float left,
          float right, bool chosen, bool lit) {
  const TextStyle base = body(theme);
  const float width = text_width(theme, base, text) + theme.px(20);
  const float height = theme.px(26);
  if (at.x + width > right && at.x > left) at = ImVec2(left, at.y + height + theme.px(kGap));
  ImGui::SetCursorScreenPos(at);
  const bool pressed = ImGui::InvisibleButton(id.c_str(), ImVec2(width, height));
  const bool hovered = ImGui::IsItemHovered();
  ImDrawList* list = ImGui::GetWindowDrawList();
  const ImVec2 max(at.x + width, at.y + height);
  list->AddRectFilled(at, max,
                      chosen    ? theme.accent_soft
                      : hovered ? theme.hovered
                                : theme.raised,
                      theme.px(6));
  list->AddRect(at, max, chosen && lit ? theme.accent : theme.border, theme.px(6));
  TextStyle style = base;
  if (chosen) style.color = theme.on_accent;
  draw_text(theme, list,
            ImVec2(at.x + theme.px(10), at.y + (height - text_height(theme, style)) / 2), style,
            text);
  at.x = max.x + theme.px(kGap);
  return pressed;
}

// The choice that Left or Right leads to.
std::optional<std::string> stepped(const FormField& field) {
  const bool left = ImGui::IsKeyPressed(ImGuiKey_LeftArrow);
  const bool right = ImGui::IsKeyPressed(ImGuiKey_RightArrow);
  if (left == right || field.choices.empty()) return std::nullopt;
  const auto found = std::find_if(field.choices.begin(), field.choices.end(),
                                  [&](const auto& each) { return each.value == field.value; });
  const auto count = static_cast<std::ptrdiff_t>(field.choices.size());
  const std::ptrdiff_t at = found - field.choices.begin() + (right ? 1 : -1);
  return field.choices[static_cast<size_t>(std::clamp<std::ptrdiff_t>(at, 0, count - 1))].value;
}

FieldEvents draw_choices(const Theme& theme, const FormField& field, const FieldLook& look,
                         ImVec2 at, float right) {
  FieldEvents events;
  const float left = at.x;
  for (const FieldChoice& choice : field.choices) {
    if (chip(theme, field.id + "=" + choice.value, choice.text, at, left, right,
             choice.value == field.value, look.chosen || field.kind == FieldKind::kChoice)) {
      events.value = choice.value;
      events.focused = true;
    }
    events.hovered = events.hovered || ImGui::IsItemHovered();
    if (!choice.help.empty() && ImGui::IsItemHovered(ImGuiHoveredFlags_DelayNormal)) {
      ImGui::SetTooltip("%s", choice.help.c_str());
    }
  }
  if (look.chosen && field.kind == FieldKind::kChoice) {
    if (const auto value = stepped(field)) events.value = value;
  }
  ImGui::SetCursorScreenPos(ImVec2(left, at.y + theme.px(26 + kGap)));
  return events;
}

FieldEvents draw_check(const Theme& theme, const FormField& field, const FieldLook& look, ImVec2 at,
                       float right) {
  FieldEvents events;
  const float height = theme.px(kHeight);
  ImGui::SetCursorScreenPos(at);
  const bool pressed = ImGui::InvisibleButton(field.id.c_str(), ImVec2(right - at.x, height));
  events.hovered = ImGui::IsItemHovered();
  const bool was = !field.value.empty();
  if (pressed || (look.chosen && ImGui::IsKeyPressed(ImGuiKey_Space, false))) {
    events.value = was ? "" : "1";
    events.focused = true;
  }
  ImDrawList* list = ImGui::GetWindowDrawList();
  const float box = theme.px(15);
  const ImVec2 min(at.x + theme.px(1), at.y + (height - box) / 2);
  const ImVec2 max(min.x + box, min.y + box);
  if (was) {
    list->AddRectFilled(min, max, theme.accent, theme.px(4));
    ImGui::RenderCheckMark(list, ImVec2(min.x + theme.px(3), min.y + theme.px(3)), theme.panel,
                           box - theme.px(6));
  } else {
    list->AddRect(min, max, look.chosen || events.hovered ? theme.accent : theme.text_faint,
                  theme.px(4));
  }
  const TextStyle style = body(theme);
  const float x = max.x + theme.px(9);
  draw_words(theme, list, ImVec2(x, at.y + (height - text_height(theme, style)) / 2), right - x,
             style, field.help);
  ImGui::SetCursorScreenPos(ImVec2(at.x, at.y + height));
  return events;
}

FieldEvents draw_text_field(const Theme& theme, const FormField& field, const FieldLook& look,
                            ImVec2 at, float right) {
  FieldEvents events;
  const bool wrong = field.touched && !(field.problem.empty() && field.look.problem.empty());
  const bool browses = look.can_browse && is_path(field.kind);
  const float field_right = browses ? right - theme.px(kBrowseWidth + kGap) : right;
  ImGui::SetCursorScreenPos(at);
  ImGui::SetNextItemWidth(field_right - at.x);
  ImFont* font = field.kind == FieldKind::kFilter ? theme.fonts.mono : theme.fonts.regular;
  std::string value = field.value;
  {
    const FontScope scope(font, Theme::kBodySize);
    ImGui::PushStyleVar(ImGuiStyleVar_FramePadding,
                        ImVec2(theme.px(10), (theme.px(kHeight) - ImGui::GetFontSize()) / 2));
    ImGui::PushStyleVar(ImGuiStyleVar_FrameBorderSize, 1);
    ImGui::PushStyleColor(ImGuiCol_Border, wrong         ? theme.wrong
                                           : look.chosen ? theme.accent
                                                         : theme.border);
    if (look.focus_wanted) ImGui::SetKeyboardFocusHere();
    const std::string id = "##" + field.id;
    if (look.reload) {
      ImGuiInputTextState* typed = ImGui::GetInputTextState(ImGui::GetID(id.c_str()));
      if (typed != nullptr) typed->ReloadUserBufAndMoveToEnd();
    }
    if (ImGui::InputTextWithHint(id.c_str(), field.placeholder.c_str(), &value)) {
      events.value = value;
    }
    events.focused = ImGui::IsItemActive();
    events.hovered = ImGui::IsItemHovered();
    ImGui::PopStyleColor();
    ImGui::PopStyleVar(2);
  }
  if (field.value.empty() && !field.placeholder.empty()) {
    // The hint is the program's own word: it has to fit.
    const TextStyle hint{font, Theme::kBodySize, IM_COL32(0, 0, 0, 0)};
    draw_words(theme, ImGui::GetWindowDrawList(), at, field_right - at.x - theme.px(20), hint,
               field.placeholder);
  }
  if (browses) {
    ImGui::SetCursorScreenPos(ImVec2(field_right + theme.px(kGap), at.y + theme.px(1)));
    const std::string id = "browse " + field.id;
    events.browse = choice_button(theme, id.c_str(), "Browse", theme.px(kBrowseWidth));
  }
  ImGui::SetCursorScreenPos(ImVec2(at.x, at.y + theme.px(kHeight)));
  if (!field.choices.empty()) {
    FieldEvents chosen =
        draw_choices(theme, field, look, ImVec2(at.x, at.y + theme.px(kHeight + kGap)), right);
    if (chosen.value) events.value = chosen.value;
  }
  return events;
}

void draw_below(const Theme& theme, const FormField& field, bool chosen, float left, float right) {
  std::string text;
  TextStyle style = small(theme);
  style.color = theme.text_dim;
  const std::string& problem = field.problem.empty() ? field.look.problem : field.problem;
  if (field.touched && !problem.empty()) {
    text = problem;
    style.color = theme.wrong;
  } else if (is_path(field.kind) && field.look.path == field.value) {
    text = field.look.note;
  }
  const ImVec2 at = ImGui::GetCursorScreenPos();
  float y = at.y + theme.px(3);
  const auto line = [&](const std::string& words, const TextStyle& in) {
    ImGui::SetCursorScreenPos(ImVec2(left, y));
    const FontScope scope(in.font, in.size);
    ImGui::PushStyleColor(ImGuiCol_Text, in.color);
    ImGui::PushTextWrapPos(right - ImGui::GetWindowPos().x);
    ImGui::TextUnformatted(words.c_str());
    ImGui::PopTextWrapPos();
    ImGui::PopStyleColor();
    y = ImGui::GetCursorScreenPos().y;
  };
  if (!text.empty()) line(text, style);
  const bool incomplete = field.look.candidates.size() > 1 || !field.look.completion.empty();
  if (chosen && is_path(field.kind) && field.look.path == field.value && incomplete) {
    std::string names;
    for (const std::string& name : field.look.candidates) {
      names += (names.empty() ? "" : "   ") + name;
    }
    TextStyle names_style = small(theme);
    names_style.font = theme.fonts.mono;
    line(names, names_style);
  }
  ImGui::SetCursorScreenPos(ImVec2(left, y + theme.px(2)));
}

}  // namespace

FieldEvents form_field(const Theme& theme, const FormField& field, const FieldLook& look) {
  const ImVec2 start = ImGui::GetCursorScreenPos();
  const float right = start.x + ImGui::GetContentRegionAvail().x;
  const ImVec2 at(start.x + look.label_width, start.y);
  draw_label(theme, field, start, look.label_width - theme.px(8));
  FieldEvents events;
  switch (field.kind) {
    case FieldKind::kChoice:
      // Lower than a text field is: in the middle of its line.
      events = draw_choices(theme, field, look, ImVec2(at.x, at.y + theme.px(2)), right);
      break;
    case FieldKind::kCheck: events = draw_check(theme, field, look, at, right); break;
    default: events = draw_text_field(theme, field, look, at, right); break;
  }
  draw_below(theme, field, look.chosen, at.x, right);
  ImGui::SetCursorScreenPos(ImVec2(start.x, ImGui::GetCursorScreenPos().y));
  ImGui::Dummy(ImVec2(0, 0));
  return events;
}

}  // namespace errata::viewer
