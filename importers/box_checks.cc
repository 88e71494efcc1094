#include "importers/box_checks.h"

namespace errata::importers {

std::optional<BoxOddity> box_oddity(const std::array<double, 4>& box_xywh_px, double width_px,
                                    double height_px) {
  const auto& [x, y, width, height] = box_xywh_px;
  if (width == 0 || height == 0) return BoxOddity{"empty-box", "the box has no width or no height"};
  const bool outside = x >= width_px || y >= height_px || x + width <= 0 || y + height <= 0;
  if (outside && width_px > 0 && height_px > 0) {
    return BoxOddity{"box-outside", "no part of the box is on the image"};
  }
  return std::nullopt;
}

}  // namespace errata::importers
