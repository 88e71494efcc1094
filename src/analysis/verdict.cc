#include "analysis/verdict.h"

#include <algorithm>

#include "analysis/row_geometry.h"

namespace errata::analysis {

std::optional<Verdict> verdict_of(const VerdictEvidence& evidence) {
  constexpr float kTwice = 2.0f / 3;  // twice as believed as the other of two
  if (!evidence.contradicted && !evidence.suspect) return std::nullopt;
  if ((evidence.isolated || evidence.shows_nothing) && evidence.highest_belief < 0.5f) {
    return Verdict::kNotValid;
  }
  if (evidence.suspect && evidence.score >= kTwice) return Verdict::kLabelWrong;
  if (evidence.score <= 1 - kTwice) return Verdict::kModelWrong;
  return Verdict::kAmbiguous;
}

std::vector<uint8_t> isolated_rows(const EmbeddingSpace& space, const Neighbours& neighbours,
                                   const ParallelFor& parallel_for) {
  constexpr double kReach = 1.7;
  std::vector<uint8_t> isolated(neighbours.rows, 0);
  if (neighbours.rows == 0 || neighbours.k == 0) return isolated;
  const FloatMatrix points = space.matrix();
  const RowGeometry geometry(points, Distance::kEuclidean, parallel_for);
  const auto left_out = [&](size_t row) {
    return space.left_out.empty() ? 0.0 : double{space.left_out[row]};
  };
  std::vector<double> mean(neighbours.rows, 0);
  parallel_for(neighbours.rows, 1024, [&](size_t begin, size_t end) {
    for (size_t row = begin; row < end; ++row) {
      for (const uint32_t near : neighbours.of(row)) {
        const double distance = geometry.between(row, near);
        mean[row] += distance * distance + left_out(row) + left_out(near);
      }
    }
  });
  std::vector<double> sorted = mean;
  std::sort(sorted.begin(), sorted.end());
  const double low = sorted[sorted.size() / 4];
  const double high = sorted[sorted.size() * 3 / 4];
  for (size_t row = 0; row < neighbours.rows; ++row) {
    isolated[row] = mean[row] > high + kReach * (high - low);
  }
  return isolated;
}

}  // namespace errata::analysis
