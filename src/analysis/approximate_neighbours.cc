// Approximate nearest neighbours: first guesses from a forest of random-projection trees, then
// NN-descent ("a neighbour of a neighbour is likely a neighbour"). Every list is the best of what
// was offered to it under a total order, so that threads may offer in any order.
#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>

#include "analysis/row_geometry.h"
#include "base/random.h"

namespace errata::analysis {

namespace {

constexpr float kNothing = -std::numeric_limits<float>::infinity();
constexpr size_t kLeafRows = 96;  // of a tree, at least
// Rows of each list that a round joins with one another; more find more and take longer.
constexpr size_t kSampled = 24;
constexpr double kSettled = 0.002;  // of all entries changed in a round: enough

// A lock for each of many lists, shared by some.
class Locks {
 public:
  void lock(size_t list) {
    while (flags_[list % kCount].test_and_set(std::memory_order_acquire)) {
    }
  }
  void unlock(size_t list) { flags_[list % kCount].clear(std::memory_order_release); }

 private:
  static constexpr size_t kCount = 1 << 14;
  std::vector<std::atomic_flag> flags_ = std::vector<std::atomic_flag>(kCount);
};

// A bounded list for each row: the best candidates that were offered, each once.
class Lists {
 public:
  Lists(size_t rows, size_t capacity)
      : capacity_(capacity), entries_(rows * capacity, {kNothing, UINT32_MAX}), worst_(rows) {
    for (auto& each : worst_) each.store(kNothing, std::memory_order_relaxed);
  }

  std::span<Candidate> of(size_t row) {
    return std::span(entries_).subspan(row * capacity_, capacity_);
  }
  void offer(size_t row, Candidate candidate, Locks& locks) {
    if (candidate.score < worst_[row].load(std::memory_order_relaxed)) return;
    locks.lock(row);
    const std::span<Candidate> heap = of(row);
    const bool better = heap.front().worse_than(candidate) &&
                        std::none_of(heap.begin(), heap.end(), [&](const Candidate& each) {
                          return each.row == candidate.row;
                        });
    if (better) {
      replace_worst(heap, candidate);
      worst_[row].store(heap.front().score, std::memory_order_relaxed);
    }
    locks.unlock(row);
  }
  void clear() {
    std::fill(entries_.begin(), entries_.end(), Candidate{kNothing, UINT32_MAX});
    for (auto& each : worst_) each.store(kNothing, std::memory_order_relaxed);
  }

 private:
  size_t capacity_;
  std::vector<Candidate> entries_;
  std::vector<std::atomic<float>> worst_;
};

// Leaves of one tree: rows split again and again at the median of their projections onto the line
// through two of them.
class Tree {
 public:
  Tree(const RowGeometry& geometry, std::span<const uint32_t> rows, size_t leaf_rows, uint64_t seed,
       size_t number)
      : geometry_(geometry),
        rows_(rows),
        leaf_rows_(leaf_rows),
        rng_(seed, number),
        places_(rows.size()) {
    for (uint32_t i = 0; i < places_.size(); ++i) places_[i] = i;
    split(0, places_.size());
  }

  template <typename Visit>
  void for_each_leaf(const Visit& visit) const {
    for (const auto& [begin, end] : leaves_) visit(std::span(places_).subspan(begin, end - begin));
  }

 private:
  void split(size_t begin, size_t end) {
    if (end - begin <= leaf_rows_) {
      leaves_.emplace_back(begin, end);
      return;
    }
    const size_t a = begin + rng_.below(end - begin);
    size_t b = begin + rng_.below(end - begin - 1);
    if (b >= a) ++b;
    project(begin, end, places_[a], places_[b]);
    const size_t middle = begin + (end - begin) / 2;
    const auto at = [&](size_t i) {
      return order_.begin() + static_cast<std::ptrdiff_t>(i - begin);
    };
    std::nth_element(order_.begin(), at(middle), order_.end(),
                     [](const Candidate& x, const Candidate& y) { return y.worse_than(x); });
    for (size_t i = begin; i < end; ++i) places_[i] = order_[i - begin].row;
    split(begin, middle);
    split(middle, end);
  }

  void project(size_t begin, size_t end, uint32_t a, uint32_t b) {
    const FloatMatrix& points = geometry_.points();
    const RowTransform transform = geometry_.transform();
    const auto scale = [&](uint32_t place) {
      return transform.scale.empty() ? 1.0f : transform.scale[rows_[place]];
    };
    const auto offset = [&](size_t c) {
      return transform.offset.empty() ? 0.0f : transform.offset[c];
    };
    line_.resize(points.columns);
    for (size_t c = 0; c < points.columns; ++c) {
      line_[c] = (points.row(rows_[a])[c] - offset(c)) * scale(a) -
                 (points.row(rows_[b])[c] - offset(c)) * scale(b);
    }
    double shift = 0;
    for (size_t c = 0; c < points.columns; ++c) shift += double{offset(c)} * line_[c];
    order_.clear();
    for (size_t i = begin; i < end; ++i) {
      const float* values = points.row(rows_[places_[i]]).data();
      float sums[8] = {};
      size_t c = 0;
      for (; c + 8 <= points.columns; c += 8) {
        for (size_t j = 0; j < 8; ++j) sums[j] += values[c + j] * line_[c + j];
      }
      for (; c < points.columns; ++c) sums[0] += values[c] * line_[c];
      double sum = -shift;
      for (const float each : sums) sum += each;
      order_.push_back({static_cast<float>(sum) * scale(places_[i]), places_[i]});
    }
  }

