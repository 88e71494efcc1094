#include "analysis/neighbours.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "base/random.h"

using namespace errata;
using namespace errata::analysis;

namespace {

struct Points {
  size_t rows = 0;
  size_t columns = 0;
  std::vector<float> values;
  FloatMatrix view() const { return {values, rows, columns}; }
};

double normal(Rng& rng) {
  return std::sqrt(-2 * std::log(rng.uniform_positive())) *
         std::cos(6.283185307179586 * rng.uniform());
}

Points random_points(size_t rows, size_t columns, uint64_t seed) {
  Rng rng(seed);
  Points points{rows, columns, {}};
  for (size_t i = 0; i < rows * columns; ++i) {
    points.values.push_back(static_cast<float>(normal(rng)));
  }
  return points;
}

// Around centres, in a few directions each: as embeddings lie.
Points clustered_points(size_t rows, size_t columns, uint64_t seed) {
  constexpr size_t kCentres = 20;
  constexpr size_t kDirections = 6;
  const Points centres = random_points(kCentres, columns, seed + 1);
  const Points directions = random_points(kCentres * kDirections, columns, seed + 2);
  Rng rng(seed);
  Points points{rows, columns, {}};
  for (size_t row = 0; row < rows; ++row) {
    const size_t centre = rng.below(kCentres);
    std::vector<float> values(centres.view().row(centre).begin(), centres.view().row(centre).end());
    for (size_t d = 0; d < kDirections; ++d) {
      const double along = 0.4 * normal(rng);
      const std::span<const float> direction = directions.view().row(centre * kDirections + d);
      for (size_t c = 0; c < columns; ++c) values[c] += static_cast<float>(along * direction[c]);
    }
    for (float& value : values) value += static_cast<float>(0.02 * normal(rng));
    points.values.insert(points.values.end(), values.begin(), values.end());
  }
  return points;
}

// By definition, all pairs in double precision.
std::vector<std::pair<double, uint32_t>> brute(const Points& points, size_t row,
                                               Distance distance) {
  std::vector<double> mean(points.columns, 0.0);
  if (distance == Distance::kCentredCosine) {
    for (size_t i = 0; i < points.values.size(); ++i) {
      mean[i % points.columns] += points.values[i] / static_cast<double>(points.rows);
    }
  }
  std::vector<std::pair<double, uint32_t>> all;
  for (uint32_t other = 0; other < points.rows; ++other) {
    if (other == row) continue;
    double aa = 0, bb = 0, ab = 0, dd = 0;
    for (size_t c = 0; c < points.columns; ++c) {
      const double a = points.view().row(row)[c] - mean[c];
      const double b = points.view().row(other)[c] - mean[c];
      aa += a * a;
      bb += b * b;
      ab += a * b;
      dd += (a - b) * (a - b);
    }
    const bool cosine = distance != Distance::kEuclidean;
    const double found = !cosine ? std::sqrt(dd) : aa * bb == 0 ? 1 : 1 - ab / std::sqrt(aa * bb);
    all.emplace_back(dd == 0 ? 0 : found, other);
  }
  std::sort(all.begin(), all.end());
  return all;
}

void check_exact(const Points& points, size_t k, Distance distance) {
  const Neighbours found = nearest_neighbours(points.view(), {k, distance}, serial_for);
  REQUIRE(found.k == std::min(k, points.rows - 1));
  size_t wrong = 0;
  for (size_t row = 0; row < points.rows; ++row) {
    const auto expected = brute(points, row, distance);
    for (size_t n = 0; n < found.k; ++n) {
      wrong +=
          std::abs(found.distances_of(row)[n] - expected[n].first) > 1e-6 * (1 + expected[n].first);
      // Where the next is no farther than rounding, either may come first.
      const bool tie = n + 1 < expected.size() && n > 0 &&
                       (expected[n + 1].first - expected[n].first < 1e-12 ||
                        expected[n].first - expected[n - 1].first < 1e-12);
      wrong += !tie && found.of(row)[n] != expected[n].second;
    }
  }
  CHECK(wrong == 0);
}

}  // namespace

