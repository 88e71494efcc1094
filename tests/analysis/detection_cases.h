// The boxes of data/coco.json, with what the references measured on them.
#pragma once

#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <vector>

#include "analysis/coco_eval.h"
#include "analysis/detection_match.h"
#include "tests/support/temp_dir.h"
#include "text/json.h"

namespace errata::test {

// Columns that own their values; rows are added one by one.
struct BoxTable {
  std::vector<int32_t> image;
  std::vector<ClassIndex> class_index;
  std::vector<double> x, y, width, height;

  void add(int32_t of_image, ClassIndex of_class, const analysis::Box& box) {
    image.push_back(of_image);
    class_index.push_back(of_class);
    x.push_back(box.x);
    y.push_back(box.y);
    width.push_back(box.width);
    height.push_back(box.height);
  }
  analysis::BoxColumns columns() const { return {image, class_index, x, y, width, height}; }
};

struct DetectionCase {
  size_t images = 0;
  size_t classes = 0;
  BoxTable objects;
  std::vector<double> area;
  std::vector<uint8_t> crowd;
  BoxTable detections;
  std::vector<double> score;

  void object(int32_t image, ClassIndex k, const analysis::Box& box, bool is_crowd = false) {
    objects.add(image, k, box);
    area.push_back(box.width * box.height);
    crowd.push_back(is_crowd ? 1 : 0);
  }
  void detection(int32_t image, ClassIndex k, const analysis::Box& box, double of_score) {
    detections.add(image, k, box);
    score.push_back(of_score);
  }
  analysis::DetectionSet set() const {
    return {images, classes, {objects.columns(), area, crowd}, {detections.columns(), score}};
  }
};

inline DetectionCase detection_case(const text::Json& json) {
  DetectionCase result;
  result.images = static_cast<size_t>(json.at("images").as_int());
  result.classes = static_cast<size_t>(json.at("classes").as_int());
  const auto box = [](const text::Json& row) {
    return analysis::Box{row.at(2).as_double(), row.at(3).as_double(), row.at(4).as_double(),
                         row.at(5).as_double()};
  };
  for (const text::Json& row : json.at("objects").as_array()) {
    result.object(static_cast<int32_t>(row.at(0).as_int()),
                  static_cast<ClassIndex>(row.at(1).as_int()), box(row), row.at(7).as_int() != 0);
    result.area.back() = row.at(6).as_double();
  }
  for (const text::Json& row : json.at("detections").as_array()) {
    result.detection(static_cast<int32_t>(row.at(0).as_int()),
                     static_cast<ClassIndex>(row.at(1).as_int()), box(row), row.at(6).as_double());
  }
  return result;
}

inline std::vector<double> doubles(const text::Json& json) {
  std::vector<double> values;
  for (const text::Json& value : json.as_array()) values.push_back(value.as_double());
  return values;
}

inline std::vector<double> unpacked(const text::Json& json) {
  const std::vector<double> values = doubles(json.at("values"));
  std::vector<double> result;
  for (const text::Json& index : json.at("index").as_array()) {
    result.push_back(values.at(static_cast<size_t>(index.as_int())));
  }
  return result;
}

inline analysis::CocoOptions options_of(const text::Json& json) {
  analysis::CocoOptions options;
  options.use_classes = json.get_int("useCats", 1) != 0;
  if (!json.contains("iouThrs")) return options;
  options.iou_thresholds = doubles(json.at("iouThrs"));
  options.recall_thresholds = doubles(json.at("recThrs"));
  options.max_detections.clear();
  for (const text::Json& limit : json.at("maxDets").as_array()) {
    options.max_detections.push_back(static_cast<size_t>(limit.as_int()));
  }
  options.area_ranges.clear();
  for (const text::Json& range : json.at("areaRng").as_array()) {
    options.area_ranges.emplace_back(range.at(0).as_double(), range.at(1).as_double());
  }
  return options;
}

inline double largest_difference(const std::vector<double>& found,
                                 const std::vector<double>& expected) {
  REQUIRE(found.size() == expected.size());
  double largest = 0;
  for (size_t i = 0; i < found.size(); ++i) {
    largest = std::max(largest, std::abs(found[i] - expected[i]));
  }
  return largest;
}

// Of `objects`, the first and each third after it is left out.
inline std::vector<uint8_t> third_left_out(size_t objects) {
  std::vector<uint8_t> left_out(objects);
  for (size_t g = 0; g < objects; g += 3) left_out[g] = 1;
  return left_out;
}

inline const text::Json& detection_references() {
  static const text::Json json =
      text::read_json_file(source_dir() + "/tests/analysis/data/coco.json");
  return json.at("cases");
}

}  // namespace errata::test
