#include "analysis/neighbours.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "analysis/row_geometry.h"
#include "base/error.h"

namespace errata::analysis {

namespace {

constexpr float kNothing = -std::numeric_limits<float>::infinity();
// Rows that are compared at a time: their packed form and their products fit the second cache.
constexpr size_t kLeftBlock = 240;
constexpr size_t kRightBlock = 128;

// Calls offer(i) for those of `count` scores that are above `least`; most are not.
template <typename Offer>
void scan_above(const float* products, const float* bias, size_t count, const float& least,
                const Offer& offer) {
  constexpr size_t kStep = 16;
  for (size_t j = 0; j < count; j += kStep) {
    const size_t end = std::min(count, j + kStep);
    int above = 0;
    for (size_t i = j; i < end; ++i) above |= products[i] + bias[i] > least;
    if (above == 0) continue;
    for (size_t i = j; i < end; ++i) {
      if (products[i] + bias[i] > least) offer(i, products[i] + bias[i]);
    }
  }
}

// The search of one thread for one block of rows after another.
class BlockSearch {
 public:
  // Rows are given by their place in `rows`, of which each is a row of the geometry's matrix.
  BlockSearch(const RowGeometry& geometry, std::span<const uint32_t> rows, size_t k)
      : geometry_(geometry), rows_(rows), k_(k), kept_(std::min(rows.size() - 1, k + k / 2 + 16)) {}

  void run(size_t begin, size_t end, Neighbours& out) {
    collect(begin, end);
    for (size_t place = begin; place < end; ++place) {
      choose(place, std::span(heaps_).subspan((place - begin) * kept_, kept_));
      for (size_t n = 0; n < k_; ++n) {
        out.index[place * k_ + n] = near_[n].row;
        out.distance[place * k_ + n] = static_cast<float>(near_[n].distance);
      }
    }
  }

 private:
  void collect(size_t begin, size_t end) {
    const size_t count = end - begin;
    left_.pack(geometry_.points(), {count, 0, rows_.data() + begin}, geometry_.transform());
    heaps_.assign(count * kept_, {kNothing, UINT32_MAX});
    products_.resize(left_.padded_rows() * kRightBlock);
    float bias[kRightBlock];
    for (size_t first = 0; first < rows_.size(); first += kRightBlock) {
      const size_t rights = std::min(kRightBlock, rows_.size() - first);
      right_.pack(geometry_.points(), {rights, 0, rows_.data() + first}, geometry_.transform());
      block_products(left_, right_, products_.data(), kRightBlock);
      for (size_t j = 0; j < rights; ++j) bias[j] = geometry_.bias(rows_[first + j]);
      for (size_t i = 0; i < count; ++i) {
        float* products = products_.data() + i * kRightBlock;
        const size_t self = begin + i;
        if (self >= first && self < first + rights) products[self - first] = kNothing;
        const std::span<Candidate> heap = std::span(heaps_).subspan(i * kept_, kept_);
        scan_above(products, bias, rights, heap.front().score, [&](size_t j, float score) {
          replace_worst(heap, {score, static_cast<uint32_t>(first + j)});
        });
      }
    }
  }

  // near_: the k nearest of one row, by exact distances.
  void choose(size_t place, std::span<const Candidate> heap) {
    const uint32_t row = rows_[place];
    near_.clear();
    for (const Candidate& each : heap) {
      if (each.row == UINT32_MAX) continue;  // too large for single precision
      near_.push_back({geometry_.between(row, rows_[each.row]), each.row});
    }
    std::sort(near_.begin(), near_.end());
    if (near_.size() + 1 == rows_.size()) return;
    if (near_.size() == kept_) {
      const double distance = near_[k_ - 1].distance;
      // A row that is not among the candidates has at most the score of the worst of them, give or
      // take the error.
      const double most = heap.front().score + geometry_.score_error(row, distance);
      if (most < geometry_.score_of(row, distance)) return;
    }
    near_.clear();
    for (size_t other = 0; other < rows_.size(); ++other) {
      if (other == place) continue;
      near_.push_back({geometry_.between(row, rows_[other]), static_cast<uint32_t>(other)});
    }
    std::partial_sort(near_.begin(), near_.begin() + static_cast<std::ptrdiff_t>(k_), near_.end());
  }

