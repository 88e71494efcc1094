// Nearest neighbours, exact and approximate:
//   bench_neighbours ROWS COLUMNS [exact]     points around centres, in twelve directions each
//   bench_neighbours FILE.npy [exact]         somebody's embeddings
// Prints the seconds of each and the recall of the approximate one: how many of the ten true
// neighbours of 1,000 rows, drawn at random, are among the ten it gives.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <exception>
#include <numeric>
#include <set>
#include <string>
#include <vector>

#include "analysis/neighbours.h"
#include "base/random.h"
#include "text/npy.h"

namespace {

using namespace errata;
using namespace errata::analysis;

constexpr size_t kNeighbours = 10;

double normal(Rng& rng) {
  return std::sqrt(-2 * std::log(rng.uniform_positive())) *
         std::cos(6.283185307179586 * rng.uniform());
}

std::vector<float> make_points(size_t rows, size_t columns, const ParallelFor& parallel_for) {
  constexpr size_t kCentres = 100;
  constexpr size_t kDirections = 12;
  std::vector<float> bases(kCentres * (kDirections + 1) * columns);
  Rng seed(1);
  for (float& value : bases) value = static_cast<float>(normal(seed));
  std::vector<float> points(rows * columns);
  parallel_for(rows, 1000, [&](size_t begin, size_t end) {
    for (size_t row = begin; row < end; ++row) {
      Rng rng(2, row);
      const float* base = bases.data() + rng.below(kCentres) * (kDirections + 1) * columns;
      float* to = points.data() + row * columns;
      std::copy_n(base, columns, to);
      for (size_t d = 1; d <= kDirections; ++d) {
        const auto along = static_cast<float>(0.4 * normal(rng));
        for (size_t c = 0; c < columns; ++c) to[c] += along * base[d * columns + c];
      }
      for (size_t c = 0; c < columns; ++c) {
        to[c] += static_cast<float>(0.2 * (rng.uniform() - rng.uniform()));
      }
    }
  });
  return points;
}

double recall(const FloatMatrix& points, const Neighbours& found, const ParallelFor& parallel_for) {
  constexpr size_t kAsked = 1000;
  std::vector<size_t> hits(kAsked);
  parallel_for(kAsked, 1, [&](size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) {
      Rng rng(3, i);
      const size_t row = rng.below(points.rows);
      std::vector<double> distances =
          distances_to(points, points.row(row), Distance::kCosine, serial_for);
      distances[row] = INFINITY;
      std::vector<uint32_t> order(points.rows);
      std::iota(order.begin(), order.end(), 0u);
      std::partial_sort(order.begin(), order.begin() + kNeighbours, order.end(),
                        [&](uint32_t a, uint32_t b) { return distances[a] < distances[b]; });
      const std::set<uint32_t> truth(order.begin(), order.begin() + kNeighbours);
      for (const uint32_t each : found.of(row)) hits[i] += truth.contains(each);
    }
  });
  return static_cast<double>(std::accumulate(hits.begin(), hits.end(), size_t{0})) /
         static_cast<double>(kAsked * kNeighbours);
}

template <typename Find>
Neighbours timed(const char* name, const Find& find) {
  const auto begin = std::chrono::steady_clock::now();
  Neighbours found = find();
  const std::chrono::duration<double> secs = std::chrono::steady_clock::now() - begin;
  fmt::print("{:12} {:8.2f} s", name, secs.count());
  return found;
}

void measure(const FloatMatrix& points, bool exact, const ParallelFor& parallel_for) {
  fmt::print("{} x {}, {} neighbours, cosine\n", points.rows, points.columns, kNeighbours);
  const NeighbourOptions options{kNeighbours, Distance::kCosine};
  if (exact) {
    const Neighbours found =
        timed("exact", [&] { return nearest_neighbours(points, options, parallel_for); });
    fmt::print("   recall {:.4f}\n", recall(points, found, parallel_for));
    std::fflush(stdout);
  }
  const Neighbours found = timed(
      "approximate", [&] { return approximate_neighbours(points, options, {}, parallel_for); });
  fmt::print("   recall {:.4f}\n", recall(points, found, parallel_for));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fputs("bench_neighbours ROWS COLUMNS [exact] | FILE.npy [exact]\n", stderr);
    return 2;
  }
  try {
    WorkerGroup workers(hardware_threads() - 1, "bench");
    const ParallelFor parallel_for = workers.as_parallel_for();
    const bool exact = std::strcmp(argv[argc - 1], "exact") == 0;
    if (std::string(argv[1]).ends_with(".npy")) {
      const text::NpyArray array = text::NpyArray::open(argv[1]);
      const size_t rows = array.header().rows();
      const size_t columns = array.header().columns();
      std::vector<float> values(rows * columns);
      array.read_rows(0, rows, values.data());
      measure({values, rows, columns}, exact, parallel_for);
      return 0;
    }
    if (argc < 3) throw std::runtime_error("how many columns?");
    const size_t rows = std::stoul(argv[1]);
    const size_t columns = std::stoul(argv[2]);
    const std::vector<float> values = make_points(rows, columns, parallel_for);
    measure({values, rows, columns}, exact, parallel_for);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
