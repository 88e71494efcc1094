#include "analysis/pairwise_sum.h"

#include <algorithm>
#include <array>

namespace errata::analysis {

namespace {

constexpr size_t kLanes = 8;
constexpr size_t kBlock = 128;

size_t first_half(size_t size) {
  return size / 2 - size / 2 % kLanes;
}

double block_sum(std::span<const double> values) {
  double sum = 0;
  size_t i = 0;
  if (values.size() >= kLanes) {
    std::array<double, kLanes> sums{};
    for (; i + kLanes <= values.size(); i += kLanes) {
      for (size_t lane = 0; lane < kLanes; ++lane) sums[lane] += values[i + lane];
    }
    sum = ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
  }
  for (; i < values.size(); ++i) sum += values[i];
  return sum;
}

double sum_from(size_t begin, size_t size, std::span<const size_t> places,
                std::span<const double> values) {
  if (values.empty()) return 0;
  if (size <= kBlock) {
    std::array<double, kBlock> block{};
    for (size_t i = 0; i < values.size(); ++i) block[places[i] - begin] = values[i];
    return block_sum(std::span(block).first(size));
  }
  const size_t half = first_half(size);
  const auto split = static_cast<size_t>(
      std::lower_bound(places.begin(), places.end(), begin + half) - places.begin());
  return sum_from(begin, half, places.first(split), values.first(split)) +
         sum_from(begin + half, size - half, places.subspan(split), values.subspan(split));
}

}  // namespace

double pairwise_sum(std::span<const double> values) {
  if (values.size() <= kBlock) return block_sum(values);
  const size_t half = first_half(values.size());
  return pairwise_sum(values.first(half)) + pairwise_sum(values.subspan(half));
}

double pairwise_sum(size_t size, std::span<const size_t> places, std::span<const double> values) {
  return sum_from(0, size, places, values);
}

}  // namespace errata::analysis
