#include "analysis/mask_rle.h"

#include <doctest/doctest.h>

#include "analysis/coco_eval.h"
#include "analysis/tide.h"
#include "base/error.h"
#include "tests/analysis/detection_cases.h"

using namespace errata;
using namespace errata::analysis;
using test::DetectionCase;
using test::doubles;
using test::largest_difference;
using text::Json;

namespace {

const Json& references() {
  static const Json json =
      text::read_json_file(test::source_dir() + "/tests/analysis/data/masks.json");
  return json;
}

MaskRuns mask_of_rings(const Json& rings, uint32_t height, uint32_t width) {
  std::vector<MaskRuns> parts;
  for (const Json& ring : rings.as_array()) {
    parts.push_back(mask_of_polygon(doubles(ring), height, width));
  }
  return join_masks(parts);
}

MaskRuns mask_of(const Json& segmentation, uint32_t height, uint32_t width) {
  if (segmentation.is_array()) return mask_of_rings(segmentation, height, width);
  MaskRuns mask{static_cast<int32_t>(height), static_cast<int32_t>(width), {}};
  for (const Json& run : segmentation.at("counts").as_array()) {
    mask.counts.push_back(static_cast<uint32_t>(run.as_int()));
  }
  return mask;
}

MaskRuns mask_of_text(const std::string& text, uint32_t height, uint32_t width) {
  MaskRuns mask{static_cast<int32_t>(height), static_cast<int32_t>(width), {}};
  CHECK(rle_from_string(text, mask));
  return mask;
}

std::pair<uint32_t, uint32_t> size_of(const Json& json) {
  const Json& size = json.at("size");
  return {static_cast<uint32_t>(size.at(0).as_int()), static_cast<uint32_t>(size.at(1).as_int())};
}

// Objects and detections of a set of references with their masks.
struct MaskCase {
  DetectionCase boxes;
  std::vector<MaskRuns> objects;
  std::vector<MaskRuns> detections;
  std::vector<double> detection_area;

  explicit MaskCase(const Json& json) {
    const auto [height, width] = size_of(json);
    boxes.images = static_cast<size_t>(json.at("images").as_int());
    boxes.classes = static_cast<size_t>(json.at("classes").as_int());
    for (const Json& each : json.at("objects").as_array()) {
      objects.push_back(mask_of_rings(each.at("rings"), height, width));
      boxes.object(static_cast<int32_t>(each.at("image").as_int()),
                   static_cast<ClassIndex>(each.at("class").as_int()), mask_box(objects.back()),
                   each.at("crowd").as_int() != 0);
      boxes.area.back() = static_cast<double>(mask_area(objects.back()));
    }
    for (const Json& each : json.at("detections").as_array()) {
      detections.push_back(mask_of_text(each.at("text").as_string(), height, width));
      boxes.detection(static_cast<int32_t>(each.at("image").as_int()),
                      static_cast<ClassIndex>(each.at("class").as_int()),
                      mask_box(detections.back()), each.at("score").as_double());
      detection_area.push_back(static_cast<double>(mask_area(detections.back())));
    }
  }
  DetectionSet set() const {
    DetectionSet result = boxes.set();
    result.detections.area = detection_area;
    result.overlap = [this](size_t detection, size_t object) {
      return mask_iou(detections[detection], objects[object], boxes.crowd[object] != 0);
    };
    return result;
  }
};

constexpr double kSquare[]{1, 1, 4, 1, 4, 3, 1, 3};

}  // namespace

TEST_CASE("polygons and run lengths become pycocotools' masks, areas and boxes") {
  REQUIRE(references().at("shapes").size() > 150);
  for (const Json& shape : references().at("shapes").as_array()) {
    CAPTURE(shape.at("segmentation").dump());
    const auto [height, width] = size_of(shape);
    const std::string& text = shape.at("text").as_string();
    const MaskRuns mask = mask_of(shape.at("segmentation"), height, width);
    CHECK(rle_to_string(mask) == text);
    CHECK(mask_of_text(text, height, width).counts == mask.counts);
    CHECK(mask_area(mask) == static_cast<uint64_t>(shape.at("area").as_int()));
    const Box box = mask_box(mask);
    CHECK(std::vector<double>{box.x, box.y, box.width, box.height} == doubles(shape.at("box")));
  }
}

