#include "analysis/probe.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "analysis/bootstrap.h"
#include "base/error.h"
#include "base/random.h"

using namespace errata;
using namespace errata::analysis;

namespace {

constexpr size_t kColumns = 48;
const auto kNoTick = [] {};

struct Blobs {
  std::vector<float> values;
  std::vector<ClassIndex> labels;
};

// Classes as clouds around their centres, `spread` wide.
Blobs make_blobs(size_t rows, size_t classes, double spread, uint64_t seed) {
  Rng rng(seed);
  std::vector<double> centres(classes * kColumns);
  for (double& value : centres) value = draw_normal(rng);
  Blobs blobs;
  for (size_t row = 0; row < rows; ++row) {
    blobs.labels.push_back(static_cast<ClassIndex>(row % classes));
    for (size_t j = 0; j < kColumns; ++j) {
      blobs.values.push_back(
          static_cast<float>(centres[row % classes * kColumns + j] + spread * draw_normal(rng)));
    }
  }
  return blobs;
}

std::vector<uint32_t> alone(size_t rows) {
  std::vector<uint32_t> groups(rows);
  for (size_t i = 0; i < rows; ++i) groups[i] = static_cast<uint32_t>(i);
  return groups;
}

double accuracy(const Probe& probe, const std::vector<ClassIndex>& labels, size_t classes) {
  size_t right = 0;
  for (size_t row = 0; row < labels.size(); ++row) {
    const float* p = probe.probabilities.data() + row * classes;
    right += std::max_element(p, p + classes) - p == labels[row];
  }
  return static_cast<double>(right) / static_cast<double>(labels.size());
}

}  // namespace

TEST_CASE("a head is where the gradient of its loss vanishes, whatever the number of threads") {
  Blobs blobs = make_blobs(400, 3, 1.5, 1);
  const EmbeddingSpace space = make_embedding_space(blobs.values, kColumns, serial_for);
  const std::vector<uint8_t> fold = stratified_folds(blobs.labels, alone(400), 3, 4, 1);
  std::vector<float> targets(400 * 3, 0);
  std::vector<float> weights(400, 1);
  for (size_t row = 0; row < 400; ++row) {
    targets[row * 3 + static_cast<size_t>(blobs.labels[row])] = 1;
    weights[row] = row % 2 == 0 ? 1.0f : 0.25f;
  }
  const HeadRows rows{space.coordinates(), 3, 4, fold, targets, weights};
  const HeadOptions options{1e-3, 2000};
  const Heads heads =
      train_heads(rows, *processor_head_math(serial_for)(rows), options, nullptr, kNoTick);
  double weight_sum = 0;
  std::vector<double> gradient(space.axes * 3, 0);
  std::vector<double> start(space.axes * 3, 0);  // the gradient at zero, as the measure
  for (size_t row = 0; row < 400; ++row) {
    if (fold[row] == 0) continue;
    weight_sum += weights[row];
    std::vector<double> p(3);
    for (size_t k = 0; k < 3; ++k) {
      double logit = heads.biases[k];
      for (size_t j = 0; j < space.axes; ++j) {
        logit +=
            double{space.values[row * space.width + j]} * heads.directions[j * heads.stride + k];
      }
      p[k] = std::exp(logit);
    }
    const double sum = p[0] + p[1] + p[2];
    for (size_t k = 0; k < 3; ++k) {
      const double z = weights[row] * (p[k] / sum - targets[row * 3 + k]);
      const double z0 = weights[row] * (1.0 / 3 - targets[row * 3 + k]);
      for (size_t j = 0; j < space.axes; ++j) {
        gradient[j * 3 + k] += z * space.values[row * space.width + j];
        start[j * 3 + k] += z0 * space.values[row * space.width + j];
      }
    }
  }
  double left = 0;
  double whole = 0;
  for (size_t j = 0; j < space.axes; ++j) {
    for (size_t k = 0; k < 3; ++k) {
      const double g =
          gradient[j * 3 + k] + 1e-3 * weight_sum * heads.directions[j * heads.stride + k];
      left += g * g;
      whole += start[j * 3 + k] * start[j * 3 + k];
    }
  }
  CHECK(std::sqrt(left / whole) < 2e-3);
  WorkerGroup workers(3);
  const auto threaded = processor_head_math(workers.as_parallel_for())(rows);
  const Heads again = train_heads(rows, *threaded, options, nullptr, kNoTick);
  CHECK(again.directions == heads.directions);
  CHECK(again.biases == heads.biases);
}

