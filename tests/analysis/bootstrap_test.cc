#include "analysis/bootstrap.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

using namespace errata;
using namespace errata::analysis;

namespace {

// Pearson's statistic of draws against the binomial distribution, cells of expectation below 5
// pooled; and the number of cells.
struct Fit {
  double chi_square = 0;
  int cells = 0;
};
Fit binomial_fit(int64_t trials, double p, int draws) {
  Rng rng(static_cast<uint64_t>(trials) * 31 + static_cast<uint64_t>(p * 1e6));
  std::vector<int> seen(static_cast<size_t>(trials) + 1, 0);
  for (int i = 0; i < draws; ++i) ++seen[static_cast<size_t>(draw_binomial(rng, trials, p))];
  Fit fit;
  double expected = 0;
  double found = 0;
  const double n = static_cast<double>(trials);
  for (size_t k = 0; k < seen.size(); ++k) {
    const double x = static_cast<double>(k);
    expected += draws * std::exp(std::lgamma(n + 1) - std::lgamma(x + 1) - std::lgamma(n - x + 1) +
                                 x * std::log(p) + (n - x) * std::log1p(-p));
    found += seen[k];
    if (expected < 5 && k + 1 < seen.size()) continue;
    if (expected > 0) fit.chi_square += (found - expected) * (found - expected) / expected;
    ++fit.cells;
    expected = found = 0;
  }
  return fit;
}

}  // namespace

TEST_CASE("binomial draws follow the binomial distribution") {
  for (const auto& [trials, p] : std::vector<std::pair<int64_t, double>>{{1, 0.3},
                                                                         {10, 0.5},
                                                                         {40, 0.05},
                                                                         {40, 0.9},
                                                                         {100, 0.25},
                                                                         {1000, 0.02},
                                                                         {1000, 0.5},
                                                                         {5000, 0.997}}) {
    CAPTURE(trials);
    CAPTURE(p);
    const Fit fit = binomial_fit(trials, p, 200'000);
    // Mean cells - 1, deviation sqrt(2 (cells - 1)): five deviations.
    const double df = std::max(1, fit.cells - 1);
    CHECK(fit.chi_square < df + 5 * std::sqrt(2 * df) + 10);
  }
  Rng rng(1);
  CHECK(draw_binomial(rng, 5, 0) == 0);
  CHECK(draw_binomial(rng, 5, 1) == 5);
  CHECK(draw_binomial(rng, 0, 0.5) == 0);
  // Large counts keep mean and spread.
  double sum = 0;
  double square = 0;
  for (int i = 0; i < 20'000; ++i) {
    const double x = static_cast<double>(draw_binomial(rng, 1'000'000'000, 0.3)) - 3e8;
    sum += x;
    square += x * x;
  }
  CHECK(std::abs(sum / 20'000) < 500);
  CHECK(std::sqrt(square / 20'000) == doctest::Approx(std::sqrt(1e9 * 0.3 * 0.7)).epsilon(0.03));
}

TEST_CASE("multinomial draws have the total and the means") {
  Rng rng(2);
  const std::vector<int64_t> weights{5, 0, 3, 2};
  std::vector<int64_t> counts(4);
  std::vector<double> sums(4, 0);
  for (int i = 0; i < 5000; ++i) {
    draw_multinomial(rng, 100, weights, counts);
    REQUIRE(std::accumulate(counts.begin(), counts.end(), int64_t{0}) == 100);
    for (size_t c = 0; c < 4; ++c) sums[c] += static_cast<double>(counts[c]) / 5000;
  }
  CHECK(sums[0] == doctest::Approx(50).epsilon(0.01));
  CHECK(sums[1] == 0);
  CHECK(sums[2] == doctest::Approx(30).epsilon(0.01));
}

TEST_CASE("a mean over pooled cells has the interval of the plain bootstrap") {
  Rng rng(3);
  std::vector<double> values;
  for (int i = 0; i < 20'000; ++i) values.push_back(-std::log(rng.uniform_positive()));
  const Interval interval = bootstrap_mean(values, {}, serial_for);
  // Exponential: deviation 1, so 1.96 / sqrt(20,000) to each side.
  CHECK(interval.value == doctest::Approx(1).epsilon(0.02));
  CHECK(interval.high - interval.low ==
        doctest::Approx(2 * 1.96 / std::sqrt(20'000)).epsilon(0.06));
}

TEST_CASE("intervals by hand: BCa shifts with bias and skewness, NaN is left out") {
  std::vector<double> resampled(2001);
  std::iota(resampled.begin(), resampled.end(), 0.0);
  std::vector<double> copy = resampled;
  const Interval plain = bca_interval(1000, copy, 0, 0.95);
  CHECK(plain.low == doctest::Approx(50).epsilon(0.02));
  CHECK(plain.high == doctest::Approx(1950).epsilon(0.002));
  copy = resampled;
  copy.push_back(std::nan(""));
  const Interval skewed = bca_interval(1000, copy, 0.05, 0.95);
  CHECK(skewed.low > plain.low);
  CHECK(skewed.high > plain.high);
  copy = resampled;
  const Interval biased = bca_interval(900, copy, 0, 0.95);
  CHECK(biased.high < plain.high);
  const Interval normal = normal_interval(3, 2, 0.5, 0.95);
  CHECK(normal.value == 3);
  CHECK(normal.low == doctest::Approx(2 - 1.959964 * 0.5));
  CHECK(normal.high == doctest::Approx(2 + 1.959964 * 0.5));
  std::vector<double> same(1500, 3.0);
  CHECK(bca_interval(3, same, 0, 0.95).low == 3);
  std::vector<double> none;
  CHECK(std::isnan(bca_interval(1, none, 0, 0.95).low));
}

TEST_CASE("few samples in many cells, and many in few, give the same answer") {
  // 60 samples: drawn one by one in 60 cells, by binomials in 2 cells.
  std::vector<int64_t> each(60, 1);
  const auto share = [](std::span<const int64_t> counts, std::span<double> out) {
    const size_t half = counts.size() / 2;
    double first = 0;
    double all = 0;
    for (size_t i = 0; i < counts.size(); ++i) {
      all += static_cast<double>(counts[i]);
      first += i < half ? static_cast<double>(counts[i]) : 0;
    }
    out[0] = first / all;
  };
  const BootstrapOptions options{.seed = 5, .resamples = 20'000};
  const Interval by_one = bootstrap_cells(each, 1, share, options, serial_for)[0];
  const Interval by_two =
      bootstrap_cells(std::vector<int64_t>{30, 30}, 1, share, options, serial_for)[0];
  CHECK(by_one.value == 0.5);
  CHECK(by_one.low == doctest::Approx(by_two.low).epsilon(0.05));
  CHECK(by_one.high == doctest::Approx(by_two.high).epsilon(0.05));
}
