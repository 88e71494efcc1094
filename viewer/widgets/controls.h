// Small controls in the program's look. All take ids of Dear ImGui, so that tests can find them.
#pragma once

#include <string>
#include <string_view>

#include "viewer/platform/texture.h"
#include "viewer/platform/theme.h"
#include "viewer/state/filter_text.h"
#include "viewer/state/view_query.h"

namespace errata::viewer {

// A key cap with its text; returns its width. `at` is its top left corner.
float draw_key_cap(const Theme& theme, ImDrawList* list, ImVec2 at, std::string_view text);
float key_cap_width(const Theme& theme, std::string_view text);
float key_cap_height(const Theme& theme);

// "Enter  label is ship", as wide as `width`; the first action is drawn in the accent.
bool action_button(const Theme& theme, const char* id, std::string_view key, std::string_view title,
                   float width, bool primary, bool enabled);
// Of one that shows all of its key and title.
float action_button_width(const Theme& theme, std::string_view key, std::string_view title);

// A lesser button beside others, as wide as its text.
bool small_button(const Theme& theme, const char* id, std::string_view text, bool enabled = true);

// A button that shows its choice: "Sort: confidence, high first".
bool choice_button(const Theme& theme, const char* id, std::string_view text, float max_width);

// A line of a facet: box, name, count. True when clicked. A name that is cut is told in the hover,
// as is what a click does; nothing where `hint` is empty.
enum class FacetMark : uint8_t { kNone, kChosen, kExcluded };
bool facet_row(const Theme& theme, const char* id, std::string_view name, std::string_view count,
               FacetMark mark, bool faint, ImU32 dot, std::string_view hint = {});

// A share from 0 to 1 as a bar.
void draw_bar(const Theme& theme, ImDrawList* list, ImVec2 min, ImVec2 max, float share,
              ImU32 color);

// Bars of a histogram; drag to choose a range, double click to drop it. True when `range` changed.
bool histogram_range(const Theme& theme, const char* id, const HistogramView& histogram,
                     NumberRange& range, float width, float height);

// "0.80 to 1.00", with as many decimals as the bins are wide; the whole histogram for no range.
std::string range_text(const HistogramView& histogram, const NumberRange& range);

// Samples in the bins that the range covers.
uint64_t count_in_range(const HistogramView& histogram, const NumberRange& range);

// Draws a region into a rectangle, whole, centred, keeping its proportions; with rounded upper
// corners where it fills the rectangle.
void draw_fitted(ImDrawList* list, const TextureRegion& region, ImVec2 min, ImVec2 max,
                 ImU32 tint = IM_COL32_WHITE, float rounding = 0);

// A vertical scroll bar over `total` rows of which `visible` are seen; changes `first`.
bool scroll_bar(const Theme& theme, const char* id, ImVec2 at, ImVec2 size, double total,
                double visible, double& first);

}  // namespace errata::viewer
