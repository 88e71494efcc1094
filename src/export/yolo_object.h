// One row of YOLO's labels: made, or mended where its object was edited.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "export/exporter.h"
#include "model/shape.h"
#include "model/upright.h"

namespace errata::exports {

// What stands behind the class.
enum class YoloForm : uint8_t {
  kBox,      // centre x, y, width, height
  kPolygon,  // points of one outline; of an oriented box or a box its corners
  kCorners,  // four points of an oriented box, or of a box
  kPose      // a box, then key points
};

struct YoloPose {
  size_t points = 0;  // kpt_shape; 0: no poses
  size_t values = 0;  // 2 or 3: without or with a visibility
};

// The numbers of a row: parts of width and height of the upright image.
struct YoloNumbers {
  std::vector<double> values;   // empty: the object cannot be written, it lies outside the image or
                                // the image's size is not known
  bool clipped = false;         // what reached beyond what Ultralytics takes was cut off
  bool points_outside = false;  // key points beyond it were moved to the image's border, unseen
  bool exact = true;            // read again they give box and shape to the bit
};
YoloNumbers yolo_numbers(const ExportObject& object, YoloForm form, const YoloPose& pose,
                         const UprightFrame& frame);

// The words of a row: its class, then its numbers.
std::vector<std::string_view> yolo_words(std::string_view row);

std::string yolo_row(size_t class_index, const std::vector<double>& numbers);

// `row` with another class and, unless `numbers` is empty, other numbers: what has the same value
// keeps its digits.
std::string mended_yolo_row(std::string_view row, size_t class_index,
                            const std::vector<double>& numbers);

}  // namespace errata::exports
