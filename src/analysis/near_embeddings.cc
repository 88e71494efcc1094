#include "analysis/near_embeddings.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

#include "analysis/row_geometry.h"
#include "base/random.h"

namespace errata::analysis {

namespace {

constexpr size_t kSample = 600;
constexpr size_t kNth = 3;  // nearest of the sample: up to two copies in it do no harm
constexpr double kLeastLocal = 1.0 / 3;
constexpr double kLeastDimension = 2;

// Distance of each row to the kNth nearest of `sample`, itself left out.
std::vector<double> distances_to_sample(const RowGeometry& geometry,
                                        std::span<const uint32_t> sample,
                                        const ParallelFor& parallel_for) {
  constexpr size_t kBlock = 240;
  const FloatMatrix& points = geometry.points();
  PackedRows right(PackedRows::Side::kRight);
  right.pack(points, {sample.size(), 0, sample.data()}, geometry.transform());
  std::vector<double> distances(points.rows);
  parallel_for(points.rows, kBlock, [&](size_t begin, size_t end) {
    PackedRows left(PackedRows::Side::kLeft);
    left.pack(points, {end - begin, begin}, geometry.transform());
    const size_t stride = right.padded_rows();
    std::vector<float> products(left.padded_rows() * stride);
    block_products(left, right, products.data(), stride);
    for (size_t row = begin; row < end; ++row) {
      std::array<float, kNth> best;
      best.fill(-std::numeric_limits<float>::infinity());
      for (size_t j = 0; j < sample.size(); ++j) {
        float score = products[(row - begin) * stride + j];
        if (score <= best.back() || sample[j] == row) continue;
        for (float& each : best) {
          if (score > each) std::swap(score, each);
        }
      }
      distances[row] = std::max(0.0, 1.0 - best.back());
    }
  });
  return distances;
}

double median_over(std::span<const uint32_t> rows, std::span<const double> values) {
  std::vector<double> picked;
  for (const uint32_t row : rows) picked.push_back(values[row]);
  std::nth_element(picked.begin(), picked.begin() + static_cast<std::ptrdiff_t>(picked.size() / 2),
                   picked.end());
  return picked[picked.size() / 2];
}

// For each row: the distance at which its nearest neighbour is expected, were there no copies.
class Background {
 public:
  Background(const FloatMatrix& points, uint64_t seed, const ParallelFor& parallel_for) {
    const RowGeometry geometry(points, Distance::kCentredCosine, parallel_for);
    std::vector<uint32_t> rows(points.rows);
    std::iota(rows.begin(), rows.end(), 0u);
    Rng(seed).shuffle(rows);
    // Up to half of the rows, so that a few dozen are enough.
    const size_t size = std::min(kSample, points.rows / 2);
    const std::span<const uint32_t> sample = std::span(rows).first(size);
    const std::span<const uint32_t> quarter = sample.first(size / 4);
    local_ = distances_to_sample(geometry, sample, parallel_for);
    const std::vector<double> thinner = distances_to_sample(geometry, quarter, parallel_for);
    const double middle = median_over(sample, local_);
    const double shrinks =
        middle > 0 ? std::log(median_over(sample, thinner) / middle) / std::log(4.0) : 0;
    const double power = std::clamp(shrinks, 0.0, 1 / kLeastDimension);
    dimension_ = power > 0 ? 1 / power : std::numeric_limits<double>::infinity();
    const double to_all =
        std::pow(static_cast<double>(size) / static_cast<double>(kNth * points.rows), power);
    usual_ = middle * to_all;
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

}  // namespace

NearCopies find_near_copies(const FloatMatrix& points, const NearOptions& options,
                            const ParallelFor& parallel_for) {
  constexpr size_t kFewest = 24;  // so that the quarter of a sample has a third nearest
  constexpr double kRounding = 1e-6;
  NearCopies found;
  if (points.rows < 2) return found;
  const Neighbours neighbours =
      find_neighbours(points, {options.k, Distance::kCentredCosine}, parallel_for);
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
  for (uint32_t row = 0; row < points.rows; ++row) {
    for (size_t n = 0; n < neighbours.k; ++n) {
      const uint32_t other = neighbours.of(row)[n];
      if (neighbours.distances_of(row)[n] >= std::min(within[row], within[other])) continue;
      found.pairs.emplace_back(std::min(row, other), std::max(row, other));
    }
  }
  std::sort(found.pairs.begin(), found.pairs.end());
  found.pairs.erase(std::unique(found.pairs.begin(), found.pairs.end()), found.pairs.end());
  return found;
}

}  // namespace errata::analysis
