#include "analysis/map_layout.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "analysis/row_geometry.h"
#include "base/random.h"

namespace errata::analysis {

namespace {

// Of 1 / (1 + a d^2b), fitted to min_dist 0.1 and spread 1.
constexpr float kA = 1.5769434f;
constexpr float kB = 0.8950609f;
constexpr float kMostMove = 4;
constexpr size_t kGrain = 2048;

// Undirected weights as rows of edges, each edge in both rows.
struct Graph {
  std::vector<uint64_t> begins;
  std::vector<uint32_t> other;
  std::vector<float> weight;

  size_t rows() const { return begins.size() - 1; }
};

// w(d) = exp(-(d - nearest) / scale), scale such that a row's weights sum to log2 k.
std::vector<float> ball_weights(const Neighbours& neighbours, const ParallelFor& parallel_for) {
  constexpr int kSteps = 64;
  constexpr double kClose = 1e-5;
  constexpr double kLeastScale = 1e-3;  // of the mean distance
  std::vector<float> weights(neighbours.index.size());
  const double mean_of_all =
      std::accumulate(neighbours.distance.begin(), neighbours.distance.end(), 0.0) /
      static_cast<double>(std::max<size_t>(1, neighbours.distance.size()));
  const double target = std::log2(static_cast<double>(neighbours.k + 1));
  parallel_for(neighbours.rows, kGrain, [&](size_t begin, size_t end) {
    for (size_t row = begin; row < end; ++row) {
      const std::span<const float> distances = neighbours.distances_of(row);
      const auto first = std::find_if(distances.begin(), distances.end(),
                                      [](float distance) { return distance > 0; });
      const double nearest = first == distances.end() ? 0 : *first;
      double low = 0, high = INFINITY, scale = 1;
      for (int step = 0; step < kSteps; ++step) {
        double sum = 0;
        for (const float distance : distances) {
          sum += distance > nearest ? std::exp(-(distance - nearest) / scale) : 1;
        }
        if (std::abs(sum - target) < kClose) break;
        if (sum > target) {
          high = scale;
          scale = (low + high) / 2;
        } else {
          low = scale;
          scale = std::isinf(high) ? scale * 2 : (low + high) / 2;
        }
      }
      const double mean = std::accumulate(distances.begin(), distances.end(), 0.0) /
                          static_cast<double>(distances.size());
      scale = std::max(scale, kLeastScale * (nearest > 0 ? mean : mean_of_all));
      for (size_t n = 0; n < distances.size(); ++n) {
        const double beyond = distances[n] - nearest;
        weights[row * neighbours.k + n] =
            beyond <= 0 || scale == 0 ? 1.0f : static_cast<float>(std::exp(-beyond / scale));
      }
    }
  });
  return weights;
}

// Fuzzy union: a + b - ab of the two directions.
Graph make_graph(const Neighbours& neighbours, const ParallelFor& parallel_for) {
  const std::vector<float> ball = ball_weights(neighbours, parallel_for);
  const size_t rows = neighbours.rows;
  const auto weight_of = [&](uint32_t row, uint32_t other) {
    const std::span<const uint32_t> of = neighbours.of(row);
    const auto found = std::find(of.begin(), of.end(), other);
    return found == of.end() ? 0.0f
                             : ball[row * neighbours.k + static_cast<size_t>(found - of.begin())];
  };
  Graph graph;
  graph.begins.assign(rows + 1, 0);
  const auto for_each_edge = [&](const auto& visit) {
    for (uint32_t row = 0; row < rows; ++row) {
      for (size_t n = 0; n < neighbours.k; ++n) {
        const uint32_t other = neighbours.of(row)[n];
        const float back = weight_of(other, row);
        if (back > 0 && other < row) continue;  // told from the other side
        const float there = ball[row * neighbours.k + n];
        visit(row, other, there + back - there * back);
      }
    }
  };
  for_each_edge([&](uint32_t a, uint32_t b, float) {
    ++graph.begins[a + 1];
    ++graph.begins[b + 1];
  });
  std::partial_sum(graph.begins.begin(), graph.begins.end(), graph.begins.begin());
  graph.other.resize(graph.begins.back());
  graph.weight.resize(graph.begins.back());
  std::vector<uint64_t> next(graph.begins.begin(), graph.begins.end() - 1);
  for_each_edge([&](uint32_t a, uint32_t b, float weight) {
    graph.other[next[a]] = b;
    graph.weight[next[a]++] = weight;
    graph.other[next[b]] = a;
    graph.weight[next[b]++] = weight;
  });
  return graph;
}

using Plane = std::vector<MapPoint>;

// Sums in a fixed order, whatever the threads.
template <typename Value>
double sum_over(size_t rows, const ParallelFor& parallel_for, const Value& value) {
  std::vector<double> parts((rows + kGrain - 1) / kGrain, 0.0);
  parallel_for(rows, kGrain, [&](size_t begin, size_t end) {
    double sum = 0;
    for (size_t row = begin; row < end; ++row) sum += value(row);
    parts[begin / kGrain] = sum;
  });
  return std::accumulate(parts.begin(), parts.end(), 0.0);
}

// The two directions of greatest variance, by orthogonal iteration over a sample of rows.
std::array<std::vector<float>, 2> principal_directions(const FloatMatrix& points,
                                                       std::span<const float> mean, uint64_t seed) {
  constexpr size_t kSample = 4000;
  constexpr int kIterations = 20;
  Rng rng(seed);
  std::vector<uint32_t> rows;
  for (size_t i = 0; i < std::min(kSample, points.rows); ++i) {
    rows.push_back(static_cast<uint32_t>(points.rows <= kSample ? i : rng.below(points.rows)));
  }
  std::array<std::vector<double>, 2> directions;
  for (auto& each : directions) {
    each.resize(points.columns);
    for (double& value : each) value = rng.uniform() - 0.5;
  }
  const auto orthogonalise = [&] {
    for (size_t d = 0; d < 2; ++d) {
      std::vector<double>& own = directions[d];
      if (d == 1) {
        double shared = 0;
        for (size_t c = 0; c < own.size(); ++c) shared += own[c] * directions[0][c];
        for (size_t c = 0; c < own.size(); ++c) own[c] -= shared * directions[0][c];
      }
      double squares = 0;
      for (const double value : own) squares += value * value;
      const double norm = std::sqrt(squares);
      for (double& value : own) value = norm > 0 ? value / norm : 0;
    }
  };
  for (int i = 0; i < kIterations; ++i) {
    orthogonalise();
    std::array<std::vector<double>, 2> next;
    for (auto& each : next) each.assign(points.columns, 0.0);
    for (const uint32_t row : rows) {
      const std::span<const float> values = points.row(row);
      for (size_t d = 0; d < 2; ++d) {
        double along = 0;
        for (size_t c = 0; c < values.size(); ++c)
          along += (values[c] - mean[c]) * directions[d][c];
        for (size_t c = 0; c < values.size(); ++c) next[d][c] += along * (values[c] - mean[c]);
      }
    }
    directions = std::move(next);
  }
  orthogonalise();
  std::array<std::vector<float>, 2> made;
  for (size_t d = 0; d < 2; ++d) made[d].assign(directions[d].begin(), directions[d].end());
  return made;
}

// Centred, each axis of standard deviation `deviation`, the second without what it shares with the
// first; rows count by `mass`.
void normalise(Plane& plane, std::span<const double> mass, double deviation,
               const ParallelFor& parallel_for) {
  const size_t rows = plane.size();
  const auto mean = [&](const auto& value) {
    return sum_over(rows, parallel_for, [&](size_t i) { return mass[i] * value(i); });
  };
  const double x = mean([&](size_t i) { return double{plane[i].x}; });
  const double y = mean([&](size_t i) { return double{plane[i].y}; });
  for (MapPoint& each : plane)
    each = {static_cast<float>(each.x - x), static_cast<float>(each.y - y)};
  const double xx = mean([&](size_t i) { return double{plane[i].x} * plane[i].x; });
  const double xy = mean([&](size_t i) { return double{plane[i].x} * plane[i].y; });
  const double slope = xx > 0 ? xy / xx : 0;
  for (MapPoint& each : plane) each.y = static_cast<float>(each.y - slope * each.x);
  const double yy = mean([&](size_t i) { return double{plane[i].y} * plane[i].y; });
  const double scale_x = xx > 0 ? deviation / std::sqrt(xx) : 0;
  const double scale_y = yy > 0 ? deviation / std::sqrt(yy) : 0;
  for (MapPoint& each : plane) {
    each = {static_cast<float>(each.x * scale_x), static_cast<float>(each.y * scale_y)};
  }
}

// Principal components, then each point again and again half way to the mean of its neighbours:
// what is left are the slowest modes of the graph, as of a spectral layout.
Plane first_layout(const FloatMatrix& points, const Graph& graph, uint64_t seed,
                   const ParallelFor& parallel_for) {
  constexpr int kSmoothings = 60;
  constexpr double kDeviation = 4;  // of a map about 20 wide
  const std::vector<float> mean = column_means(points, parallel_for);
  const auto directions = principal_directions(points, mean, seed);
  const size_t rows = graph.rows();
  Plane plane(rows);
  std::vector<double> mass(rows);
  parallel_for(rows, kGrain, [&](size_t begin, size_t end) {
    for (size_t row = begin; row < end; ++row) {
      const std::span<const float> values = points.row(row);
      float x = 0, y = 0;
      for (size_t c = 0; c < values.size(); ++c) {
        x += (values[c] - mean[c]) * directions[0][c];
        y += (values[c] - mean[c]) * directions[1][c];
      }
      plane[row] = {x, y};
      for (uint64_t e = graph.begins[row]; e < graph.begins[row + 1]; ++e) {
        mass[row] += graph.weight[e];
      }
    }
  });
  const double all = std::accumulate(mass.begin(), mass.end(), 0.0);
  for (double& each : mass) each /= all;
  normalise(plane, mass, 1, parallel_for);
  Plane next(rows);
  for (int i = 0; i < kSmoothings; ++i) {
    parallel_for(rows, kGrain, [&](size_t begin, size_t end) {
      for (size_t row = begin; row < end; ++row) {
        float x = 0, y = 0, sum = 0;
        for (uint64_t e = graph.begins[row]; e < graph.begins[row + 1]; ++e) {
          x += graph.weight[e] * plane[graph.other[e]].x;
          y += graph.weight[e] * plane[graph.other[e]].y;
          sum += graph.weight[e];
        }
        next[row] = {(plane[row].x + x / sum) / 2, (plane[row].y + y / sum) / 2};
      }
    });
    plane.swap(next);
    normalise(plane, mass, 1, parallel_for);
  }
  const std::vector<double> even(rows, 1 / static_cast<double>(rows));
  normalise(plane, even, kDeviation, parallel_for);
  Rng rng(seed, 1);
  for (MapPoint& each : plane) {  // equal rows must be able to part
    each.x = std::clamp(each.x, -20.0f, 20.0f) + static_cast<float>(1e-3 * (rng.uniform() - 0.5));
    each.y = std::clamp(each.y, -20.0f, 20.0f) + static_cast<float>(1e-3 * (rng.uniform() - 0.5));
  }
  return plane;
}

float limited(float move) {
  return std::clamp(move, -kMostMove, kMostMove);
}

// UMAP's, but for the middle: there its 200 leave the map short of what it comes to when all rows
// of a round move at once, and 400 are still quick.
size_t usual_rounds(size_t rows) {
  if (rows <= 10'000) return 500;
  return rows <= 100'000 ? 400 : 200;
}

class Descent {
 public:
  Descent(const Graph& graph, const MapOptions& options, Plane plane)
      : graph_(graph),
        options_(options),
        rounds_(options.rounds > 0 ? options.rounds : usual_rounds(graph.rows())),
        now_(std::move(plane)),
        next_(now_.size()) {
    const float most = *std::max_element(graph.weight.begin(), graph.weight.end());
    for (const float weight : graph.weight) rate_.push_back(weight / most);
  }

  Plane run(const ParallelFor& parallel_for) {
    for (size_t round = 0; round < rounds_; ++round) {
      const float step = 1 - static_cast<float>(round) / static_cast<float>(rounds_);
      parallel_for(now_.size(), kGrain, [&](size_t begin, size_t end) {
        for (size_t row = begin; row < end; ++row) next_[row] = moved(row, round, step);
      });
      now_.swap(next_);
    }
    return std::move(now_);
  }

 private:
  MapPoint moved(size_t row, size_t round, float step) const {
    MapPoint at = now_[row];
    uint64_t luck = mix64(options_.seed ^ mix64(uint64_t{row} << 20 ^ round));
    for (uint64_t e = graph_.begins[row]; e < graph_.begins[row + 1]; ++e) {
      // An edge is due as often as its weight says: floor((t + 1) r) - floor(t r) is 0 or 1.
      const float rate = rate_[e];
      const auto due = [&](size_t t) {
        return static_cast<int64_t>(static_cast<double>(t) * static_cast<double>(rate));
      };
      if (due(round + 1) == due(round)) continue;
      // Both directions of an edge pull at both its ends: twice at each.
      attract(at, now_[graph_.other[e]], step);
      attract(at, now_[graph_.other[e]], step);
      for (size_t n = 0; n < options_.negatives; ++n) {
        luck = luck * 6364136223846793005u + 1442695040888963407u;
        const auto other = static_cast<size_t>(((luck >> 32) * now_.size()) >> 32);
        if (other != row) repel(at, now_[other], step);
      }
    }
    return at;
  }
  static void attract(MapPoint& at, const MapPoint& other, float step) {
    const float x = at.x - other.x;
    const float y = at.y - other.y;
    const float squared = x * x + y * y;
    if (squared <= 0) return;
    const float power = std::pow(squared, kB);
    const float pull = -2 * kA * kB * power / (squared * (1 + kA * power));
    at.x += step * limited(pull * x);
    at.y += step * limited(pull * y);
  }
  static void repel(MapPoint& at, const MapPoint& other, float step) {
    const float x = at.x - other.x;
    const float y = at.y - other.y;
    const float squared = x * x + y * y;
    if (squared <= 0) return;
    const float push = 2 * kB / ((0.001f + squared) * (1 + kA * std::pow(squared, kB)));
    at.x += step * limited(push * x);
    at.y += step * limited(push * y);
  }

  const Graph& graph_;
  const MapOptions& options_;
  size_t rounds_;
  std::vector<float> rate_;  // of each edge: how often in a round
  Plane now_;
  Plane next_;
};

}  // namespace

std::vector<MapPoint> lay_out_map(const FloatMatrix& points, const Neighbours& neighbours,
                                  const MapOptions& options, const ParallelFor& parallel_for) {
  if (neighbours.k == 0) return Plane(points.rows);
  const Graph graph = make_graph(neighbours, parallel_for);
  Plane plane = Descent(graph, options, first_layout(points, graph, options.seed, parallel_for))
                    .run(parallel_for);
  const auto rows = static_cast<double>(plane.size());
  const double x =
      sum_over(plane.size(), parallel_for, [&](size_t i) { return double{plane[i].x}; }) / rows;
  const double y =
      sum_over(plane.size(), parallel_for, [&](size_t i) { return double{plane[i].y}; }) / rows;
  for (MapPoint& each : plane)
    each = {static_cast<float>(each.x - x), static_cast<float>(each.y - y)};
  return plane;
}

double trustworthiness(const FloatMatrix& points, std::span<const MapPoint> map, size_t k,
                       size_t asked, Distance distance, const ParallelFor& parallel_for) {
  const size_t rows = points.rows;
  if (rows < 2 * k + 2 || k == 0) return 1;
  asked = std::min(asked, rows);
  std::vector<double> penalties(asked, 0.0);
  parallel_for(asked, 1, [&](size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) {
      Rng rng(1, i);
      const size_t row = asked == rows ? i : rng.below(rows);
      const std::vector<double> far = distances_to(points, points.row(row), distance, serial_for);
      std::vector<Near> on_map;
      for (uint32_t other = 0; other < rows; ++other) {
        if (other == row) continue;
        const double x = double{map[other].x} - map[row].x;
        const double y = double{map[other].y} - map[row].y;
        on_map.push_back({x * x + y * y, other});
      }
      std::nth_element(on_map.begin(), on_map.begin() + static_cast<std::ptrdiff_t>(k - 1),
                       on_map.end());
      for (size_t n = 0; n < k; ++n) {
        const uint32_t near = on_map[n].row;
        size_t rank = 1;  // of `near` among all by distance in the matrix
        for (size_t other = 0; other < rows; ++other) {
          rank +=
              other != row && (far[other] < far[near] || (far[other] == far[near] && other < near));
        }
        if (rank > k) penalties[i] += static_cast<double>(rank - k);
      }
    }
  });
  const double sum = std::accumulate(penalties.begin(), penalties.end(), 0.0);
  const auto n = static_cast<double>(rows);
  const auto kk = static_cast<double>(k);
  return 1 - 2 / (static_cast<double>(asked) * kk * (2 * n - 3 * kk - 1)) * sum;
}

}  // namespace errata::analysis
