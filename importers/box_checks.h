// What is odd about a box that is taken all the same, in one wording for every format.
#pragma once

#include <array>
#include <optional>

namespace errata::importers {

struct BoxOddity {
  const char* kind;
  const char* message;
};

// "empty-box", or "box-outside" where no part of the box is on the image. Pixels from the image's
// corner: x, y, width, height. A size of 0 x 0: not known, and nothing is outside.
std::optional<BoxOddity> box_oddity(const std::array<double, 4>& box_xywh_px, double width_px,
                                    double height_px);

}  // namespace errata::importers