TEST_CASE("overlaps of masks, precision and recall are pycocotools', crowds too") {
  for (const Json& json : references().at("sets").as_array()) {
    const MaskCase each(json);
    const DetectionSet set = each.set();
    const Json& measured = json.at("measured");
    size_t positive = 0;
    for (size_t d = 0; d < each.detections.size(); ++d) {
      std::vector<double> found;
      for (size_t g = 0; g < each.objects.size(); ++g) {
        if (set.objects.boxes.image[g] == set.detections.boxes.image[d]) {
          found.push_back(set.overlap(d, g));
          positive += found.back() > 0 ? 1 : 0;
        }
      }
      CHECK(found == doubles(measured.at("overlaps").at(d)));
    }
    CHECK(positive > 50);
    const CocoResult result =
        evaluate_coco(set, test::options_of(measured.at("params")), serial_for);
    CHECK(largest_difference(result.precision, test::unpacked(measured.at("precision"))) < 1e-12);
    CHECK(largest_difference(result.recall, test::unpacked(measured.at("recall"))) < 1e-12);
  }
}

TEST_CASE("masks tell apart what boxes do not") {
  // Two triangles that share a box but hardly a pixel.
  const double lower[]{0, 0, 0, 20, 20, 20};
  const double upper[]{0, 0, 20, 0, 20, 20};
  const MaskRuns a = mask_of_polygon(lower, 20, 20);
  const MaskRuns b = mask_of_polygon(upper, 20, 20);
  CHECK(box_iou(mask_box(a), mask_box(b), false) > 0.9);
  CHECK(mask_iou(a, b, false) < 0.1);
  DetectionCase boxes;
  boxes.images = 1;
  boxes.classes = 1;
  boxes.object(0, 0, mask_box(a));
  boxes.detection(0, 0, mask_box(b), 0.9);
  DetectionSet set = boxes.set();
  CHECK(summarize_coco(evaluate_coco(set, {}, serial_for))[1] == doctest::Approx(1));
  set.overlap = [&](size_t, size_t) { return mask_iou(b, a, false); };
  CHECK(summarize_coco(evaluate_coco(set, {}, serial_for))[1] == doctest::Approx(0));
  CHECK(explain_errors(set, {}, serial_for).kinds[0] == DetectionKind::kBackground);
}

TEST_CASE("masks of other sizes never match; an empty one has no box") {
  const MaskRuns mask = mask_of_polygon(kSquare, 4, 5);
  CHECK(rle_to_string(mask) == "5220003");
  CHECK(mask_iou(mask, mask_of_polygon(kSquare, 5, 4), false) == -1);
  const double outside[]{-9, -9, -5, -9, -5, -5};
  const MaskRuns none = mask_of_polygon(outside, 4, 5);
  CHECK(mask_area(none) == 0);
  CHECK(mask_box(none).width == 0);
  CHECK(mask_iou(none, mask, false) == 0);
}

TEST_CASE("broken polygons are refused, each with what is wrong") {
  const double two_points[]{1, 1, 4, 1};
  const double odd[]{1, 1, 4, 1, 4, 3, 1};
  const double endless[]{1, 1, 4, 1, 1e300, 3};
  const double no_number[]{1, 1, 4, 1, std::nan(""), 3};
  CHECK_THROWS_WITH_AS(mask_of_polygon(two_points, 4, 5), doctest::Contains("three points"), Error);
  CHECK_THROWS_WITH_AS(mask_of_polygon(odd, 4, 5), doctest::Contains("odd"), Error);
  CHECK_THROWS_AS(mask_of_polygon(endless, 4, 5), Error);
  CHECK_THROWS_AS(mask_of_polygon(no_number, 4, 5), Error);
}
