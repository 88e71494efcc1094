// The objects of one sample over its image: boxes given and predicted, outlines, keypoints, their
// labels, and the editing of boxes by the pointer.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "viewer/platform/texture.h"
#include "viewer/state/box_edit.h"
#include "viewer/state/box_painter.h"
#include "viewer/views/view.h"
#include "viewer/widgets/box_batch.h"
#include "viewer/widgets/image_view.h"

namespace errata::viewer {

// Of an error kind, as the facet's dots have it.
ImU32 error_color(const Theme& theme, ObjectError error);
// Of an object's box.
ImU32 object_color(const Theme& theme, const ObjectColumns& objects, RowIndex row);

// What is done with the pointer in one view, from frame to frame.
struct BoxDrag {
  bool active = false;
  bool moved = false;
  bool makes_box = false;
  BoxPart part = BoxPart::kNone;
  ObjectId object = 0;  // an edit may number the rows anew meanwhile
  Box start;
  double from_x = 0;
  double from_y = 0;
};

// What a view keeps of its boxes from frame to frame.
struct BoxCanvas {
  BoxDrag drag;
  BoxPainter painter;
  ImageTexture texture;  // of the painter's picture
};

class BoxLayer : public ImageLayer {
 public:
  // `labels`: every box says its class where there is room; else only the ones that matter.
  BoxLayer(const FrameContext& frame, RowIndex sample, BoxCanvas& canvas, bool labels);

  bool take_pointer(const ImagePlace& place, bool hovered, bool pressed) override;
  void draw(ImDrawList* list, const ImagePlace& place, bool hovered) override;

 private:
  bool is_drawn(RowIndex row) const;
  Box box_of(RowIndex row) const;
  // The smallest box that is drawn there.
  std::optional<RowIndex> object_at(double x, double y) const;
  void finish_drag();
  // The objects that are drawn and at least partly in the view.
  void find_seen(const ImagePlace& place);
  // Very many: as one picture.
  void draw_picture(ImDrawList* list, const ImagePlace& place) const;
  BoxScene scene() const;
  void add_box(BoxBatch& batch, const ImagePlace& place, RowIndex row) const;
  void draw_batch(ImDrawList* list, BoxBatch& batch, bool halo) const;
  void draw_outlines(ImDrawList* list, const ImagePlace& place) const;
  void draw_boxes(ImDrawList* list, const ImagePlace& place) const;
  void draw_current(ImDrawList* list, const ImagePlace& place) const;
  void draw_labels(ImDrawList* list, const ImagePlace& place) const;
  void draw_new_box(ImDrawList* list, const ImagePlace& place) const;
  std::string label_of(RowIndex row, bool whole) const;

  const FrameContext& frame_;
  const ObjectTable& objects_;
  ObjectColumns columns_;
  RowIndex sample_;
  BoxCanvas& canvas_;
  BoxDrag& drag_;
  bool labels_;
  RowIndex first_ = 0;  // the sample's objects: [first_, last_)
  RowIndex last_ = 0;
  std::optional<RowIndex> current_;  // of this sample
  std::optional<RowIndex> hovered_;
  std::vector<RowIndex> seen_;
};

// Above an image: what the boxes are, and the sliders and switches that decide which are drawn.
// Returns the height it took.
float draw_box_controls(const FrameContext& frame, float width);

}  // namespace errata::viewer
