// What the measuring panels share: the line that says what was measured, switches, big numbers.
#pragma once

#include <string>
#include <string_view>

#include "viewer/state/object_measures.h"
#include "viewer/state/panel_state.h"
#include "viewer/views/view.h"

namespace errata::viewer {

// For Panel::offered: a dataset of boxes without a classifier's predictions has no use for panels
// about those; one without boxes none for a detector's.
bool has_classifier(const AppState& state);
bool has_detector(const AppState& state);

// The same of a detector.
const ObjectMeasures* measures_or_note(const FrameContext& frame);
// "Over 318 images, 4,888 labels ..., detections from 0.25 on, IoU 0.50"
void draw_measures_line(const FrameContext& frame, const ObjectMeasures& measures, bool thresholds);
// Objects with this error and, unless it is negative, label code, in the centre.
void show_objects(const FrameContext& frame, std::string_view error, int32_t label);

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
