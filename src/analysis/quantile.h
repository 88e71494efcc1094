#pragma once

#include <algorithm>
#include <cstddef>
#include <span>

namespace errata::analysis {

// Of sorted values, linear between the two nearest (numpy's default). There is at least one.
inline double quantile(std::span<const double> sorted, double share) {
  const double at = std::clamp(share, 0.0, 1.0) * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<size_t>(at);
  const size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (at - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

}  // namespace errata::analysis