TEST_CASE("exact neighbours are those of comparing all pairs, at odd sizes too") {
  for (const Distance distance :
       {Distance::kCosine, Distance::kCentredCosine, Distance::kEuclidean}) {
    for (const auto& [rows, columns] :
         {std::pair<size_t, size_t>{2, 1}, {7, 3}, {250, 17}, {400, 300}, {601, 512}}) {
      CAPTURE(rows);
      check_exact(clustered_points(rows, columns, rows), 10, distance);
    }
  }
}

TEST_CASE("of equally near rows the lower comes first, however many there are") {
  // Points of a small grid: distances are exact, and each occurs many times.
  Points grid{900, 3, {}};
  Rng rng(3);
  for (size_t i = 0; i < grid.rows * grid.columns; ++i) {
    grid.values.push_back(static_cast<float>(rng.below(6)));
  }
  const Neighbours found = nearest_neighbours(grid.view(), {15, Distance::kEuclidean}, serial_for);
  size_t wrong = 0;
  for (size_t row = 0; row < grid.rows; ++row) {
    const auto expected = brute(grid, row, Distance::kEuclidean);
    for (size_t n = 0; n < found.k; ++n) wrong += found.of(row)[n] != expected[n].second;
  }
  CHECK(wrong == 0);
}

TEST_CASE("equal rows are at distance 0, and a row is not its own neighbour") {
  Points points = random_points(300, 40, 5);
  for (size_t row = 100; row < 160; ++row) {
    std::copy_n(points.values.begin(), 40, points.values.begin() + static_cast<long>(row) * 40);
  }
  for (size_t c = 0; c < 40; ++c) points.values[200 * 40 + c] = 0;  // no direction at all
  for (const Distance distance : {Distance::kCosine, Distance::kEuclidean}) {
    const Neighbours found = nearest_neighbours(points.view(), {10, distance}, serial_for);
    CHECK(found.of(0)[0] == 100);
    CHECK(found.distances_of(0)[9] == 0);
    CHECK(found.of(130)[0] == 0);
    CHECK(found.of(130)[1] == 100);
  }
  const Neighbours cosine = nearest_neighbours(points.view(), {10}, serial_for);
  CHECK(cosine.distances_of(200)[0] == 1);
}

