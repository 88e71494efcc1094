#pragma once

#include <array>

namespace errata {

// Whether no part of a box is on its image. x, y, width and height in pixels from the image's
// corner; of an image whose size is not known (0) nothing is outside.
inline bool lies_outside(const std::array<double, 4>& box_xywh_px, double width_px,
                         double height_px) {
  if (width_px <= 0 || height_px <= 0) return false;
  const auto& [x, y, width, height] = box_xywh_px;
  return x >= width_px || y >= height_px || x + width <= 0 || y + height <= 0;
}

}  // namespace errata