TEST_CASE("folds are even in every class and keep groups together") {
  std::vector<ClassIndex> labels;
  std::vector<uint32_t> groups;
  for (uint32_t i = 0; i < 300; ++i) {
    labels.push_back(static_cast<ClassIndex>(i % 7 == 0 ? 0 : 1));
    groups.push_back(i - i % 3);
  }
  labels[10] = kNoClass;
  const std::vector<uint8_t> fold = stratified_folds(labels, groups, 2, 5, 3);
  CHECK(fold[10] == kNoFold);
  std::map<std::pair<int, int>, int> counts;
  std::map<uint32_t, std::set<int>> of_group;
  for (size_t i = 0; i < labels.size(); ++i) {
    if (i == 10) continue;
    ++counts[{labels[i], fold[i]}];
    of_group[groups[i]].insert(fold[i]);
  }
  for (const auto& [group, folds] : of_group) CHECK(folds.size() == 1);
  for (int f = 0; f < 5; ++f) {
    CHECK(std::abs(counts[{1, f}] - 51) <= 4);
    CHECK(std::abs(counts[{0, f}] - 9) <= 4);
  }
}

TEST_CASE("copies of a picture do not let the probe see its own label") {
  // Labels without any meaning, each picture there twice: a head that saw the copy would know the
  // label, and an honest one is right by chance.
  Rng rng(3);
  std::vector<float> values;
  std::vector<ClassIndex> labels;
  for (size_t picture = 0; picture < 300; ++picture) {
    std::vector<float> row(kColumns);
    for (float& value : row) value = static_cast<float>(draw_normal(rng));
    const auto label = static_cast<ClassIndex>(rng.below(4));
    for (size_t copy = 0; copy < 2; ++copy) {
      for (const float value : row) {
        values.push_back(value + static_cast<float>(0.001 * draw_normal(rng)));
      }
      labels.push_back(label);
    }
  }
  const EmbeddingSpace space = make_embedding_space(values, kColumns, serial_for);
  const Neighbours neighbours =
      nearest_neighbours(space.matrix(), {10, Distance::kCosine}, serial_for);
  const std::vector<uint32_t> groups =
      near_duplicate_groups(space.matrix(), neighbours, serial_for);
  CHECK(groups[1] == groups[0]);
  CHECK(groups[2] != groups[0]);
  const auto with_groups =
      run_probe(space, labels, groups, 4, {}, processor_head_math(serial_for), kNoTick);
  const auto without = run_probe(space, labels, alone(labels.size()), 4, {},
                                 processor_head_math(serial_for), kNoTick);
  CHECK(accuracy(with_groups, labels, 4) < 0.33);
  CHECK(accuracy(without, labels, 4) > accuracy(with_groups, labels, 4) + 0.1);
}

TEST_CASE("copies stay together however many there are, and what is merely dense is no copy") {
  constexpr size_t kCopies = 11;
  Rng rng(8);
  std::vector<float> values;
  for (size_t picture = 0; picture < 200; ++picture) {
    std::vector<float> row(kColumns);
    for (float& value : row) value = static_cast<float>(draw_normal(rng));
    for (size_t copy = 0; copy < kCopies; ++copy) {
      for (const float value : row) {
        values.push_back(value + static_cast<float>(0.005 * draw_normal(rng)));
      }
    }
  }
  const EmbeddingSpace copied = make_embedding_space(values, kColumns, serial_for);
  const auto groups_of = [](const EmbeddingSpace& space) {
    return near_duplicate_groups(
        space.matrix(), nearest_neighbours(space.matrix(), {10, Distance::kCosine}, serial_for),
        serial_for);
  };
  const std::vector<uint32_t> groups = groups_of(copied);
  CHECK(grouped_rows(groups) == groups.size());
  CHECK(std::set<uint32_t>(groups.begin(), groups.end()).size() == 200);
  // One class five times as dense as the others.
  Blobs blobs = make_blobs(2000, 10, 1.0, 5);
  for (size_t row = 10; row < 2000; row += 10) {
    for (size_t j = 0; j < kColumns; ++j) {
      float& value = blobs.values[row * kColumns + j];
      value = blobs.values[j] + 0.2F * (value - blobs.values[j]);
    }
  }
  std::vector<size_t> sizes(2000, 0);
  for (const uint32_t group : groups_of(make_embedding_space(blobs.values, kColumns, serial_for))) {
    ++sizes[group];
  }
  CHECK(*std::max_element(sizes.begin(), sizes.end()) < 50);
}

