#include "analysis/class_order.h"

#include <doctest/doctest.h>

#include "base/error.h"

namespace errata::analysis {

TEST_CASE("a model whose classes are turned round is told, with the order that agrees") {
  // Labels are named by the alphabet, the model counted them as its YAML file had them.
  const ClassPairCount pairs[]{{0, 2, 90}, {0, 1, 6}, {1, 0, 800}, {1, 1, 20}, {2, 1, 70}};
  const ClassOrder order = find_class_order(pairs, 3);
  CHECK(order.label_of == std::vector<int32_t>{1, 2, 0});
  CHECK(order.as_named == doctest::Approx(20.0 / 986));
  CHECK(order.as_found == doctest::Approx(960.0 / 986));
  CHECK(order.doubtful);
}

TEST_CASE("a poor model in the right order is only a poor model") {
  // Most of every class is taken for class 0: no other order explains that.
  const ClassPairCount collapsed[]{{0, 0, 50}, {1, 0, 60}, {2, 0, 70}, {1, 1, 5}, {2, 2, 4}};
  CHECK(!find_class_order(collapsed, 3).doubtful);
  // Two classes as good as guessed, a little worse than chance.
  const ClassPairCount guessed[]{{0, 0, 45}, {0, 1, 55}, {1, 0, 55}, {1, 1, 45}};
  CHECK(!find_class_order(guessed, 2).doubtful);
  // Two classes of many that are confused with each other only.
  const ClassPairCount two[]{{0, 1, 40}, {1, 0, 40}, {2, 2, 40}, {3, 3, 40}, {4, 4, 40}};
  CHECK(!find_class_order(two, 5).doubtful);
}

TEST_CASE("each label is given to one class, the largest counts first") {
  const ClassPairCount pairs[]{{1, 0, 30}, {1, 2, 29}, {0, 2, 5}};
  const ClassOrder order = find_class_order(pairs, 3);
  CHECK(order.label_of == std::vector<int32_t>{1, -1, 0});
  CHECK(order.doubtful);
}

TEST_CASE("few pairs or none say nothing of the order") {
  const ClassPairCount few[]{{0, 1, 9}, {1, 0, 10}};
  CHECK(!find_class_order(few, 2).doubtful);
  const ClassPairCount enough[]{{0, 1, 10}, {1, 0, 10}};
  CHECK(find_class_order(enough, 2).doubtful);
  CHECK(!find_class_order({}, 2).doubtful);
  const ClassPairCount beyond[]{{0, 2, 10}};
  CHECK_THROWS_AS(find_class_order(beyond, 2), Error);
}

TEST_CASE("the pairs of a matrix leave out its last column and what follows the classes") {
  const int64_t with_background[]{5, 1, 7, 0, 3, 8, 9, 9, 0};
  const std::vector<ClassPairCount> pairs = class_pairs(with_background, 2);
  REQUIRE(pairs.size() == 3);
  CHECK(pairs[1].label == 0);
  CHECK(pairs[1].prediction == 1);
  CHECK(pairs[1].count == 1);
  CHECK(pairs[2].label == 1);
  CHECK(pairs[2].count == 3);
}

}  // namespace errata::analysis
