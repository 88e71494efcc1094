#include "analysis/scores.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "base/error.h"

using namespace errata;
using namespace errata::analysis;

namespace {

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

RowScores score(const std::vector<float>& values, size_t columns,
                const std::vector<ClassIndex>& labels, bool logits = false,
                std::vector<ClassIndex> map = {}, size_t project_classes = 0) {
  if (map.empty()) {
    for (size_t k = 0; k < columns; ++k) map.push_back(static_cast<ClassIndex>(k));
    project_classes = columns;
  }
  return score_rows({values, columns, logits}, make_class_mapping(map, project_classes), labels,
                    serial_for);
}

}  // namespace

TEST_CASE("scores of one row by hand") {
  const RowScores s = score({0.7f, 0.2f, 0.1f}, 3, {1});
  CHECK(s.top[0] == 0);
  CHECK(s.confidence[0] == doctest::Approx(0.7));
  CHECK(s.margin[0] == doctest::Approx(0.5));
  CHECK(s.entropy[0] == doctest::Approx(0.801819));
  CHECK(s.loss[0] == doctest::Approx(-std::log(0.2)));
  CHECK(s.self_confidence[0] == doctest::Approx(0.2));
  CHECK(s.brier[0] == doctest::Approx(0.49 + 0.64 + 0.01));
  CHECK(s.label_rank[0] == 1);
}

TEST_CASE("logits go through a softmax that neither overflows nor loses a large loss") {
  const RowScores s = score({1000, 0, 0, 1, 2, 3}, 3, {1, 2}, true);
  CHECK(s.confidence[0] == doctest::Approx(1));
  CHECK(s.loss[0] == doctest::Approx(87.3365));  // 1000 nats, capped as the header says
  CHECK(s.self_confidence[1] == doctest::Approx(0.665241));
  CHECK(s.loss[1] == doctest::Approx(0.407606));
  const RowScores deep = score({50, 0}, 2, {1}, true);
  CHECK(deep.loss[0] == doctest::Approx(50));  // p rounds to 1 in float, the loss does not
}

TEST_CASE("rows with NaN or infinity have no scores and are counted") {
  const RowScores s = score({kNaN, 0.5f, 0.5f, 0.5f, INFINITY, 0}, 2, {0, 0, 0});
  CHECK(s.not_finite_rows == 2);
  CHECK(s.top[0] == kNoClass);
  CHECK(std::isnan(s.confidence[0]));
  CHECK(std::isnan(s.loss[2]));
  CHECK(s.label_rank[2] == -1);
  CHECK(s.top[1] == 0);  // the tie goes to the lower class
}

TEST_CASE("a class the project lacks can win, and keeps its probability") {
  // model: cat, unicorn, dog; project: dog, cat, bird
  const RowScores s =
      score({0.2f, 0.7f, 0.1f, 0.6f, 0.1f, 0.3f}, 3, {1, 2}, false, {1, kNoClass, 0}, 3);
  CHECK(s.top[0] == 3);
  CHECK(s.confidence[0] == doctest::Approx(0.7));
  CHECK(s.margin[0] == doctest::Approx(0.5));
  CHECK(s.label_rank[0] == 1);
  CHECK(s.top[1] == 1);
  CHECK(s.unknown_label_rows == 1);  // the model has never heard of birds
  CHECK(std::isnan(s.loss[1]));
  CHECK(std::isnan(s.self_confidence[1]));
}

TEST_CASE("classes of the model that share a class of the project add up") {
  // model: tabby, siamese, dog; project: cat, dog
  const RowScores s = score({0.3f, 0.3f, 0.4f}, 3, {0}, false, {0, 0, 1}, 2);
  CHECK(s.top[0] == 0);
  CHECK(s.confidence[0] == doctest::Approx(0.6));
  CHECK(s.self_confidence[0] == doctest::Approx(0.6));
  const RowScores l = score({0, 0, 0}, 3, {0}, true, {0, 0, 1}, 2);
  CHECK(l.loss[0] == doctest::Approx(-std::log(2.0 / 3)));
}

TEST_CASE("values that are no probabilities are told") {
  const RowScores s = score({0.9f, 0.9f, -0.5f, 1.5f, 0.5f, 0.5f}, 2, {});
  CHECK(s.not_normalised_rows == 2);
  CHECK(std::isnan(s.loss[0]));
}

TEST_CASE("one class") {
  const RowScores s = score({1}, 1, {0});
  CHECK(s.margin[0] == 1);
  CHECK(s.entropy[0] == 0);
  CHECK(s.loss[0] == 0);
}

TEST_CASE("the result does not depend on the workers") {
  std::vector<float> values;
  std::vector<ClassIndex> labels;
  for (int i = 0; i < 5000; ++i) {
    for (int k = 0; k < 7; ++k) values.push_back(static_cast<float>((i * 31 + k * 17) % 23) / 5);
    labels.push_back(i % 7);
  }
  std::vector<ClassIndex> map{0, 1, 2, 3, 4, 5, 6};
  WorkerGroup workers(3);
  const ClassMapping mapping = make_class_mapping(map, 7);
  const RowScores one = score_rows({values, 7, true}, mapping, labels, serial_for);
  const RowScores many = score_rows({values, 7, true}, mapping, labels, workers.as_parallel_for());
  CHECK(one.loss == many.loss);
  CHECK(one.top == many.top);
  CHECK(one.entropy == many.entropy);
}

TEST_CASE("confident mistakes are the wrong ones only") {
  const std::vector<ClassIndex> top{0, 1, kNoClass, 1};
  const std::vector<ClassIndex> labels{0, 0, 0, kNoClass};
  const std::vector<float> m =
      confident_mistakes(top, std::vector<float>{0.9f, 0.8f, kNaN, 0.7f}, labels);
  CHECK(std::isnan(m[0]));
  CHECK(m[1] == doctest::Approx(0.8));
  CHECK(std::isnan(m[2]));
  CHECK(std::isnan(m[3]));
}

TEST_CASE("a class map that points outside is refused") {
  CHECK_THROWS_AS(make_class_mapping(std::vector<ClassIndex>{0, 5}, 3), Error);
}
