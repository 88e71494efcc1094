#include "analysis/box_checks.h"

#include <doctest/doctest.h>

#include <cmath>

#include "tests/analysis/detection_cases.h"

using namespace errata;
using namespace errata::analysis;

namespace {

struct Given {
  test::BoxTable boxes;
  std::vector<uint8_t> crowd;
  void add(int32_t image, ClassIndex k, const Box& box, bool is_crowd = false) {
    boxes.add(image, k, box);
    crowd.push_back(is_crowd ? 1 : 0);
  }
  BoxChecks check(size_t images, size_t classes) const {
    const std::vector<int32_t> width(images, 100);
    const std::vector<int32_t> height(images, 80);
    return check_given_boxes({boxes.columns(), {}, crowd}, images, classes, {width, height},
                             serial_for);
  }
};

}  // namespace

TEST_CASE("boxes outside their image and without size") {
  Given given;
  given.add(0, 0, {90, 0, 20, 10});    // half of it
  given.add(0, 0, {0, 0, 101, 80.5});  // a pixel is rounding
  given.add(0, 0, {200, 0, 5, 5});     // wholly
  given.add(0, 0, {5, 5, 0, 10});
  given.add(0, 0, {5, 5, -3, 10});
  given.add(0, 0, {5, 5, std::nan(""), 10});
  const BoxChecks found = given.check(1, 1);
  CHECK(found.outside[0] == doctest::Approx(0.5));
  CHECK(found.outside[1] == 0);
  CHECK(found.outside[2] == 1);
  CHECK(found.without_size == std::vector<uint8_t>{0, 0, 0, 1, 1, 1});
  CHECK(std::isnan(found.size_z[0]));  // too few to know what is usual
}

TEST_CASE("what is far from the usual is so for its class, and does not hide itself") {
  Given given;
  for (int i = 0; i < 30; ++i) {
    given.add(i % 3, 0, {10, 10, 20.0 + i % 5, 20.0 + i % 3});
    given.add(i % 3, 1, {10, 10, 5.0, 5.0});
  }
  // A third as many monsters: a mean and deviation over all would call them usual.
  for (int i = 0; i < 9; ++i) given.add(0, 0, {0, 0, 90, 75});
  given.add(0, 1, {10, 10, 21, 21});   // usual for class 0
  given.add(0, 0, {10, 10, 60, 7.5});  // of usual area, of odd shape
  const BoxChecks found = given.check(3, 2);
  CHECK(std::abs(found.size_z[0]) < 2);
  CHECK(found.size_z[60] > 5);
  CHECK(found.size_z[69] > 10);
  CHECK(std::abs(found.size_z[70]) < 3);
  CHECK(found.shape_z[70] > 5);
}

TEST_CASE("copies of a box are each other's nearest, of any class, but crowds have none") {
  Given given;
  given.add(0, 0, {10, 10, 20, 20});
  given.add(0, 1, {10, 10, 20, 20});
  given.add(0, 0, {10, 15, 20, 20});
  given.add(0, 0, {10, 10, 20, 20}, true);
  given.add(1, 0, {10, 10, 20, 20});
  const BoxChecks found = given.check(2, 2);
  CHECK(found.nearest == std::vector<int32_t>{1, 0, 0, kNoMatch, kNoMatch});
  CHECK(found.nearest_overlap[0] == doctest::Approx(1));
  CHECK(found.nearest_overlap[2] == doctest::Approx(0.6));
}
