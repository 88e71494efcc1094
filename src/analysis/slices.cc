#include "analysis/slices.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <unordered_set>

#include "base/random.h"

namespace errata::analysis {

namespace {

constexpr double kZ95 = 1.959963984540054;
// A candidate is not taken when more than this share of it or of an earlier one is both.
constexpr double kMostOverlap = 0.5;
// How surely a pair must be worse than either of its parts on the first half.
constexpr double kWorseThanParts = 0.05;
constexpr double kWorthTesting = 0.1;

struct Count {
  uint32_t rows = 0;
  uint32_t errors = 0;
};

struct Candidate {
  std::vector<SliceTerm> terms;
  Count count;
  double p_value = 1;
};

double log_choose(size_t n, size_t k) {
  return std::lgamma(static_cast<double>(n) + 1) - std::lgamma(static_cast<double>(k) + 1) -
         std::lgamma(static_cast<double>(n - k) + 1);
}

// The rows of one half, and what is counted in them.
class Half {
 public:
  Half(std::span<const uint8_t> right, std::span<const SliceFeature> features,
       std::vector<uint32_t> rows)
      : right_(right), features_(features), rows_(std::move(rows)) {
    for (const uint32_t row : rows_) errors_ += right_[row] == 0;
  }

  size_t rows() const { return rows_.size(); }
  size_t errors() const { return errors_; }

  // Counts by code of a, or by code of a and of b: codes(b) of the first code, then of the second.
  std::vector<Count> counts(size_t a) const {
    std::vector<Count> counts(features_[a].terms.size());
    for (const uint32_t row : rows_) {
      const int32_t code = features_[a].codes[row];
      if (code >= 0) add(counts[static_cast<size_t>(code)], row);
    }
    return counts;
  }
  std::vector<Count> counts(size_t a, size_t b) const {
    const size_t width = features_[b].terms.size();
    std::vector<Count> counts(features_[a].terms.size() * width);
    for (const uint32_t row : rows_) {
      const int32_t first = features_[a].codes[row];
      const int32_t second = features_[b].codes[row];
      if (first < 0 || second < 0) continue;
      add(counts[static_cast<size_t>(first) * width + static_cast<size_t>(second)], row);
    }
    return counts;
  }
  bool has(std::span<const SliceTerm> terms, uint32_t row) const {
    return std::all_of(terms.begin(), terms.end(), [&](const SliceTerm& term) {
      return features_[term.feature].codes[row] == term.code;
    });
  }
  Count count(std::span<const SliceTerm> terms) const {
    Count count;
    for (const uint32_t row : rows_) {
      if (has(terms, row)) add(count, row);
    }
    return count;
  }
  // Rows that are in both.
  size_t shared(std::span<const SliceTerm> a, std::span<const SliceTerm> b) const {
    size_t both = 0;
    for (const uint32_t row : rows_) both += has(a, row) && has(b, row);
    return both;
  }
  double p_value(const Count& count) const {
    return hypergeometric_tail(rows(), errors_, count.rows, count.errors);
  }

 private:
  void add(Count& count, uint32_t row) const {
    ++count.rows;
    count.errors += right_[row] == 0;
  }

  std::span<const uint8_t> right_;
  std::span<const SliceFeature> features_;
  std::vector<uint32_t> rows_;
  size_t errors_ = 0;
};

class Search {
 public:
  Search(const Half& half, std::span<const SliceFeature> features, const SliceOptions& options,
         const ParallelFor& parallel_for)
      : half_(half), features_(features), options_(options) {
    least_ = std::max(options.least_rows,
                      static_cast<size_t>(options.least_share * static_cast<double>(half.rows())));
    singles_.resize(features.size());
    parallel_for(features.size(), 1, [&](size_t begin, size_t end) {
      for (size_t a = begin; a < end; ++a) singles_[a] = half.counts(a);
    });
    std::vector<std::pair<size_t, size_t>> pairs;
    for (size_t a = 0; a < features.size(); ++a) {
      add_singles(a);
      for (size_t b = a + 1; b < features.size(); ++b) pairs.emplace_back(a, b);
    }
    std::vector<std::vector<Candidate>> found(pairs.size());
    std::vector<size_t> seen(pairs.size());
    parallel_for(pairs.size(), 1, [&](size_t begin, size_t end) {
      for (size_t i = begin; i < end; ++i) {
        found[i] = look_at_pair(pairs[i].first, pairs[i].second, seen[i]);
      }
    });
    for (size_t i = 0; i < pairs.size(); ++i) {
      looked_at_ += seen[i];
      all_.insert(all_.end(), found[i].begin(), found[i].end());
    }
  }

  size_t looked_at() const { return looked_at_; }

  std::vector<Candidate> best() {
    std::stable_sort(all_.begin(), all_.end(),
                     [](const Candidate& a, const Candidate& b) { return a.p_value < b.p_value; });
    std::vector<Candidate> taken;
    for (const Candidate& each : all_) {
      if (taken.size() == options_.candidates || each.p_value > kWorthTesting) break;
      const bool told = std::any_of(taken.begin(), taken.end(), [&](const Candidate& earlier) {
        const auto both = static_cast<double>(half_.shared(each.terms, earlier.terms));
        return both > kMostOverlap * std::min(each.count.rows, earlier.count.rows);
      });
      if (!told) taken.push_back(each);
    }
    return taken;
  }

