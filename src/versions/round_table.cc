// Whole numbers from shares: the largest remainder, and tables with given sums both ways.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <queue>

#include "base/random.h"
#include "versions/split.h"

namespace errata::versions {

namespace {

// Below this a share counts as whole: fractions such as 0.1 are not exact in binary.
constexpr double kSlack = 1e-7;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

struct Rounded {
  int64_t floor;
  double remainder;  // 0 where the share is whole
};

Rounded split_share(double share) {
  const double nearest = std::round(share);
  if (std::abs(share - nearest) < kSlack) return {static_cast<int64_t>(nearest), 0};
  const double below = std::floor(share);
  return {static_cast<int64_t>(below), share - below};
}

// Every cell starts at its floor; each row then has as many seats to give to cells with a remainder
// as its sum wants, first by the largest remainders, which is best for the row. Then seats move
// between columns along the cheapest chains (successive shortest paths of a minimum-cost flow, with
// the columns as nodes), until the column sums are right.
class TableRounder {
 public:
  TableRounder(std::span<const double> shares, size_t columns, uint64_t seed)
      : columns_(columns), rows_(shares.size() / columns), seed_(seed) {
    whole_.reserve(shares.size());
    remainder_.reserve(shares.size());
    for (const double share : shares) {
      const Rounded rounded = split_share(share);
      whole_.push_back(rounded.floor);
      remainder_.push_back(rounded.remainder);
    }
    seat_.assign(shares.size(), 0);
    moves_.resize(columns * columns);
    for (size_t row = 0; row < rows_; ++row) seat_row(row, shares.subspan(row * columns, columns));
  }

  std::vector<int64_t> run(std::span<const int64_t> column_sums) {
    if (!column_sums.empty()) {
      std::vector<int64_t> over(columns_);
      for (size_t cell = 0; cell < whole_.size(); ++cell) {
        over[cell % columns_] += whole_[cell] + seat_[cell];
      }
      for (size_t p = 0; p < columns_; ++p) over[p] -= column_sums[p];
      while (move_along_cheapest_chain(over)) {
      }
    }
    for (size_t cell = 0; cell < whole_.size(); ++cell) whole_[cell] += seat_[cell];
    return std::move(whole_);
  }

 private:
  struct Move {
    double cost;
    uint64_t order;  // random: equal costs are not always paid by the first classes
    size_t row;
    bool operator>(const Move& other) const {
      if (cost != other.cost) return cost > other.cost;
      return order != other.order ? order > other.order : row > other.row;
    }
  };

  void seat_row(size_t row, std::span<const double> shares) {
    const size_t base = row * columns_;
    const double sum = std::accumulate(shares.begin(), shares.end(), 0.0);
    int64_t seats = std::llround(sum) - std::accumulate(whole_.begin() + ptrdiff_t(base),
                                                        whole_.begin() + ptrdiff_t(base + columns_),
                                                        int64_t{0});
    std::vector<size_t> order(columns_);
    std::iota(order.begin(), order.end(), size_t{0});
    const auto tie = [&](size_t p) { return mix64(seed_ ^ mix64(base + p)); };
    std::sort(order.begin(), order.end(), [&](size_t p, size_t q) {
      const double a = remainder_[base + p];
      const double b = remainder_[base + q];
      if (std::abs(a - b) > kSlack) return a > b;
      return tie(p) < tie(q);
    });
    for (const size_t p : order) {
      if (seats <= 0 || remainder_[base + p] <= 0) break;
      seat_[base + p] = 1;
      --seats;
    }
    for (size_t p = 0; p < columns_; ++p) offer_moves_from(row, p);
  }

  bool can_move(size_t row, size_t p, size_t q) const {
    const size_t base = row * columns_;
    return seat_[base + p] == 1 && seat_[base + q] == 0 && remainder_[base + q] > 0;
  }

