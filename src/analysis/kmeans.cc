#include "analysis/kmeans.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/random.h"

namespace errata::analysis {

namespace {

constexpr size_t kBlock = 240;
// Sums are made block by block and added in order: their bits do not depend on threads.
constexpr size_t kSumBlock = 8192;

class Lloyd {
 public:
  Lloyd(const FloatMatrix& points, const KMeansOptions& options, const ParallelFor& parallel_for)
      : points_(points), options_(options), parallel_for_(parallel_for), norms_(points.rows) {
    if (options.unit_rows) scale_.resize(points.rows);
    parallel_for_(points.rows, kBlock, [&](size_t begin, size_t end) {
      for (size_t row = begin; row < end; ++row) {
        double squares = 0;
        for (const float value : points_.row(row)) squares += double{value} * value;
        const bool has_direction = squares > 0;
        if (options_.unit_rows) {
          scale_[row] = has_direction ? static_cast<float>(1 / std::sqrt(squares)) : 0.0f;
        }
        norms_[row] = options_.unit_rows ? (has_direction ? 1.0 : 0.0) : squares;
      }
    });
  }

  Clusters run() {
    Clusters clusters;
    clusters.of.assign(points_.rows, UINT32_MAX);
    clusters.distance.assign(points_.rows, 0.0f);
    seed(clusters);
    for (size_t round = 0; round < options_.rounds; ++round) {
      const size_t changed = assign(clusters);
      if (changed == 0 && round > 0) break;
      move_centres(clusters);
    }
    assign(clusters);
    return by_size(clusters);
  }

 private:
  size_t count() const { return centre_norms_.size(); }
  float scale(size_t row) const { return scale_.empty() ? 1.0f : scale_[row]; }

  // Each next centre is a row drawn with a weight of its squared distance to the nearest so far.
  void seed(Clusters& clusters) {
    Rng rng(options_.seed);
    std::vector<double> nearest(points_.rows, std::numeric_limits<double>::infinity());
    size_t row = rng.below(points_.rows);
    while (true) {
      add_centre(row, clusters);
      if (count() == std::min(options_.clusters, points_.rows)) return;
      const float* centre = clusters.centres.data() + (count() - 1) * points_.columns;
      parallel_for_(points_.rows, kBlock, [&](size_t begin, size_t end) {
        for (size_t i = begin; i < end; ++i) {
          nearest[i] = std::min(nearest[i], squared_distance(i, centre));
        }
      });
      const double total = std::accumulate(nearest.begin(), nearest.end(), 0.0);
      if (total <= 0) return;
      double at = rng.uniform() * total;
      for (row = 0; row + 1 < points_.rows && (at -= nearest[row]) >= 0; ++row) {
      }
      // Rounding may end on a row that is a centre already.
      if (nearest[row] <= 0) row = argmax(nearest);
    }
  }
  static size_t argmax(const std::vector<double>& values) {
    return static_cast<size_t>(std::max_element(values.begin(), values.end()) - values.begin());
  }
  void add_centre(size_t row, Clusters& clusters) {
    for (const float value : points_.row(row)) clusters.centres.push_back(value * scale(row));
    centre_norms_.push_back(norms_[row]);
  }
  double squared_distance(size_t row, const float* centre) const {
    const float* values = points_.row(row).data();
    float sums[8] = {};
    size_t c = 0;
    for (; c + 8 <= points_.columns; c += 8) {
      for (size_t j = 0; j < 8; ++j) {
        const float difference = values[c + j] * scale(row) - centre[c + j];
        sums[j] += difference * difference;
      }
    }
    for (; c < points_.columns; ++c) {
      const float difference = values[c] * scale(row) - centre[c];
      sums[0] += difference * difference;
    }
    return std::accumulate(std::begin(sums), std::end(sums), 0.0);
  }

