// The rows of YOLO's text files, labels and predictions alike: a class and numbers, parted by
// blanks, normalised by the width and height of the upright image.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/shape.h"
#include "model/upright.h"

namespace errata::importers {

struct YoloRow {
  size_t begin = 0;  // in the text, without the blanks around
  size_t end = 0;
  uint32_t line = 0;           // from 1
  std::vector<double> values;  // the class first
  std::string problem;         // kind of the issue that rejects the row; empty: there is none
  std::string message;         // one sentence

  double class_value() const { return values.front(); }
  void reject(const char* kind, std::string why) {
    problem = kind;
    message = std::move(why);
  }
};

struct YoloText {
  std::vector<YoloRow> rows;  // without empty lines and comments
  bool is_text = true;        // false: bytes that no text of numbers has; there are no rows then
  bool has_mark = false;      // begins with UTF-8's mark
  uint32_t comments = 0;      // lines that begin with '#'
};

// Lines end in LF, CRLF or CR. Rows with something that is no finite number ("bad-row") or with a
// class that is no whole number from 0 on ("bad-class") have a problem.
YoloText read_yolo_text(std::string_view text);

// kpt_shape of a data.yaml: the points of a pose and the numbers of each, 2 or 3.
struct YoloKeyPoints {
  size_t points = 0;  // 0: there are no poses
  size_t values = 0;
};

// What the numbers behind the class are.
enum class YoloRowKind : uint8_t {
  kBox,      // centre x, y, width, height
  kPolygon,  // three or more points
  kCorners,  // four points: an oriented box
  kPose      // a box, then key points
};

// Problems: "negative-box" and "out-of-range", by the limits of Ultralytics' loader: -0.01 to 1.01.
void check_yolo_values(YoloRow& row, YoloRowKind kind, size_t numbers);

// Whether the loader takes the key points of a pose, whose `numbers` values end in them, of
// `point_values` each. They are taken here in any case.
bool takes_key_points(const YoloRow& row, size_t numbers, size_t point_values);

// An object in pixels of the image as stored: out of the first `numbers` values behind the class.
struct YoloObject {
  std::array<double, 4> box_xywh_px{};
  Shape shape;
};
// `point_values` is 2 or 3: key points with or without a visibility. Exact where the image is not
// turned: x = cx * W - width / 2 with width = w * W, all as doubles.
YoloObject yolo_object(const YoloRow& row, YoloRowKind kind, size_t numbers, size_t point_values,
                       const UprightFrame& frame);

}  // namespace errata::importers
