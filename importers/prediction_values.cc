#include "importers/prediction_values.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace errata::importers {

namespace {

constexpr float kRangeTolerance = 1e-3f;
// More of the rows looked at than this share agree: broken ones must not decide, and rows of logits
// do not sum to 1 inside 0..1.
constexpr double kAgreement = 0.5;

}  // namespace

float sum_tolerance(size_t columns) {
  return std::clamp(0.005f * static_cast<float>(columns), 0.02f, 0.1f);
}

void KindGuess::add(std::span<const float> row) {
  double sum = 0;
  double exp_sum = 0;
  for (const float value : row) {
    if (!std::isfinite(value)) return;
    sum += value;
    exp_sum += value < 20 ? std::exp(value) : 1e9;
  }
  const auto [low, high] = std::minmax_element(row.begin(), row.end());
  if (row.empty()) return;
  smallest_ = rows_ == 0 ? *low : std::min(smallest_, *low);
  largest_ = rows_ == 0 ? *high : std::max(largest_, *high);
  ++rows_;
  const double tolerance = sum_tolerance(columns_);
  const bool inside = *low >= -kRangeTolerance && *high <= 1 + kRangeTolerance;
  if (inside && std::abs(sum - 1) <= tolerance) {
    ++rows_sum_one_;
  } else if (!odd_sum_) {
    odd_sum_ = sum;
  }
  if (*low >= 0 && std::abs(sum - 100) <= 100 * tolerance) ++rows_sum_hundred_;
  if (*high <= kRangeTolerance && std::abs(exp_sum - 1) <= tolerance) ++rows_exp_sum_one_;
}

bool KindGuess::sums_are_one() const {
  return rows_ > 0 && static_cast<double>(rows_sum_one_) > kAgreement * static_cast<double>(rows_);
}

std::optional<PredictionKind> KindGuess::decide(std::string& reason) const {
  const auto most = [&](size_t rows) {
    return static_cast<double>(rows) > kAgreement * static_cast<double>(rows_);
  };
  if (rows_ == 0) {
    reason = "no row has only numbers";
    return std::nullopt;
  }
  if (most(rows_sum_one_)) {
    reason = "probabilities: values lie in 0..1 and rows sum to 1";
    return PredictionKind::kProbabilities;
  }
  if (columns_ > 1 && most(rows_sum_hundred_)) {
    reason = "the rows sum to 100: percentages; divide them by 100";
    return std::nullopt;
  }
  if (most(rows_exp_sum_one_)) {
    reason = "logits: logarithms of probabilities";
    return PredictionKind::kLogits;
  }
  if (smallest_ >= -kRangeTolerance && largest_ <= 1 + kRangeTolerance) {
    reason = fmt::format(
        "the values lie in 0..1 but rows do not sum to 1 (one sums to {:.3g}): outputs of "
        "independent sigmoids are not probabilities of one class",
        odd_sum_.value_or(0));
    return std::nullopt;
  }
  reason = fmt::format("logits: values from {:.3g} to {:.3g}", smallest_, largest_);
  return PredictionKind::kLogits;
}

RowFault check_row(std::span<const float> row, PredictionKind kind, bool check_sum) {
  float sum = 0;
  float low = 0;
  float high = 0;
  for (const float value : row) {
    sum += value;
    low = std::min(low, value);
    high = std::max(high, value);
  }
  // A NaN or an infinity anywhere shows in the sum; an overflow of large finite values too, and is
  // looked at value by value.
  if (!std::isfinite(sum)) {
    for (size_t i = 0; i < row.size(); ++i) {
      if (!std::isfinite(row[i])) {
        return {"nan-value", fmt::format("value {} of the row is {}", i + 1, row[i])};
      }
    }
  }
  if (kind != PredictionKind::kProbabilities) return {};
  if (low < -kRangeTolerance || high > 1 + kRangeTolerance) {
    return {"not-a-probability",
            fmt::format("a value is {:.4g}, outside 0..1", low < -kRangeTolerance ? low : high)};
  }
  if (high <= 0) return {"not-a-probability", "no value of the row is above 0"};
  if (check_sum && std::abs(sum - 1) > sum_tolerance(row.size())) {
    return {"not-a-probability", fmt::format("the row sums to {:.4g}, not to 1", sum)};
  }
  return {};
}

}  // namespace errata::importers
