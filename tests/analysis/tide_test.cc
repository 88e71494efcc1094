#include "analysis/tide.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "tests/analysis/detection_cases.h"

using namespace errata;
using namespace errata::analysis;
using test::DetectionCase;
using text::Json;

namespace {

const std::map<std::string, DetectionKind> kKinds{
    {"True", DetectionKind::kTrue},        {"Cls", DetectionKind::kClass},
    {"Loc", DetectionKind::kLocalisation}, {"Both", DetectionKind::kBoth},
    {"Dupe", DetectionKind::kDuplicate},   {"Bkg", DetectionKind::kBackground},
    {"-", DetectionKind::kBeyondLimit}};

bool near(double found, const Json& expected) {
  return std::abs(found - expected.as_double()) < 1e-9;
}

TideResult explain(const DetectionCase& each, bool compat = false) {
  TideOptions options;
  options.compat = compat;
  return explain_errors(each.set(), options, serial_for);
}

constexpr Box kBox{10, 10, 40, 40};

}  // namespace

TEST_CASE("compat gives tidecv's kinds, missed objects and gains") {
  size_t measured = 0;
  for (const Json& json : test::detection_references().as_array()) {
    if (!json.contains("tide")) continue;
    ++measured;
    CAPTURE(json.at("name").as_string());
    const Json& expected = json.at("tide");
    const TideResult found = explain(test::detection_case(json), true);
    REQUIRE(found.kinds.size() == expected.at("kinds").size());
    for (size_t i = 0; i < found.kinds.size(); ++i) {
      CAPTURE(i);
      CHECK(found.kinds[i] == kKinds.at(expected.at("kinds").at(i).as_string()));
    }
    for (const auto& [name, kind] : kKinds) {
      CAPTURE(name);
      size_t count = 0;
      for (const Json& each : expected.at("kinds").as_array()) count += each.as_string() == name;
      CHECK(found.count(kind) == count);  // those on a crowd too
    }
    std::vector<int64_t> missed;
    std::vector<int64_t> expected_missed;
    for (size_t i = 0; i < found.object_kinds.size(); ++i) {
      if (found.object_kinds[i] == ObjectKind::kMissed) missed.push_back(static_cast<int64_t>(i));
    }
    for (const Json& each : expected.at("missed").as_array()) {
      expected_missed.push_back(each.as_int());
    }
    CHECK(missed == expected_missed);
    CHECK(near(found.average_precision, expected.at("ap")));
    for (const char* name : {"Cls", "Loc", "Both", "Dupe", "Bkg"}) {
      CAPTURE(name);
      CHECK(near(found.gain(kKinds.at(name)), expected.at("main").at(name)));
    }
    CHECK(near(found.missed_gain, expected.at("main").at("Miss")));
    CHECK(near(found.false_positive_gain, expected.at("special").at("FalsePos")));
    CHECK(near(found.false_negative_gain, expected.at("special").at("FalseNeg")));
  }
  CHECK(measured >= 6);
}

TEST_CASE("a class with detections but no object is no average precision of 0, but for compat") {
  DetectionCase each;
  each.images = 1;
  each.classes = 2;
  each.object(0, 0, kBox);
  each.detection(0, 0, kBox, 0.9);
  each.detection(0, 1, {200, 200, 30, 30}, 0.8);
  CHECK(explain(each).average_precision == doctest::Approx(100));
  CHECK(explain(each, true).average_precision == doctest::Approx(50));
}

TEST_CASE("each error names its object; two mistakes about one object mend only the surer") {
  DetectionCase each;
  each.images = 2;
  each.classes = 2;
  each.object(0, 0, kBox);
  each.object(0, 0, {200, 200, 40, 40});
  each.object(1, 1, kBox);
  each.detection(0, 0, kBox, 0.9);                // true
  each.detection(0, 0, kBox, 0.8);                // duplicate, though it overlaps wholly
  each.detection(0, 1, {200, 200, 40, 40}, 0.7);  // class
  each.detection(0, 0, {220, 200, 40, 40}, 0.6);  // localisation, overlap 1/3
  each.detection(0, 1, {30, 10, 40, 40}, 0.5);    // both
  each.detection(0, 1, {400, 400, 40, 40}, 0.4);  // background
  const TideResult found = explain(each);
  CHECK(found.kinds ==
        std::vector<DetectionKind>{DetectionKind::kTrue, DetectionKind::kDuplicate,
                                   DetectionKind::kClass, DetectionKind::kLocalisation,
                                   DetectionKind::kBoth, DetectionKind::kBackground});
  CHECK(found.matched_objects == std::vector<int32_t>{0, 0, 1, 1, 0, kNoMatch});
  CHECK(found.overlaps[3] == doctest::Approx(1.0 / 3));
  CHECK(found.object_kinds ==
        std::vector<ObjectKind>{ObjectKind::kFound, ObjectKind::kMistaken, ObjectKind::kMissed});
  CHECK(found.matched_detections == std::vector<int32_t>{0, 2, kNoMatch});
  CHECK(found.missed_gain > 0);
}