  size_t assign(Clusters& clusters) {
    PackedRows right(PackedRows::Side::kRight);
    right.pack({clusters.centres, count(), points_.columns}, {count()}, {});
    std::vector<size_t> changed((points_.rows + kBlock - 1) / kBlock, 0);
    parallel_for_(points_.rows, kBlock, [&](size_t begin, size_t end) {
      PackedRows left(PackedRows::Side::kLeft);
      left.pack(points_, {end - begin, begin}, {{}, scale_});
      const size_t stride = right.padded_rows();
      std::vector<float> products(left.padded_rows() * stride);
      block_products(left, right, products.data(), stride);
      for (size_t row = begin; row < end; ++row) {
        const float* product = products.data() + (row - begin) * stride;
        uint32_t best = 0;
        double least = std::numeric_limits<double>::infinity();
        for (uint32_t k = 0; k < count(); ++k) {
          const double distance = centre_norms_[k] - 2.0 * product[k];
          if (distance < least) {
            least = distance;
            best = k;
          }
        }
        changed[begin / kBlock] += clusters.of[row] != best;
        clusters.of[row] = best;
        clusters.distance[row] = static_cast<float>(
            std::sqrt(squared_distance(row, clusters.centres.data() + best * points_.columns)));
      }
    });
    return std::accumulate(changed.begin(), changed.end(), size_t{0});
  }

  void move_centres(Clusters& clusters) {
    const size_t columns = points_.columns;
    std::vector<double> sums(count() * columns, 0.0);
    std::vector<size_t> sizes(count(), 0);
    // A wave of blocks at a time, so that memory does not grow with the rows.
    constexpr size_t kWave = 8;
    for (size_t first = 0; first < points_.rows; first += kWave * kSumBlock) {
      const size_t rows = std::min(points_.rows - first, kWave * kSumBlock);
      std::vector<std::vector<double>> parts((rows + kSumBlock - 1) / kSumBlock);
      parallel_for_(rows, kSumBlock, [&](size_t begin, size_t end) {
        std::vector<double>& part = parts[begin / kSumBlock];
        part.assign(count() * columns, 0.0);
        for (size_t row = first + begin; row < first + end; ++row) {
          double* to = part.data() + clusters.of[row] * columns;
          const float* values = points_.row(row).data();
          const float factor = scale(row);
          for (size_t c = 0; c < columns; ++c) to[c] += values[c] * factor;
        }
      });
      for (const std::vector<double>& part : parts) {
        for (size_t i = 0; i < sums.size(); ++i) sums[i] += part[i];
      }
    }
    for (const uint32_t k : clusters.of) ++sizes[k];
    for (size_t k = 0; k < count(); ++k) {
      if (sizes[k] == 0) continue;  // stays where it was
      double norm = 0;
      for (size_t c = 0; c < columns; ++c) {
        const double value = sums[k * columns + c] / static_cast<double>(sizes[k]);
        clusters.centres[k * columns + c] = static_cast<float>(value);
        norm += value * value;
      }
      centre_norms_[k] = norm;
    }
  }

  Clusters by_size(const Clusters& found) const {
    std::vector<size_t> sizes(count(), 0);
    for (const uint32_t k : found.of) ++sizes[k];
    std::vector<uint32_t> order(count());
    std::iota(order.begin(), order.end(), 0u);
    std::stable_sort(order.begin(), order.end(),
                     [&](uint32_t a, uint32_t b) { return sizes[a] > sizes[b]; });
    Clusters clusters;
    std::vector<uint32_t> place(count());
    for (uint32_t i = 0; i < order.size(); ++i) {
      place[order[i]] = i;
      if (sizes[order[i]] == 0) continue;
      clusters.sizes.push_back(sizes[order[i]]);
      const auto from =
          found.centres.begin() + static_cast<std::ptrdiff_t>(order[i] * points_.columns);
      clusters.centres.insert(clusters.centres.end(), from,
                              from + static_cast<std::ptrdiff_t>(points_.columns));
    }
    for (const uint32_t k : found.of) clusters.of.push_back(place[k]);
    clusters.distance = found.distance;
    return clusters;
  }

  const FloatMatrix& points_;
  const KMeansOptions& options_;
  const ParallelFor& parallel_for_;
  std::vector<float> scale_;
  std::vector<double> norms_;         // squared
  std::vector<double> centre_norms_;  // squared
};

}  // namespace

Clusters find_clusters(const FloatMatrix& points, const KMeansOptions& options,
                       const ParallelFor& parallel_for) {
  if (points.rows == 0 || options.clusters == 0) return {};
  return Lloyd(points, options, parallel_for).run();
}

}  // namespace errata::analysis