  const RowGeometry& geometry_;
  std::span<const uint32_t> rows_;
  size_t leaf_rows_;
  Rng rng_;
  std::vector<uint32_t> places_;
  std::vector<std::pair<size_t, size_t>> leaves_;
  std::vector<float> line_;
  std::vector<Candidate> order_;
};

class Descent {
 public:
  Descent(const RowGeometry& geometry, std::span<const uint32_t> rows, size_t k,
          const ApproximateOptions& options, const ParallelFor& parallel_for)
      : geometry_(geometry),
        rows_(rows),
        k_(k),
        kept_(std::min(rows.size() - 1, k + std::max<size_t>(15, k / 4))),
        options_(options),
        parallel_for_(parallel_for),
        graph_(rows.size(), kept_),
        joined_(rows.size() * kept_, UINT32_MAX),
        before_(rows.size() * kept_, UINT32_MAX) {}

  // With at least k others in it, also where rows were split in two once more.
  static size_t leaf_rows(size_t k) { return std::max(kLeafRows, 2 * k + 32); }

  Neighbours run() {
    plant();
    Lists fresh(rows_.size(), kSampled);
    Lists known(rows_.size(), kSampled);
    for (size_t round = 0; round < options_.rounds; ++round) {
      sample(round, fresh, known);
      keep_entries();
      join_all(fresh, known);
      const double changed = static_cast<double>(count_new_entries());
      if (changed < kSettled * static_cast<double>(rows_.size() * kept_)) break;
    }
    return finish();
  }

 private:
  // Scratch of a thread that joins.
  struct Join {
    PackedRows left{PackedRows::Side::kLeft};
    PackedRows right{PackedRows::Side::kRight};
    std::vector<float> products;
    std::vector<uint32_t> rows;
  };

  void plant() {
    // One tree at a time on each thread: a tree in memory is 4 bytes a row.
    parallel_for_(options_.trees, 1, [&](size_t begin, size_t end) {
      for (size_t number = begin; number < end; ++number) {
        const Tree tree(geometry_, rows_, leaf_rows(k_), options_.seed, number);
        Join scratch;
        tree.for_each_leaf(
            [&](std::span<const uint32_t> leaf) { join(leaf, leaf.size(), scratch); });
      }
    });
  }

  // Which entries of each list are joined in this round: those that were not yet (fresh), and those
  // that were (known); each the same for the row that has the entry and the one that is in it.
  void sample(size_t round, Lists& fresh, Lists& known) {
    fresh.clear();
    known.clear();
    parallel_for_(rows_.size(), 1024, [&](size_t begin, size_t end) {
      for (size_t row = begin; row < end; ++row) {
        for (const Candidate& each : graph_.of(row)) {
          if (each.row == UINT32_MAX) continue;
          // The same from either end: which of the two is offered first must not matter.
          const uint64_t edge = uint64_t{std::min<uint32_t>(static_cast<uint32_t>(row), each.row)}
                                    << 32 |
                                std::max<uint32_t>(static_cast<uint32_t>(row), each.row);
          const uint64_t mixed = mix64(options_.seed ^ mix64(round << 32 ^ mix64(edge)));
          const float luck = static_cast<float>(mixed >> 40);
          Lists& list = was_joined(row, each.row) ? known : fresh;
          list.offer(row, {luck, each.row}, locks_);
          list.offer(each.row, {luck, static_cast<uint32_t>(row)}, locks_);
        }
      }
    });
    parallel_for_(rows_.size(), 1024, [&](size_t begin, size_t end) {
      for (size_t row = begin; row < end; ++row) mark_joined(row, fresh.of(row));
    });
  }

  bool was_joined(size_t row, uint32_t other) const {
    const auto begin = joined_.begin() + static_cast<std::ptrdiff_t>(row * kept_);
    return std::find(begin, begin + static_cast<std::ptrdiff_t>(kept_), other) !=
           begin + static_cast<std::ptrdiff_t>(kept_);
  }

  // Forgets entries that are no longer in the list, and takes in those sampled now.
  void mark_joined(size_t row, std::span<const Candidate> sampled) {
    std::vector<uint32_t> marked;
    for (const Candidate& each : graph_.of(row)) {
      if (each.row == UINT32_MAX) continue;
      const bool now = std::any_of(sampled.begin(), sampled.end(),
                                   [&](const Candidate& other) { return other.row == each.row; });
      if (now || was_joined(row, each.row)) marked.push_back(each.row);
    }
    marked.resize(kept_, UINT32_MAX);
    std::copy(marked.begin(), marked.end(),
              joined_.begin() + static_cast<std::ptrdiff_t>(row * kept_));
  }

