// Near copies by embeddings, with a threshold that the data sets and that copies cannot move.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "analysis/neighbours.h"

namespace errata::analysis {

struct NearOptions {
  // Of the distance that the nearest picture which is no copy is expected at: Datalab's 0.13.
  double ratio = 0.13;
  size_t k = 10;  // neighbours of each row that are looked at; of rows with more copies more
  uint64_t seed = 1;
};

struct NearCopies {
  std::vector<std::pair<uint32_t, uint32_t>> pairs;  // first < second, rising, each once
  double usual_distance = 0;  // of a row to the nearest that is no copy, in the middle of all
  double dimension = 0;       // that distances between the rows show
};

// Rows nearer than `ratio` of the distance to be expected of rows that are no copies (centred
// cosine). Datalab takes the median distance to the nearest row for that, which is the distance
// between copies once most rows have one, and then next to nothing is found. Here it is taken in a
// random sample to the third nearest; how distances shrink with the number of rows (as n^(-1 /
// dimension)) is read off a sample of a quarter of that and carries it over to all rows. Where they
// shrink faster than rows of two dimensions can, most rows have copies of themselves in the sample:
// it is thinned until they have not. Of many rows larger samples are tried, until distances shrink
// so: a small one of many groups sees but what lies between those. Groups of more rows than one in
// about ten are what the data is made of, not copies. Where rows lie denser than usual their own
// distance to the sample counts, down to a third of the usual one.
NearCopies find_near_copies(const FloatMatrix& points, const NearOptions& options,
                            const ParallelFor& parallel_for);
// The same where the neighbours of each row are known: by centred cosine, or by cosine of points
// whose mean is 0; options.k is not asked.
NearCopies near_copies_among(const FloatMatrix& points, const Neighbours& neighbours,
                             const NearOptions& options, const ParallelFor& parallel_for);

}  // namespace errata::analysis
