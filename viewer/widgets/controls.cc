#include "viewer/widgets/controls.h"

#include <algorithm>

#include "viewer/widgets/text.h"

namespace errata::viewer {

namespace {

constexpr float kKeyPad = 5;

// Lets the test engine and screen readers see the label of a hand-drawn item.
bool pressed_area(const char* id, ImVec2 size) {
  return ImGui::InvisibleButton(id, size);
}

}  // namespace

float key_cap_height(const Theme& theme) {
  return theme.px(19);
}

float key_cap_width(const Theme& theme, std::string_view text) {
  const TextStyle style{theme.fonts.regular, Theme::kSmallSize, theme.text_dim};
  return std::max(key_cap_height(theme), text_width(theme, style, text) + theme.px(kKeyPad) * 2);
}

float draw_key_cap(const Theme& theme, ImDrawList* list, ImVec2 at, std::string_view text) {
  const TextStyle style{theme.fonts.regular, Theme::kSmallSize, theme.text};
  const float width = key_cap_width(theme, text);
  const float height = key_cap_height(theme);
  const ImVec2 max(at.x + width, at.y + height);
  list->AddRectFilled(at, max, theme.background, theme.px(4));
  list->AddRect(at, max, theme.border, theme.px(4));
  draw_text(theme, list,
            ImVec2(at.x + (width - text_width(theme, style, text)) / 2,
                   at.y + (height - text_height(theme, style)) / 2),
            style, text);
  return width;
}

float action_button_width(const Theme& theme, std::string_view key, std::string_view title) {
  const float before = key.empty() ? theme.px(12) : key_cap_width(theme, key) + theme.px(16);
  return before + text_width(theme, body(theme), title) + theme.px(14);
}

bool action_button(const Theme& theme, const char* id, std::string_view key, std::string_view title,
                   float width, bool primary, bool enabled) {
  const float height = theme.px(32);
  const ImVec2 min = ImGui::GetCursorScreenPos();
  const ImVec2 max(min.x + width, min.y + height);
  ImGui::BeginDisabled(!enabled);
  const bool pressed = pressed_area(id, ImVec2(width, height));
  const bool hovered = ImGui::IsItemHovered();
  const bool held = ImGui::IsItemActive();
  ImGui::EndDisabled();
  ImDrawList* list = ImGui::GetWindowDrawList();
  const bool accented = primary && enabled;
  ImU32 fill = accented ? theme.accent_soft : theme.raised;
  if (held) {
    fill = theme.accent_soft;
  } else if (hovered && !accented) {
    fill = theme.hovered;
  }
  list->AddRectFilled(min, max, fill, theme.px(6));
  list->AddRect(min, max, accented || hovered ? theme.accent : theme.border, theme.px(6));
  float x = min.x + theme.px(12);
  if (!key.empty()) {
    x = min.x + theme.px(8);
    x += draw_key_cap(theme, list, ImVec2(x, min.y + (height - key_cap_height(theme)) / 2), key);
    x += theme.px(8);
  }
  TextStyle style = body(theme);
  if (accented) style.color = theme.on_accent;
  if (!enabled) style.color = theme.text_faint;
  const float room = max.x - theme.px(6) - x;
  draw_text_fit(theme, list, ImVec2(x, min.y + (height - text_height(theme, style)) / 2), room,
                style, title);
  if (hovered && text_width(theme, style, title) > room) {
    ImGui::SetTooltip("%.*s", static_cast<int>(title.size()), title.data());
  }
  return pressed;
}

bool small_button(const Theme& theme, const char* id, std::string_view text, bool enabled) {
  TextStyle style{theme.fonts.regular, Theme::kSmallSize, theme.text_dim};
  const float pad = theme.px(8);
  const ImVec2 size(text_width(theme, style, text) + pad * 2, theme.px(22));
  const ImVec2 min = ImGui::GetCursorScreenPos();
  const ImVec2 max(min.x + size.x, min.y + size.y);
  ImGui::BeginDisabled(!enabled);
  const bool pressed = pressed_area(id, size);
  const bool hovered = ImGui::IsItemHovered();
  ImGui::EndDisabled();
  ImDrawList* list = ImGui::GetWindowDrawList();
  list->AddRectFilled(min, max, hovered ? theme.hovered : theme.raised, theme.px(5));
  list->AddRect(min, max, theme.border, theme.px(5));
  if (!enabled) style.color = theme.text_faint;
  if (hovered) style.color = theme.text;
  draw_text(theme, list, ImVec2(min.x + pad, min.y + (size.y - text_height(theme, style)) / 2),
            style, text);
  return pressed;
}

bool choice_button(const Theme& theme, const char* id, std::string_view text, float max_width) {
  const TextStyle style = body(theme);
  const float pad = theme.px(11);
  const float width = std::min(max_width, text_width(theme, style, text) + pad * 2);
  const float height = theme.px(28);
  const ImVec2 min = ImGui::GetCursorScreenPos();
  const ImVec2 max(min.x + width, min.y + height);
  const bool pressed = pressed_area(id, ImVec2(width, height));
  ImDrawList* list = ImGui::GetWindowDrawList();
  list->AddRectFilled(min, max, ImGui::IsItemHovered() ? theme.hovered : theme.raised, theme.px(6));
  list->AddRect(min, max, theme.border, theme.px(6));
  draw_text_fit(theme, list, ImVec2(min.x + pad, min.y + (height - text_height(theme, style)) / 2),
                width - pad * 2 + 1, style, text);
  return pressed;
}

bool facet_row(const Theme& theme, const char* id, std::string_view name, std::string_view count,
               FacetMark mark, bool faint, ImU32 dot, std::string_view hint) {
  const float width = ImGui::GetContentRegionAvail().x;
  const float height = theme.px(22);
  const ImVec2 min = ImGui::GetCursorScreenPos();
  const bool pressed = pressed_area(id, ImVec2(width, height));
  const bool hovered = ImGui::IsItemHovered();
  const bool chosen = mark == FacetMark::kChosen;
  ImDrawList* list = ImGui::GetWindowDrawList();
  const float bleed = theme.px(8);
  const ImVec2 line_min(min.x - bleed, min.y);
  const ImVec2 line_max(min.x + width + bleed, min.y + height);
  if (chosen) {
    list->AddRectFilled(line_min, line_max, with_alpha(theme.accent_soft, 0.8F), theme.px(4));
  } else if (hovered) {
    list->AddRectFilled(line_min, line_max, theme.hovered, theme.px(4));
  }
  const float box = theme.px(11);
  const ImVec2 box_min(min.x, min.y + (height - box) / 2);
  const ImVec2 box_max(box_min.x + box, box_min.y + box);
  if (chosen) {
    list->AddRectFilled(box_min, box_max, theme.accent, theme.px(3));
  } else if (mark == FacetMark::kExcluded) {
    const float inset = theme.px(2.5F);
    const ImVec2 a(box_min.x + inset, box_min.y + inset);
    const ImVec2 b(box_max.x - inset, box_max.y - inset);
    list->AddRect(box_min, box_max, theme.text_faint, theme.px(3));
    list->AddLine(a, b, theme.text_dim, theme.px(1.5F));
    list->AddLine(ImVec2(a.x, b.y), ImVec2(b.x, a.y), theme.text_dim, theme.px(1.5F));
  } else if (dot != 0) {
    list->AddCircleFilled(ImVec2(min.x + box / 2, min.y + height / 2), theme.px(3.5F), dot);
  } else {
    list->AddRect(box_min, box_max, theme.text_faint, theme.px(3));
  }
  TextStyle name_style = body(theme);
  TextStyle count_style = dim(theme);
  if (faint || mark == FacetMark::kExcluded) {
    name_style.color = count_style.color = theme.text_faint;
  }
  const float y = min.y + (height - text_height(theme, name_style)) / 2;
  const float count_width = text_width(theme, count_style, count);
  const ImVec2 at(min.x + box + theme.px(9), y);
  const float room = width - box - theme.px(9) - count_width - theme.px(10);
  const float drawn = draw_text_fit(theme, list, at, room, name_style, name);
  if (mark == FacetMark::kExcluded) {
    const float middle = y + text_height(theme, name_style) * 0.55F;
    list->AddLine(ImVec2(at.x, middle), ImVec2(at.x + drawn, middle), theme.text_faint,
                  theme.px(1));
  }
  draw_text_right(theme, list, ImVec2(min.x + width, y), count_style, count);
  const bool is_cut = text_width(theme, name_style, name) > room;
  const bool told =
      is_cut ? hovered : !hint.empty() && ImGui::IsItemHovered(ImGuiHoveredFlags_DelayNormal);
  if (told && ImGui::BeginTooltip()) {
    ImGui::PushTextWrapPos(theme.px(420));
    ImGui::TextUnformatted(name.data(), name.data() + name.size());
    if (!hint.empty()) {
      ImGui::PushStyleColor(ImGuiCol_Text, theme.text_dim);
      ImGui::TextUnformatted(hint.data(), hint.data() + hint.size());
      ImGui::PopStyleColor();
    }
    ImGui::PopTextWrapPos();
    ImGui::EndTooltip();
  }
  return pressed;
}

void draw_bar(const Theme& theme, ImDrawList* list, ImVec2 min, ImVec2 max, float share,
              ImU32 color) {
  const float rounding = std::min(theme.px(3), (max.y - min.y) / 2);
  list->AddRectFilled(min, max, theme.track, rounding);
  const float width = (max.x - min.x) * std::clamp(share, 0.0F, 1.0F);
  if (width >= 1) list->AddRectFilled(min, ImVec2(min.x + width, max.y), color, rounding);
}

void draw_fitted(ImDrawList* list, const TextureRegion& region, ImVec2 min, ImVec2 max, ImU32 tint,
                 float rounding) {
  if (region.width_px <= 0 || region.height_px <= 0) return;
  const ImVec2 room(max.x - min.x, max.y - min.y);
  const auto width = static_cast<float>(region.width_px);
  const auto height = static_cast<float>(region.height_px);
  const float factor = std::min(room.x / width, room.y / height);
  const ImVec2 size(width * factor, height * factor);
  const ImVec2 corner(min.x + (room.x - size.x) / 2, min.y + (room.y - size.y) / 2);
  const ImVec2 end(corner.x + size.x, corner.y + size.y);
  if (rounding > 0 && size.x >= room.x - 1 && size.y >= room.y - 1) {
    list->AddImageRounded(region.texture, corner, end, region.uv_min, region.uv_max, tint, rounding,
                          ImDrawFlags_RoundCornersTop);
  } else {
    list->AddImage(region.texture, corner, end, region.uv_min, region.uv_max, tint);
  }
}

bool scroll_bar(const Theme& theme, const char* id, ImVec2 at, ImVec2 size, double total,
                double visible, double& first) {
  if (total <= visible) return false;
  ImGui::SetCursorScreenPos(at);
  ImGui::InvisibleButton(id, size);
  const float least = theme.px(28);
  const auto share = static_cast<float>(visible / total);
  const float grip = std::clamp(size.y * share, least, size.y);
  const float room = size.y - grip;
  const double most = total - visible;
  bool changed = false;
  if (ImGui::IsItemActive() && room > 0) {
    const float wanted = ImGui::GetIO().MousePos.y - at.y - grip / 2;
    first = most * std::clamp(static_cast<double>(wanted / room), 0.0, 1.0);
    changed = true;
  }
  const float top = at.y + room * static_cast<float>(std::clamp(first / most, 0.0, 1.0));
  const bool lit = ImGui::IsItemHovered() || ImGui::IsItemActive();
  ImGui::GetWindowDrawList()->AddRectFilled(ImVec2(at.x + theme.px(2), top),
                                            ImVec2(at.x + size.x - theme.px(2), top + grip),
                                            lit ? theme.text_faint : theme.border, theme.px(4));
  return changed;
}

}  // namespace errata::viewer
