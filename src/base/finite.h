// Whether values are finite, for rows that are looked at again and again.
#pragma once

#include <cstddef>
#include <span>

namespace errata {

// Neither NaN nor infinite. In lanes, so that compilers turn it into vector instructions.
inline bool all_finite(std::span<const float> values) {
  constexpr size_t kLanes = 16;
  float sums[kLanes] = {};
  size_t i = 0;
  for (; i + kLanes <= values.size(); i += kLanes) {
    for (size_t lane = 0; lane < kLanes; ++lane) sums[lane] += values[i + lane] * 0.0F;  // 0 or NaN
  }
  float sum = 0;
  for (; i < values.size(); ++i) sum += values[i] * 0.0F;
  for (const float lane : sums) sum += lane;
  return sum == 0;
}

}  // namespace errata
