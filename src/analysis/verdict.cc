#include "analysis/verdict.h"

#include <algorithm>

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

std::vector<uint8_t> isolated_rows(const Neighbours& neighbours, size_t k) {
  constexpr double kReach = 1.7;
  std::vector<uint8_t> isolated(neighbours.rows, 0);
  const size_t used = std::min(k, neighbours.k);
  if (neighbours.rows == 0 || used == 0) return isolated;
  std::vector<double> mean(neighbours.rows, 0);
  for (size_t row = 0; row < neighbours.rows; ++row) {
    for (size_t i = 0; i < used; ++i) mean[row] += neighbours.distances_of(row)[i];
  }
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
