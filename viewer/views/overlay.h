// What the overlays share: a dimmed window behind, a panel in the middle, Esc and a click beside it
// close it, a text field that has the keyboard, a list that arrows and Enter work on.
#pragma once

#include <functional>
#include <string>

#include "viewer/views/view.h"

namespace errata::viewer {

// Draws the panel when `which` is open and returns true; then end_overlay() must follow.
bool begin_overlay(const FrameContext& frame, Overlay which, const char* name, float width,
                   float top_share);
void end_overlay(const FrameContext& frame);

// The field at the head of a palette: focused on the first frame. True when the text changed.
bool overlay_search(const FrameContext& frame, const char* hint);

// Lines below the field. `draw_line(i, min, max, chosen)` draws one; returns the line that was
// chosen by Enter or a click, or -1.
int overlay_list(const FrameContext& frame, size_t count, float line_height, size_t most_visible,
                 const std::function<void(size_t, ImVec2, ImVec2, bool)>& draw_line);

}  // namespace errata::viewer
