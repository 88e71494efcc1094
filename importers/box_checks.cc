#include "importers/box_checks.h"

#include "model/box.h"

namespace errata::importers {

std::optional<BoxOddity> box_oddity(const std::array<double, 4>& box_xywh_px, double width_px,
                                    double height_px) {
  if (box_xywh_px[2] == 0 || box_xywh_px[3] == 0) {
    return BoxOddity{"empty-box", "the box has no width or no height"};
  }
  if (lies_outside(box_xywh_px, width_px, height_px)) {
    return BoxOddity{"box-outside", "no part of the box is on the image"};
  }
  return std::nullopt;
}

}  // namespace errata::importers