 private:
  bool worse(const Count& count) const {
    return count.rows >= least_ && count.rows < half_.rows() &&
           static_cast<double>(count.errors) * static_cast<double>(half_.rows()) >
               static_cast<double>(half_.errors()) * count.rows;
  }
  void add_singles(size_t feature) {
    for (size_t code = 0; code < singles_[feature].size(); ++code) {
      const Count& count = singles_[feature][code];
      looked_at_ += count.rows >= least_;
      if (!worse(count)) continue;
      all_.push_back({{{feature, static_cast<int32_t>(code)}}, count, half_.p_value(count)});
    }
  }
  std::vector<Candidate> look_at_pair(size_t a, size_t b, size_t& seen) const {
    const std::vector<Count> counts = half_.counts(a, b);
    const size_t width = features_[b].terms.size();
    std::vector<Candidate> found;
    for (size_t i = 0; i < counts.size(); ++i) {
      const Count& count = counts[i];
      seen += count.rows >= least_;
      if (!worse(count)) continue;
      // Else the part of a weak slice would be told in its place, with a needless condition.
      const bool worse_than_parts = within(singles_[a][i / width], count) < kWorseThanParts &&
                                    within(singles_[b][i % width], count) < kWorseThanParts;
      if (!worse_than_parts) continue;
      found.push_back({{{a, static_cast<int32_t>(i / width)}, {b, static_cast<int32_t>(i % width)}},
                       count,
                       half_.p_value(count)});
    }
    return found;
  }
  static double within(const Count& whole, const Count& part) {
    return hypergeometric_tail(whole.rows, whole.errors, part.rows, part.errors);
  }

  const Half& half_;
  std::span<const SliceFeature> features_;
  const SliceOptions& options_;
  size_t least_ = 0;
  size_t looked_at_ = 0;
  std::vector<std::vector<Count>> singles_;
  std::vector<Candidate> all_;
};

// Wilson 1927.
void set_interval(Slice& slice, double right, double rows) {
  const double share = right / rows;
  const double z2 = kZ95 * kZ95;
  const double centre = (share + z2 / (2 * rows)) / (1 + z2 / rows);
  const double reach =
      kZ95 / (1 + z2 / rows) * std::sqrt(share * (1 - share) / rows + z2 / (4 * rows * rows));
  slice.accuracy = share;
  slice.low = std::max(0.0, centre - reach);
  slice.high = std::min(1.0, centre + reach);
}

}  // namespace

double hypergeometric_tail(size_t rows, size_t all_errors, size_t in_slice, size_t errors) {
  const size_t least = in_slice + all_errors > rows ? in_slice + all_errors - rows : 0;
  if (errors <= least) return 1;
  const size_t most = std::min(in_slice, all_errors);
  if (errors > most) return 0;
  const double total = log_choose(rows, in_slice);
  double sum = 0;
  for (size_t x = errors; x <= most; ++x) {
    const double term =
        std::exp(log_choose(all_errors, x) + log_choose(rows - all_errors, in_slice - x) - total);
    sum += term;
    // Behind the mode terms fall at least geometrically.
    const bool falling = x * (rows + 2) > (in_slice + 1) * (all_errors + 1);
    if (falling && term < 1e-17 * sum) break;
  }
  return std::min(1.0, sum);
}

SliceReport find_slices(std::span<const uint8_t> right, std::span<const SliceFeature> features,
                        std::span<const int64_t> copies, const SliceOptions& options,
                        const ParallelFor& parallel_for) {
  SliceReport report;
  std::vector<uint32_t> rows(right.size());
  std::iota(rows.begin(), rows.end(), 0u);
  const Half all(right, features, rows);
  Rng(options.seed).shuffle(rows);
  std::unordered_set<int64_t> seen;
  std::erase_if(rows, [&](uint32_t row) {
    return !copies.empty() && copies[row] >= 0 && !seen.insert(copies[row]).second;
  });
  const auto middle = rows.begin() + static_cast<std::ptrdiff_t>(rows.size() / 2);
  const Half first(right, features, {rows.begin(), middle});
  const Half second(right, features, {middle, rows.end()});
  if (all.rows() > 0) {
    report.accuracy = 1 - static_cast<double>(all.errors()) / static_cast<double>(all.rows());
  }
  if (first.rows() == 0) return report;
  Search search(first, features, options, parallel_for);
  const std::vector<Candidate> candidates = search.best();
  report.looked_at = search.looked_at();
  report.candidates = candidates.size();

  std::vector<Slice> tested;
  for (const Candidate& each : candidates) {
    const Count count = second.count(each.terms);
    Slice slice;
    slice.terms = each.terms;
    slice.rows = all.count(each.terms).rows;
    slice.confirmed_rows = count.rows;
    slice.p_value = count.rows == 0 ? 1 : second.p_value(count);
    if (count.rows > 0) set_interval(slice, count.rows - count.errors, count.rows);
    tested.push_back(std::move(slice));
  }
  std::stable_sort(tested.begin(), tested.end(),
                   [](const Slice& a, const Slice& b) { return a.p_value < b.p_value; });
  double corrected = 0;
  for (size_t i = 0; i < tested.size(); ++i) {
    corrected = std::max(corrected, tested[i].p_value * static_cast<double>(tested.size() - i));
    if (corrected > options.alpha) break;
    tested[i].p_value = corrected;
    report.slices.push_back(tested[i]);
  }
  const auto excess = [&](const Slice& slice) {
    return (report.accuracy - slice.accuracy) * static_cast<double>(slice.rows);
  };
  std::stable_sort(report.slices.begin(), report.slices.end(),
                   [&](const Slice& a, const Slice& b) { return excess(a) > excess(b); });
  return report;
}

}  // namespace errata::analysis