TEST_CASE("detections beyond the limit of an image are not looked at") {
  DetectionCase each;
  each.images = 1;
  each.classes = 1;
  each.object(0, 0, kBox);
  each.detection(0, 0, {200, 200, 30, 30}, 0.9);
  each.detection(0, 0, kBox, 0.5);
  TideOptions options;
  options.max_detections = 1;
  const TideResult found = explain_errors(each.set(), options, serial_for);
  CHECK(found.kinds[1] == DetectionKind::kBeyondLimit);
  CHECK(found.object_kinds[0] == ObjectKind::kMissed);
  CHECK(found.average_precision == 0);
}

TEST_CASE("an object left out takes one detection by its overlap, and not all that lie within it") {
  DetectionCase each;
  each.images = 1;
  each.classes = 2;
  each.object(0, 0, kBox);
  each.object(0, 0, {100, 100, 300, 300});
  each.object(0, 1, {100, 100, 280, 280});
  each.detection(0, 0, {200, 200, 20, 20}, 0.9);  // on nothing: of the large box it is a speck
  each.detection(0, 0, kBox, 0.8);
  each.detection(0, 0, {100, 100, 300, 290}, 0.7);  // right, so no error of class either
  DetectionSet set = each.set();
  const std::vector<uint8_t> left_out{0, 1, 0};
  set.objects.left_out = left_out;
  const TideResult found = explain_errors(set, {}, serial_for);
  CHECK(found.kinds == std::vector<DetectionKind>{DetectionKind::kBackground, DetectionKind::kTrue,
                                                  DetectionKind::kBackground});
  CHECK(found.on_crowd == std::vector<uint8_t>{0, 0, 1});
  CHECK(found.count(DetectionKind::kBackground) == 1);
  CHECK(found.object_kinds ==
        std::vector<ObjectKind>{ObjectKind::kFound, ObjectKind::kCrowd, ObjectKind::kMissed});
  CHECK(found.average_precision == doctest::Approx(25));
}

TEST_CASE("with objects left out, the average precision is COCO's at that overlap") {
  size_t left = 0;
  for (const Json& json : test::detection_references().as_array()) {
    CAPTURE(json.at("name").as_string());
    const DetectionCase each = test::detection_case(json);
    DetectionSet set = each.set();
    const std::vector<uint8_t> left_out = test::third_left_out(each.objects.image.size());
    set.objects.left_out = left_out;
    // tidecv limits the detections of an image, COCO those of a class in it; and they differ where
    // two objects overlap a detection as much, and on crowds at the threshold.
    const std::vector<uint8_t> no_crowds(left_out.size(), 0);
    set.objects.iscrowd = no_crowds;
    TideOptions options;
    options.max_detections = 1000;
    CocoOptions coco;
    coco.iou_thresholds = {0.5};
    coco.max_detections = {1000};
    coco.area_ranges.resize(1);
    const CocoResult expected = evaluate_coco(set, coco, serial_for);
    double sum = 0;
    size_t classes = 0;
    for (size_t k = 0; k < each.classes; ++k) {
      if (class_average_precision(expected, k) < 0) continue;
      sum += class_average_precision(expected, k);
      ++classes;
    }
    const TideResult found = explain_errors(set, options, serial_for);
    CHECK(found.average_precision ==
          doctest::Approx(classes == 0 ? 0 : 100 * sum / static_cast<double>(classes)));
    left += static_cast<size_t>(std::count(found.on_crowd.begin(), found.on_crowd.end(), 1));
  }
  CHECK(left > 50);
}
