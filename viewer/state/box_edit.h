// Changing a box by the pointer: which part of it was taken, and what it becomes. In pixels of the
// image, 0-based, x and y of the upper left corner.
#pragma once

#include <cstdint>

#include "analysis/detection_match.h"

namespace errata::viewer {

using analysis::Box;

enum class BoxPart : uint8_t {
  kNone,
  kInside,
  kLeft,
  kRight,
  kTop,
  kBottom,
  kTopLeft,
  kTopRight,
  kBottomLeft,
  kBottomRight
};

// What of a box lies at a point. `reach`: how far from an edge it can still be taken, on either
// side; a box smaller than three times that is taken whole in its middle.
BoxPart box_part_at(const Box& box, double x, double y, double reach);

// The box after its part was dragged so far: moved inside the image, or resized to at least one
// pixel; a corner dragged over the other side turns the box round. Never leaves the image.
Box drag_box(const Box& box, BoxPart part, double dx, double dy, double image_width,
             double image_height);

// The box between two points, inside the image.
Box box_between(double x0, double y0, double x1, double y1, double image_width,
                double image_height);

// The part of an image that shows a box with context around it: as wide as high times `aspect`,
// moved inside the image where it fits, cut where it does not.
Box context_of(const Box& box, double aspect, double image_width, double image_height);

}  // namespace errata::viewer
