// The inspector's sections, one below the other; each draws itself at the cursor of the current
// Dear ImGui window and takes no room when it has nothing to say.
#pragma once

#include <string>
#include <string_view>

#include "viewer/views/view.h"

namespace errata::viewer {

// The sample that is inspected, and the room there is.
struct Inspected {
  const FrameContext& frame;
  RowIndex row = 0;
  float width = 0;

  // A column's value as text; empty without one.
  std::string text(std::string_view column) const;
};

void draw_sample_name(const Inspected& sample);
void draw_decision(const Inspected& sample);
void draw_tags(const Inspected& sample);
// Of an object of the sample, in the place of the sections about the sample's own label.
void draw_object(const Inspected& sample, RowIndex object);
void draw_probabilities(const Inspected& sample, size_t most_bars);
// Nearest neighbours with their labels, copies, and what speaks for or against the label.
void draw_evidence(const Inspected& sample);
void draw_scores(const Inspected& sample);
void draw_attributes(const Inspected& sample);
void draw_history(const Inspected& sample);

// Shared by the sections. `more` stands in a hover over the line when there is something to say.
void draw_section_title(const Inspected& sample, std::string_view title);
void draw_fact(const Inspected& sample, std::string_view name, std::string_view value,
               ImU32 color = 0, std::string_view more = {});
void draw_hover(const Theme& theme, std::string_view text);

}  // namespace errata::viewer
