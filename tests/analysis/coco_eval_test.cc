#include "analysis/coco_eval.h"

#include <doctest/doctest.h>

#include "base/error.h"
#include "tests/analysis/detection_cases.h"

using namespace errata;
using namespace errata::analysis;
using test::DetectionCase;
using test::doubles;
using test::largest_difference;
using test::options_of;
using test::unpacked;
using text::Json;

namespace {

constexpr Box kBox{10, 10, 40, 40};

}  // namespace

TEST_CASE("every precision and recall is pycocotools'") {
  REQUIRE(test::detection_references().size() >= 9);
  size_t default_options = 0;
  for (const Json& json : test::detection_references().as_array()) {
    CAPTURE(json.at("name").as_string());
    const DetectionCase each = test::detection_case(json);
    for (const Json& measured : json.at("coco").as_array()) {
      CAPTURE(measured.at("params").dump());
      const CocoResult result =
          evaluate_coco(each.set(), options_of(measured.at("params")), serial_for);
      CHECK(largest_difference(result.precision, unpacked(measured.at("precision"))) < 1e-12);
      CHECK(largest_difference(result.recall, unpacked(measured.at("recall"))) < 1e-12);
      const std::vector<double> stats = doubles(measured.at("stats"));
      if (stats.empty()) continue;
      ++default_options;
      const auto summary = summarize_coco(result);
      CHECK(largest_difference({summary.begin(), summary.end()}, stats) < 1e-12);
    }
  }
  CHECK(default_options >= 1);
}

TEST_CASE("threads change nothing") {
  const DetectionCase each = test::detection_case(test::detection_references().at(1));
  WorkerGroup workers(3);
  const CocoResult one = evaluate_coco(each.set(), {}, serial_for);
  const CocoResult many = evaluate_coco(each.set(), {}, workers.as_parallel_for());
  CHECK(one.precision == many.precision);
  CHECK(one.recall == many.recall);
}

TEST_CASE("a class without objects is left out of the mean, not counted as 0") {
  DetectionCase each;
  each.images = 1;
  each.classes = 2;
  each.object(0, 0, kBox);
  each.detection(0, 0, kBox, 0.9);
  each.detection(0, 1, kBox, 0.8);
  const CocoResult result = evaluate_coco(each.set(), {}, serial_for);
  CHECK(summarize_coco(result)[0] == doctest::Approx(1));
  CHECK(class_average_precision(result, 0) == doctest::Approx(1));
  CHECK(class_average_precision(result, 1) == -1);
  CHECK(summarize_coco(result)[3] == doctest::Approx(-1));  // 1,600 px^2 is not small
}

TEST_CASE("a detection on a crowd counts neither way, however many there are") {
  DetectionCase each;
  each.images = 1;
  each.classes = 1;
  each.object(0, 0, {0, 0, 200, 200}, true);
  each.object(0, 0, {300, 300, 40, 40});
  // Small boxes in a large crowd: their overlap over the union would be 0.01.
  for (int i = 0; i < 5; ++i) each.detection(0, 0, {20.0 * i, 30, 20, 20}, 0.9);
  each.detection(0, 0, {300, 300, 40, 40}, 0.1);
  CHECK(summarize_coco(evaluate_coco(each.set(), {}, serial_for))[0] == doctest::Approx(1));
  each.crowd[0] = 0;
  CHECK(summarize_coco(evaluate_coco(each.set(), {}, serial_for))[0] < 0.2);
}

TEST_CASE("an object left out counts neither way, as one whose area lies beyond every range") {
  // Boxes on a line, each overlapping the next: a detection may fit several objects.
  DetectionCase test{3, 2};
  DetectionCase beyond{3, 2};
  std::vector<uint8_t> left_out;
  for (int i = 0; i < 120; ++i) {
    const Box box{7.0 * (i % 40), 3.0 * (i % 7), 20.0 + i % 5, 30.0 + i % 11};
    for (DetectionCase* each : {&test, &beyond}) {
      each->object(i / 40, i % 3 == 0 ? 1 : 0, box, i % 29 == 0);
      each->detection(i / 40, i % 4 == 0 ? 1 : 0, {box.x + i % 6, box.y, box.width, box.height},
                      (i * 37 % 120) / 120.0);
    }
    left_out.push_back(i % 5 == 0 ? 1 : 0);
    if (i % 5 == 0) beyond.area.back() = 1e11;
  }
  const auto without = summarize_coco(evaluate_coco(beyond.set(), {}, serial_for));
  CHECK(summarize_coco(evaluate_coco(test.set(), {}, serial_for)) != without);
  DetectionSet set = test.set();
  set.objects.left_out = left_out;
  CHECK(summarize_coco(evaluate_coco(set, {}, serial_for)) == without);
}

TEST_CASE("an object on the border of two area ranges counts in both, by its own area") {
  DetectionCase each;
  each.images = 1;
  each.classes = 1;
  each.object(0, 0, kBox);
  each.area[0] = 1024;  // of its mask; the box has 1,600
  each.detection(0, 0, kBox, 0.9);
  const auto summary = summarize_coco(evaluate_coco(each.set(), {}, serial_for));
  CHECK(summary[3] == doctest::Approx(1));
  CHECK(summary[4] == doctest::Approx(1));
  CHECK(summary[5] == -1);
}

TEST_CASE("of equal scores the first given comes first") {
  DetectionCase each;
  each.images = 2;
  each.classes = 1;
  each.object(1, 0, kBox);
  each.detection(1, 0, kBox, 0.5);
  each.detection(0, 0, kBox, 0.5);  // false, and of an earlier image
  const CocoResult result = evaluate_coco(each.set(), {}, serial_for);
  CHECK(result.precision_at(0, 50, 0, 0, 2) == doctest::Approx(0.5));
}

TEST_CASE("nothing at all is measured as -1, and wrong columns and options are refused") {
  DetectionCase each;
  each.classes = 2;
  for (const double value : summarize_coco(evaluate_coco(each.set(), {}, serial_for))) {
    CHECK(value == -1);
  }
  CocoOptions options;
  options.iou_thresholds.assign(65, 0.5);
  CHECK_THROWS_AS(evaluate_coco(each.set(), options, serial_for), Error);
  options = {};
  options.max_detections = {100, 10};
  CHECK_THROWS_AS(evaluate_coco(each.set(), options, serial_for), Error);
  each.object(0, 0, kBox);
  CHECK_THROWS_AS(evaluate_coco(each.set(), {}, serial_for), Error);  // image 0 of none
  each.images = 1;
  each.detection(0, 0, kBox, std::nan(""));
  CHECK_THROWS_AS(evaluate_coco(each.set(), {}, serial_for), Error);
}
