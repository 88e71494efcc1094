// Nearest neighbours of every row of a matrix of embeddings: exact, or approximate where comparing
// all pairs would take too long.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "analysis/matrix.h"
#include "base/workers.h"

namespace errata::analysis {

enum class Distance : uint8_t {
  kCosine,         // 1 - cos(a, b), 0..2; a row of zeros is at 1 from everything but its equals
  kCentredCosine,  // the same, once the mean of all rows is taken off
  kEuclidean
};

struct NeighbourOptions {
  size_t k = 10;
  Distance distance = Distance::kCosine;
};

// The k nearest of each row, nearest first, of equally near ones the lower row; never the row
// itself, but always its equals. k is less than asked for where there are not so many rows.
struct Neighbours {
  size_t rows = 0;
  size_t k = 0;
  std::vector<uint32_t> index;  // rows x k
  std::vector<float> distance;  // rows x k, rising within a row

  std::span<const uint32_t> of(size_t row) const { return std::span(index).subspan(row * k, k); }
  std::span<const float> distances_of(size_t row) const {
    return std::span(distance).subspan(row * k, k);
  }
};

// Exact: products in single precision choose candidates, distances in double precision choose among
// them, and where the error of the first could have lost one the row is compared with all again. So
// the result does not depend on the number of threads, nor on the processor. Values are finite.
// Memory: the result, and some 2 MiB a thread. Time: rows^2 x columns.
Neighbours nearest_neighbours(const FloatMatrix& points, const NeighbourOptions& options,
                              const ParallelFor& parallel_for);

// Approximate, for some hundred thousand rows and more: a forest of random-projection trees
// (Dasgupta and Freund 2008) gives first neighbours, NN-descent (Dong, Moses, Li 2011) betters
// them. The distances are those of double precision; of the true neighbours some are missing
// (bench/neighbours.sh prints how many are found). Depends on the seed and nothing else.
struct ApproximateOptions {
  size_t trees = 6;
  size_t rounds = 6;  // of descent, at most: it ends where next to nothing changes
  uint64_t seed = 1;
};
Neighbours approximate_neighbours(const FloatMatrix& points, const NeighbourOptions& options,
                                  const ApproximateOptions& approximate,
                                  const ParallelFor& parallel_for);

// Whether comparing all pairs takes less than about half a minute on two cores.
bool exact_is_affordable(size_t rows, size_t columns);

// The exact one where that is affordable, else the approximate one with its defaults.
Neighbours find_neighbours(const FloatMatrix& points, const NeighbourOptions& options,
                           const ParallelFor& parallel_for);

// What find_neighbours starts from: `equal` are the equal rows of `points`, and the result has a
// row for each of `equal.firsts` and indices into them. kCentredCosine takes off the mean of all
// rows.
struct EqualRows;
Neighbours neighbours_of_firsts(const FloatMatrix& points, const EqualRows& equal,
                                const NeighbourOptions& options, const ParallelFor& parallel_for);

// Distances of all rows to one point, in double precision; kCentredCosine takes off the rows' mean.
std::vector<double> distances_to(const FloatMatrix& points, std::span<const float> point,
                                 Distance distance, const ParallelFor& parallel_for);

}  // namespace errata::analysis
