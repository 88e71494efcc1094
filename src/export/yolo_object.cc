#include "export/yolo_object.h"

#include <algorithm>

#include "export/item_texts.h"
#include "export/json_edit.h"
#include "text/csv.h"

namespace errata::exports {

namespace {

// What Ultralytics' loader lets pass; a row beyond it costs the whole image.
constexpr double kLeast = -0.01;
constexpr double kMost = 1.01;

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\v' || c == '\f';
}

bool passes(double value) {
  return value >= kLeast && value <= kMost;
}

// x, y, width, height of the upright image as centre and size in parts of it.
std::vector<double> box_numbers(const std::array<double, 4>& box, const UprightFrame& frame) {
  std::vector<double> numbers(4);
  const double sides[] = {frame.width_px(), frame.height_px()};
  for (size_t axis = 0; axis < 2; ++axis) {
    const double side = sides[axis];
    double& size = numbers[axis + 2];
    number_read_as(
        box[axis + 2], box[axis + 2] / side, [&](double value) { return value * side; }, size);
    const double half = size * side / 2;
    number_read_as(
        box[axis], (box[axis] + box[axis + 2] / 2) / side,
        [&](double value) { return value * side - half; }, numbers[axis]);
  }
  return numbers;
}

std::array<double, 4> box_of(const std::vector<double>& numbers, const UprightFrame& frame) {
  const double width = numbers[2] * frame.width_px();
  const double height = numbers[3] * frame.height_px();
  return frame.box_to_stored({numbers[0] * frame.width_px() - width / 2,
                              numbers[1] * frame.height_px() - height / 2, width, height});
}

YoloNumbers box_row(const ExportObject& object, const UprightFrame& frame) {
  YoloNumbers row;
  std::array<double, 4> box = frame.box_to_upright(object.box_xywh_px);
  row.values = box_numbers(box, frame);
  if (!std::all_of(row.values.begin(), row.values.end(), passes)) {
    row.clipped = true;
    const double sides[] = {frame.width_px(), frame.height_px()};
    for (size_t axis = 0; axis < 2; ++axis) {
      const double end = std::clamp(box[axis] + box[axis + 2], 0.0, sides[axis]);
      box[axis] = std::clamp(box[axis], 0.0, sides[axis]);
      box[axis + 2] = end - box[axis];
    }
    row.values = box_numbers(box, frame);
    if (box[2] <= 0 || box[3] <= 0) row.values.clear();
  }
  row.exact = !row.values.empty() && box_of(row.values, frame) == object.box_xywh_px;
  return row;
}

// Appends the points, given in pixels of the image as stored, and returns whether some lay beyond
// what Ultralytics takes: they are at the border then.
bool add_points(const std::vector<double>& points, const UprightFrame& frame, YoloNumbers& row) {
  const double width = frame.width_px();
  const double height = frame.height_px();
  bool outside = false;
  for (size_t i = 0; i + 1 < points.size(); i += 2) {
    const auto upright = frame.to_upright({points[i], points[i + 1]});
    double x = 0;
    double y = 0;
    number_read_as(
        upright[0], upright[0] / width, [&](double value) { return value * width; }, x);
    number_read_as(
        upright[1], upright[1] / height, [&](double value) { return value * height; }, y);
    if (!passes(x) || !passes(y)) {
      outside = true;
      x = std::clamp(x, 0.0, 1.0);
      y = std::clamp(y, 0.0, 1.0);
    }
    const auto back = frame.to_stored({x * width, y * height});
    row.exact = row.exact && back[0] == points[i] && back[1] == points[i + 1];
    row.values.push_back(x);
    row.values.push_back(y);
  }
  return outside;
}

YoloNumbers pose_row(const ExportObject& object, const Shape& shape, const YoloPose& pose,
                     const UprightFrame& frame) {
  YoloNumbers row = box_row(object, frame);
  if (row.values.empty()) return row;
  const size_t known = std::min(pose.points, shape.keypoints.size() / 3);
  row.exact = row.exact && shape.keypoints.size() == pose.points * 3;
  for (size_t i = 0; i < pose.points; ++i) {
    double seen = i < known ? shape.keypoints[i * 3 + 2] : 0;
    YoloNumbers point;
    if (i < known) {
      if (add_points({shape.keypoints[i * 3], shape.keypoints[i * 3 + 1]}, frame, point)) {
        row.points_outside = true;
        seen = 0;
      }
      row.exact = row.exact && point.exact;
    } else {
      point.values = {0, 0};
    }
    if (pose.values == 2 && seen == 0) {
      // Without a visibility a negative coordinate says that the point is not there.
      point.values = {kLeast, kLeast};
      row.exact = false;
    }
    row.values.insert(row.values.end(), point.values.begin(), point.values.end());
    if (pose.values == 3) row.values.push_back(seen);
  }
  return row;
}

// The points that stand for the object: those of its box where it has no such outline.
std::vector<double> outline_of(const ExportObject& object, const Shape& shape, YoloForm form) {
  if (form == YoloForm::kPolygon && shape.polygons.size() == 1) return shape.polygons.front();
  if (!shape.corners.empty()) return shape.corners;
  const auto& [x, y, width, height] = object.box_xywh_px;
  return {x, y, x + width, y, x + width, y + height, x, y + height};
}

}  // namespace

