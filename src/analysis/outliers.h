// How alone, how unique and how typical each row of a set of embeddings is.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "analysis/kmeans.h"
#include "analysis/neighbours.h"

namespace errata::analysis {

// Datalab (cleanlab 2.9, issue_manager/outlier.py): d = mean distance to the k nearest, score =
// exp(-d / median d), 1 where d is rounding; an outlier where d > Q3 + (1 / 0.37037 - 1) IQR, the
// quartiles by linear interpolation.
struct OutlierScores {
  std::vector<double> scores;  // low: alone
  std::vector<uint8_t> outlier;
  double farthest_usual = 0;  // the mean distance above which a row is one
};
OutlierScores outlier_scores(const Neighbours& neighbours, Distance distance);

// Whom the distances are taken to. Datalab counts equal rows: of an outlier that is there eleven
// times each has ten neighbours at distance 0 and none is found, and where more than half of the
// rows have copies the median is 0 and all others score 0.
enum class Copies : uint8_t {
  kOnce,   // equal rows are one picture
  kCompat  // each counts, as in Datalab
};
OutlierScores find_outliers(const FloatMatrix& points, size_t k, Distance distance, Copies copies,
                            const ParallelFor& parallel_for);

// The distance that Datalab takes: cosine for more than three columns, else euclidean.
Distance datalab_distance(size_t columns);

// FiftyOne Brain (uniqueness.py): (0.6 d1 + 0.3 d2 + 0.1 d3) / the largest of all, from the
// distances (centred cosine) to the three nearest. `neighbours` has k >= 3, with `compat` k >= 4:
// there it looks at neighbours 2 to 4, so that of two copies neither scores 0, and above 15,000
// rows at sqrt(2 d) instead of d. All 1 with fewer rows.
std::vector<double> uniqueness_scores(const Neighbours& neighbours, bool compat);

// FiftyOne Brain (representativeness.py) means 1 / (1 + d), d the distance to the centre of the own
// cluster of 20, and gives d / (largest d of the cluster): the least typical scores 1. Here: 1 / (1
// + d / mean d of the cluster), so that it depends on no scale, and in clusters of less than a
// quarter of an even share that much less: an outlier is the middle of its own. With `compat` their
// d / largest d.
std::vector<double> representativeness_scores(const Clusters& clusters, bool compat);

}  // namespace errata::analysis
