// Copies that lie between groups, as the panel of duplicates shows them: a list of pairs, and the
// chosen one side by side.
#pragma once

#include "viewer/views/view.h"
#include "viewer/widgets/image_view.h"

namespace errata::viewer {

class CopyPairs {
 public:
  // Fills what is left of the current Dear ImGui window; there is at least one pair.
  void draw(const FrameContext& frame);

 private:
  void draw_chosen(const FrameContext& frame, const CopyPairView& pair);
  void draw_side(const FrameContext& frame, const CopyPairView& pair, RowIndex row, ImVec2 at,
                 ImVec2 size);

  // Of both pictures: what is looked at closely in one is beside it in the other.
  ImageViewState zoom_;
  SampleId zoomed_a_ = 0;
  SampleId zoomed_b_ = 0;
};

// "labels and splits differ"
std::string_view pair_words(const CopyPairView& pair);

}  // namespace errata::viewer
