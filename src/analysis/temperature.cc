#include "analysis/temperature.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace errata::analysis {

double best_power(std::span<const ClassIndex> labels, size_t classes,
                  const std::function<bool(size_t, std::span<double>)>& logs_of) {
  constexpr size_t kMostRows = 5000;
  constexpr double kGolden = 0.6180339887498949;
  std::vector<size_t> counted;
  std::vector<double> logs(classes);
  for (size_t row = 0; row < labels.size(); ++row) {
    if (labels[row] != kNoClass && logs_of(row, logs)) counted.push_back(row);
  }
  if (counted.empty()) return 1;
  const size_t step = std::max<size_t>(1, counted.size() / kMostRows);
  // Less the highest of each row, the label's last.
  std::vector<double> kept;
  for (size_t i = 0; i < counted.size(); i += step) {
    logs_of(counted[i], logs);
    const double highest = *std::max_element(logs.begin(), logs.end());
    for (const double value : logs) kept.push_back(value - highest);
    kept.push_back(logs[static_cast<size_t>(labels[counted[i]])] - highest);
  }
  const auto loss_of = [&](double log_power) {
    const double power = std::exp(log_power);
    double loss = 0;
    for (size_t at = 0; at < kept.size(); at += classes + 1) {
      double sum = 0;
      for (size_t k = 0; k < classes; ++k) sum += std::exp(power * kept[at + k]);
      loss += std::log(sum) - power * kept[at + classes];
    }
    return loss;
  };
  double low = std::log(0.05);
  double high = std::log(4.0);
  for (size_t i = 0; i < 14; ++i) {
    const double a = high - kGolden * (high - low);
    const double b = low + kGolden * (high - low);
    if (loss_of(a) <= loss_of(b)) {
      high = b;
    } else {
      low = a;
    }
  }
  return std::exp((low + high) / 2);
}

void to_probabilities(std::span<float> logs, size_t classes, double power,
                      const ParallelFor& parallel_for) {
  constexpr size_t kGrain = 1024;
  parallel_for(logs.size() / classes, kGrain, [&](size_t begin, size_t end) {
    for (size_t row = begin; row < end; ++row) {
      float* out = logs.data() + row * classes;
      const float highest = *std::max_element(out, out + classes);
      float sum = 0;
      for (size_t k = 0; k < classes; ++k) {
        out[k] = std::exp(static_cast<float>(power) * (out[k] - highest));
        sum += out[k];
      }
      for (size_t k = 0; k < classes; ++k) out[k] /= sum;
    }
  });
}

}  // namespace errata::analysis
