#include "analysis/near_boxes.h"

#include <algorithm>

namespace errata::analysis {

NearBoxes::NearBoxes(const BoxColumns& boxes, std::span<const uint32_t> rows, bool pack)
    : rows_(rows.begin(), rows.end()) {
  if (!pack || rows.size() <= kBlock) return;
  const auto finite = [&](uint32_t row) { return is_finite(sides_of(box_at(boxes, row))); };
  if (!std::all_of(rows_.begin(), rows_.end(), finite)) return;
  const size_t blocks = (rows_.size() + kBlock - 1) / kBlock;
  const auto strips = static_cast<size_t>(std::ceil(std::sqrt(static_cast<double>(blocks))));
  const size_t per_strip = (blocks + strips - 1) / strips * kBlock;
  const auto middle_x = [&](uint32_t row) { return boxes.x[row] + boxes.width[row] / 2; };
  const auto middle_y = [&](uint32_t row) { return boxes.y[row] + boxes.height[row] / 2; };
  std::sort(rows_.begin(), rows_.end(),
            [&](uint32_t a, uint32_t b) { return middle_x(a) < middle_x(b); });
  for (size_t first = 0; first < rows_.size(); first += per_strip) {
    const size_t last = std::min(rows_.size(), first + per_strip);
    std::sort(rows_.begin() + static_cast<ptrdiff_t>(first),
              rows_.begin() + static_cast<ptrdiff_t>(last),
              [&](uint32_t a, uint32_t b) { return middle_y(a) < middle_y(b); });
  }
  sides_.reserve(rows_.size());
  for (const uint32_t row : rows_) {
    const Sides sides = sides_of(box_at(boxes, row));
    if (sides_.size() % kBlock == 0) blocks_.push_back(sides);
    Sides& block = blocks_.back();
    block = {std::min(block.left, sides.left), std::min(block.top, sides.top),
             std::max(block.right, sides.right), std::max(block.bottom, sides.bottom)};
    sides_.push_back(sides);
  }
}

}  // namespace errata::analysis
