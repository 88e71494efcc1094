#include "analysis/near_embeddings.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <mutex>
#include <numeric>
#include <unordered_map>
#include <utility>

#include "analysis/row_geometry.h"
#include "base/random.h"
#include "base/union_find.h"

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
    // A sample in which distances are shorter than they can be without copies holds copies.
    const auto holds_copies = [](double distance, double of_a_quarter) {
      return distance < of_a_quarter * std::pow(4.0, -1 / kLeastDimension);
    };
    double middle = median_to(size);
    double thinner = median_to(size / 4);
    bool thinned = false;
    while (holds_copies(middle, thinner) && size / 16 >= kNth + 1) {
      size /= 4;
      middle = std::exchange(thinner, median_to(size / 4));
      thinned = true;
    }
    local_ = distances_to_sample(geometry, all, std::span(drawn).first(size), parallel_for);
    const double middle_of_first = middle;
    // A larger one sees into groups that are smaller than the first one's steps.
    while (!thinned && 4 * size <= points.rows / kFinest) {
      const double next = median_to(4 * size);
      if (holds_copies(next, middle)) break;
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

// Pairs of rows whose distance is below both rows' `within`. Where a row's last neighbour is as
// near it may have more copies, which hang together with it by their own neighbours: those are
// compared with one another.
class PairSearch {
 public:
  PairSearch(const FloatMatrix& points, std::span<const double> within,
             const ParallelFor& parallel_for)
      : points_(points),
        within_(within),
        parallel_for_(parallel_for),
        geometry_(points, Distance::kCentredCosine, parallel_for) {}

  std::vector<std::pair<uint32_t, uint32_t>> find(const Neighbours& neighbours) {
    for (uint32_t row = 0; row < neighbours.rows; ++row) {
      for (size_t n = 0; n < neighbours.k; ++n) {
        add(row, neighbours.of(row)[n], double{neighbours.distances_of(row)[n]}, pairs_);
      }
    }
    for (const std::vector<uint32_t>& chain : crowded_chains(neighbours)) compare(chain);
    std::sort(pairs_.begin(), pairs_.end());
    pairs_.erase(std::unique(pairs_.begin(), pairs_.end()), pairs_.end());
    return std::move(pairs_);
  }

 private:
  // Of more, so many neighbours of each: all copies are in one chain all the same.
  static constexpr size_t kMostCompared = 2048;
  static constexpr size_t kMostNeighbours = 320;

  using Pair = std::pair<uint32_t, uint32_t>;

  void add(uint32_t row, uint32_t other, double distance, std::vector<Pair>& to) const {
    if (distance >= std::min(within_[row], within_[other])) return;
    to.emplace_back(std::min(row, other), std::max(row, other));
  }

  // What hangs together with a row that may have more copies than it has neighbours.
  std::vector<std::vector<uint32_t>> crowded_chains(const Neighbours& neighbours) const {
    UnionFind joined(points_.rows);
    for (const auto& [a, b] : pairs_) joined.join(a, b);
    std::unordered_map<uint32_t, size_t> places;
    for (uint32_t row = 0; row < neighbours.rows && neighbours.k > 0; ++row) {
      if (neighbours.distances_of(row).back() < within_[row]) {
        places.emplace(joined.root(row), places.size());
      }
    }
    std::vector<std::vector<uint32_t>> chains(places.size());
    if (places.empty()) return chains;
    for (uint32_t row = 0; row < points_.rows; ++row) {
      const auto place = places.find(joined.root(row));
      if (place != places.end()) chains[place->second].push_back(row);
    }
    return chains;
  }

  void compare(const std::vector<uint32_t>& chain) {
    if (chain.size() > kMostCompared) return compare_neighbours(chain);
    std::mutex mutex;
    parallel_for_(chain.size(), 16, [&](size_t begin, size_t end) {
      std::vector<Pair> found;
      for (size_t i = begin; i < end; ++i) {
        for (size_t j = i + 1; j < chain.size(); ++j) {
          add(chain[i], chain[j], geometry_.between(chain[i], chain[j]), found);
        }
      }
      const std::lock_guard lock(mutex);
      pairs_.insert(pairs_.end(), found.begin(), found.end());
    });
  }

  void compare_neighbours(const std::vector<uint32_t>& chain) {
    std::vector<float> values;
    values.reserve(chain.size() * points_.columns);
    // As all points are centred, so are these.
    const std::span<const float> offset = geometry_.transform().offset;
    for (const uint32_t row : chain) {
      const std::span<const float> from = points_.row(row);
      for (size_t c = 0; c < points_.columns; ++c) {
        values.push_back(from[c] - (offset.empty() ? 0.0f : offset[c]));
      }
    }
    const Neighbours near = find_neighbours({values, chain.size(), points_.columns},
                                            {kMostNeighbours, Distance::kCosine}, parallel_for_);
    for (size_t i = 0; i < chain.size(); ++i) {
      for (size_t n = 0; n < near.k; ++n) {
        add(chain[i], chain[near.of(i)[n]], double{near.distances_of(i)[n]}, pairs_);
      }
    }
  }

  const FloatMatrix& points_;
  std::span<const double> within_;
  const ParallelFor& parallel_for_;
  RowGeometry geometry_;
  std::vector<Pair> pairs_;  // sorted at the end, so that it does not matter who comes first
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
