#include "analysis/picture_features.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "analysis/label_errors.h"
#include "base/error.h"
#include "base/random.h"

using namespace errata;
using namespace errata::analysis;

namespace {

constexpr size_t kRows = 600;
const auto kNoTick = [] {};

// Stripes: class 0 lying, class 1 standing, at a brightness, contrast, phase and noise of their
// own.
std::vector<uint8_t> stripes(size_t rows, uint64_t seed) {
  Rng rng(seed);
  std::vector<uint8_t> pictures;
  for (size_t row = 0; row < rows; ++row) {
    const double middle = 80 + 90 * rng.uniform();
    const double contrast = 20 + 40 * rng.uniform();
    const double phase = 6.28 * rng.uniform();
    for (size_t y = 0; y < kPictureSide; ++y) {
      for (size_t x = 0; x < kPictureSide; ++x) {
        const auto along = static_cast<double>(row % 2 == 0 ? y : x);
        const double value = middle + contrast * std::sin(along * 1.1 + phase);
        for (size_t c = 0; c < 3; ++c) {
          pictures.push_back(static_cast<uint8_t>(value + 25 * (rng.uniform() - 0.5)));
        }
      }
    }
  }
  return pictures;
}

std::vector<ClassIndex> by_turns(size_t rows) {
  std::vector<ClassIndex> labels;
  for (size_t row = 0; row < rows; ++row) labels.push_back(static_cast<ClassIndex>(row % 2));
  return labels;
}

std::vector<uint32_t> by_itself(size_t rows) {
  std::vector<uint32_t> groups;
  for (size_t row = 0; row < rows; ++row) groups.push_back(static_cast<uint32_t>(row));
  return groups;
}

// Directions that know nothing of the pictures.
EmbeddingSpace blind(size_t rows, uint64_t seed) {
  Rng rng(seed);
  std::vector<float> values(rows * 24);
  for (float& value : values) value = static_cast<float>(rng.uniform() - 0.5);
  return make_embedding_space(values, 24, serial_for);
}

double accuracy(const EmbeddingSpace& space, const std::vector<ClassIndex>& labels) {
  const Probe probe = run_probe(space, labels, by_itself(labels.size()), 2, {},
                                processor_head_math(serial_for), kNoTick);
  size_t right = 0;
  for (size_t row = 0; row < labels.size(); ++row) {
    right += (probe.probabilities[row * 2 + 1] > 0.5f) == (labels[row] == 1);
  }
  return static_cast<double>(right) / static_cast<double>(labels.size());
}

// Every thirtieth label is planted wrong: how many of these are among as many worst scores.
size_t planted_among_worst(const LabelErrors& errors) {
  std::vector<size_t> order(kRows);
  for (size_t i = 0; i < kRows; ++i) order[i] = i;
  std::sort(order.begin(), order.end(),
            [&](size_t a, size_t b) { return errors.score[a] > errors.score[b]; });
  order.resize(kRows / 30);
  return static_cast<size_t>(
      std::count_if(order.begin(), order.end(), [](size_t row) { return row % 30 == 0; }));
}

}  // namespace

TEST_CASE("pictures of one pattern are near in their features, whatever their brightness") {
  const std::vector<uint8_t> pictures = stripes(kRows, 1);
  const std::vector<uint8_t> known(kRows, 1);
  const EmbeddingSpace space = make_picture_space(pictures, known, 1, serial_for, kNoTick);
  REQUIRE(space.rows == kRows);
  CHECK(space.axes > 1);
  double total = 0;
  for (const double square : space.squares) total += square;
  CHECK(total / kRows == doctest::Approx(1).epsilon(1e-3));
  CHECK(accuracy(space, by_turns(kRows)) > 0.99);
  // The mean pixel of each picture, which a naive feature would be, does not tell the classes.
  std::vector<float> means;
  for (size_t row = 0; row < kRows; ++row) {
    double sum = 0;
    for (size_t i = 0; i < kPictureBytes; ++i) sum += pictures[row * kPictureBytes + i];
    means.push_back(static_cast<float>(sum / kPictureBytes));
    means.push_back(128);
  }
  CHECK(accuracy(make_embedding_space(means, 2, serial_for), by_turns(kRows)) < 0.6);
}

