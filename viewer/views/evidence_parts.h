// What speaks for and against the label of the sample under the cursor, as the inspector and the
// panel of label errors show it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "viewer/views/view.h"

namespace errata::viewer {

// The sample's label and what could take its place.
struct LabelQuestion {
  std::string label;      // empty: none
  std::string suggested;  // empty: nothing else is suggested
  double p_label = 0;     // NaN: not known
  double p_suggested = 0;
  bool weighed = false;  // the two are beliefs of `errata find labels`, else what the run gives
  std::string verdict;   // empty: none
};
LabelQuestion label_question(const AppState& state, RowIndex row);

struct EvidenceLine {
  std::string text;
  std::string value;       // at the right; may be empty
  ImU32 dot = 0;           // what it says: against the label, for it, or neither
  std::string means = {};  // on hover; may be empty
};
std::vector<EvidenceLine> evidence_lines(const FrameContext& frame, const LabelQuestion& question);
void draw_evidence_lines(const FrameContext& frame, const std::vector<EvidenceLine>& lines,
                         float width);

// Nearest neighbours with their labels, the first `most`, in rows as wide as `width`. True when
// there are any.
bool draw_neighbours(const FrameContext& frame, const LabelQuestion& question, float width,
                     float side, size_t most);
// The other members of its group of copies, the same way.
bool draw_copies(const FrameContext& frame, const LabelQuestion& question, float width, float side,
                 size_t most);

ImU32 verdict_color(const Theme& theme, std::string_view verdict);

}  // namespace errata::viewer
