// Colours and sizes. One accent; other colours only where they mean something.
#pragma once

#include <imgui.h>

#include <string_view>

#include "viewer/platform/fonts.h"
#include "viewer/state/app_state.h"

namespace errata::viewer {

struct Theme {
  ImU32 background = 0;  // behind the grid
  ImU32 panel = 0;       // bars and side panels
  ImU32 raised = 0;      // tiles, buttons
  ImU32 hovered = 0;
  ImU32 well = 0;        // text fields
  ImU32 image_back = 0;  // around images
  ImU32 border = 0;
  ImU32 text = 0;
  ImU32 text_dim = 0;
  ImU32 text_faint = 0;
  ImU32 accent = 0;
  ImU32 accent_soft = 0;  // behind a chosen line, the first action
  ImU32 on_accent = 0;
  ImU32 wrong = 0;  // a prediction that differs, errors
  ImU32 right = 0;
  ImU32 caution = 0;
  ImU32 doubt = 0;
  ImU32 error_class = 0;  // of objects; the other kinds have colours of the ones above
  ImU32 error_both = 0;
  ImU32 error_duplicate = 0;
  ImU32 on_mark = 0;      // text on a plate of any of these
  ImU32 track = 0;        // empty part of a bar
  ImU32 string_text = 0;  // in the filter bar

  // Pixels of a length in 1/96 inch.
  float scale = 1;
  float px(float length) const;
  Fonts fonts;

  // Font sizes in 1/96 inch; push_* take care of the scale.
  static constexpr float kBodySize = 14;
  static constexpr float kSmallSize = 12;
  static constexpr float kLargeSize = 16;
};

Theme make_theme(ThemeName name, float scale, const Fonts& fonts);
// Fonts, paddings and colours of Dear ImGui's own widgets.
void apply_theme(const Theme& theme, ThemeName name);

// Of a review state ("kept", "relabelled", ...).
ImU32 review_color(const Theme& theme, std::string_view review);
ImU32 with_alpha(ImU32 color, float alpha);
// An opaque colour between two; `share` of the way.
ImU32 mix(ImU32 from, ImU32 to, float share);

// Scoped font.
class FontScope {
 public:
  FontScope(ImFont* font, float size) { ImGui::PushFont(font, size); }
  ~FontScope() { ImGui::PopFont(); }
  FontScope(const FontScope&) = delete;
  FontScope& operator=(const FontScope&) = delete;
};

}  // namespace errata::viewer
