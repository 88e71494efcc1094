#include "viewer/state/object_outlines.h"

#include <algorithm>

#include "base/error.h"
#include "model/shape.h"

namespace errata::viewer {

namespace {

std::vector<PointPx> points_of(const std::vector<double>& numbers) {
  std::vector<PointPx> points;
  for (size_t i = 0; i + 1 < numbers.size(); i += 2) {
    points.push_back({static_cast<float>(numbers[i]), static_cast<float>(numbers[i + 1])});
  }
  return points;
}

// A run goes on in the next column where it is too long for one.
void add_run(std::vector<analysis::Box>& boxes, uint64_t from, uint64_t to, uint64_t height) {
  while (from < to) {
    const uint64_t column = from / height;
    const uint64_t end = std::min(to, (column + 1) * height);
    const auto x = static_cast<double>(column);
    const auto y = static_cast<double>(from - column * height);
    const auto length = static_cast<double>(end - from);
    if (!boxes.empty() && boxes.back().x + boxes.back().width == x && boxes.back().y == y &&
        boxes.back().height == length) {
      boxes.back().width += 1;
    } else {
      boxes.push_back({x, y, 1, length});
    }
    from = end;
  }
}

std::vector<analysis::Box> runs_of(const MaskRuns& mask) {
  std::vector<analysis::Box> boxes;
  if (mask.height_px <= 0) return boxes;
  uint64_t at = 0;
  bool set = false;
  for (const uint32_t count : mask.counts) {
    if (set) add_run(boxes, at, at + count, static_cast<uint64_t>(mask.height_px));
    at += count;
    set = !set;
  }
  return boxes;
}

}  // namespace

std::vector<ObjectOutline> decode_outlines(const std::vector<std::string>& shapes,
                                           RowIndex first_row) {
  std::vector<ObjectOutline> outlines;
  for (size_t i = 0; i < shapes.size(); ++i) {
    if (shapes[i].empty()) continue;
    ObjectOutline outline;
    outline.row = first_row + static_cast<RowIndex>(i);
    try {
      const Shape shape = decode_shape(shapes[i]);
      for (const std::vector<double>& polygon : shape.polygons) {
        if (polygon.size() >= 6) outline.polygons.push_back(points_of(polygon));
      }
      if (shape.corners.size() == 8) outline.polygons.push_back(points_of(shape.corners));
      outline.runs = runs_of(shape.mask);
      for (size_t k = 0; k + 2 < shape.keypoints.size(); k += 3) {
        if (shape.keypoints[k + 2] <= 0) continue;  // absent
        outline.keypoints.push_back(
            {{static_cast<float>(shape.keypoints[k]), static_cast<float>(shape.keypoints[k + 1])},
             shape.keypoints[k + 2] >= 2});
      }
    } catch (const Error&) {
      continue;
    }
    outlines.push_back(std::move(outline));
  }
  return outlines;
}

}  // namespace errata::viewer
