#include "viewer/widgets/text.h"

#include <fmt/format.h>
#include <imgui_internal.h>

#include <algorithm>
#include <cfloat>
#include <unordered_map>

#include "viewer/widgets/display_text.h"

namespace errata::viewer {

namespace {

std::vector<std::string>& clipped_words() {
  static std::vector<std::string> words;
  return words;
}

struct Recording {
  bool on = false;
  std::vector<DrawnText> texts;
};

Recording& recording() {
  static Recording made;
  return made;
}

void record(const Theme& theme, const ImDrawList& list, ImVec2 at, const TextStyle& style,
            std::string_view text) {
  const ImVec2 clip_min = list.GetClipRectMin();
  const ImVec2 clip_max = list.GetClipRectMax();
  const ImVec2 size(text_width(theme, style, text), text_height(theme, style));
  DrawnText drawn;
  drawn.text = text;
  drawn.window = list._OwnerName == nullptr ? "" : list._OwnerName;
  drawn.min = ImVec2(std::max(at.x, clip_min.x), std::max(at.y, clip_min.y));
  drawn.max = ImVec2(std::min(at.x + size.x, clip_max.x), std::min(at.y + size.y, clip_max.y));
  drawn.color = style.color;
  recording().texts.push_back(std::move(drawn));
}

constexpr size_t kMostClippedWords = 100;
constexpr size_t kMostCuts = 4096;
constexpr std::string_view kEllipsis = "\xE2\x80\xA6";

// Of what display_text() gave.
ImVec2 measure(const Theme& theme, const TextStyle& style, std::string_view text) {
  if (text.empty()) return ImVec2(0, 0);  // Dear ImGui takes no null pointers
  return style.font->CalcTextSizeA(style.size * theme.scale, FLT_MAX, 0, text.data(),
                                   text.data() + text.size());
}

// The start of the character before byte `at`.
size_t previous_character(std::string_view text, size_t at) {
  do {
    --at;
  } while (at > 0 && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80);
  return at;
}

// The longest beginning of the text that fits with "…" behind it. The cut is made in the order of
// reading, so that a right-to-left name loses its end, which is on the left.
std::string cut_to_fit(const Theme& theme, const TextStyle& style, std::string_view text,
                       float max_width) {
  size_t fits = 0;
  size_t too_long = text.size();
  while (too_long - fits > 1) {
    size_t middle = fits + (too_long - fits) / 2;
    while (middle > fits && (static_cast<unsigned char>(text[middle]) & 0xC0) == 0x80) --middle;
    if (middle == fits) break;
    const std::string cut = std::string(text.substr(0, middle)) + std::string(kEllipsis);
    if (measure(theme, style, display_text(cut)).x <= max_width) {
      fits = middle;
    } else {
      too_long = middle;
    }
  }
  return std::string(text.substr(0, fits)) + std::string(kEllipsis);
}

// The same out of a cache: a name in a script that has to be reordered is cut in every frame.
const std::string& cut_from_cache(const Theme& theme, const TextStyle& style, std::string_view text,
                                  float max_width) {
  static std::unordered_map<std::string, std::string> cache;
  std::string key(text);
  key += fmt::format("\n{}\n{}\n{}", static_cast<const void*>(style.font), style.size * theme.scale,
                     max_width);
  const auto found = cache.find(key);
  if (found != cache.end()) return found->second;
  if (cache.size() >= kMostCuts) cache.clear();
  return cache.emplace(std::move(key), cut_to_fit(theme, style, text, max_width)).first->second;
}

}  // namespace

TextStyle body(const Theme& theme) {
  return {theme.fonts.regular, Theme::kBodySize, theme.text};
}
TextStyle dim(const Theme& theme) {
  return {theme.fonts.regular, Theme::kBodySize, theme.text_dim};
}
TextStyle small(const Theme& theme) {
  return {theme.fonts.regular, Theme::kSmallSize, theme.text_faint};
}
TextStyle bold(const Theme& theme) {
  return {theme.fonts.bold, Theme::kBodySize, theme.text};
}
TextStyle heading(const Theme& theme) {
  return {theme.fonts.bold, Theme::kSmallSize, theme.text_dim};
}

float text_width(const Theme& theme, const TextStyle& style, std::string_view text) {
  return measure(theme, style, display_text(text)).x;
}

size_t first_line_bytes(const Theme& theme, const TextStyle& style, std::string_view text,
                        float max_width) {
  size_t end = text.size();
  while (text_width(theme, style, text.substr(0, end)) > max_width) {
    const size_t space = text.substr(0, end).find_last_of(' ');
    if (space == std::string_view::npos || space == 0) return text.size();
    end = space;
  }
  return end;
}

float text_height(const Theme& theme, const TextStyle& style) {
  return style.size * theme.scale;
}

void draw_text(const Theme& theme, ImDrawList* list, ImVec2 at, const TextStyle& style,
               std::string_view text) {
  if (recording().on) record(theme, *list, at, style, text);
  text = display_text(text);
  if (text.empty()) return;
  list->AddText(style.font, style.size * theme.scale, ImVec2(ImFloor(at.x), ImFloor(at.y)),
                style.color, text.data(), text.data() + text.size());
}

float draw_text_fit(const Theme& theme, ImDrawList* list, ImVec2 at, float max_width,
                    const TextStyle& style, std::string_view text) {
  const float width = text_width(theme, style, text);
  if (width <= max_width) {
    draw_text(theme, list, at, style, text);
    return width;
  }
  if (needs_display_text(text)) {
    const std::string& cut = cut_from_cache(theme, style, text, max_width);
    draw_text(theme, list, at, style, cut);
    return text_width(theme, style, cut);
  }
  const float room = max_width - text_width(theme, style, kEllipsis);
  const char* fits = nullptr;
  style.font->CalcTextSizeA(style.size * theme.scale, std::max(room, 0.0F), 0, text.data(),
                            text.data() + text.size(), &fits);
  size_t length = static_cast<size_t>(fits - text.data());
  while (length > 0 && text_width(theme, style, text.substr(0, length)) > room) {
    length = previous_character(text, length);
  }
  const std::string cut = std::string(text.substr(0, length)) + std::string(kEllipsis);
  draw_text(theme, list, at, style, cut);
  return text_width(theme, style, cut);
}

void draw_text_right(const Theme& theme, ImDrawList* list, ImVec2 top_right, const TextStyle& style,
                     std::string_view text) {
  draw_text(theme, list, ImVec2(top_right.x - text_width(theme, style, text), top_right.y), style,
            text);
}

void draw_words(const Theme& theme, ImDrawList* list, ImVec2 at, float max_width,
                const TextStyle& style, std::string_view text) {
  if (text_width(theme, style, text) > max_width + 0.5F &&
      clipped_words().size() < kMostClippedWords) {
    clipped_words().emplace_back(text);
  }
  draw_text_fit(theme, list, at, max_width, style, text);
}

void paragraph(const Theme& theme, std::string_view text, ImU32 color, float width) {
  const FontScope font(theme.fonts.regular, Theme::kSmallSize);
  ImGui::PushStyleColor(ImGuiCol_Text, color);
  ImGui::PushTextWrapPos(ImGui::GetCursorPosX() + width);
  ImGui::TextUnformatted(text.data(), text.data() + text.size());
  ImGui::PopTextWrapPos();
  ImGui::PopStyleColor();
}

std::vector<std::string> take_clipped_words() {
  std::vector<std::string> words;
  words.swap(clipped_words());
  return words;
}

void record_texts(bool on) {
  recording().on = on;
  recording().texts.clear();
}

std::vector<DrawnText> take_drawn_texts() {
  std::vector<DrawnText> texts;
  texts.swap(recording().texts);
  return texts;
}

}  // namespace errata::viewer