  void offer(size_t row, size_t p, size_t q) {
    if (p == q || !can_move(row, p, q)) return;
    const size_t base = row * columns_;
    // Rounded, so that equal remainders that differ in the last bit count as equal.
    const double cost = std::round((remainder_[base + p] - remainder_[base + q]) / kSlack) * kSlack;
    moves_[p * columns_ + q].push({cost, mix64(seed_ + row), row});
  }
  void offer_moves_from(size_t row, size_t p) {
    for (size_t q = 0; q < columns_; ++q) offer(row, p, q);
  }

  // The cheapest row that can move a seat from p to q; nullptr when there is none.
  const Move* cheapest(size_t p, size_t q) {
    auto& queue = moves_[p * columns_ + q];
    while (!queue.empty() && !can_move(queue.top().row, p, q)) queue.pop();
    return queue.empty() ? nullptr : &queue.top();
  }

  bool move_along_cheapest_chain(std::vector<int64_t>& over) {
    std::vector<double> distance(columns_, kInfinity);
    std::vector<size_t> previous(columns_, columns_);
    for (size_t p = 0; p < columns_; ++p) {
      if (over[p] > 0) distance[p] = 0;
    }
    // Bellman-Ford: a chain has at most one step per column.
    bool changed = true;
    for (size_t step = 0; changed && step < columns_; ++step) {
      changed = false;
      for (size_t p = 0; p < columns_; ++p) {
        if (distance[p] == kInfinity) continue;
        for (size_t q = 0; q < columns_; ++q) {
          const Move* move = p == q || over[q] > 0 ? nullptr : cheapest(p, q);
          if (move == nullptr || distance[p] + move->cost >= distance[q] - kSlack / 2) continue;
          distance[q] = distance[p] + move->cost;
          previous[q] = p;
          changed = true;
        }
      }
    }
    size_t end = columns_;
    for (size_t q = 0; q < columns_; ++q) {
      if (over[q] < 0 && distance[q] < kInfinity &&
          (end == columns_ || distance[q] < distance[end])) {
        end = q;
      }
    }
    if (end == columns_) return false;
    ++over[end];
    size_t q = end;
    for (size_t steps = 0; previous[q] != columns_ && steps < columns_; ++steps) {
      take_seat(previous[q], q);
      q = previous[q];
    }
    --over[q];
    return true;
  }

  void take_seat(size_t p, size_t q) {
    const Move* move = cheapest(p, q);
    if (move == nullptr) return;
    const size_t row = move->row;
    seat_[row * columns_ + p] = 0;
    seat_[row * columns_ + q] = 1;
    offer_moves_from(row, q);
    for (size_t other = 0; other < columns_; ++other) offer(row, other, p);
  }

  const size_t columns_;
  const size_t rows_;
  const uint64_t seed_;
  std::vector<int64_t> whole_;
  std::vector<double> remainder_;
  std::vector<uint8_t> seat_;
  std::vector<std::priority_queue<Move, std::vector<Move>, std::greater<>>> moves_;
};

}  // namespace

std::vector<int64_t> round_table(std::span<const double> shares, size_t columns,
                                 std::span<const int64_t> column_sums, uint64_t seed) {
  return TableRounder(shares, columns, seed).run(column_sums);
}

std::vector<int64_t> largest_remainder(std::span<const double> shares, int64_t total) {
  std::vector<int64_t> whole;
  std::vector<double> remainder;
  for (const double share : shares) {
    const Rounded rounded = split_share(share);
    whole.push_back(rounded.floor);
    remainder.push_back(rounded.remainder);
  }
  int64_t left = total - std::accumulate(whole.begin(), whole.end(), int64_t{0});
  std::vector<size_t> order(shares.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return remainder[a] > remainder[b] + kSlack; });
  for (size_t i = 0; left > 0 && !order.empty(); i = (i + 1) % order.size(), --left) {
    ++whole[order[i]];
  }
  for (size_t i = order.size(); left < 0 && i > 0; --i) {
    const size_t k = order[i - 1];
    const int64_t step = std::min(-left, whole[k]);
    whole[k] -= step;
    left += step;
  }
  return whole;
}

}  // namespace errata::versions
