// Clusters by k-means: Lloyd's iteration from k-means++ seeds (Arthur and Vassilvitskii 2007).
#pragma once

#include <cstdint>
#include <vector>

#include "analysis/matrix.h"
#include "base/workers.h"

namespace errata::analysis {

struct KMeansOptions {
  size_t clusters = 20;
  size_t rounds = 30;  // at most
  uint64_t seed = 1;
  bool unit_rows = true;  // rows are brought to norm 1 first: clusters of directions
};

struct Clusters {
  std::vector<uint32_t> of;     // of each row; clusters are numbered by falling size
  std::vector<float> distance;  // euclidean, of each row to the centre of its cluster
  std::vector<size_t> sizes;    // of each cluster; none is empty
  std::vector<float> centres;   // clusters x columns
};

// Fewer clusters than asked for where there are fewer different rows. Depends on the seed, not on
// the number of threads. Values are finite. Time: rounds x rows x clusters x columns.
Clusters find_clusters(const FloatMatrix& points, const KMeansOptions& options,
                       const ParallelFor& parallel_for);

}  // namespace errata::analysis
