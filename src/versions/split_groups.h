// The steps of a split that deal with groups and with whole numbers; for split.cc only.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace errata::versions {

// Samples that stay together.
struct SplitGroup {
  struct ClassCount {
    int32_t code = 0;
    int64_t count = 0;
  };
  std::vector<size_t> samples;
  std::vector<ClassCount> counts;  // of each class in it
  uint64_t order = 0;              // random, decides among equals
  size_t first_sample = 0;         // decides among equals of that

  void add(int32_t code) {
    for (ClassCount& entry : counts) {
      if (entry.code != code) continue;
      ++entry.count;
      return;
    }
    counts.push_back({code, 1});
  }
};

// A column for each group. `shares` (classes x columns) says how many samples of each class should
// lie where. The cost of a table is the sum of squared differences from the shares, over its cells
// and, with the same weight, over its column sums. Groups go in from the largest to the smallest,
// each to where it costs least; then single groups are moved, and where there are at most 2,000 of
// them exchanged, for as long as that lowers the cost (at most 20 rounds). A column without any
// share gets nothing. `groups` is reordered; the result follows the new order.
std::vector<size_t> allocate_groups(std::vector<SplitGroup>& groups, std::span<const double> shares,
                                    size_t columns);

// Wishes (some maybe negative) become shares >= 0 with the given sum: all are lowered by one
// amount, cut at 0. That is the nearest such row.
void fit_to_sum(std::span<double> row, double sum);
// Whole sizes (some maybe negative) become sizes >= 0 with the given sum, by the same rule.
void fit_columns(std::span<int64_t> sizes, int64_t sum);

}  // namespace errata::versions
