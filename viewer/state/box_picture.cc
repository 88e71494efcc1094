#include "viewer/state/box_picture.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace errata::viewer {

namespace {

struct At {
  double x;
  double y;
};

// The part of the segment between two points that lies in [0, width] x [0, height], after Liang and
// Barsky; false when there is none.
bool clip(At& from, At& to, double width, double height) {
  const At step{to.x - from.x, to.y - from.y};
  double begin = 0;
  double end = 1;
  const auto cut = [&](double slope, double room) {
    if (slope == 0) return room >= 0;
    const double at = room / slope;
    if (slope < 0) {
      begin = std::max(begin, at);
    } else {
      end = std::min(end, at);
    }
    return begin <= end;
  };
  if (!cut(-step.x, from.x) || !cut(step.x, width - from.x) || !cut(-step.y, from.y) ||
      !cut(step.y, height - from.y)) {
    return false;
  }
  const At start = from;
  // Clamped: of numbers with thirty digits the last ones are lost.
  const auto point = [&](double share) {
    return At{std::clamp(start.x + step.x * share, 0.0, width),
              std::clamp(start.y + step.y * share, 0.0, height)};
  };
  from = point(begin);
  to = point(end);
  return true;
}

class Painter {
 public:
  Painter(const BoxPlace& place, const BoxPen& pen) : place_(place), pen_(pen) {
    picture_.place = place;
    picture_.pixels.assign(
        static_cast<size_t>(place.width_px) * static_cast<size_t>(place.height_px), 0);
  }

  void fill(const ObjectOutline& outline, uint32_t line_color) {
    const uint32_t color = (line_color & 0x00FFFFFF) | uint32_t{pen_.fill_alpha} << 24;
    for (const std::vector<PointPx>& polygon : outline.polygons) fill(polygon, color);
    for (const analysis::Box& run : outline.runs) {
      const At min = at(run.x, run.y);
      const At max = at(run.x + run.width, run.y + run.height);
      if (!is_finite(min) || !is_finite(max)) continue;
      rectangle(column(min.x), row(min.y), column(max.x), row(max.y), color);
    }
  }

  void line(const ObjectOutline& outline, uint32_t color) {
    for (const std::vector<PointPx>& polygon : outline.polygons) {
      for (size_t i = 0; i < polygon.size(); ++i) {
        const PointPx& next = polygon[(i + 1) % polygon.size()];
        segment(at(polygon[i]), at(next), color);
      }
    }
    for (const Keypoint& point : outline.keypoints) {
      const At middle = at(point.at);
      if (!is_finite(middle)) continue;
      const double half = pen_.point_px / 2.0;
      const int left = column(middle.x - half);
      const int top = row(middle.y - half);
      const int right = column(middle.x + half);
      const int bottom = row(middle.y + half);
      rectangle(left, top, right, bottom, color);
      // A hidden one is hollow.
      if (!point.seen) rectangle(left + 1, top + 1, right - 1, bottom - 1, 0);
    }
  }

  void box(const BoxMark& mark) {
    const At min = at(mark.box.x, mark.box.y);
    At max = at(mark.box.x + mark.box.width, mark.box.y + mark.box.height);
    if (!is_finite(min) || !is_finite(max)) return;
    max = {std::max(max.x, min.x + pen_.least_px), std::max(max.y, min.y + pen_.least_px)};
    // Dashes begin at the box's own corner, wherever the picture cuts it.
    const int period = mark.dashed ? pen_.dash_px + pen_.gap_px : 0;
    const int shift_x = mark.dashed ? phase(min.x, period) : 0;
    const int shift_y = mark.dashed ? phase(min.y, period) : 0;
    const int left = column(min.x);
    const int top = row(min.y);
    const int right = column(max.x);
    const int bottom = row(max.y);
    for (int i = 0; i < pen_.line_px; ++i) {
      for (const double y : {min.y + i, max.y - 1 - i}) {
        if (y < 0 || y >= place_.height_px) continue;
        uint32_t* pixels = row_of(static_cast<int>(y));
        for (int x = left; x < right; ++x) {
          if (is_ink(x + shift_x, period)) pixels[x] = mark.color;
        }
      }
      for (const double x : {min.x + i, max.x - 1 - i}) {
        if (x < 0 || x >= place_.width_px) continue;
        uint32_t* pixel = row_of(0) + static_cast<int>(x);
        for (int y = top; y < bottom; ++y) {
          if (is_ink(y + shift_y, period)) pixel[y * place_.width_px] = mark.color;
        }
      }
    }
  }

