// Text on draw lists, in the theme's fonts, cut with an ellipsis where it does not fit. Every text
// goes through display_text(): names may be any bytes in any script.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "viewer/platform/theme.h"

namespace errata::viewer {

struct TextStyle {
  ImFont* font = nullptr;
  float size = Theme::kBodySize;  // 1/96 inch
  ImU32 color = 0;
};

TextStyle body(const Theme& theme);
TextStyle dim(const Theme& theme);
TextStyle small(const Theme& theme);  // faint
TextStyle bold(const Theme& theme);
TextStyle heading(const Theme& theme);  // small, bold, dim

float text_width(const Theme& theme, const TextStyle& style, std::string_view text);
float text_height(const Theme& theme, const TextStyle& style);

// At a top left corner.
void draw_text(const Theme& theme, ImDrawList* list, ImVec2 at, const TextStyle& style,
               std::string_view text);
// Cut to max_width with "…". Returns the width drawn.
float draw_text_fit(const Theme& theme, ImDrawList* list, ImVec2 at, float max_width,
                    const TextStyle& style, std::string_view text);
// Ends at `right`.
void draw_text_right(const Theme& theme, ImDrawList* list, ImVec2 top_right, const TextStyle& style,
                     std::string_view text);

// Words of the program itself (not names from data) must never be cut: what was cut since the last
// call. Names from data are drawn with draw_text_fit directly and are not listed.
void draw_words(const Theme& theme, ImDrawList* list, ImVec2 at, float max_width,
                const TextStyle& style, std::string_view text);
std::vector<std::string> take_clipped_words();

// How many bytes of the text stand on a line of max_width when it is broken between words: all of
// them where it fits or has no place to break at.
size_t first_line_bytes(const Theme& theme, const TextStyle& style, std::string_view text,
                        float max_width);

// Small words at the cursor that wrap at `width`; an item of the window.
void paragraph(const Theme& theme, std::string_view text, ImU32 color, float width);

// For the check of contrast: what was drawn, and where. Off unless asked for.
struct DrawnText {
  std::string text;
  std::string window;  // Dear ImGui's name of the window or child it was drawn in
  ImVec2 min;          // on the screen, clipped
  ImVec2 max;
  ImU32 color = 0;
};
void record_texts(bool on);
std::vector<DrawnText> take_drawn_texts();

}  // namespace errata::viewer
