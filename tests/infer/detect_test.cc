// A detector's way from pixels to boxes, against OpenCV, torchvision and Ultralytics themselves:
// goldens/detector.json is written by make_detector_references.py.
#include "infer/detect.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/files.h"
#include "base/hash.h"
#include "infer/model_spec.h"
#include "infer/suppress.h"
#include "media/decode.h"
#include "media/resize_opencv.h"
#include "tests/infer/hashed.h"
#include "tests/support/temp_dir.h"
#include "text/json.h"

using namespace errata;
using namespace errata::infer;
using text::Json;

namespace {

const Json& references() {
  static const Json json =
      text::read_json_file(join_path(test::source_dir(), "tests/infer/goldens/detector.json"));
  return json;
}

int32_t whole(const Json& value) {
  return static_cast<int32_t>(value.as_int());
}

media::Image picture(const Json& test_case, int32_t channels) {
  media::Image image(whole(test_case.at("from").at(0)), whole(test_case.at("from").at(1)),
                     channels);
  image.pixels =
      test::hashed(image.pixels.size(), static_cast<uint32_t>(test_case.at("seed").as_int()));
  return image;
}

media::Size target(const Json& test_case) {
  return {whole(test_case.at("to").at(0)), whole(test_case.at("to").at(1))};
}

std::string digest(const media::Image& image) {
  return to_hex(sha256({reinterpret_cast<const char*>(image.pixels.data()), image.pixels.size()}));
}

}  // namespace

TEST_CASE("the linear resize is OpenCV's, byte for byte") {
  for (const Json& test_case : references().at("resize").as_array()) {
    CAPTURE(test_case.dump());
    const media::Image image = picture(test_case, whole(test_case.at("channels")));
    const media::Image resized = media::resize_opencv_linear(image, target(test_case));
    CHECK(digest(resized) == test_case.at("sha256").as_string());
  }
}

TEST_CASE("the letterbox is Ultralytics', byte for byte") {
  for (const Json& test_case : references().at("letterbox").as_array()) {
    CAPTURE(test_case.dump());
    const media::Image boxed = letterbox(picture(test_case, 3), target(test_case));
    CHECK(digest(boxed) == test_case.at("sha256").as_string());
  }
}

TEST_CASE("suppression keeps what torchvision keeps, ties and empty boxes included") {
  for (const Json& test_case : references().at("nms").as_array()) {
    CAPTURE(test_case.at("n").dump());
    const auto n = static_cast<size_t>(test_case.at("n").as_int());
    const auto seed = static_cast<uint32_t>(test_case.at("seed").as_int());
    const auto boxes = test::hashed_boxes(n, seed, test_case.at("spread").as_double());
    const auto scores = test::hashed_floats(n, seed + 2, 0, 1);
    const double iou = test_case.at("iou").as_double();
    std::vector<uint32_t> expected;
    for (const Json& index : test_case.at("keep").as_array()) {
      expected.push_back(static_cast<uint32_t>(index.as_int()));
    }
    CHECK(suppress(boxes.data(), scores.data(), n, iou) == expected);
    expected.resize(std::min<size_t>(expected.size(), 5));
    CHECK(suppress(boxes.data(), scores.data(), n, iou, 5) == expected);
  }
}

TEST_CASE("the raw head becomes Ultralytics' boxes in pixels of the image") {
  size_t found_boxes = 0;
  for (const Json& test_case : references().at("detections").as_array()) {
    const auto number = [&](const char* key) {
      return static_cast<size_t>(test_case.at(key).as_int());
    };
    const size_t classes = number("classes");
    const size_t channels = 4 + classes + number("others");
    const size_t anchors = number("anchors");
    auto raw = test::hashed_floats(channels * anchors, static_cast<uint32_t>(number("seed")), 0, 1);
    for (size_t i = 0; i < 4 * anchors; ++i) raw[i] *= i < 2 * anchors ? 320 : 128;
    DetectOptions options;
    options.confidence = test_case.at("confidence").as_double();
    options.iou = test_case.at("iou").as_double();
    options.max_detections = number("most");
    options.agnostic = test_case.at("agnostic").as_bool();
    std::vector<Detection> found = detections_of_anchors(raw, channels, classes, options);
    const media::Size image{whole(test_case.at("image").at(0)), whole(test_case.at("image").at(1))};
    to_image(found, letterbox_of(image, {320, 320}));
    const Json& expected = test_case.at("found");
    REQUIRE(found.size() == expected.size());
    found_boxes += found.size();
    for (size_t i = 0; i < found.size(); ++i) {
      CAPTURE(i);
      const Detection& d = found[i];
      const float sides[] = {d.x0, d.y0, d.x1, d.y1, d.confidence};
      for (size_t k = 0; k < 5; ++k) {
        CHECK(std::abs(sides[k] - expected.at(i).at(k).as_double()) < 2e-4);
      }
      CHECK(d.class_index == static_cast<ClassIndex>(expected.at(i).at(5).as_double()));
    }
  }
  CHECK(found_boxes > 300);
}

TEST_CASE("rows that the model suppressed itself are cut, and unknown classes refused") {
  const std::vector<float> rows = {1, 2, 3, 4, 0.9f, 1, 5, 6, 7, 8, 0.5f, 0, 0, 0, 0, 0, 0, 0};
  DetectOptions options;
  const std::vector<Detection> found = detections_of_rows(rows, 6, 2, options);
  REQUIRE(found.size() == 2);  // an end-to-end head fills up with zeros
  CHECK(found[0].class_index == 1);
  CHECK(found[1].x1 == 7);
  options.max_detections = 1;
  CHECK(detections_of_rows(rows, 6, 2, options).size() == 1);
  CHECK_THROWS_AS(detections_of_rows(rows, 6, 1, options), Error);
}

