#include "analysis/mask_rle.h"

#include <algorithm>

namespace errata::analysis {

Box mask_box(const MaskRuns& mask) {
  const size_t ends = mask.counts.size() / 2 * 2;
  if (ends == 0) return {};
  const auto height = static_cast<uint32_t>(mask.height_px);
  auto left = static_cast<uint32_t>(mask.width_px);
  uint32_t top = height;
  uint32_t right = 0;
  uint32_t bottom = 0;
  uint32_t column_before = 0;
  uint32_t at = 0;
  for (size_t i = 0; i < ends; ++i) {
    at += mask.counts[i];
    const uint32_t pixel = at - static_cast<uint32_t>(i % 2);  // the run's last one
    const uint32_t row = height == 0 ? 0 : pixel % height;
    const uint32_t column = height == 0 ? 0 : pixel / height;
    if (i % 2 == 0) {
      column_before = column;
    } else if (column_before < column) {
      top = 0;
      bottom = height - 1;
    }
    left = std::min(left, column);
    right = std::max(right, column);
    top = std::min(top, row);
    bottom = std::max(bottom, row);
  }
  return {static_cast<double>(left), static_cast<double>(top),
          static_cast<double>(right) - left + 1, static_cast<double>(bottom) - top + 1};
}

double mask_iou(const MaskRuns& detection, const Box& detection_box, const MaskRuns& object,
                const Box& object_box, bool crowd) {
  if (!(box_iou(detection_box, object_box, crowd) > 0)) return 0;
  if (detection.height_px != object.height_px || detection.width_px != object.width_px) return -1;
  uint64_t shared = 0;
  uint64_t covered = 0;
  walk_masks(detection.counts, object.counts, [&](uint32_t length, bool in_first, bool in_second) {
    if (in_first || in_second) covered += length;
    if (in_first && in_second) shared += length;
  });
  if (shared == 0) return 0;
  if (crowd) covered = mask_area(detection);
  return static_cast<double>(shared) / static_cast<double>(covered);
}

double mask_iou(const MaskRuns& detection, const MaskRuns& object, bool crowd) {
  return mask_iou(detection, mask_box(detection), object, mask_box(object), crowd);
}

}  // namespace errata::analysis
