// A small picture of a sample with words below it, as rows of neighbours and copies show them.
#pragma once

#include <string_view>

#include "viewer/views/view.h"

namespace errata::viewer {

// A picture with a frame, and below it up to two lines, which end in an ellipsis where they do not
// fit. `tint` of the frame: 0 none.
struct Thumb {
  RowIndex row = 0;
  float side = 0;  // pixels
  std::string_view first;
  std::string_view second;
  ImU32 first_color = 0;  // 0: dim
  ImU32 frame = 0;
  bool faded = false;
};
// At the cursor; its id is the row. True when it was clicked. The hover shows the tile's.
bool draw_thumb(const FrameContext& frame, const Thumb& thumb);
float thumb_height(const Theme& theme, const Thumb& thumb);

}  // namespace errata::viewer