TEST_CASE("features do not depend on the number of threads, nor those of others on a missing one") {
  const std::vector<uint8_t> pictures = stripes(kRows, 2);
  std::vector<uint8_t> known(kRows, 1);
  known[10] = 0;
  const EmbeddingSpace space = make_picture_space(pictures, known, 1, serial_for, kNoTick);
  WorkerGroup workers(3);
  CHECK(make_picture_space(pictures, known, 1, workers.as_parallel_for(), kNoTick).values ==
        space.values);
  std::vector<uint8_t> other = pictures;
  std::fill_n(other.begin() + 10 * kPictureBytes, kPictureBytes, uint8_t{255});
  CHECK(make_picture_space(other, known, 1, serial_for, kNoTick).values == space.values);
  for (size_t j = 0; j < space.axes; ++j) CHECK(space.values[10 * space.width + j] == 0);
}

TEST_CASE("plain pictures, and none at all, have no directions") {
  const std::vector<uint8_t> plain(40 * kPictureBytes, 90);
  const EmbeddingSpace space =
      make_picture_space(plain, std::vector<uint8_t>(40, 1), 1, serial_for, kNoTick);
  CHECK(space.rows == 40);
  CHECK(space.axes == 0);
  for (const float value : space.values) CHECK(std::isfinite(value));
  const EmbeddingSpace none =
      make_picture_space(plain, std::vector<uint8_t>(40, 0), 1, serial_for, kNoTick);
  CHECK(none.axes == 0);
}

TEST_CASE("joined spaces weigh the same and are uncorrelated") {
  const EmbeddingSpace a = blind(kRows, 3);
  const std::vector<uint8_t> known(kRows, 1);
  const EmbeddingSpace b = make_picture_space(stripes(kRows, 3), known, 1, serial_for, kNoTick);
  const EmbeddingSpace joined = join_spaces(std::vector{&a, &b}, serial_for);
  REQUIRE(joined.rows == kRows);
  CHECK(joined.axes == a.axes + b.axes);
  // Distances are those of both, halved.
  for (const size_t row : {1u, 17u, 401u}) {
    double of_a = 0;
    double of_b = 0;
    double of_joined = 0;
    const auto add = [&](const EmbeddingSpace& space, double& sum) {
      for (size_t j = 0; j < space.axes; ++j) {
        const double difference = double{space.values[j]} - space.values[row * space.width + j];
        sum += difference * difference;
      }
    };
    add(a, of_a);
    add(b, of_b);
    add(joined, of_joined);
    CHECK(of_joined == doctest::Approx((of_a + of_b) / 2).epsilon(1e-3));
  }
  double product = 0;
  for (size_t row = 0; row < kRows; ++row) {
    product += double{joined.values[row * joined.width]} * joined.values[row * joined.width + 1];
  }
  CHECK(std::abs(product) < 1e-3 * std::sqrt(joined.squares[0] * joined.squares[1]));
}

TEST_CASE("pictures take part where they tell more of the labels, and only there") {
  std::vector<ClassIndex> labels = by_turns(kRows);
  for (size_t row = 0; row < kRows; row += 30) labels[row] = 1 - labels[row];
  const std::vector<uint8_t> known(kRows, 1);
  const EmbeddingSpace embeddings = blind(kRows, 4);
  const EmbeddingSpace pictures =
      make_picture_space(stripes(kRows, 4), known, 1, serial_for, kNoTick);
  const std::vector<uint32_t> groups = by_itself(kRows);
  LabelEvidence evidence{2, labels, &embeddings, groups, nullptr, &pictures, {}};
  const LabelErrors errors = find_label_errors(evidence, {}, serial_for, kNoTick);
  CHECK(errors.by_pictures);
  CHECK(planted_among_worst(errors) >= 17);
  const LabelErrors alone = find_label_errors(
      {2, labels, &embeddings, groups, nullptr, nullptr, {}}, {}, serial_for, kNoTick);
  CHECK(planted_among_worst(alone) <= 4);

  // Pictures of another order tell nothing: what the embeddings know is not watered down.
  std::vector<float> telling(kRows * 24);
  Rng rng(5);
  for (size_t i = 0; i < telling.size(); ++i) {
    telling[i] = static_cast<float>(rng.uniform() - 0.5 + (i / 24 % 2 == 0 ? 0.2 : 0.0));
  }
  const EmbeddingSpace knowing = make_embedding_space(telling, 24, serial_for);
  const EmbeddingSpace noise = blind(kRows, 6);
  LabelEvidence other{2, labels, &knowing, groups, &noise, &noise, {}};
  const LabelErrors without = find_label_errors(other, {}, serial_for, kNoTick);
  CHECK_FALSE(without.by_pictures);
  CHECK_FALSE(without.by_stages);
  other.stages = other.pictures = nullptr;
  CHECK(find_label_errors(other, {}, serial_for, kNoTick).score == without.score);
}