  BoxPicture take() { return std::move(picture_); }

 private:
  static bool is_finite(const At& point) {
    return std::isfinite(point.x) && std::isfinite(point.y);
  }
  // What a pixel's number must rise by to be counted from where the edge begins, within a period.
  static int phase(double begin, int period) {
    const double rest = std::fmod(std::floor(begin), period);
    return period - static_cast<int>(rest < 0 ? rest + period : rest);
  }
  bool is_ink(int from_begin, int period) const {
    return period == 0 || from_begin % period < pen_.dash_px;
  }

  At at(double x, double y) const {
    return {place_.corner_x + x * place_.factor, place_.corner_y + y * place_.factor};
  }
  At at(const PointPx& point) const {
    return at(static_cast<double>(point.x), static_cast<double>(point.y));
  }
  int column(double x) const {
    return static_cast<int>(std::clamp(std::floor(x), 0.0, static_cast<double>(place_.width_px)));
  }
  int row(double y) const {
    return static_cast<int>(std::clamp(std::floor(y), 0.0, static_cast<double>(place_.height_px)));
  }
  uint32_t* row_of(int y) {
    return picture_.pixels.data() + static_cast<size_t>(y) * static_cast<size_t>(place_.width_px);
  }

  void rectangle(int left, int top, int right, int bottom, uint32_t color) {
    for (int y = top; y < bottom && left < right; ++y) {
      std::fill(row_of(y) + left, row_of(y) + right, color);
    }
  }

  // Pixels whose middle is inside, by the even-odd rule.
  void fill(const std::vector<PointPx>& polygon, uint32_t color) {
    corners_.clear();
    double top = place_.height_px;
    double bottom = 0;
    for (const PointPx& point : polygon) {
      corners_.push_back(at(point));
      if (!is_finite(corners_.back())) return;
      top = std::min(top, corners_.back().y);
      bottom = std::max(bottom, corners_.back().y);
    }
    for (int y = row(top); y < row(bottom + 1); ++y) {
      const double middle = y + 0.5;
      crossings_.clear();
      for (size_t i = 0; i < corners_.size(); ++i) {
        const At& a = corners_[i];
        const At& b = corners_[(i + 1) % corners_.size()];
        if ((a.y <= middle) == (b.y <= middle)) continue;
        crossings_.push_back(a.x + (middle - a.y) / (b.y - a.y) * (b.x - a.x));
      }
      std::sort(crossings_.begin(), crossings_.end());
      for (size_t i = 0; i + 1 < crossings_.size(); i += 2) {
        const int left = column(crossings_[i] + 0.5);
        const int right = column(crossings_[i + 1] + 0.5);
        if (left < right) std::fill(row_of(y) + left, row_of(y) + right, color);
      }
    }
  }

  void segment(At from, At to, uint32_t color) {
    if (!is_finite(from) || !is_finite(to)) return;
    if (!clip(from, to, place_.width_px - 1, place_.height_px - 1)) return;
    const double length = std::max(std::abs(to.x - from.x), std::abs(to.y - from.y));
    const int steps = static_cast<int>(std::ceil(length));
    for (int i = 0; i <= steps; ++i) {
      const double share = steps == 0 ? 0 : static_cast<double>(i) / steps;
      const int x = static_cast<int>(from.x + (to.x - from.x) * share);
      const int y = static_cast<int>(from.y + (to.y - from.y) * share);
      for (int thick = 0; thick < pen_.line_px && x + thick < place_.width_px; ++thick) {
        row_of(y)[x + thick] = color;
      }
    }
  }

  const BoxPlace& place_;
  const BoxPen& pen_;
  BoxPicture picture_;
  std::vector<At> corners_;
  std::vector<double> crossings_;
};

}  // namespace

BoxPicture draw_scene(const BoxScene& scene, const BoxPlace& place, const BoxPen& pen) {
  Painter painter(place, pen);
  if (place.width_px <= 0 || place.height_px <= 0) return painter.take();
  for (const OutlineMark& mark : scene.outline_marks) {
    painter.fill((*scene.outlines)[mark.place], mark.color);
  }
  for (const OutlineMark& mark : scene.outline_marks) {
    painter.line((*scene.outlines)[mark.place], mark.color);
  }
  for (const BoxMark& mark : scene.boxes) painter.box(mark);
  return painter.take();
}

}  // namespace errata::viewer
