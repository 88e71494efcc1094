#include "model/polygon_mask.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numeric>

#include "base/error.h"

namespace errata {

namespace {

constexpr double kPolygonScale = 5;
constexpr double kFarthest = 1e6;  // px

[[noreturn]] void fail(const char* what) {
  throw Error(ErrorCategory::kBadInput, what);
}

// Where a polygon's border, drawn five times as fine, crosses from one column of pixels to the
// next: the height at which the mask changes there, as an index into the columns.
class BorderCrossings {
 public:
  BorderCrossings(uint32_t height, uint32_t width) : height_(height), width_(width) {}

  void visit(int x, int y) {
    if (started_ && x != x_) cross(x, y);
    started_ = true;
    x_ = x;
    y_ = y;
  }
  std::vector<uint32_t> take() { return std::move(crossings_); }

 private:
  void cross(int x, int y) {
    double at = static_cast<double>(x < x_ ? x : x - 1);
    at = (at + 0.5) / kPolygonScale - 0.5;
    if (std::floor(at) != at || at < 0 || at > static_cast<double>(width_) - 1) return;
    double row = static_cast<double>(std::min(y, y_));
    row = (row + 0.5) / kPolygonScale - 0.5;
    row = std::ceil(std::clamp(row, 0.0, static_cast<double>(height_)));
    crossings_.push_back(static_cast<uint32_t>(at) * height_ + static_cast<uint32_t>(row));
  }

  uint32_t height_;
  uint32_t width_;
  bool started_ = false;
  int x_ = 0;
  int y_ = 0;
  std::vector<uint32_t> crossings_;
};

// The points of one edge, from its first end to its last.
void draw_edge(int from_x, int from_y, int to_x, int to_y, BorderCrossings& crossings) {
  const int dx = std::abs(to_x - from_x);
  const int dy = std::abs(to_y - from_y);
  const bool wide = dx >= dy;
  const bool flip = wide ? from_x > to_x : from_y > to_y;
  if (flip) {
    std::swap(from_x, to_x);
    std::swap(from_y, to_y);
  }
  const int steps = wide ? dx : dy;
  const double slope =
      steps == 0 ? 0 : static_cast<double>(wide ? to_y - from_y : to_x - from_x) / steps;
  for (int d = 0; d <= steps; ++d) {
    const int t = flip ? steps - d : d;
    const int across = static_cast<int>((wide ? from_y : from_x) + slope * t + 0.5);
    if (wide) {
      crossings.visit(from_x + t, across);
    } else {
      crossings.visit(across, from_y + t);
    }
  }
}

void check_polygon(std::span<const double> points) {
  if (points.size() % 2 != 0) fail("a polygon has an odd count of numbers");
  if (points.size() < 6) fail("a polygon has fewer than three points");
  for (const double number : points) {
    if (!(std::abs(number) <= kFarthest)) fail("a polygon leaves every image");
  }
}

}  // namespace

MaskRuns mask_of_polygon(std::span<const double> points, uint32_t height, uint32_t width) {
  check_polygon(points);
  const size_t count = points.size() / 2;
  const auto fine = [&](size_t i) { return static_cast<int>(kPolygonScale * points[i] + 0.5); };
  BorderCrossings crossings(height, width);
  for (size_t i = 0; i < count; ++i) {
    const size_t next = i + 1 == count ? 0 : i + 1;
    draw_edge(fine(2 * i), fine(2 * i + 1), fine(2 * next), fine(2 * next + 1), crossings);
  }
  std::vector<uint32_t> ends = crossings.take();
  ends.push_back(height * width);
  std::sort(ends.begin(), ends.end());
  std::adjacent_difference(ends.begin(), ends.end(), ends.begin());
  // Two crossings at one place undo each other.
  MaskRuns mask{static_cast<int32_t>(height), static_cast<int32_t>(width), {ends[0]}};
  for (size_t i = 1; i < ends.size();) {
    if (ends[i] > 0) {
      mask.counts.push_back(ends[i++]);
    } else {
      ++i;
      if (i < ends.size()) mask.counts.back() += ends[i++];
    }
  }
  return mask;
}

MaskRuns join_masks(std::span<const MaskRuns> masks) {
  if (masks.empty()) return {};
  MaskRuns joined = masks[0];
  for (const MaskRuns& mask : masks.subspan(1)) {
    if (mask.height_px != joined.height_px || mask.width_px != joined.width_px) {
      fail("the masks of one object are of unequal sizes");
    }
    std::vector<uint32_t> runs;
    uint32_t length = 0;
    bool inside = false;
    walk_masks(joined.counts, mask.counts, [&](uint32_t stretch, bool in_first, bool in_second) {
      if ((in_first || in_second) != inside) {
        runs.push_back(length);
        length = 0;
        inside = !inside;
      }
      length += stretch;
    });
    runs.push_back(length);
    joined.counts = std::move(runs);
  }
  return joined;
}

std::optional<double> polygons_area(std::span<const std::vector<double>> polygons, uint32_t height,
                                    uint32_t width) {
  try {
    std::vector<MaskRuns> parts;
    for (const std::vector<double>& ring : polygons) {
      parts.push_back(mask_of_polygon(ring, height, width));
    }
    if (parts.empty()) return std::nullopt;
    return static_cast<double>(mask_area(join_masks(parts)));
  } catch (const Error&) {
    return std::nullopt;
  }
}

}  // namespace errata
