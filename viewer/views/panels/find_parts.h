// What the panels of findings share: what they show before there is anything, and while it is being
// looked for.
#pragma once

#include <string>
#include <string_view>

#include "viewer/state/find_kinds.h"
#include "viewer/views/view.h"

namespace errata::viewer {

// In the place of the findings: what they would show, and the button that makes them; where
// something is lacking for that, what it is and the commands that bring it.
void draw_nothing_found_yet(const FrameContext& frame, Overlay form, std::string_view title,
                            std::string_view sentence);
// A line with progress and a button to stop while the job runs or waits; takes no room otherwise.
// True while it does.
bool draw_find_progress(const FrameContext& frame, Overlay form);
// A line in the place of a list that is empty.
void draw_none(const FrameContext& frame, std::string_view sentence);

}  // namespace errata::viewer