TEST_CASE("labels of torchvision count from one, and others are refused") {
  const ObjectOutput output{
      {0, 0, 4, 4, 1, 1, 3, 3, 2, 2, 5, 5}, {0.3f, 0.8f, 0.01f}, {1, 2, 9}, {}};
  DetectOptions options;
  size_t background = 0;
  const auto found = detections_of_objects(ObjectOutput(output), {8, 8}, 1, 2, options, background);
  REQUIRE(found.size() == 2);  // the third is below the confidence, whatever its label
  CHECK(found[0].class_index == 0);
  CHECK(found[1].class_index == 1);
  options.max_detections = 1;
  CHECK(detections_of_objects(ObjectOutput(output), {8, 8}, 1, 2, options, background)
            .at(0)
            .confidence == 0.8f);
  CHECK_THROWS_AS(detections_of_objects(ObjectOutput(output), {8, 8}, 1, 1, options, background),
                  Error);
  const ObjectOutput odd{{0, 0, 4, 4}, {0.3f}, {0}, {}};
  CHECK(detections_of_objects(ObjectOutput(odd), {8, 8}, 1, 2, options, background).empty());
  CHECK(background == 1);
  options.confidence = 0;
  CHECK_THROWS_AS(detections_of_objects(ObjectOutput(output), {8, 8}, 0, 3, options, background),
                  Error);
}

// Where a white block of a stored image lies once the image is upright, and back.
TEST_CASE("boxes of an upright image go back to the image as stored") {
  for (int orientation = 1; orientation <= 8; ++orientation) {
    CAPTURE(orientation);
    media::Image stored(7, 5, 1);
    for (int32_t y = 1; y < 3; ++y) {
      for (int32_t x = 2; x < 6; ++x) stored.row(y)[x] = 255;
    }
    const media::Image upright = media::apply_orientation(stored, orientation);
    Detection box{1e9f, 1e9f, 0, 0, 1, 0, {}};
    for (int32_t y = 0; y < upright.height_px; ++y) {
      for (int32_t x = 0; x < upright.width_px; ++x) {
        if (upright.row(y)[x] == 0) continue;
        box.x0 = std::min(box.x0, static_cast<float>(x));
        box.y0 = std::min(box.y0, static_cast<float>(y));
        box.x1 = std::max(box.x1, static_cast<float>(x + 1));
        box.y1 = std::max(box.y1, static_cast<float>(y + 1));
      }
    }
    std::vector<Detection> boxes{box};
    to_stored(boxes, orientation, {7, 5});
    CHECK(boxes[0].x0 == 2);
    CHECK(boxes[0].y0 == 1);
    CHECK(boxes[0].x1 == 6);
    CHECK(boxes[0].y1 == 3);
  }
}

TEST_CASE("descriptions of detectors are read, and written so that they read the same") {
  const char* ultralytics = R"({"task": "detect", "imgsz": [480, 640], "stride": 32,
      "names": {"0": "cat", "1": "dog"}, "args": {"nms": false}, "end2end": false})";
  const ResolvedSpec yolo = parse_model_spec(ultralytics, "config.txt");
  CHECK(yolo.spec.output_kind == OutputKind::kYolo);
  CHECK(yolo.spec.input_px == media::Size{640, 480});
  CHECK(yolo.spec.resize == ResizeMode::kLetterbox);
  CHECK(yolo.spec.apply_orientation);
  CHECK(yolo.spec.embedding == EmbeddingSource::kNone);
  CHECK(yolo.detector == "Ultralytics' description says task \"detect\"");
  CHECK(yolo.notes.empty());
  const auto kind = [](const char* json) { return parse_model_spec(json, "x").spec.output_kind; };
  CHECK(kind(R"({"task": "detect", "imgsz": 64, "names": ["a"], "args": {"nms": true}})") ==
        OutputKind::kYoloNms);
  CHECK(kind(R"({"task": "detect", "imgsz": 64, "names": ["a"], "end2end": true})") ==
        OutputKind::kYoloNms);
  CHECK(parse_model_spec(R"({"task": "segment", "imgsz": 64, "names": ["a"]})", "x").notes.size() ==
        1);
  CHECK_THROWS_AS(kind(R"({"task": "obb", "imgsz": 64, "names": ["a"]})"), Error);
  CHECK_THROWS_AS(kind(R"({"task": "detect", "imgsz": 64, "names": ["a"], "channels": 1})"), Error);

  const ResolvedSpec own =
      parse_model_spec(R"({"input_size": 320, "output": "yolo", "classes": ["a"]})", "x");
  CHECK(own.spec.resize == ResizeMode::kLetterbox);
  CHECK(own.spec.mean == std::vector<double>{0, 0, 0});
  CHECK_THROWS_AS(kind(R"({"input_size": 320, "output": "yolo", "resize": 320})"), Error);
  CHECK_THROWS_AS(kind(R"({"input_size": 320, "output": "yolo", "resize": {"letterbox": 64}})"),
                  Error);

  const ResolvedSpec listed = parse_model_spec(R"({"classes": ["__background__", "a", "b"]})", "x",
                                               false, /*takes_list=*/true);
  CHECK(listed.spec.output_kind == OutputKind::kTorchvision);
  CHECK(listed.spec.class_names == std::vector<std::string>{"a", "b"});
  CHECK(listed.spec.first_label == 1);
  CHECK(kind(R"({"output": "torchvision", "classes": ["a"], "first_label": 0})") ==
        OutputKind::kTorchvision);
  for (const ResolvedSpec& resolved : {yolo, own, listed}) {
    CHECK(parse_model_spec(model_spec_to_json(resolved.spec), "again").spec == resolved.spec);
  }
}
