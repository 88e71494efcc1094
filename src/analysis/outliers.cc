#include "analysis/outliers.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "analysis/quantile.h"
#include "analysis/row_geometry.h"

namespace errata::analysis {

namespace {

std::vector<double> mean_distances(const Neighbours& neighbours) {
  std::vector<double> means(neighbours.rows, 0.0);
  for (size_t row = 0; row < neighbours.rows; ++row) {
    const std::span<const float> distances = neighbours.distances_of(row);
    means[row] = std::accumulate(distances.begin(), distances.end(), 0.0) /
                 static_cast<double>(std::max<size_t>(1, neighbours.k));
  }
  return means;
}

}  // namespace

OutlierScores outlier_scores(const Neighbours& neighbours, Distance distance) {
  constexpr double kEpsilon = std::numeric_limits<double>::epsilon();
  constexpr double kFence = 1 / 0.37037 - 1;
  OutlierScores found;
  if (neighbours.rows == 0) return found;
  const std::vector<double> means = mean_distances(neighbours);
  std::vector<double> sorted = means;
  std::sort(sorted.begin(), sorted.end());
  const double scale = std::max(quantile(sorted, 0.5), 100 * kEpsilon);
  const double lower = quantile(sorted, 0.25);
  const double upper = quantile(sorted, 0.75);
  found.farthest_usual = upper + kFence * (upper - lower);
  const double rounding =
      distance == Distance::kEuclidean ? std::sqrt(100 * kEpsilon) : 100 * kEpsilon / 2;
  for (const double mean : means) {
    found.scores.push_back(mean < rounding ? 1 : std::exp(-mean / scale));
    found.outlier.push_back(mean > found.farthest_usual ? 1 : 0);
  }
  return found;
}

OutlierScores find_outliers(const FloatMatrix& points, size_t k, Distance distance, Copies copies,
                            const ParallelFor& parallel_for) {
  if (copies == Copies::kCompat) {
    return outlier_scores(find_neighbours(points, {k, distance}, parallel_for), distance);
  }
  const EqualRows equal = find_equal_rows(points);
  const OutlierScores among =
      outlier_scores(neighbours_of_firsts(points, equal, {k, distance}, parallel_for), distance);
  OutlierScores found;
  found.farthest_usual = among.farthest_usual;
  for (const uint32_t group : equal.group) {
    found.scores.push_back(among.scores[group]);
    found.outlier.push_back(among.outlier[group]);
  }
  return found;
}

Distance datalab_distance(size_t columns) {
  return columns > 3 ? Distance::kCosine : Distance::kEuclidean;
}

std::vector<double> uniqueness_scores(const Neighbours& neighbours, bool compat) {
  constexpr double kWeights[] = {0.6, 0.3, 0.1};
  constexpr size_t kFullMatrixRows = 15'000;
  const size_t first = compat ? 1 : 0;
  std::vector<double> scores(neighbours.rows, 1.0);
  if (neighbours.k < 3 + first) return scores;
  double most = 0;
  for (size_t row = 0; row < neighbours.rows; ++row) {
    double sum = 0;
    for (size_t n = 0; n < 3; ++n) {
      const double distance = neighbours.distances_of(row)[first + n];
      const bool as_chord = compat && neighbours.rows > kFullMatrixRows;
      sum += kWeights[n] * (as_chord ? std::sqrt(2 * distance) : distance);
    }
    scores[row] = sum / 3;
    most = std::max(most, scores[row]);
  }
  if (most > 0) {
    for (double& score : scores) score /= most;
  }
  return scores;
}

std::vector<double> representativeness_scores(const Clusters& clusters, bool compat) {
  std::vector<double> most(clusters.sizes.size(), 0.0);
  std::vector<double> mean(clusters.sizes.size(), 0.0);
  for (size_t row = 0; row < clusters.of.size(); ++row) {
    const uint32_t cluster = clusters.of[row];
    most[cluster] = std::max(most[cluster], double{clusters.distance[row]});
    mean[cluster] += clusters.distance[row] / static_cast<double>(clusters.sizes[cluster]);
  }
  const double enough = 0.25 * static_cast<double>(clusters.of.size()) /
                        static_cast<double>(std::max<size_t>(1, clusters.sizes.size()));
  std::vector<double> scores;
  for (size_t row = 0; row < clusters.of.size(); ++row) {
    const uint32_t cluster = clusters.of[row];
    const double distance = clusters.distance[row];
    if (compat) {
      scores.push_back(most[cluster] > 0 ? distance / most[cluster] : 0);
    } else {
      const double weight = std::min(1.0, static_cast<double>(clusters.sizes[cluster]) / enough);
      scores.push_back(weight * (mean[cluster] > 0 ? 1 / (1 + distance / mean[cluster]) : 1));
    }
  }
  return scores;
}

}  // namespace errata::analysis
