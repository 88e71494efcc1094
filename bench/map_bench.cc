// A map of embeddings: bench_map POINTS.npy [PEERS_MAP.npy]
// Prints the seconds of neighbours and layout and the trustworthiness of the map, and that of the
// peer's map of the same points, all euclidean, as UMAP has it by default.
#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <exception>
#include <vector>

#include "analysis/map_layout.h"
#include "text/npy.h"

namespace {

using namespace errata;
using namespace errata::analysis;
using Clock = std::chrono::steady_clock;

constexpr size_t kNeighbours = 15;
constexpr size_t kAsked = 1000;

std::vector<float> read(const char* path, size_t& rows, size_t& columns) {
  const text::NpyArray array = text::NpyArray::open(path);
  rows = array.header().rows();
  columns = array.header().columns();
  std::vector<float> values(rows * columns);
  array.read_rows(0, rows, values.data());
  return values;
}

double secs_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

void measure(int argc, char** argv) {
  size_t rows = 0, columns = 0;
  const std::vector<float> values = read(argv[1], rows, columns);
  const FloatMatrix points{values, rows, columns};
  WorkerGroup workers(hardware_threads() - 1, "bench");
  const ParallelFor parallel_for = workers.as_parallel_for();
  const auto trusted = [&](const std::vector<MapPoint>& map) {
    return trustworthiness(points, map, kNeighbours, kAsked, Distance::kEuclidean, parallel_for);
  };
  const auto begin = Clock::now();
  const Neighbours neighbours =
      find_neighbours(points, {kNeighbours, Distance::kEuclidean}, parallel_for);
  const double found = secs_since(begin);
  const std::vector<MapPoint> map = lay_out_map(points, neighbours, {}, parallel_for);
  const double all = secs_since(begin);
  fmt::print(
      "{} x {}: errata {:.1f} s (neighbours {:.1f}, layout {:.1f}), trustworthiness {:.4f}\n", rows,
      columns, all, found, all - found, trusted(map));
  if (argc < 3) return;
  size_t peer_rows = 0, peer_columns = 0;
  const std::vector<float> peer = read(argv[2], peer_rows, peer_columns);
  std::vector<MapPoint> peers;
  for (size_t row = 0; row < rows; ++row) peers.push_back({peer[2 * row], peer[2 * row + 1]});
  fmt::print("the peer's trustworthiness {:.4f}\n", trusted(peers));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fputs("bench_map POINTS.npy [PEERS_MAP.npy]\n", stderr);
    return 2;
  }
  try {
    measure(argc, argv);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
