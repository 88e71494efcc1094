// What the measuring panels share: the line that says what was measured, switches, big numbers.
#pragma once

#include <string>
#include <string_view>

#include "viewer/state/panel_state.h"
#include "viewer/views/view.h"

namespace errata::viewer {

// The answer to draw; when there is none, says why and returns nullptr.
const PanelAnswer* answer_or_note(const FrameContext& frame);

// "Measured over split = 'test': 5,000 samples ..." with the switch to exactly what is shown.
void draw_measured_line(const FrameContext& frame, const PanelAnswer& answer);

// A row of words of which one is chosen; returns the index of the one clicked, or -1.
int choice_words(const FrameContext& frame, const char* id, const char* const* words, int count,
                 int chosen);

// Accuracy, what the corrections made of it, and the estimate from the audit, below each other.
void draw_accuracy(const FrameContext& frame, const PanelAnswer& answer, float width);

std::string percent(double share, int decimals = 1);  // "81.4 %"; "n/a" for NaN

}  // namespace errata::viewer