  const RowGeometry& geometry_;
  std::span<const uint32_t> rows_;
  size_t k_;
  size_t kept_;
  PackedRows left_{PackedRows::Side::kLeft};
  PackedRows right_{PackedRows::Side::kRight};
  std::vector<float> products_;
  std::vector<Candidate> heaps_;
  std::vector<Near> near_;
};

}  // namespace

Neighbours nearest_of_firsts(const FloatMatrix& points, const EqualRows& equal,
                             const NeighbourOptions& options, const ParallelFor& parallel_for) {
  const RowGeometry geometry(points, options.distance, parallel_for);
  Neighbours found;
  found.rows = equal.firsts.size();
  found.k = found.rows == 0 ? 0 : std::min(options.k, found.rows - 1);
  found.index.resize(found.rows * found.k);
  found.distance.resize(found.rows * found.k);
  if (found.k > 0) {
    parallel_for(found.rows, kLeftBlock, [&](size_t begin, size_t end) {
      BlockSearch(geometry, equal.firsts, found.k).run(begin, end, found);
    });
  }
  return found;
}

Neighbours nearest_neighbours(const FloatMatrix& points, const NeighbourOptions& options,
                              const ParallelFor& parallel_for) {
  const EqualRows equal = find_equal_rows(points);
  return spread_to_equals(nearest_of_firsts(points, equal, options, parallel_for), equal,
                          options.k);
}

bool exact_is_affordable(size_t rows, size_t columns) {
  constexpr double kMost = 1.5e12;  // multiplications
  return static_cast<double>(rows) * static_cast<double>(rows) * static_cast<double>(columns) <=
         kMost;
}

Neighbours neighbours_of_firsts(const FloatMatrix& points, const EqualRows& equal,
                                const NeighbourOptions& options, const ParallelFor& parallel_for) {
  if (exact_is_affordable(equal.firsts.size(), points.columns)) {
    return nearest_of_firsts(points, equal, options, parallel_for);
  }
  return approximate_of_firsts(points, equal, options, {}, parallel_for);
}

Neighbours find_neighbours(const FloatMatrix& points, const NeighbourOptions& options,
                           const ParallelFor& parallel_for) {
  const EqualRows equal = find_equal_rows(points);
  return spread_to_equals(neighbours_of_firsts(points, equal, options, parallel_for), equal,
                          options.k);
}

std::vector<double> distances_to(const FloatMatrix& points, std::span<const float> point,
                                 Distance distance, const ParallelFor& parallel_for) {
  if (point.size() != points.columns) {
    throw Error(ErrorCategory::kInternal, "a point has other columns than the matrix");
  }
  std::vector<float> offset(points.columns, 0.0f);
  if (distance == Distance::kCentredCosine) offset = column_means(points, parallel_for);
  double squared_norm = 0;
  for (size_t c = 0; c < point.size(); ++c) {
    squared_norm += (double{point[c]} - offset[c]) * (double{point[c]} - offset[c]);
  }
  std::vector<double> distances(points.rows);
  parallel_for(points.rows, 1024, [&](size_t begin, size_t end) {
    for (size_t row = begin; row < end; ++row) {
      const float* values = points.row(row).data();
      double difference = 0, product = 0, squares = 0;
      for (size_t c = 0; c < point.size(); ++c) {
        const double a = double{point[c]} - offset[c];
        const double b = double{values[c]} - offset[c];
        difference += (a - b) * (a - b);
        product += a * b;
        squares += b * b;
      }
      const double norms = std::sqrt(squared_norm * squares);
      if (distance == Distance::kEuclidean) {
        distances[row] = std::sqrt(difference);
      } else {
        distances[row] = norms > 0 ? 1 - product / norms : 1;
      }
    }
  });
  return distances;
}

}  // namespace errata::analysis
