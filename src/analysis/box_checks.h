// What is odd about given boxes without looking at a detector: boxes outside their image or of no
// size, copies of one another, and boxes far from what is usual for their class.
#pragma once

#include <span>
#include <vector>

#include "analysis/detection_match.h"
#include "base/workers.h"

namespace errata::analysis {

struct ImageSizes {
  std::span<const int32_t> width;  // px, per image; 0 or less: not known
  std::span<const int32_t> height;
};

struct BoxChecks {
  // Per box: how much of its area lies outside the image, 0 .. 1; 0 where the size is not known or
  // no more than a pixel sticks out on any side.
  std::vector<double> outside;
  std::vector<uint8_t> without_size;  // width or height not above 0, or not finite
  // Of the class: (value - median) / (1.4826 MAD) of ln sqrt(w h) and of ln(w / h). NaN for boxes
  // without size, crowds, and classes of fewer than kLeastForUsual boxes; a spread below 1 % of the
  // size or ratio counts as 1 %.
  std::vector<double> size_z;
  std::vector<double> shape_z;
  // The box of the same image it overlaps most among those that are not crowds, and how far.
  std::vector<int32_t> nearest;
  std::vector<double> nearest_overlap;  // IoU; 0: none
};

inline constexpr size_t kLeastForUsual = 10;

// Throws Error(kInternal) for columns of unequal length.
BoxChecks check_given_boxes(const ObjectColumns& objects, size_t images, size_t classes,
                            const ImageSizes& sizes, const ParallelFor& parallel_for);

}  // namespace errata::analysis
