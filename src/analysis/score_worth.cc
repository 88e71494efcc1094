#include "analysis/score_worth.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace errata::analysis {

namespace {

struct Curve {
  double slope = 1;
  double offset = 0;
  double at(double x) const { return 1 / (1 + std::exp(-slope * x - offset)); }
};

struct Row {
  double x = 0;  // logit of the score
  double outcome = 0;
};

double logit(double score) {
  const double inside = std::clamp(score, 1e-6, 1 - 1e-6);
  return std::log(inside / (1 - inside));
}

// Newton's method on the log likelihood and a normal prior of deviation 1 around `prior`.
Curve fit(std::span<const Row> rows, const Curve& prior) {
  Curve curve = prior;
  for (int round = 0; round < 25; ++round) {
    double gradient_slope = prior.slope - curve.slope;
    double gradient_offset = prior.offset - curve.offset;
    double slopes = 1;
    double offsets = 1;
    double both = 0;
    for (const Row& row : rows) {
      const double p = curve.at(row.x);
      const double weight = p * (1 - p);
      gradient_slope += (row.outcome - p) * row.x;
      gradient_offset += row.outcome - p;
      slopes += weight * row.x * row.x;
      offsets += weight;
      both += weight * row.x;
    }
    const double determinant = slopes * offsets - both * both;
    const double slope_step = (offsets * gradient_slope - both * gradient_offset) / determinant;
    const double offset_step = (slopes * gradient_offset - both * gradient_slope) / determinant;
    // A step beyond 2 is where the curve is nearly flat: Newton would run off.
    const double shrink = std::min(1.0, 2 / std::max(std::abs(slope_step), std::abs(offset_step)));
    curve.slope += shrink * slope_step;
    curve.offset += shrink * offset_step;
    if (std::abs(slope_step) + std::abs(offset_step) < 1e-9) break;
  }
  curve.slope = std::max(curve.slope, 0.0);
  return curve;
}

}  // namespace

std::vector<double> worth_of_scores(std::span<const double> scores,
                                    std::span<const ClassIndex> class_index, size_t classes,
                                    std::span<const uint8_t> outcomes) {
  if (scores.size() != outcomes.size() || scores.size() != class_index.size()) {
    throw Error(ErrorCategory::kInternal, "scores and outcomes are of unequal length");
  }
  std::vector<Row> all(scores.size());
  std::vector<std::vector<Row>> by_class(classes);
  for (size_t i = 0; i < scores.size(); ++i) {
    all[i] = {logit(scores[i]), static_cast<double>(outcomes[i])};
    by_class[static_cast<size_t>(class_index[i])].push_back(all[i]);
  }
  const Curve shared = fit(all, {});
  std::vector<Curve> curves;
  for (const auto& rows : by_class) curves.push_back(fit(rows, shared));
  std::vector<double> worth(scores.size());
  for (size_t i = 0; i < scores.size(); ++i) {
    worth[i] = curves[static_cast<size_t>(class_index[i])].at(all[i].x);
  }
  return worth;
}

}  // namespace errata::analysis
