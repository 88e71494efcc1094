// Draws from distributions, the same on every platform up to the last bits of log and exp.
#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "analysis/bootstrap.h"

namespace errata::analysis {

namespace {

// ln k! less Stirling's approximation of it.
double stirling_tail(int64_t k) {
  constexpr std::array<double, 10> kTable{
      0.08106146679532726,  0.04134069595540929, 0.02767792568499834, 0.02079067210376509,
      0.01664469118982119,  0.01387612882307075, 0.01189670994589177, 0.01041126526197209,
      0.009255462182712733, 0.008330563433362871};
  if (k < static_cast<int64_t>(kTable.size())) return kTable[static_cast<size_t>(k)];
  const double next = static_cast<double>(k) + 1;
  const double square = next * next;
  return (1.0 / 12 - (1.0 / 360 - 1.0 / 1260 / square) / square) / next;
}

// Walks up the distribution: for small means.
int64_t draw_by_inversion(Rng& rng, int64_t trials, double p) {
  const double n = static_cast<double>(trials);
  const double odds = p / (1 - p);
  double probability = std::exp(n * std::log1p(-p));
  double u = rng.uniform();
  for (int64_t k = 0; k < trials; ++k) {
    if (u < probability) return k;
    u -= probability;
    probability *= odds * (n - static_cast<double>(k)) / (static_cast<double>(k) + 1);
  }
  return trials;
}

// BTRS of Hörmann (1993), "The generation of binomial random variates": transformed rejection with
// squeeze, for trials * p >= 10 and p <= 1/2.
int64_t draw_by_rejection(Rng& rng, int64_t trials, double p) {
  const double n = static_cast<double>(trials);
  const double deviation = std::sqrt(n * p * (1 - p));
  const double b = 1.15 + 2.53 * deviation;
  const double a = -0.0873 + 0.0248 * b + 0.01 * p;
  const double c = n * p + 0.5;
  const double v_r = 0.92 - 4.2 / b;
  const double odds = p / (1 - p);
  const double alpha = (2.83 + 5.1 / b) * deviation;
  const double m = std::floor((n + 1) * p);
  while (true) {
    const double u = rng.uniform() - 0.5;
    double v = rng.uniform_positive();
    const double us = 0.5 - std::abs(u);
    const double k = std::floor((2 * a / us + b) * u + c);
    if (us >= 0.07 && v <= v_r) return static_cast<int64_t>(k);
    if (!(k >= 0 && k <= n)) continue;
    v = std::log(v * alpha / (a / (us * us) + b));
    const auto tail = [](double value) { return stirling_tail(static_cast<int64_t>(value)); };
    const double upper = (m + 0.5) * std::log((m + 1) / (odds * (n - m + 1))) +
                         (n + 1) * std::log((n - m + 1) / (n - k + 1)) +
                         (k + 0.5) * std::log(odds * (n - k + 1) / (k + 1)) + tail(m) +
                         tail(n - m) - tail(k) - tail(n - k);
    if (v <= upper) return static_cast<int64_t>(k);
  }
}

}  // namespace

int64_t draw_binomial(Rng& rng, int64_t trials, double p) {
  if (trials <= 0 || p <= 0) return 0;
  if (p >= 1) return trials;
  if (p > 0.5) return trials - draw_binomial(rng, trials, 1 - p);
  return static_cast<double>(trials) * p < 10 ? draw_by_inversion(rng, trials, p)
                                              : draw_by_rejection(rng, trials, p);
}

double draw_normal(Rng& rng) {
  // Box and Muller (1958); the second value is thrown away, so that no state hides between calls.
  const double radius = std::sqrt(-2 * std::log(rng.uniform_positive()));
  return radius * std::cos(2 * std::numbers::pi * rng.uniform());
}

void draw_multinomial(Rng& rng, int64_t total, std::span<const int64_t> weights,
                      std::span<int64_t> counts) {
  int64_t weight_left = 0;
  for (const int64_t weight : weights) weight_left += weight;
  for (size_t i = 0; i < weights.size(); ++i) {
    if (total == 0 || weights[i] == 0) {
      counts[i] = 0;
      continue;
    }
    counts[i] =
        weights[i] == weight_left
            ? total
            : draw_binomial(rng, total,
                            static_cast<double>(weights[i]) / static_cast<double>(weight_left));
    total -= counts[i];
    weight_left -= weights[i];
  }
}

}  // namespace errata::analysis
