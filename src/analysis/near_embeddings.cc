#include "analysis/near_embeddings.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "analysis/row_geometry.h"
#include "base/random.h"

namespace errata::analysis {

namespace {

constexpr size_t kSample = 600;
constexpr size_t kFinest = 32;  // a sample has at most one row of so many
constexpr size_t kNth = 3;      // nearest of the sample: up to two copies in it do no harm
constexpr double kLeastLocal = 1.0 / 3;
constexpr double kLeastDimension = 2;

// Distance of each of `rows` to the kNth nearest of `sample`, itself left out.
std::vector<double> distances_to_sample(const RowGeometry& geometry, std::span<const uint32_t> rows,
                                        std::span<const uint32_t> sample,
                                        const ParallelFor& parallel_for) {
  constexpr size_t kBlock = 240;
  const FloatMatrix& points = geometry.points();
  PackedRows right(PackedRows::Side::kRight);
  right.pack(points, {sample.size(), 0, sample.data()}, geometry.transform());
  std::vector<double> distances(rows.size());
  parallel_for(rows.size(), kBlock, [&](size_t begin, size_t end) {
    PackedRows left(PackedRows::Side::kLeft);
    left.pack(points, {end - begin, 0, rows.data() + begin}, geometry.transform());
    const size_t stride = right.padded_rows();
    std::vector<float> products(left.padded_rows() * stride);
    block_products(left, right, products.data(), stride);
    for (size_t i = begin; i < end; ++i) {
      std::array<float, kNth> best;
      best.fill(-std::numeric_limits<float>::infinity());
      for (size_t j = 0; j < sample.size(); ++j) {
        float score = products[(i - begin) * stride + j];
        if (score <= best.back() || sample[j] == rows[i]) continue;
        for (float& each : best) {
          if (score > each) std::swap(score, each);
        }
      }
      distances[i] = std::max(0.0, 1.0 - best.back());
    }
  });
  return distances;
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

// For each row: the distance at which its nearest neighbour is expected, were there no copies.
class Background {
 public:
  Background(const FloatMatrix& points, uint64_t seed, const ParallelFor& parallel_for) {
    const RowGeometry geometry(points, Distance::kCentredCosine, parallel_for);
    std::vector<uint32_t> all(points.rows);
    std::iota(all.begin(), all.end(), 0u);
    std::vector<uint32_t> drawn = all;
    Rng(seed).shuffle(drawn);
    // Up to half of the rows, so that a few dozen are enough.
    size_t size = std::min(kSample, points.rows / 2);
    const std::span<const uint32_t> rows = std::span(drawn).first(size);
    const auto median_to = [&](size_t sample) {
      return median(
          distances_to_sample(geometry, rows, std::span(drawn).first(sample), parallel_for));
    };
    local_ = distances_to_sample(geometry, all, rows, parallel_for);
    const double middle_of_first = median_to(size);
    double thinner = median_to(size / 4);
    double middle = middle_of_first;
    // A larger sample sees into groups that are smaller than the first one's steps; one in which
    // distances shrink faster than they can without copies holds copies.
    while (4 * size <= points.rows / kFinest) {
      const double next = median_to(4 * size);
      if (next < middle * std::pow(4.0, -1 / kLeastDimension)) break;
      thinner = std::exchange(middle, next);
      size *= 4;
    }
    const double shrinks = middle > 0 ? std::log(thinner / middle) / std::log(4.0) : 0;
    const double power = std::clamp(shrinks, 0.0, 1 / kLeastDimension);
    dimension_ = power > 0 ? 1 / power : std::numeric_limits<double>::infinity();
    usual_ = middle *
             std::pow(static_cast<double>(size) / static_cast<double>(kNth * points.rows), power);
    const double to_all = middle_of_first > 0 ? usual_ / middle_of_first : 0;
    for (double& each : local_) {
      each = std::clamp(each * to_all, kLeastLocal * usual_, usual_);
    }
  }

  double of(size_t row) const { return local_[row]; }
  double usual() const { return usual_; }
  double dimension() const { return dimension_; }

 private:
  std::vector<double> local_;
  double usual_ = 0;
  double dimension_ = 0;
};

// Pairs of rows whose distance is below both rows' `within`, all of them: a row whose last
// neighbour is as near may have more copies, which have as many as it, so that those rows are
// looked at among themselves.
class PairSearch {
 public:
  PairSearch(const FloatMatrix& points, std::span<const double> within,
             const ParallelFor& parallel_for)
      : points_(points), within_(within), parallel_for_(parallel_for) {}

  std::vector<std::pair<uint32_t, uint32_t>> find(const Neighbours& neighbours) {
    std::vector<uint32_t> all(points_.rows);
    std::iota(all.begin(), all.end(), 0u);
    std::vector<uint32_t> crowded = add_pairs(neighbours, all);
    for (size_t k = 4 * neighbours.k; crowded.size() > neighbours.k + 1; k *= 4) {
      const size_t most = std::min(crowded.size() - 1, kMostNeighbours);
      crowded = add_pairs(neighbours_among(crowded, std::min(k, most)), crowded);
      if (k >= most) break;
    }
    std::sort(pairs_.begin(), pairs_.end());
    pairs_.erase(std::unique(pairs_.begin(), pairs_.end()), pairs_.end());
    return std::move(pairs_);
  }

 private:
  // Of a picture that is there more often all copies are in one chain all the same.
  static constexpr size_t kMostNeighbours = 320;

  Neighbours neighbours_among(const std::vector<uint32_t>& rows, size_t k) const {
    std::vector<float> values;
    values.reserve(rows.size() * points_.columns);
    // As all points are centred, so are these.
    const RowGeometry geometry(points_, Distance::kCentredCosine, parallel_for_);
    const std::span<const float> offset = geometry.transform().offset;
    for (const uint32_t row : rows) {
      const std::span<const float> from = points_.row(row);
      for (size_t c = 0; c < points_.columns; ++c) {
        values.push_back(from[c] - (offset.empty() ? 0.0f : offset[c]));
      }
    }
    return find_neighbours({values, rows.size(), points_.columns}, {k, Distance::kCosine},
                           parallel_for_);
  }

  // Returns the rows that may have further copies.
  std::vector<uint32_t> add_pairs(const Neighbours& neighbours, std::span<const uint32_t> rows) {
    std::vector<uint32_t> crowded;
    for (size_t i = 0; i < neighbours.rows; ++i) {
      const uint32_t row = rows[i];
      for (size_t n = 0; n < neighbours.k; ++n) {
        const uint32_t other = rows[neighbours.of(i)[n]];
        if (neighbours.distances_of(i)[n] >= std::min(within_[row], within_[other])) continue;
        pairs_.emplace_back(std::min(row, other), std::max(row, other));
      }
      if (neighbours.k > 0 && neighbours.distances_of(i).back() < within_[row]) {
        crowded.push_back(row);
      }
    }
    return crowded;
  }

  const FloatMatrix& points_;
  std::span<const double> within_;
  const ParallelFor& parallel_for_;
  std::vector<std::pair<uint32_t, uint32_t>> pairs_;
};

}  // namespace

NearCopies find_near_copies(const FloatMatrix& points, const NearOptions& options,
                            const ParallelFor& parallel_for) {
  if (points.rows < 2) return {};
  return near_copies_among(
      points, find_neighbours(points, {options.k, Distance::kCentredCosine}, parallel_for), options,
      parallel_for);
}

NearCopies near_copies_among(const FloatMatrix& points, const Neighbours& neighbours,
                             const NearOptions& options, const ParallelFor& parallel_for) {
  constexpr size_t kFewest = 24;  // so that the quarter of a sample has a third nearest
  constexpr double kRounding = 1e-6;
  NearCopies found;
  if (points.rows < 2) return found;
  const bool enough = points.rows >= kFewest;
  std::vector<double> within(points.rows, kRounding);  // of few rows, only equal ones are copies
  if (enough) {
    const Background background(points, options.seed, parallel_for);
    for (size_t row = 0; row < points.rows; ++row) {
      within[row] = std::max(kRounding, options.ratio * background.of(row));
    }
    found.usual_distance = background.usual();
    found.dimension = background.dimension();
  }
  found.pairs = PairSearch(points, within, parallel_for).find(neighbours);
  return found;
}

}  // namespace errata::analysis
