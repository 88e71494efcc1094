#include "analysis/audit_estimate.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace errata::analysis {

namespace {

constexpr int64_t kFewChanges = 10;

// P(X >= successes) for X binomial.
double upper_tail(int64_t successes, int64_t trials, double p) {
  if (successes <= 0) return 1;
  if (p <= 0) return 0;
  if (p >= 1) return 1;
  const auto n = static_cast<double>(trials);
  double tail = 0;
  for (int64_t k = successes; k <= trials; ++k) {
    const auto x = static_cast<double>(k);
    tail += std::exp(std::lgamma(n + 1) - std::lgamma(x + 1) - std::lgamma(n - x + 1) +
                     x * std::log(p) + (n - x) * std::log1p(-p));
  }
  return std::min(tail, 1.0);
}

// The p at which a rising function of p reaches `wanted`.
template <typename Fn>
double solve(double wanted, const Fn& fn) {
  double low = 0;
  double high = 1;
  for (int i = 0; i < 60; ++i) {
    const double middle = (low + high) / 2;
    (fn(middle) < wanted ? low : high) = middle;
  }
  return (low + high) / 2;
}

Estimate clamped(double value, double low, double high) {
  return {value, std::clamp(low, 0.0, 1.0), std::clamp(high, 0.0, 1.0)};
}

}  // namespace

// The normal quantile by bisection on erf: exact enough, and no table of constants.
double normal_quantile(double p) {
  double low = -40;
  double high = 40;
  for (int i = 0; i < 100; ++i) {
    const double middle = (low + high) / 2;
    (0.5 * std::erfc(-middle / std::sqrt(2.0)) < p ? low : high) = middle;
  }
  return (low + high) / 2;
}

Estimate clopper_pearson(int64_t successes, int64_t trials, double level) {
  if (trials <= 0) return {std::numeric_limits<double>::quiet_NaN(), 0, 1};
  const double alpha = (1 - level) / 2;
  Estimate estimate;
  estimate.value = static_cast<double>(successes) / static_cast<double>(trials);
  estimate.low =
      successes == 0 ? 0 : solve(alpha, [&](double p) { return upper_tail(successes, trials, p); });
  estimate.high = successes == trials ? 1 : solve(1 - alpha, [&](double p) {
    return upper_tail(successes + 1, trials, p);
  });
  return estimate;
}

AuditEstimate estimate_from_audit(const AuditCounts& counts, double level) {
  AuditEstimate estimate;
  estimate.label_error = clopper_pearson(counts.changed, counts.audited, level);
  constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
  if (counts.audited <= 0 || counts.population <= 0) {
    estimate.accuracy = {kNaN, 0, 1};
    return estimate;
  }
  const auto n = static_cast<double>(counts.audited);
  const auto population = static_cast<double>(counts.population);
  const double given = static_cast<double>(counts.right_given) / population;
  const double up = static_cast<double>(counts.became_right) / n;
  const double down = static_cast<double>(counts.became_wrong) / n;
  const double mean = up - down;
  if (counts.became_right + counts.became_wrong < kFewChanges &&
      counts.audited < counts.population) {
    const double each = 1 - (1 - level) / 2;
    const Estimate rises = clopper_pearson(counts.became_right, counts.audited, each);
    const Estimate falls = clopper_pearson(counts.became_wrong, counts.audited, each);
    estimate.accuracy =
        clamped(given + mean, given + rises.low - falls.high, given + rises.high - falls.low);
    return estimate;
  }
  const double variance = n > 1 ? (up + down - mean * mean) * n / (n - 1) : 0;
  const double deviation = std::sqrt(variance / n * std::max(0.0, 1 - n / population));
  const double z = normal_quantile(1 - (1 - level) / 2);
  estimate.accuracy =
      clamped(given + mean, given + mean - z * deviation, given + mean + z * deviation);
  return estimate;
}

}  // namespace errata::analysis
