#include "analysis/object_lab.h"

#include <doctest/doctest.h>

#include <cmath>

#include "analysis/object_mistakenness.h"
#include "tests/analysis/detection_cases.h"

using namespace errata;
using namespace errata::analysis;
using test::DetectionCase;
using text::Json;

namespace {

// The case with some sure detections, and only its images that have both kinds of box.
DetectionCase object_lab_case(const Json& reference) {
  const DetectionCase from = test::detection_case(
      test::detection_references().at(static_cast<size_t>(reference.at("case").as_int())));
  std::vector<int32_t> place(from.images, -1);
  DetectionCase result;
  result.classes = from.classes;
  for (const Json& image : reference.at("images").as_array()) {
    place[static_cast<size_t>(image.as_int())] = static_cast<int32_t>(result.images++);
  }
  for (size_t g = 0; g < from.area.size(); ++g) {
    const int32_t image = place[static_cast<size_t>(from.objects.image[g])];
    if (image < 0) continue;
    result.object(image, from.objects.class_index[g], box_at(from.objects.columns(), g),
                  from.crowd[g] != 0);
  }
  for (size_t d = 0; d < from.score.size(); ++d) {
    const int32_t image = place[static_cast<size_t>(from.detections.image[d])];
    if (image < 0) continue;
    result.detection(image, from.detections.class_index[d], box_at(from.detections.columns(), d),
                     1 - std::pow(1 - from.score[d], 4));
  }
  return result;
}

bool near(double found, const Json& expected) {
  if (expected.is_null()) return std::isnan(found);
  return std::abs(found - expected.as_double()) < 1e-12;
}

void check_objects(const DetectionCase& each, const std::vector<double>& found,
                   const Json& expected) {
  std::vector<size_t> next(each.images, 0);
  for (size_t g = 0; g < found.size(); ++g) {
    if (each.crowd[g] != 0) {
      CHECK(std::isnan(found[g]));
      continue;
    }
    const auto image = static_cast<size_t>(each.objects.image[g]);
    CHECK(near(found[g], expected.at(image).at(next[image]++)));
  }
}

}  // namespace

TEST_CASE("ObjectLab's scores of boxes and images are cleanlab's") {
  static const Json json =
      text::read_json_file(test::source_dir() + "/tests/analysis/data/object_lab.json");
  REQUIRE(json.at("cases").size() == 3);
  for (const Json& reference : json.at("cases").as_array()) {
    const DetectionCase each = object_lab_case(reference);
    const ObjectLabScores found = score_object_lab(each.set(), serial_for);
    REQUIRE(found.overlooked.size() == reference.at("overlooked").size());
    for (size_t d = 0; d < found.overlooked.size(); ++d) {
      CHECK(near(found.overlooked[d], reference.at("overlooked").at(d)));
    }
    check_objects(each, found.badly_located, reference.at("badloc"));
    check_objects(each, found.swapped, reference.at("swap"));
    for (size_t i = 0; i < each.images; ++i) {
      CHECK(near(found.image_overlooked[i], reference.at("pooled").at(size_t{0}).at(i)));
      CHECK(near(found.image_badly_located[i], reference.at("pooled").at(1).at(i)));
      CHECK(near(found.image_swapped[i], reference.at("pooled").at(2).at(i)));
      CHECK(near(found.image[i], reference.at("image").at(i)));
    }
    WorkerGroup workers(3);
    CHECK(score_object_lab(each.set(), workers.as_parallel_for()).image == found.image);
  }
}

TEST_CASE("similarity is not free of scale: the same boxes ten times as large score lower") {
  const auto badly_located = [](double scale) {
    DetectionCase each;
    each.images = 1;
    each.classes = 1;
    each.object(0, 0, {0, 0, 30 * scale, 30 * scale});
    each.detection(0, 0, {10 * scale, 0, 30 * scale, 30 * scale}, 0.9);  // IoU 0.5
    return score_object_lab(each.set(), serial_for).badly_located[0];
  };
  CHECK(badly_located(1) == doctest::Approx(0.486788));
  CHECK(badly_located(10) == doctest::Approx(0.450005));
}

TEST_CASE("an image without boxes is of the best quality") {
  DetectionCase each;
  each.images = 2;
  each.classes = 1;
  each.detection(0, 0, {0, 0, 9, 9}, 0.97);
  const ObjectLabScores found = score_object_lab(each.set(), serial_for);
  CHECK(found.overlooked[0] == doctest::Approx(0.03));  // the least similarity of no pair is 1
  CHECK(found.image[1] == doctest::Approx(1));
}

TEST_CASE("mistakenness of class and place as FiftyOne defines them") {
  DetectionCase each;
  each.images = 3;
  each.classes = 2;
  each.object(0, 0, {0, 0, 10, 10});
  each.object(0, 0, {100, 100, 10, 10});
  each.object(0, 0, {200, 200, 30, 30});
  each.object(1, 0, {0, 0, 10, 10}, true);
  each.detection(0, 1, {0, 0, 10, 10}, 0.9);        // another class
  each.detection(0, 0, {102.5, 100, 10, 10}, 0.9);  // IoU 0.6
  each.detection(0, 0, {0, 0, 10, 10}, 0.8);        // comes second
  each.detection(0, 1, {50, 50, 10, 10}, 0.96);
  each.detection(0, 1, {70, 50, 10, 10}, 0.95);  // not above
  each.detection(1, 0, {0, 0, 10, 10}, 0.97);    // on a crowd
  const ObjectMistakenness found = measure_mistakenness(each.set(), serial_for);
  CHECK(found.of_class[0] == doctest::Approx(0.95));
  CHECK(found.of_class[1] == doctest::Approx(0.05));
  CHECK(found.of_location[1] == doctest::Approx(0.77));
  CHECK(std::isnan(found.of_class[2]));
  CHECK(found.possibly_spurious == std::vector<uint8_t>{0, 0, 1, 0});
  CHECK(found.possibly_missing == std::vector<uint8_t>{0, 0, 0, 1, 0, 0});
  CHECK(found.image[0] == doctest::Approx(0.95));
  CHECK(found.image[2] == -1);
}