TEST_CASE(
    "a probe learns what there is to learn, chooses its strength, and serves the unlabelled") {
  Blobs blobs = make_blobs(900, 5, 2.0, 9);
  const EmbeddingSpace space = make_embedding_space(blobs.values, kColumns, serial_for);
  std::vector<ClassIndex> labels = blobs.labels;
  for (size_t row = 0; row < 60; ++row) labels[row] = kNoClass;
  const Probe probe =
      run_probe(space, labels, alone(900), 5, {}, processor_head_math(serial_for), kNoTick);
  CHECK(accuracy(probe, blobs.labels, 5) > 0.9);
  size_t right = 0;
  for (size_t row = 0; row < 60; ++row) {
    const float* p = probe.probabilities.data() + row * 5;
    right += std::max_element(p, p + 5) - p == blobs.labels[row];
    CHECK(p[0] + p[1] + p[2] + p[3] + p[4] == doctest::Approx(1).epsilon(1e-4));
  }
  CHECK(right > 50);
  CHECK(probe.tried.size() >= 2);
  for (const TriedStrength& each : probe.tried) {
    if (each.lambda == probe.lambda) continue;
    CHECK(each.log_loss >= std::min_element(probe.tried.begin(), probe.tried.end(),
                                            [](const TriedStrength& a, const TriedStrength& b) {
                                              return a.log_loss < b.log_loss;
                                            })
                               ->log_loss);
  }
  std::vector<ClassIndex> one(900, 0);
  CHECK_THROWS_AS(
      run_probe(space, one, alone(900), 5, {}, processor_head_math(serial_for), kNoTick), Error);
}

TEST_CASE(
    "features of any units weigh the same, and rows that are not finite stand in the middle") {
  // The classes differ in a column a million times smaller than another, and a third is constant.
  constexpr size_t kRows = 400;
  Rng rng(3);
  std::vector<ClassIndex> labels;
  std::vector<float> values;
  for (size_t row = 0; row < kRows; ++row) {
    labels.push_back(static_cast<ClassIndex>(row % 2));
    values.push_back(static_cast<float>(1000 * draw_normal(rng)));
    values.push_back(
        static_cast<float>(5 + 0.001 * (static_cast<double>(row % 2) + 0.1 * draw_normal(rng))));
    values.push_back(0.1F);
  }
  const auto judge = [&](const EmbeddingSpace& space) {
    return accuracy(
        run_probe(space, labels, alone(kRows), 2, {}, processor_head_math(serial_for), kNoTick),
        labels, 2);
  };
  std::vector<float> naive = values;
  CHECK(judge(make_embedding_space(naive, 3, serial_for)) < 0.6);
  std::vector<float> half(values.begin(), values.begin() + 3 * kRows / 2);
  std::vector<float> rest(values.begin() + 3 * kRows / 2, values.end());
  const EmbeddingSpace space = make_feature_space(values, 3, serial_for);
  CHECK(space.axes == 2);
  CHECK(judge(space) > 0.98);
  // Of the axes that a part of the rows has, the others have coordinates too.
  const SpaceAxes axes(half, 3, SpaceScaling::kColumns, serial_for);
  std::vector<float> coordinates = axes.coordinates(half, serial_for);
  axes.scale(rest, serial_for);
  const std::vector<float> further = axes.coordinates(rest, serial_for);
  coordinates.insert(coordinates.end(), further.begin(), further.end());
  CHECK(judge(axes.space(kRows, coordinates)) > 0.98);
  // Where each row stands is told; what has no place stands in the middle.
  const EmbeddingSpace placed = place_rows(space, std::vector<size_t>{3, 0}, 5);
  CHECK(placed.rows == 5);
  CHECK(placed.matrix().row(3)[0] == space.matrix().row(0)[0]);
  CHECK(placed.matrix().row(0)[1] == space.matrix().row(1)[1]);
  CHECK(placed.matrix().row(4)[0] == 0);
  double total = 0;
  for (const double square : space.squares) total += square;
  CHECK(total / kRows == doctest::Approx(1).epsilon(1e-3));
}
