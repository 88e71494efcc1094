// The boxes of one image, packed by place, so that a box meets those that it may overlap and not
// all of them: bounds of blocks of 32 (sort-tile-recursive packing: Leutenegger, Lopez, Edgington
// 1997). Large boxes cost no more than small ones but for the pairs that do overlap.
#pragma once

#include <array>
#include <cmath>
#include <span>
#include <vector>

#include "analysis/detection_match.h"

namespace errata::analysis {

class NearBoxes {
 public:
  // `rows` of `boxes`. A few boxes, and boxes that are not finite, are not packed: every one is
  // visited. So it is where overlaps are not those of the boxes (DetectionSet::overlap).
  NearBoxes(const BoxColumns& boxes, std::span<const uint32_t> rows, bool pack = true);

  // Visits each row whose box shares more than an edge with `box`, in no particular order; may
  // visit rows that share nothing with it.
  template <typename Visit>
  void each(const Box& box, const Visit& visit) const {
    const Sides sides = sides_of(box);
    if (blocks_.empty() || !is_finite(sides)) {
      for (const uint32_t row : rows_) visit(row);
      return;
    }
    for (size_t block = 0; block < blocks_.size(); ++block) {
      if (!meet(blocks_[block], sides)) continue;
      const size_t end = std::min(rows_.size(), (block + 1) * kBlock);
      for (size_t i = block * kBlock; i < end; ++i) {
        if (meet(sides_[i], sides)) visit(rows_[i]);
      }
    }
  }

 private:
  static constexpr size_t kBlock = 32;
  struct Sides {
    double left, top, right, bottom;
  };
  static Sides sides_of(const Box& box) {
    return {box.x, box.y, box.x + box.width, box.y + box.height};
  }
  static bool is_finite(const Sides& sides) {
    return std::isfinite(sides.left) && std::isfinite(sides.top) && std::isfinite(sides.right) &&
           std::isfinite(sides.bottom);
  }
  // As box_iou() asks it, to the last bit.
  static bool meet(const Sides& a, const Sides& b) {
    return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
  }

  std::vector<uint32_t> rows_;  // packed, or as they came
  std::vector<Sides> sides_;    // of rows_; empty when not packed
  std::vector<Sides> blocks_;
};

}  // namespace errata::analysis
