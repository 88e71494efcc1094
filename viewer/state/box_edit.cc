#include "viewer/state/box_edit.h"

#include <algorithm>
#include <cmath>

namespace errata::viewer {

namespace {

constexpr double kLeastSide = 1;
// Context on each side, as a share of the longer side of the box; never less than some pixels.
constexpr double kContext = 0.45;
constexpr double kLeastContext = 8;

// Low, high or neither of the two edges of one axis.
int edge_at(double at, double low, double size, double reach) {
  const double most = std::min(reach, size / 3);
  if (at >= low - reach && at <= low + most) return -1;
  if (at >= low + size - most && at <= low + size + reach) return 1;
  return 0;
}

void drag_edge(double& low, double& size, double by, bool low_edge, double limit) {
  double a = low + (low_edge ? by : 0);
  double b = low + size + (low_edge ? 0 : by);
  if (a > b) std::swap(a, b);
  a = std::clamp(a, 0.0, std::max(0.0, limit - kLeastSide));
  b = std::clamp(b, a + kLeastSide, std::max(limit, a + kLeastSide));
  low = a;
  size = b - a;
}

void fit(double& low, double& size, double limit) {
  size = std::min(size, limit);
  low = std::clamp(low, 0.0, limit - size);
}

}  // namespace

BoxPart box_part_at(const Box& box, double x, double y, double reach) {
  const bool beside = x < box.x - reach || x > box.x + box.width + reach || y < box.y - reach ||
                      y > box.y + box.height + reach;
  if (beside) return BoxPart::kNone;
  const int across = edge_at(x, box.x, box.width, reach);
  const int down = edge_at(y, box.y, box.height, reach);
  if (down < 0) {
    return across < 0 ? BoxPart::kTopLeft : (across > 0 ? BoxPart::kTopRight : BoxPart::kTop);
  }
  if (down > 0) {
    return across < 0 ? BoxPart::kBottomLeft
                      : (across > 0 ? BoxPart::kBottomRight : BoxPart::kBottom);
  }
  return across < 0 ? BoxPart::kLeft : (across > 0 ? BoxPart::kRight : BoxPart::kInside);
}

Box drag_box(const Box& box, BoxPart part, double dx, double dy, double image_width,
             double image_height) {
  Box moved = box;
  if (part == BoxPart::kInside) {
    moved.x = std::clamp(box.x + dx, 0.0, std::max(0.0, image_width - box.width));
    moved.y = std::clamp(box.y + dy, 0.0, std::max(0.0, image_height - box.height));
    return moved;
  }
  const bool left =
      part == BoxPart::kLeft || part == BoxPart::kTopLeft || part == BoxPart::kBottomLeft;
  const bool right =
      part == BoxPart::kRight || part == BoxPart::kTopRight || part == BoxPart::kBottomRight;
  const bool top = part == BoxPart::kTop || part == BoxPart::kTopLeft || part == BoxPart::kTopRight;
  const bool bottom =
      part == BoxPart::kBottom || part == BoxPart::kBottomLeft || part == BoxPart::kBottomRight;
  if (left || right) drag_edge(moved.x, moved.width, dx, left, image_width);
  if (top || bottom) drag_edge(moved.y, moved.height, dy, top, image_height);
  return moved;
}

Box box_between(double x0, double y0, double x1, double y1, double image_width,
                double image_height) {
  const double left = std::clamp(std::min(x0, x1), 0.0, image_width);
  const double top = std::clamp(std::min(y0, y1), 0.0, image_height);
  return {left, top, std::clamp(std::max(x0, x1), 0.0, image_width) - left,
          std::clamp(std::max(y0, y1), 0.0, image_height) - top};
}

Box context_of(const Box& box, double aspect, double image_width, double image_height) {
  const double around = std::max(kLeastContext, kContext * std::max(box.width, box.height));
  double width = box.width + around * 2;
  double height = box.height + around * 2;
  if (width < height * aspect) {
    width = height * aspect;
  } else {
    height = width / aspect;
  }
  Box part{box.x + box.width / 2 - width / 2, box.y + box.height / 2 - height / 2, width, height};
  fit(part.x, part.width, image_width);
  fit(part.y, part.height, image_height);
  return part;
}

}  // namespace errata::viewer