TEST_CASE("small differences far from the origin are not lost to single precision") {
  // |a|^2 - 2 a.b + |b|^2 in floats has no correct digit here: naively the order is noise.
  Points points{400, 8, {}};
  Rng rng(11);
  for (size_t i = 0; i < points.rows * points.columns; ++i) {
    points.values.push_back(static_cast<float>(10'000 + rng.uniform()));
  }
  check_exact(points, 5, Distance::kEuclidean);
  // One point very far away must not make the others' products inexact either.
  points.values[0] = 1e9f;
  check_exact(points, 5, Distance::kEuclidean);
}

TEST_CASE("fewer rows than neighbours, one row, and none") {
  check_exact(random_points(4, 5, 1), 10, Distance::kCosine);
  CHECK(nearest_neighbours(random_points(1, 5, 1).view(), {10}, serial_for).k == 0);
  CHECK(nearest_neighbours(Points{0, 5, {}}.view(), {10}, serial_for).rows == 0);
  CHECK(approximate_neighbours(Points{0, 5, {}}.view(), {10}, {}, serial_for).rows == 0);
}

TEST_CASE("the number of threads does not change what is found, exact or approximate") {
  const Points points = clustered_points(3000, 33, 21);
  WorkerGroup workers(3);
  for (const Distance distance : {Distance::kCosine, Distance::kEuclidean}) {
    const NeighbourOptions options{10, distance};
    const Neighbours one = nearest_neighbours(points.view(), options, serial_for);
    const Neighbours many = nearest_neighbours(points.view(), options, workers.as_parallel_for());
    CHECK(one.index == many.index);
    CHECK(one.distance == many.distance);
    const Neighbours guess = approximate_neighbours(points.view(), options, {}, serial_for);
    const Neighbours again =
        approximate_neighbours(points.view(), options, {}, workers.as_parallel_for());
    CHECK(guess.index == again.index);
    CHECK(guess.distance == again.distance);
  }
}

TEST_CASE("nor does it of many rows, in which lists are sampled; and many neighbours are found") {
  const Points points = clustered_points(20'000, 24, 5);
  WorkerGroup workers(3);
  const NeighbourOptions options{10, Distance::kCosine};
  const Neighbours guess = approximate_neighbours(points.view(), options, {}, serial_for);
  const Neighbours again =
      approximate_neighbours(points.view(), options, {}, workers.as_parallel_for());
  CHECK(guess.index == again.index);
  const Points fewer = clustered_points(6000, 24, 5);
  const Neighbours exact = nearest_neighbours(fewer.view(), {50, Distance::kCosine}, serial_for);
  const Neighbours most =
      approximate_neighbours(fewer.view(), {50, Distance::kCosine}, {}, serial_for);
  size_t found = 0;
  for (size_t row = 0; row < fewer.rows; ++row) {
    const std::set<uint32_t> truth(exact.of(row).begin(), exact.of(row).end());
    for (const uint32_t each : most.of(row)) found += truth.contains(each);
  }
  CHECK(found > 0.98 * static_cast<double>(fewer.rows) * 50);
}

TEST_CASE("approximate neighbours are nearly all of the exact ones; copies among them are kept") {
  Points points = clustered_points(6000, 64, 8);
  for (size_t row = 3000; row < 3040; ++row) {
    std::copy_n(points.values.begin(), 64, points.values.begin() + static_cast<long>(row) * 64);
  }
  for (const Distance distance :
       {Distance::kCosine, Distance::kCentredCosine, Distance::kEuclidean}) {
    const Neighbours exact = nearest_neighbours(points.view(), {10, distance}, serial_for);
    const Neighbours guess = approximate_neighbours(points.view(), {10, distance}, {}, serial_for);
    size_t found = 0;
    for (size_t row = 0; row < points.rows; ++row) {
      const std::set<uint32_t> truth(exact.of(row).begin(), exact.of(row).end());
      for (const uint32_t each : guess.of(row)) found += truth.contains(each);
    }
    CHECK(found > 0.98 * static_cast<double>(points.rows) * 10);
    CHECK(guess.distances_of(0)[9] == 0);
  }
}

// What a network says of photographs spreads over more directions than twelve around a centre.
TEST_CASE("of points of many dimensions nearly all neighbours are found too") {
  constexpr size_t kDimensions = 24;
  Points points{10'000, 64, {}};
  const Points directions = random_points(kDimensions, 64, 5);
  const Points along = random_points(points.rows, kDimensions, 6);
  points.values.assign(points.rows * 64, 0);
  for (size_t row = 0; row < points.rows; ++row) {
    for (size_t d = 0; d < kDimensions; ++d) {
      for (size_t c = 0; c < 64; ++c) {
        points.values[row * 64 + c] += along.view().row(row)[d] * directions.view().row(d)[c];
      }
    }
  }
  const NeighbourOptions options{10, Distance::kCosine};
  const Neighbours exact = nearest_neighbours(points.view(), options, serial_for);
  const Neighbours guess = approximate_neighbours(points.view(), options, {}, serial_for);
  size_t found = 0;
  for (size_t row = 0; row < points.rows; ++row) {
    const std::set<uint32_t> truth(exact.of(row).begin(), exact.of(row).end());
    for (const uint32_t each : guess.of(row)) found += truth.contains(each);
  }
  CHECK(found > 0.985 * static_cast<double>(points.rows) * 10);
}

TEST_CASE("distances to one point are those between rows") {
  const Points points = random_points(50, 12, 4);
  for (const Distance distance :
       {Distance::kCosine, Distance::kCentredCosine, Distance::kEuclidean}) {
    const std::vector<double> found =
        distances_to(points.view(), points.view().row(7), distance, serial_for);
    const auto expected = brute(points, 7, distance);
    CHECK(found[expected[0].second] == doctest::Approx(expected[0].first));
    CHECK(found[7] == doctest::Approx(0));
  }
}
