#include "versions/split_groups.h"

#include <algorithm>
#include <limits>
#include <numeric>

namespace errata::versions {

namespace {

constexpr int kRounds = 20;
constexpr size_t kMaxGroupsForSwaps = 2'000;
constexpr double kGain = 1e-9;

class Allocator {
 public:
  Allocator(const std::vector<SplitGroup>& groups, std::span<const double> shares, size_t columns)
      : groups_(groups), columns_(columns), over_(shares.size()), column_over_(columns, 0) {
    for (size_t i = 0; i < shares.size(); ++i) {
      over_[i] = -shares[i];
      column_over_[i % columns] -= shares[i];
    }
    for (const double over : column_over_) open_.push_back(over < 0);
    if (std::find(open_.begin(), open_.end(), true) == open_.end()) open_[0] = true;
    column_of_.assign(groups.size(), columns);
  }

  std::vector<size_t> run() {
    for (size_t g = 0; g < groups_.size(); ++g) move(g, best_column(g));
    for (int round = 0; round < kRounds && (improve_by_moves() | improve_by_swaps()); ++round) {
    }
    return std::move(column_of_);
  }

 private:
  // Cost of adding (sign 1) or taking away (-1) a group in a column.
  double change(size_t g, size_t column, double sign) const {
    double cost = 0;
    double size = 0;
    for (const auto& [code, count] : groups_[g].counts) {
      const double n = sign * static_cast<double>(count);
      cost += n * (2 * over_[static_cast<size_t>(code) * columns_ + column] + n);
      size += n;
    }
    return cost + size * (2 * column_over_[column] + size);
  }

  void apply(size_t g, size_t column, double sign) {
    for (const auto& [code, count] : groups_[g].counts) {
      const double n = sign * static_cast<double>(count);
      over_[static_cast<size_t>(code) * columns_ + column] += n;
      column_over_[column] += n;
    }
  }

  void move(size_t g, size_t column) {
    if (column_of_[g] < columns_) apply(g, column_of_[g], -1);
    apply(g, column, 1);
    column_of_[g] = column;
  }

  size_t best_column(size_t g) const {
    size_t best = columns_;
    double least = std::numeric_limits<double>::infinity();
    for (size_t p = 0; p < columns_; ++p) {
      if (!open_[p]) continue;
      const double cost = change(g, p, 1);
      if (cost < least) {
        least = cost;
        best = p;
      }
    }
    return best;
  }

  bool improve_by_moves() {
    bool improved = false;
    for (size_t g = 0; g < groups_.size(); ++g) {
      const size_t from = column_of_[g];
      apply(g, from, -1);
      const size_t to = best_column(g);
      const bool better = change(g, to, 1) < change(g, from, 1) - kGain;
      column_of_[g] = better ? to : from;
      apply(g, column_of_[g], 1);
      improved = improved || better;
    }
    return improved;
  }

  bool improve_by_swaps() {
    if (groups_.size() > kMaxGroupsForSwaps) return false;
    bool improved = false;
    for (size_t g = 0; g < groups_.size(); ++g) {
      for (size_t h = g + 1; h < groups_.size(); ++h) {
        if (column_of_[g] != column_of_[h]) improved = try_swap(g, h) || improved;
      }
    }
    return improved;
  }

  bool try_swap(size_t g, size_t h) {
    const size_t a = column_of_[g];
    const size_t b = column_of_[h];
    double cost = change(g, a, -1);
    apply(g, a, -1);
    cost += change(h, b, -1);
    apply(h, b, -1);
    cost += change(g, b, 1);
    apply(g, b, 1);
    cost += change(h, a, 1);
    apply(h, a, 1);
    column_of_[g] = b;
    column_of_[h] = a;
    if (cost < -kGain) return true;
    move(g, a);
    move(h, b);
    return false;
  }

  const std::vector<SplitGroup>& groups_;
  const size_t columns_;
  std::vector<double> over_;         // per cell: samples there less the share
  std::vector<double> column_over_;  // the same of column sums
  std::vector<bool> open_;           // columns with any share
  std::vector<size_t> column_of_;
};

}  // namespace

std::vector<size_t> allocate_groups(std::vector<SplitGroup>& groups, std::span<const double> shares,
                                    size_t columns) {
  std::sort(groups.begin(), groups.end(), [](const SplitGroup& a, const SplitGroup& b) {
    if (a.samples.size() != b.samples.size()) return a.samples.size() > b.samples.size();
    return a.order != b.order ? a.order < b.order : a.first_sample < b.first_sample;
  });
  return Allocator(groups, shares, columns).run();
}

void fit_to_sum(std::span<double> row, double sum) {
  if (sum <= 0) {
    std::fill(row.begin(), row.end(), 0.0);
    return;
  }
  for (double& value : row) value = std::max(0.0, value);
  // The common amount: by the sorted values, the projection onto a simplex (Held et al. 1974).
  std::vector<double> sorted(row.begin(), row.end());
  std::sort(sorted.rbegin(), sorted.rend());
  double total = 0;
  double lower = 0;
  for (size_t i = 0; i < sorted.size(); ++i) {
    total += sorted[i];
    const double candidate = (total - sum) / static_cast<double>(i + 1);
    if (sorted[i] - candidate > 0) lower = candidate;
  }
  // Never upwards: a part that wants nobody gets nobody.
  lower = std::max(0.0, lower);
  for (double& value : row) value = std::max(0.0, value - lower);
}

void fit_columns(std::span<int64_t> sizes, int64_t sum) {
  int64_t total = 0;
  for (int64_t& size : sizes) {
    size = std::max<int64_t>(0, size);
    total += size;
  }
  // Those who want most give first, one by one: the whole-number form of fit_to_sum.
  while (total > sum) {
    const auto largest = std::max_element(sizes.begin(), sizes.end());
    const int64_t second = [&] {
      int64_t value = 0;
      for (const int64_t& size : sizes) {
        if (&size != &*largest) value = std::max(value, size);
      }
      return value;
    }();
    const int64_t step = std::clamp<int64_t>(*largest - second, 1, total - sum);
    *largest -= step;
    total -= step;
  }
}

}  // namespace errata::versions