  // How many offers are taken depends on their order; what the lists hold afterwards does not.
  void keep_entries() {
    parallel_for_(rows_.size(), 1024, [&](size_t begin, size_t end) {
      for (size_t row = begin; row < end; ++row) {
        for (size_t i = 0; i < kept_; ++i) before_[row * kept_ + i] = graph_.of(row)[i].row;
      }
    });
  }
  size_t count_new_entries() {
    std::atomic<size_t> count{0};
    parallel_for_(rows_.size(), 1024, [&](size_t begin, size_t end) {
      size_t fresh = 0;
      for (size_t row = begin; row < end; ++row) {
        const auto former = std::span(before_).subspan(row * kept_, kept_);
        for (const Candidate& each : graph_.of(row)) {
          fresh += std::find(former.begin(), former.end(), each.row) == former.end();
        }
      }
      count += fresh;
    });
    return count;
  }

  void join_all(Lists& fresh, Lists& known) {
    parallel_for_(rows_.size(), 512, [&](size_t begin, size_t end) {
      Join scratch;
      std::vector<uint32_t> members;
      for (size_t row = begin; row < end; ++row) {
        members.clear();
        for (const Candidate& each : fresh.of(row)) {
          if (each.row != UINT32_MAX) members.push_back(each.row);
        }
        std::sort(members.begin(), members.end());
        const size_t lefts = members.size();
        if (lefts == 0) continue;
        for (const Candidate& each : known.of(row)) {
          if (each.row == UINT32_MAX) continue;
          const auto end_of_fresh = members.begin() + static_cast<std::ptrdiff_t>(lefts);
          if (!std::binary_search(members.begin(), end_of_fresh, each.row)) {
            members.push_back(each.row);
          }
        }
        join(members, lefts, scratch);
      }
    });
  }

  // Offers each of the first `lefts` members and each of all to one another.
  void join(std::span<const uint32_t> members, size_t lefts, Join& scratch) {
    scratch.rows.clear();
    for (const uint32_t place : members) scratch.rows.push_back(rows_[place]);
    const FloatMatrix& points = geometry_.points();
    scratch.left.pack(points, {lefts, 0, scratch.rows.data()}, geometry_.transform());
    scratch.right.pack(points, {members.size(), 0, scratch.rows.data()}, geometry_.transform());
    const size_t stride = scratch.right.padded_rows();
    scratch.products.resize(scratch.left.padded_rows() * stride);
    block_products(scratch.left, scratch.right, scratch.products.data(), stride);
    for (size_t i = 0; i < lefts; ++i) {
      for (size_t j = i + 1; j < members.size(); ++j) {
        const float product = scratch.products[i * stride + j];
        graph_.offer(members[i], {product + geometry_.bias(scratch.rows[j]), members[j]}, locks_);
        graph_.offer(members[j], {product + geometry_.bias(scratch.rows[i]), members[i]}, locks_);
      }
    }
  }

  Neighbours finish() {
    Neighbours out;
    out.rows = rows_.size();
    out.k = k_;
    out.index.resize(out.rows * k_);
    out.distance.resize(out.rows * k_);
    parallel_for_(out.rows, 1024, [&](size_t begin, size_t end) {
      std::vector<Near> near;
      for (size_t row = begin; row < end; ++row) {
        near.clear();
        for (const Candidate& each : graph_.of(row)) {
          if (each.row == UINT32_MAX) continue;
          near.push_back({geometry_.between(rows_[row], rows_[each.row]), each.row});
        }
        std::sort(near.begin(), near.end());
        for (size_t n = 0; n < k_; ++n) {
          out.index[row * k_ + n] = near[n].row;
          out.distance[row * k_ + n] = static_cast<float>(near[n].distance);
        }
      }
    });
    return out;
  }

  const RowGeometry& geometry_;
  std::span<const uint32_t> rows_;
  size_t k_;
  size_t kept_;
  ApproximateOptions options_;
  const ParallelFor& parallel_for_;
  Lists graph_;
  std::vector<uint32_t> joined_;  // rows x kept: entries that were joined in an earlier round
  std::vector<uint32_t> before_;  // rows x kept: entries before the round
  Locks locks_;
};

}  // namespace

Neighbours approximate_of_firsts(const FloatMatrix& points, const EqualRows& equal,
                                 const NeighbourOptions& options,
                                 const ApproximateOptions& approximate,
                                 const ParallelFor& parallel_for) {
  const size_t k = std::min(options.k, equal.firsts.size() - (equal.firsts.empty() ? 0 : 1));
  if (equal.firsts.size() <= 2 * Descent::leaf_rows(k)) {
    return nearest_of_firsts(points, equal, options, parallel_for);
  }
  const RowGeometry geometry(points, options.distance, parallel_for);
  return Descent(geometry, equal.firsts, k, approximate, parallel_for).run();
}

Neighbours approximate_neighbours(const FloatMatrix& points, const NeighbourOptions& options,
                                  const ApproximateOptions& approximate,
                                  const ParallelFor& parallel_for) {
  const EqualRows equal = find_equal_rows(points);
  return spread_to_equals(approximate_of_firsts(points, equal, options, approximate, parallel_for),
                          equal, options.k);
}

}  // namespace errata::analysis
