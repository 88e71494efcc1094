// A map: rows of a matrix laid out in the plane so that neighbours stay together.
#pragma once

#include <cstdint>
#include <vector>

#include "analysis/neighbours.h"

namespace errata::analysis {

// UMAP (McInnes, Healy, Melville 2018) with its usual settings: the fuzzy union of the rows' balls
// over the neighbour graph, laid out by stochastic gradient descent with negative samples, min_dist
// 0.1 and spread 1.
struct MapOptions {
  size_t rounds = 0;  // 0: 500 for up to 10,000 rows, 400 for up to 100,000, else 200
  size_t negatives = 5;
  uint64_t seed = 1;
};

struct MapPoint {
  float x = 0;
  float y = 0;
};

// A round moves every row by its own edges and negative samples, seeing where the others stood at
// the end of the last: the layout depends on the seed and not on the number of threads. Begins with
// the principal components of `points`, smoothed over the graph until they are near its slowest
// modes. The middle of the map is 0, 0. Memory: some 30 bytes an edge.
std::vector<MapPoint> lay_out_map(const FloatMatrix& points, const Neighbours& neighbours,
                                  const MapOptions& options, const ParallelFor& parallel_for);

// Trustworthiness (Venna and Kaski 2001), 0..1: 1 where all the k nearest on the map are among the
// k nearest of the matrix, less by how far down that order the others are. Over `asked` rows drawn
// at random, or all if there are no more; euclidean, as scikit-learn has it, or another distance.
double trustworthiness(const FloatMatrix& points, std::span<const MapPoint> map, size_t k,
                       size_t asked, Distance distance, const ParallelFor& parallel_for);

}  // namespace errata::analysis
