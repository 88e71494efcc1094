#include "analysis/near_embeddings.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "base/random.h"
#include "tests/analysis/datalab_references.h"

using namespace errata;
using namespace errata::analysis;

namespace {

constexpr size_t kColumns = 48;

double normal(Rng& rng) {
  return std::sqrt(-2 * std::log(rng.uniform_positive())) *
         std::cos(6.283185307179586 * rng.uniform());
}

// Pictures around ten centres in ten directions each, and `copies` near copies of each of the first
// `copied` ones: moved by a few hundredths of what lies between different pictures.
struct Planted {
  size_t rows = 0;
  std::vector<float> values;
  std::vector<uint32_t> original;

  Planted(size_t pictures, size_t copied, size_t copies, uint64_t seed) {
    Rng rng(seed);
    std::vector<std::vector<double>> bases;
    for (size_t i = 0; i < 10 * 11; ++i) {
      std::vector<double> base;
      for (size_t c = 0; c < kColumns; ++c) base.push_back(normal(rng));
      bases.push_back(base);
    }
    std::vector<std::vector<double>> made;
    for (size_t i = 0; i < pictures; ++i) {
      const size_t centre = rng.below(10) * 11;
      std::vector<double> point = bases[centre];
      for (size_t d = 1; d <= 10; ++d) {
        const double along = 0.5 * normal(rng);
        for (size_t c = 0; c < kColumns; ++c) point[c] += along * bases[centre + d][c];
      }
      for (double& value : point) value += 0.1 * normal(rng);
      add(point, static_cast<uint32_t>(i));
      made.push_back(point);
    }
    for (uint32_t i = 0; i < copied; ++i) {
      for (size_t copy = 0; copy < copies; ++copy) {
        std::vector<double> point = made[i];
        for (double& value : point) value += 0.08 * normal(rng);
        add(point, i);
      }
    }
  }
  void add(const std::vector<double>& point, uint32_t from) {
    for (const double value : point) values.push_back(static_cast<float>(value));
    original.push_back(from);
    ++rows;
  }
  FloatMatrix view() const { return {values, rows, kColumns}; }
};

struct Found {
  double recall = 0;     // of the rows that have a copy, those found to have one
  double precision = 0;  // of the pairs
};

template <typename Pairs>
Found judge(const Planted& planted, const Pairs& pairs) {
  std::vector<size_t> times(planted.rows, 0);
  for (const uint32_t each : planted.original) ++times[each];
  std::vector<uint8_t> hit(planted.rows, 0);
  size_t right = 0;
  for (const auto& [a, b] : pairs) {
    if (planted.original[a] != planted.original[b]) continue;
    ++right;
    hit[a] = hit[b] = 1;
  }
  size_t with = 0;
  for (const uint32_t each : planted.original) with += times[each] > 1;
  return {static_cast<double>(std::count(hit.begin(), hit.end(), 1)) /
              static_cast<double>(std::max<size_t>(1, with)),
          pairs.empty() ? 1 : static_cast<double>(right) / static_cast<double>(pairs.size())};
}

// Datalab's near duplicates: nearer than 0.13 of the median distance to the nearest.
std::vector<std::pair<uint32_t, uint32_t>> datalab_pairs(const FloatMatrix& points,
                                                         Distance distance) {
  const Neighbours neighbours = nearest_neighbours(points, {10, distance}, serial_for);
  std::vector<float> nearest;
  for (size_t row = 0; row < points.rows; ++row) {
    nearest.push_back(neighbours.distances_of(row)[0]);
  }
  std::sort(nearest.begin(), nearest.end());
  const double median = (nearest[(nearest.size() - 1) / 2] + nearest[nearest.size() / 2]) / 2;
  std::vector<std::pair<uint32_t, uint32_t>> pairs;
  for (uint32_t row = 0; row < points.rows; ++row) {
    for (size_t n = 0; n < neighbours.k; ++n) {
      if (neighbours.distances_of(row)[n] < 0.13 * std::max(median, 1e-6)) {
        pairs.emplace_back(row, neighbours.of(row)[n]);
      }
    }
  }
  return pairs;
}

}  // namespace

TEST_CASE("all pairs of a picture that is there more often than neighbours are asked for") {
  const Planted planted(2000, 3, 60, 4);
  const std::vector<std::pair<uint32_t, uint32_t>> pairs =
      find_near_copies(planted.view(), {}, serial_for).pairs;
  size_t right = 0;
  for (const auto& [a, b] : pairs) right += planted.original[a] == planted.original[b];
  CHECK(right == pairs.size());
  CHECK(right >= 0.98 * 3 * 61 * 60 / 2);
  // All rows equal: it ends.
  const std::vector<float> equal(500 * kColumns, 1.0F);
  CHECK(find_near_copies({equal, 500, kColumns}, {}, serial_for).pairs.size() >= 499);
}

