#include "analysis/map_layout.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "base/random.h"

using namespace errata;
using namespace errata::analysis;

namespace {

constexpr size_t kColumns = 20;

// Eight crowds.
std::vector<float> crowds(size_t rows) {
  Rng rng(4);
  std::vector<float> centres;
  for (size_t i = 0; i < 8 * kColumns; ++i) {
    centres.push_back(static_cast<float>(4 * (rng.uniform() - 0.5)));
  }
  std::vector<float> values;
  for (size_t row = 0; row < rows; ++row) {
    for (size_t c = 0; c < kColumns; ++c) {
      values.push_back(centres[row % 8 * kColumns + c] + static_cast<float>(rng.uniform() - 0.5));
    }
  }
  return values;
}

}  // namespace

TEST_CASE("the map keeps neighbours, is in its middle, and does not depend on threads") {
  constexpr size_t kRows = 1600;
  const std::vector<float> values = crowds(kRows);
  const FloatMatrix points{values, kRows, kColumns};
  const Neighbours neighbours = nearest_neighbours(points, {15, Distance::kEuclidean}, serial_for);
  WorkerGroup workers(3);
  const std::vector<MapPoint> one = lay_out_map(points, neighbours, {}, serial_for);
  const std::vector<MapPoint> many = lay_out_map(points, neighbours, {}, workers.as_parallel_for());
  size_t other = 0;
  double x = 0, widest = 0;
  for (size_t i = 0; i < kRows; ++i) {
    other += one[i].x != many[i].x || one[i].y != many[i].y;
    x += one[i].x / static_cast<double>(kRows);
    widest = std::max(widest, std::abs(double{one[i].x}));
    CHECK(std::isfinite(one[i].y));
  }
  CHECK(other == 0);
  CHECK(std::abs(x) < 1e-4);
  CHECK(widest > 4);
  CHECK(widest < 100);
  const double trusted = trustworthiness(points, one, 15, kRows, Distance::kEuclidean, serial_for);
  MESSAGE("trustworthiness " << trusted);
  CHECK(trusted > 0.93);
  MapOptions seeded;
  seeded.seed = 2;
  CHECK(lay_out_map(points, neighbours, seeded, serial_for)[0].x != one[0].x);

  // Crowds stay apart: of a row's ten nearest on the map nearly all are of its crowd.
  size_t same = 0, all = 0;
  for (size_t row = 0; row < kRows; row += 16) {
    std::vector<std::pair<float, size_t>> near;
    for (size_t i = 0; i < kRows; ++i) {
      near.emplace_back(std::hypot(one[i].x - one[row].x, one[i].y - one[row].y), i);
    }
    std::partial_sort(near.begin(), near.begin() + 11, near.end());
    for (size_t n = 1; n <= 10; ++n) {
      same += near[n].second % 8 == row % 8;
      ++all;
    }
  }
  CHECK(static_cast<double>(same) > 0.98 * static_cast<double>(all));
}

TEST_CASE("of some ten thousand rows the map can be trusted more than after UMAP's 200 rounds") {
  constexpr size_t kRows = 10'400;
  const std::vector<float> values = crowds(kRows);
  const FloatMatrix points{values, kRows, kColumns};
  const Neighbours neighbours = nearest_neighbours(points, {15, Distance::kEuclidean}, serial_for);
  const auto trusted = [&](const MapOptions& options) {
    return trustworthiness(points, lay_out_map(points, neighbours, options, serial_for), 15, 400,
                           Distance::kEuclidean, serial_for);
  };
  MapOptions usual;
  usual.rounds = 200;
  const double after_200 = trusted(usual);
  const double found = trusted({});
  MESSAGE("trustworthiness " << found << ", after 200 rounds " << after_200);
  CHECK(found > after_200 + 0.001);
}

TEST_CASE("trustworthiness: 1 of a plane laid out as it is, about a half of a random one") {
  Rng rng(1);
  std::vector<float> values;
  std::vector<MapPoint> same, shuffled;
  for (size_t i = 0; i < 500; ++i) {
    values.push_back(static_cast<float>(rng.uniform()));
    values.push_back(static_cast<float>(rng.uniform()));
    same.push_back({values[2 * i], values[2 * i + 1]});
    shuffled.push_back({static_cast<float>(rng.uniform()), static_cast<float>(rng.uniform())});
  }
  const FloatMatrix points{values, 500, 2};
  CHECK(trustworthiness(points, same, 5, 500, Distance::kEuclidean, serial_for) == 1);
  const double random = trustworthiness(points, shuffled, 5, 500, Distance::kEuclidean, serial_for);
  CHECK(random > 0.45);
  CHECK(random < 0.55);
}

TEST_CASE("copies, few rows and none do no harm") {
  std::vector<float> values = crowds(200);
  for (size_t row = 10; row < 60; ++row) {
    std::copy_n(values.begin(), kColumns, values.begin() + static_cast<long>(row * kColumns));
  }
  const FloatMatrix points{values, 200, kColumns};
  for (const MapPoint& each :
       lay_out_map(points, nearest_neighbours(points, {15}, serial_for), {}, serial_for)) {
    CHECK(std::isfinite(each.x));
    CHECK(std::isfinite(each.y));
  }
  for (const size_t rows : {0, 1, 2, 3}) {
    const FloatMatrix few{std::span(values).first(rows * kColumns), rows, kColumns};
    CHECK(lay_out_map(few, nearest_neighbours(few, {15}, serial_for), {}, serial_for).size() ==
          rows);
  }
}
