#include "importers/yolo_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "text/csv.h"

namespace errata::importers {

namespace {

// What Ultralytics' loader lets pass (verify_image_label in ultralytics/data/utils.py).
constexpr double kLeast = -0.01;
constexpr double kMost = 1.01;

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\v' || c == '\f';
}

void read_values(std::string_view line, YoloRow& row) {
  size_t at = 0;
  while (at < line.size()) {
    if (is_blank(line[at])) {
      ++at;
      continue;
    }
    size_t end = at;
    while (end < line.size() && !is_blank(line[end])) ++end;
    const std::string_view word = line.substr(at, end - at);
    double value = 0;
    if (!text::parse_double(word, value) || !std::isfinite(value)) {
      const bool comma = word.find(',') != std::string_view::npos;
      row.reject("bad-row",
                 fmt::format("'{}' is no number{}", shorten_utf8(to_valid_utf8(word), 40),
                             comma ? ": decimals take a point, values a blank" : ""));
      return;
    }
    row.values.push_back(value);
    at = end;
  }
  const double index = row.values.front();
  if (index != std::floor(index) || index < 0 || index > 1e9) {
    row.reject("bad-class", fmt::format("the class {} is no whole number from 0 on", index));
  }
}

}  // namespace

YoloText read_yolo_text(std::string_view text) {
  YoloText result;
  constexpr std::string_view kMark = "\xEF\xBB\xBF";
  result.has_mark = text.starts_with(kMark);
  const auto unlike_text = [](char c) {
    return static_cast<uint8_t>(c) < 0x20 && c != '\n' && c != '\r' && !is_blank(c);
  };
  if (std::any_of(text.begin(), text.end(), unlike_text)) {
    result.is_text = false;
    return result;
  }
  size_t at = result.has_mark ? kMark.size() : 0;
  for (uint32_t line = 1; at < text.size(); ++line) {
    size_t end = text.find_first_of("\r\n", at);
    if (end == std::string_view::npos) end = text.size();
    size_t next = end + 1;
    if (end + 1 < text.size() && text[end] == '\r' && text[end + 1] == '\n') ++next;
    while (at < end && is_blank(text[at])) ++at;
    while (end > at && is_blank(text[end - 1])) --end;
    if (at < end && text[at] == '#') {
      ++result.comments;
    } else if (at < end) {
      YoloRow& row = result.rows.emplace_back();
      row.begin = at;
      row.end = end;
      row.line = line;
      read_values(text.substr(at, end - at), row);
    }
    at = next;
  }
  return result;
}

void check_yolo_values(YoloRow& row, YoloRowKind kind, size_t numbers) {
  const bool has_box = kind == YoloRowKind::kBox || kind == YoloRowKind::kPose;
  // Of a pose only the box: Ultralytics looks at its points, not at how visible they are.
  const size_t looked = has_box ? 4 : numbers;
  if (has_box && (row.values[3] < 0 || row.values[4] < 0)) {
    return row.reject("negative-box", "the box has a negative width or height");
  }
  for (size_t i = 1; i <= looked; ++i) {
    const double value = row.values[i];
    if (value >= kLeast && value <= kMost) continue;
    const bool pixels = value > kMost && value == std::floor(value);
    return row.reject(
        "out-of-range",
        fmt::format("{} is not between 0 and 1{}", value,
                    pixels ? ": these look like pixels, not parts of width and height" : ""));
  }
}

bool takes_key_points(const YoloRow& row, size_t numbers, size_t point_values) {
  for (size_t i = 0; i + 4 < numbers; ++i) {
    const double value = row.values[i + 5];
    const bool is_coordinate = i % point_values < 2;
    if (value < kLeast || (is_coordinate && value > kMost)) return false;
  }
  return true;
}

YoloObject yolo_object(const YoloRow& row, YoloRowKind kind, size_t numbers, size_t point_values,
                       const UprightFrame& frame) {
  YoloObject object;
  const double* v = row.values.data() + 1;
  const double width = frame.width_px();
  const double height = frame.height_px();
  if (kind == YoloRowKind::kBox || kind == YoloRowKind::kPose) {
    const double w = v[2] * width;
    const double h = v[3] * height;
    object.box_xywh_px = frame.box_to_stored({v[0] * width - w / 2, v[1] * height - h / 2, w, h});
    for (size_t i = 4; kind == YoloRowKind::kPose && i + point_values <= numbers;
         i += point_values) {
      const auto point = frame.to_stored({v[i] * width, v[i + 1] * height});
      // Without a visibility a point is there unless a coordinate is negative, as Ultralytics has
      // it.
      const double seen = point_values == 3 ? v[i + 2] : v[i] < 0 || v[i + 1] < 0 ? 0 : 2;
      object.shape.keypoints.insert(object.shape.keypoints.end(), {point[0], point[1], seen});
    }
    return object;
  }
  std::vector<double> points;
  for (size_t i = 0; i + 1 < numbers; i += 2) {
    const auto point = frame.to_stored({v[i] * width, v[i + 1] * height});
    points.insert(points.end(), point.begin(), point.end());
  }
  if (kind == YoloRowKind::kCorners) {
    object.shape.corners = std::move(points);
  } else {
    object.shape.polygons.push_back(std::move(points));
  }
  const ShapeBounds bounds = bounds_of(object.shape);
  object.box_xywh_px = {bounds.x, bounds.y, bounds.width, bounds.height};
  return object;
}

}  // namespace errata::importers