TEST_CASE("near copies are found however many there are; Datalab's threshold collapses") {
  struct Trial {
    size_t pictures, copied, copies;
  };
  for (const Trial& trial :
       {Trial{4000, 200, 1}, Trial{2000, 2000, 1}, Trial{600, 600, 6}, Trial{1500, 1500, 3},
        Trial{400, 400, 12}, Trial{150, 150, 7}, Trial{100, 100, 11}, Trial{2000, 40, 99}}) {
    CAPTURE(trial.copied);
    CAPTURE(trial.copies);
    const Planted planted(trial.pictures, trial.copied, trial.copies, 7);
    const Found found = judge(planted, find_near_copies(planted.view(), {}, serial_for).pairs);
    CHECK(found.recall > 0.99);
    CHECK(found.precision > 0.99);
    if (trial.copied == trial.pictures) {
      CHECK(judge(planted, datalab_pairs(planted.view(), Distance::kCosine)).recall < 0.2);
    }
  }
}

TEST_CASE("without copies next to none is found, whatever the number of rows") {
  for (const size_t rows : {60, 500, 4000}) {
    const Planted planted(rows, 0, 0, rows);
    const NearCopies found = find_near_copies(planted.view(), {}, serial_for);
    CHECK(found.pairs.size() <= rows / 500);
    CHECK(found.usual_distance > 0);
  }
}

TEST_CASE("of many rows in small groups those of one group are no copies") {
  // 400 groups: a sample of 600 has less than three rows of each and measures what lies between;
  // by that alone a quarter of the pairs would be of pictures that are no copies.
  constexpr size_t kRows = 78'000;
  constexpr size_t kGroups = 400;
  constexpr size_t kDirections = 8;
  constexpr size_t kWidth = 16;
  Rng rng(5);
  std::vector<float> bases((kDirections + 1) * kGroups * kWidth);
  for (float& value : bases) value = static_cast<float>(rng.uniform() - 0.5);
  std::vector<float> values;
  for (size_t i = 0; i < kRows; ++i) {
    if (i % 20 == 19) {  // a copy of the one before it
      for (size_t c = 0; c < kWidth; ++c) {
        values.push_back(values[values.size() - kWidth] +
                         static_cast<float>(0.01 * (rng.uniform() - 0.5)));
      }
      continue;
    }
    const float* base = bases.data() + rng.below(kGroups) * (kDirections + 1) * kWidth;
    std::vector<float> point(base, base + kWidth);
    for (size_t d = 1; d <= kDirections; ++d) {
      const auto along = static_cast<float>(0.8 * (rng.uniform() - 0.5));
      for (size_t c = 0; c < kWidth; ++c) point[c] += along * base[d * kWidth + c];
    }
    values.insert(values.end(), point.begin(), point.end());
  }
  const NearCopies found = find_near_copies({values, kRows, kWidth}, {}, serial_for);
  const auto right = std::count_if(found.pairs.begin(), found.pairs.end(), [](const auto& pair) {
    return pair.second % 20 == 19 && pair.first + 1 == pair.second;
  });
  CHECK(static_cast<double>(right) > 0.99 * kRows / 20);
  CHECK(static_cast<double>(right) > 0.94 * static_cast<double>(found.pairs.size()));
}

TEST_CASE("of many rows copies are found where most of a larger sample are copies") {
  const Planted planted(800, 800, 96, 11);
  const Found found = judge(planted, find_near_copies(planted.view(), {}, serial_for).pairs);
  CHECK(found.recall > 0.99);
  CHECK(found.precision > 0.99);
}

TEST_CASE("with few copies it finds what Datalab finds") {
  for (const test::DatalabCase& each : test::datalab_cases()) {
    if (each.json->at("name").as_string() != "copies, cosine") continue;
    std::vector<double> expected = each.numbers("near_duplicates");
    std::vector<uint8_t> hit(each.rows, 0);
    for (const auto& [a, b] : find_near_copies(each.view(), {}, serial_for).pairs) {
      hit[a] = hit[b] = 1;
    }
    std::vector<double> found;
    for (size_t row = 0; row < each.rows; ++row) {
      if (hit[row] != 0) found.push_back(static_cast<double>(row));
    }
    CHECK(found == expected);
  }
}

TEST_CASE("of a handful of rows only equal ones are copies; none of one row") {
  const Planted planted(10, 0, 0, 3);
  CHECK(find_near_copies(planted.view(), {}, serial_for).pairs.empty());
  Planted twice = planted;
  std::copy_n(twice.values.begin(), kColumns, twice.values.begin() + 5 * kColumns);
  const auto pairs = find_near_copies(twice.view(), {}, serial_for).pairs;
  CHECK(pairs == std::vector<std::pair<uint32_t, uint32_t>>{{0, 5}});
  CHECK(find_near_copies({std::span(planted.values).first(kColumns), 1, kColumns}, {}, serial_for)
            .pairs.empty());
}
