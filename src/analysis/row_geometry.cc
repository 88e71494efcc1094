#include "analysis/row_geometry.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <unordered_map>

#include "base/hash.h"

namespace errata::analysis {

namespace {

// Sums of squares of (a - offset) * scale_a - (b - offset) * scale_b. Four sums, so that the
// compiler may keep them in vectors without changing the order.
double squared_difference(const float* a, double scale_a, const float* b, double scale_b,
                          const float* offset, size_t columns) {
  double sums[4] = {};
  size_t c = 0;
  const auto add = [&](size_t at, double& sum) {
    const double shift = offset == nullptr ? 0.0 : offset[at];
    const double difference = (a[at] - shift) * scale_a - (b[at] - shift) * scale_b;
    sum += difference * difference;
  };
  for (; c + 4 <= columns; c += 4) {
    for (size_t j = 0; j < 4; ++j) add(c + j, sums[j]);
  }
  for (; c < columns; ++c) add(c, sums[0]);
  return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

}  // namespace

std::vector<float> column_means(const FloatMatrix& points, const ParallelFor& parallel_for) {
  constexpr size_t kGrain = 4096;
  const size_t blocks = (points.rows + kGrain - 1) / kGrain;
  std::vector<double> sums(blocks * points.columns, 0.0);
  parallel_for(points.rows, kGrain, [&](size_t begin, size_t end) {
    double* sum = sums.data() + begin / kGrain * points.columns;
    for (size_t row = begin; row < end; ++row) {
      const float* from = points.values.data() + row * points.columns;
      for (size_t c = 0; c < points.columns; ++c) sum[c] += from[c];
    }
  });
  std::vector<float> means(points.columns, 0.0f);
  for (size_t c = 0; c < points.columns; ++c) {
    double sum = 0;
    for (size_t block = 0; block < blocks; ++block) sum += sums[block * points.columns + c];
    if (points.rows > 0) means[c] = static_cast<float>(sum / static_cast<double>(points.rows));
  }
  return means;
}

RowGeometry::RowGeometry(const FloatMatrix& points, Distance distance,
                         const ParallelFor& parallel_for)
    : points_(points), distance_(distance), norm_(points.rows) {
  // Distances do not change when all points are moved, and are more exact near the origin.
  if (distance != Distance::kCosine) offset_ = column_means(points, parallel_for);
  const bool cosine = distance != Distance::kEuclidean;
  if (cosine) {
    scale_.resize(points.rows);
    inverse_.resize(points.rows);
  } else {
    bias_.resize(points.rows);
  }
  parallel_for(points.rows, 1024, [&](size_t begin, size_t end) {
    const std::vector<float> zeros(points.columns, 0.0f);
    for (size_t row = begin; row < end; ++row) {
      const double squared =
          squared_difference(points.row(row).data(), 1, zeros.data(), 0,
                             offset_.empty() ? nullptr : offset_.data(), points.columns);
      norm_[row] = std::sqrt(squared);
      if (cosine) {
        inverse_[row] = norm_[row] > 0 ? 1 / norm_[row] : 0.0;
        scale_[row] = static_cast<float>(inverse_[row]);
      } else {
        bias_[row] = static_cast<float>(-squared / 2);
      }
    }
  });
}

double RowGeometry::between(size_t a, size_t b) const {
  const float* offset = offset_.empty() ? nullptr : offset_.data();
  const float* left = points_.row(a).data();
  const float* right = points_.row(b).data();
  if (distance_ == Distance::kEuclidean) {
    return std::sqrt(squared_difference(left, 1, right, 1, nullptr, points_.columns));
  }
  if (inverse_[a] == 0 || inverse_[b] == 0) return 1;
  return squared_difference(left, inverse_[a], right, inverse_[b], offset, points_.columns) / 2;
}

double RowGeometry::score_of(size_t row, double distance) const {
  if (distance_ != Distance::kEuclidean) return 1 - distance;
  return (norm_[row] * norm_[row] - distance * distance) / 2;
}

double RowGeometry::score_error(size_t row, double distance) const {
  const double relative = product_error(points_.columns);
  if (distance_ != Distance::kEuclidean) return relative;
  // Rows of a greater norm are farther than `distance`.
  const double reach = norm_[row] + distance;
  return relative * (norm_[row] * reach + reach * reach);
}

void replace_worst(std::span<Candidate> heap, Candidate candidate) {
  size_t at = 0;
  while (true) {
    size_t child = 2 * at + 1;
    if (child >= heap.size()) break;
    if (child + 1 < heap.size() && heap[child + 1].worse_than(heap[child])) ++child;
    if (!heap[child].worse_than(candidate)) break;
    heap[at] = heap[child];
    at = child;
  }
  heap[at] = candidate;
}

EqualRows find_equal_rows(const FloatMatrix& points) {
  EqualRows equal;
  equal.group.resize(points.rows);
  std::unordered_multimap<uint64_t, uint32_t> seen;  // by hash: groups
  seen.reserve(points.rows);
  const size_t bytes = points.columns * sizeof(float);
  for (uint32_t row = 0; row < points.rows; ++row) {
    const float* values = points.row(row).data();
    const uint64_t hash = xxh3_64({reinterpret_cast<const uint8_t*>(values), bytes});
    const auto [begin, end] = seen.equal_range(hash);
    const auto found = std::find_if(begin, end, [&](const auto& entry) {
      return std::memcmp(points.row(equal.firsts[entry.second]).data(), values, bytes) == 0;
    });
    if (found != end) {
      equal.group[row] = found->second;
      continue;
    }
    equal.group[row] = static_cast<uint32_t>(equal.firsts.size());
    seen.emplace(hash, equal.group[row]);
    equal.firsts.push_back(row);
  }
  equal.begins.assign(equal.firsts.size() + 1, 0);
  for (const uint32_t group : equal.group) ++equal.begins[group + 1];
  std::partial_sum(equal.begins.begin(), equal.begins.end(), equal.begins.begin());
  equal.members.resize(points.rows);
  std::vector<uint32_t> next(equal.begins.begin(), equal.begins.end() - 1);
  for (uint32_t row = 0; row < points.rows; ++row) equal.members[next[equal.group[row]]++] = row;
  return equal;
}

Neighbours spread_to_equals(Neighbours among_firsts, const EqualRows& equal, size_t k) {
  Neighbours all;
  all.rows = equal.group.size();
  all.k = all.rows == 0 ? 0 : std::min(k, all.rows - 1);
  if (equal.firsts.size() == all.rows && among_firsts.k == all.k) return among_firsts;
  all.index.resize(all.rows * all.k);
  all.distance.resize(all.rows * all.k);
  std::vector<Near> near;
  for (size_t row = 0; row < all.rows; ++row) {
    near.clear();
    // No more than k of any group can count, and those are its lowest.
    const auto add = [&](uint32_t group, double distance) {
      size_t taken = 0;
      for (uint32_t m = equal.begins[group]; m < equal.begins[group + 1] && taken < all.k; ++m) {
        if (equal.members[m] == row) continue;
        near.push_back({distance, equal.members[m]});
        ++taken;
      }
    };
    const uint32_t group = equal.group[row];
    add(group, 0);
    for (size_t n = 0; n < among_firsts.k; ++n) {
      add(among_firsts.of(group)[n], among_firsts.distances_of(group)[n]);
    }
    std::sort(near.begin(), near.end());
    for (size_t n = 0; n < all.k; ++n) {
      all.index[row * all.k + n] = near[n].row;
      all.distance[row * all.k + n] = static_cast<float>(near[n].distance);
    }
  }
  return all;
}

}  // namespace errata::analysis
