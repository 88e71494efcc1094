#include "analysis/detection_confusion.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "analysis/detection_curves.h"
#include "tests/analysis/detection_cases.h"

using namespace errata;
using namespace errata::analysis;
using test::DetectionCase;
using text::Json;

namespace {

constexpr Box kBox{10, 10, 40, 40};
constexpr Box kNear{12, 10, 40, 40};
constexpr Box kFar{200, 200, 40, 40};

DetectionConfusion confuse(const DetectionCase& each, double score = 0.25) {
  return confuse_detections(each.set(), {0.5, score}, serial_for);
}

}  // namespace

TEST_CASE("a detection on two objects is counted once, and every row and column sums") {
  DetectionCase each;
  each.images = 1;
  each.classes = 2;
  each.object(0, 0, kBox);
  each.object(0, 1, kNear);
  each.detection(0, 0, kBox, 0.9);  // overlaps both
  const DetectionConfusion found = confuse(each);
  // mmdetection would count it at [0, 0] and [1, 0].
  CHECK(found.counts == std::vector<int64_t>{1, 0, 0, 0, 0, 1, 0, 0, 0});
  CHECK(found.matched_detections == std::vector<int32_t>{0, kNoMatch});
}

TEST_CASE("a detection's own class comes before a nearer object of another, the surer one first") {
  DetectionCase each;
  each.images = 1;
  each.classes = 2;
  each.object(0, 1, kBox);
  each.object(0, 0, kNear);
  each.detection(0, 0, kBox, 0.5);
  each.detection(0, 0, kNear, 0.9);  // takes its object: the other is left for class 1's
  const DetectionConfusion found = confuse(each);
  CHECK(found.matched_objects == std::vector<int32_t>{0, 1});
  CHECK(found.count(1, 0) == 1);
  CHECK(found.count(0, 0) == 1);
}

TEST_CASE("background, misses, crowds and detections below the score have their places") {
  DetectionCase each;
  each.images = 2;
  each.classes = 2;
  each.object(0, 0, kBox);
  each.object(0, 1, kFar, true);
  each.detection(0, 0, kBox, 0.1);
  each.detection(0, 1, kFar, 0.9);
  each.detection(0, 1, kFar, 0.8);
  each.detection(0, 0, kFar, 0.7);  // of another class than the crowd
  each.detection(1, 1, kBox, 0.6);
  const DetectionConfusion found = confuse(each);
  CHECK(found.counts == std::vector<int64_t>{0, 0, 1, 0, 0, 0, 1, 1, 0});
  CHECK(found.states ==
        std::vector<ConfusionState>{ConfusionState::kBelowScore, ConfusionState::kIgnored,
                                    ConfusionState::kIgnored, ConfusionState::kCounted,
                                    ConfusionState::kCounted});
}

TEST_CASE("an object left out takes one detection by its overlap, and not all that lie within it") {
  DetectionCase each;
  each.images = 1;
  each.classes = 2;
  each.object(0, 0, kBox);
  each.object(0, 0, {100, 100, 300, 300});
  each.detection(0, 0, kBox, 0.9);
  each.detection(0, 0, {200, 200, 20, 20}, 0.8);  // on nothing: of the large box it is a speck
  each.detection(0, 0, {100, 100, 300, 290}, 0.7);
  each.detection(0, 0, {100, 100, 290, 300}, 0.6);  // a copy
  DetectionSet set = each.set();
  const std::vector<uint8_t> left_out{0, 1};
  set.objects.left_out = left_out;
  const DetectionConfusion found = confuse_detections(set, {0.5, 0.25}, serial_for);
  CHECK(found.counts == std::vector<int64_t>{1, 0, 0, 0, 0, 0, 2, 0, 0});
  CHECK(found.states ==
        std::vector<ConfusionState>{ConfusionState::kCounted, ConfusionState::kCounted,
                                    ConfusionState::kIgnored, ConfusionState::kCounted});
}

TEST_CASE("with objects left out, the matrix has the precision and recall of the curves") {
  size_t ignored = 0;
  for (const Json& json : test::detection_references().as_array()) {
    CAPTURE(json.at("name").as_string());
    const DetectionCase each = test::detection_case(json);
    DetectionSet set = each.set();
    const std::vector<uint8_t> left_out = test::third_left_out(each.objects.image.size());
    set.objects.left_out = left_out;
    const DetectionConfusion found = confuse_detections(set, {0.5, 0.4}, serial_for);
    const DetectionCurves curves = draw_detection_curves(set, 0.5, 1000, serial_for);
    for (size_t k = 0; k < each.classes; ++k) {
      CAPTURE(k);
      const DetectionCurve& curve = curves.per_class[k];
      double right = 0;
      double kept = 0;
      for (size_t i = 0; i < curve.score.size() && curve.score[i] >= 0.4; ++i) {
        right = curve.recall[i] * static_cast<double>(curve.objects);
        if (curve.precision[i] > 0) kept = right / curve.precision[i];
      }
      size_t row = 0;
      size_t column = 0;
      for (size_t other = 0; other <= each.classes; ++other) {
        row += static_cast<size_t>(found.count(k, other));
        column += static_cast<size_t>(found.count(other, k));
      }
      CHECK(row == curve.objects);
      CHECK(static_cast<double>(found.count(k, k)) == doctest::Approx(right));
      if (right > 0) CHECK(static_cast<double>(column) == doctest::Approx(kept));
    }
    ignored += static_cast<size_t>(
        std::count(found.states.begin(), found.states.end(), ConfusionState::kIgnored));
  }
  CHECK(ignored > 50);
}

TEST_CASE("on random boxes all is counted once and the diagonal is what the curves call true") {
  for (const Json& json : test::detection_references().as_array()) {
    CAPTURE(json.at("name").as_string());
    const DetectionCase each = test::detection_case(json);
    const DetectionSet set = each.set();
    const DetectionConfusion found = confuse_detections(set, {0.5, 0.4}, serial_for);
    const DetectionCurves curves = draw_detection_curves(set, 0.5, 1000, serial_for);
    size_t kept = 0;
    for (size_t d = 0; d < each.score.size(); ++d) {
      kept += found.states[d] == ConfusionState::kCounted ? 1 : 0;
    }
    size_t counted = 0;
    for (size_t row = 0; row <= each.classes; ++row) {
      size_t of_class = 0;
      for (size_t column = 0; column <= each.classes; ++column) {
        if (column < each.classes) counted += static_cast<size_t>(found.count(row, column));
        of_class += static_cast<size_t>(found.count(row, column));
      }
      if (row == each.classes) continue;
      const DetectionCurve& curve = curves.per_class[row];
      CHECK(of_class == curve.objects);
      double recall = 0;
      for (size_t i = 0; i < curve.score.size(); ++i) {
        if (curve.score[i] >= 0.4) recall = curve.recall[i];
      }
      CHECK(static_cast<double>(found.count(row, row)) ==
            doctest::Approx(recall * static_cast<double>(curve.objects)));
    }
    CHECK(counted == kept);
    WorkerGroup workers(3);
    CHECK(confuse_detections(set, {0.5, 0.4}, workers.as_parallel_for()).counts == found.counts);
  }
}
