// Points and boxes of an image that was turned upright by its EXIF orientation, and of the image as
// it is stored. Edges, not pixel indices: x runs from 0 to the width.
#pragma once

#include <array>

namespace errata {

struct UprightFrame {
  int orientation = 1;  // EXIF 1..8
  double stored_width_px = 0;
  double stored_height_px = 0;

  bool swaps_sides() const { return orientation >= 5 && orientation <= 8; }
  double width_px() const { return swaps_sides() ? stored_height_px : stored_width_px; }
  double height_px() const { return swaps_sides() ? stored_width_px : stored_height_px; }

  std::array<double, 2> to_stored(std::array<double, 2> upright) const;
  std::array<double, 2> to_upright(std::array<double, 2> stored) const;
  // x, y, width, height. Where nothing is turned the box comes back as it is.
  std::array<double, 4> box_to_stored(const std::array<double, 4>& upright) const;
  std::array<double, 4> box_to_upright(const std::array<double, 4>& stored) const;
};

}  // namespace errata
