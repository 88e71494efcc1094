#include "viewer/platform/theme.h"

#include <cmath>

namespace errata::viewer {

namespace {

constexpr ImU32 rgb(unsigned value) {
  return IM_COL32((value >> 16) & 0xFF, (value >> 8) & 0xFF, value & 0xFF, 255);
}

Theme dark() {
  Theme theme;
  theme.background = rgb(0x16191D);
  theme.panel = rgb(0x1B1F24);
  theme.raised = rgb(0x23282F);
  theme.hovered = rgb(0x2C323A);
  theme.well = rgb(0x0F1114);
  theme.image_back = rgb(0x0F1114);
  theme.border = rgb(0x2E343C);
  theme.text = rgb(0xE6E9ED);
  theme.text_dim = rgb(0xA4ACB7);
  theme.text_faint = rgb(0x858E9A);
  theme.accent = rgb(0x6CA6FF);
  theme.accent_soft = rgb(0x22375A);
  theme.on_accent = rgb(0xEAF2FF);
  theme.wrong = rgb(0xFF8577);
  theme.right = rgb(0x6FD28C);
  theme.caution = rgb(0xF2B45C);
  theme.doubt = rgb(0xBA97F7);
  theme.error_class = rgb(0xF58BC0);
  theme.error_both = rgb(0xCFA07A);
  theme.error_duplicate = rgb(0x7CC4DB);
  theme.on_mark = rgb(0x14171B);
  theme.track = rgb(0x2A2F36);
  theme.string_text = rgb(0xF2B45C);
  return theme;
}

Theme light() {
  Theme theme;
  theme.background = rgb(0xEEF0F3);
  theme.panel = rgb(0xF8F9FB);
  theme.raised = rgb(0xFFFFFF);
  theme.hovered = rgb(0xE6EAEF);
  theme.well = rgb(0xFFFFFF);
  theme.image_back = rgb(0xE1E5EA);
  theme.border = rgb(0xD5DAE1);
  theme.text = rgb(0x1A1E24);
  theme.text_dim = rgb(0x4B5563);
  theme.text_faint = rgb(0x667080);
  theme.accent = rgb(0x1C5FCB);
  theme.accent_soft = rgb(0xD9E6FB);
  theme.on_accent = rgb(0x12408A);
  theme.wrong = rgb(0xB93226);
  theme.right = rgb(0x1A7238);
  theme.caution = rgb(0x935700);
  theme.doubt = rgb(0x6B3FC0);
  theme.error_class = rgb(0xA8286F);
  theme.error_both = rgb(0x7A5230);
  theme.error_duplicate = rgb(0x1F6A80);
  theme.on_mark = rgb(0xFFFFFF);
  theme.track = rgb(0xE2E6EB);
  theme.string_text = rgb(0x935700);
  return theme;
}

void set_color(ImGuiCol index, ImU32 color) {
  ImGui::GetStyle().Colors[index] = ImGui::ColorConvertU32ToFloat4(color);
}

}  // namespace

float Theme::px(float length) const {
  return std::round(length * scale);
}

Theme make_theme(ThemeName name, float scale, const Fonts& fonts) {
  Theme theme = name == ThemeName::kDark ? dark() : light();
  theme.scale = scale;
  theme.fonts = fonts;
  return theme;
}

void apply_theme(const Theme& theme, ThemeName name) {
  ImGuiStyle& style = ImGui::GetStyle();
  style = ImGuiStyle();
  if (name == ThemeName::kDark) {
    ImGui::StyleColorsDark();
  } else {
    ImGui::StyleColorsLight();
  }
  style.ScaleAllSizes(theme.scale);
  style.FontSizeBase = Theme::kBodySize;
  style._NextFrameFontSizeBase = Theme::kBodySize;  // Dear ImGui 1.92's way to change it for good
  style.FontScaleDpi = theme.scale;
  style.WindowPadding = ImVec2(theme.px(12), theme.px(12));
  style.FramePadding = ImVec2(theme.px(8), theme.px(5));
  style.ItemSpacing = ImVec2(theme.px(8), theme.px(6));
  style.FrameRounding = theme.px(5);
  style.WindowRounding = 0;
  style.PopupRounding = theme.px(7);
  style.ScrollbarSize = theme.px(10);
  style.ScrollbarRounding = theme.px(5);
  style.WindowBorderSize = 0;
  style.PopupBorderSize = 1;
  style.FrameBorderSize = 0;
  set_color(ImGuiCol_Text, theme.text);
  set_color(ImGuiCol_TextDisabled, theme.text_faint);
  set_color(ImGuiCol_WindowBg, theme.panel);
  set_color(ImGuiCol_ChildBg, IM_COL32(0, 0, 0, 0));
  set_color(ImGuiCol_PopupBg, theme.raised);
  set_color(ImGuiCol_Border, theme.border);
  set_color(ImGuiCol_FrameBg, theme.well);
  set_color(ImGuiCol_FrameBgHovered, theme.well);
  set_color(ImGuiCol_FrameBgActive, theme.well);
  set_color(ImGuiCol_Button, theme.raised);
  set_color(ImGuiCol_ButtonHovered, theme.hovered);
  set_color(ImGuiCol_ButtonActive, theme.accent_soft);
  set_color(ImGuiCol_Header, theme.accent_soft);
  set_color(ImGuiCol_HeaderHovered, theme.hovered);
  set_color(ImGuiCol_HeaderActive, theme.accent_soft);
  set_color(ImGuiCol_CheckMark, theme.accent);
  set_color(ImGuiCol_ScrollbarBg, IM_COL32(0, 0, 0, 0));
  set_color(ImGuiCol_ScrollbarGrab, theme.border);
  set_color(ImGuiCol_ScrollbarGrabHovered, theme.text_faint);
  set_color(ImGuiCol_ScrollbarGrabActive, theme.text_faint);
  set_color(ImGuiCol_TextSelectedBg, with_alpha(theme.accent, 0.35F));
  set_color(ImGuiCol_NavCursor, theme.accent);
  set_color(ImGuiCol_ModalWindowDimBg, IM_COL32(0, 0, 0, 120));
}

ImU32 review_color(const Theme& theme, std::string_view review) {
  if (review == "relabelled") return theme.accent;
  if (review == "kept") return theme.right;
  if (review == "excluded") return theme.wrong;
  if (review == "ambiguous") return theme.doubt;
  return theme.text_faint;
}

ImU32 with_alpha(ImU32 color, float alpha) {
  ImVec4 parts = ImGui::ColorConvertU32ToFloat4(color);
  parts.w *= alpha;
  return ImGui::ColorConvertFloat4ToU32(parts);
}

ImU32 mix(ImU32 from, ImU32 to, float share) {
  const ImVec4 a = ImGui::ColorConvertU32ToFloat4(from);
  const ImVec4 b = ImGui::ColorConvertU32ToFloat4(to);
  return ImGui::ColorConvertFloat4ToU32(
      ImVec4(a.x + (b.x - a.x) * share, a.y + (b.y - a.y) * share, a.z + (b.z - a.z) * share, 1));
}

}  // namespace errata::viewer