YoloNumbers yolo_numbers(const ExportObject& object, YoloForm form, const YoloPose& pose,
                         const UprightFrame& frame) {
  if (frame.stored_width_px <= 0 || frame.stored_height_px <= 0) return {{}, false, false, false};
  if (form == YoloForm::kBox) {
    YoloNumbers row = box_row(object, frame);
    row.exact = row.exact || row.values.empty();
    return row;
  }
  const Shape shape = decode_shape(object.shape);
  if (form == YoloForm::kPose) return pose_row(object, shape, pose, frame);
  YoloNumbers row;
  const std::vector<double> points = outline_of(object, shape, form);
  row.clipped = add_points(points, frame, row);
  // The box is read as that of the points.
  Shape only;
  only.polygons.push_back(points);
  const ShapeBounds bounds = bounds_of(only);
  row.exact = row.exact && object.box_xywh_px == std::array<double, 4>{bounds.x, bounds.y,
                                                                       bounds.width, bounds.height};
  return row;
}

std::vector<std::string_view> yolo_words(std::string_view row) {
  std::vector<std::string_view> words;
  for (size_t at = 0; at < row.size();) {
    if (is_blank(row[at])) {
      ++at;
      continue;
    }
    size_t end = at;
    while (end < row.size() && !is_blank(row[end])) ++end;
    words.push_back(row.substr(at, end - at));
    at = end;
  }
  return words;
}

std::string yolo_row(size_t class_index, const std::vector<double>& numbers) {
  std::string row = std::to_string(class_index);
  for (const double number : numbers) row += " " + json_number(number);
  return row;
}

std::string mended_yolo_row(std::string_view row, size_t class_index,
                            const std::vector<double>& numbers) {
  const std::vector<std::string_view> words = yolo_words(row);
  if (words.empty() || (!numbers.empty() && words.size() != numbers.size() + 1)) {
    return yolo_row(class_index, numbers);
  }
  std::string result;
  size_t at = 0;
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string_view word = words[i];
    const auto begin = static_cast<size_t>(word.data() - row.data());
    result += row.substr(at, begin - at);
    at = begin + word.size();
    const bool is_class = i == 0;
    double old = 0;
    const bool wanted = is_class || !numbers.empty();
    const double value = is_class          ? static_cast<double>(class_index)
                         : numbers.empty() ? 0
                                           : numbers[i - 1];
    if (!wanted || (text::parse_double(word, old) && old == value)) {
      result += word;
    } else {
      result += is_class ? std::to_string(class_index) : json_number(value);
    }
  }
  result += row.substr(at);
  return result;
}

}  // namespace errata::exports
