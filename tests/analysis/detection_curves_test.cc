#include "analysis/detection_curves.h"

#include <doctest/doctest.h>

#include "tests/analysis/detection_cases.h"

using namespace errata;
using namespace errata::analysis;
using test::DetectionCase;

namespace {

constexpr Box kBox{10, 10, 40, 40};
constexpr Box kFar{200, 200, 40, 40};

}  // namespace

TEST_CASE("equal scores are one point: no threshold keeps one of them and not the other") {
  DetectionCase each;
  each.images = 1;
  each.classes = 1;
  each.object(0, 0, kBox);
  each.object(0, 0, kFar);
  each.detection(0, 0, kBox, 0.9);
  each.detection(0, 0, kFar, 0.5);
  each.detection(0, 0, {400, 400, 20, 20}, 0.5);
  each.detection(0, 0, {500, 400, 20, 20}, 0.2);
  const DetectionCurve curve = draw_detection_curves(each.set(), 0.5, 100, serial_for).all;
  CHECK(curve.score == std::vector<double>{0.9, 0.5, 0.2});
  CHECK(curve.precision[0] == doctest::Approx(1));
  CHECK(curve.precision[1] == doctest::Approx(2.0 / 3));
  CHECK(curve.recall[1] == doctest::Approx(1));
  CHECK(curve.f1[0] == doctest::Approx(2.0 / 3));
  CHECK(curve.f1[1] == doctest::Approx(0.8));
  CHECK(curve.best == 1);
}

TEST_CASE("each class has its own best score; all together have one") {
  DetectionCase each;
  each.images = 1;
  each.classes = 3;
  each.object(0, 0, kBox);
  each.object(0, 1, kFar);
  each.detection(0, 0, kBox, 0.3);
  each.detection(0, 1, kFar, 0.8);
  each.detection(0, 1, {400, 400, 20, 20}, 0.4);
  each.detection(0, 2, {400, 400, 20, 20}, 0.1);
  const DetectionCurves curves = draw_detection_curves(each.set(), 0.5, 100, serial_for);
  CHECK(curves.per_class[0].score[curves.per_class[0].best] == doctest::Approx(0.3));
  CHECK(curves.per_class[1].score[curves.per_class[1].best] == doctest::Approx(0.8));
  CHECK(curves.all.score[curves.all.best] == doctest::Approx(0.3));
  CHECK(curves.all.f1[curves.all.best] == doctest::Approx(0.8));
  CHECK(curves.per_class[2].objects == 0);
  CHECK(curves.per_class[2].recall[0] == 0);
}

TEST_CASE("what lies on a crowd is in no curve") {
  DetectionCase each;
  each.images = 1;
  each.classes = 1;
  each.object(0, 0, kBox, true);
  each.detection(0, 0, kBox, 0.9);
  CHECK(draw_detection_curves(each.set(), 0.5, 100, serial_for).all.empty());
}

TEST_CASE("a thinned curve keeps its ends and its best point") {
  DetectionCurve curve;
  for (int i = 0; i < 1000; ++i) {
    curve.score.push_back(1 - i / 1000.0);
    curve.precision.push_back(0.5);
    curve.recall.push_back(i / 1000.0);
    curve.f1.push_back(i == 333 ? 0.9 : 0.1);
  }
  curve.best = 333;
  const DetectionCurve thin = thin_curve(curve, 50);
  CHECK(thin.score.size() <= 50);
  CHECK(thin.score.size() >= 40);
  CHECK(thin.f1[thin.best] == doctest::Approx(0.9));
  CHECK(thin.score.front() == curve.score.front());
  CHECK(thin.score.back() == curve.score.back());
}
