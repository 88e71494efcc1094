// Rows to train heads on, for the tests of those who do it.
#pragma once

#include <doctest/doctest.h>

#include <cmath>
#include <span>
#include <vector>

#include "analysis/bootstrap.h"
#include "analysis/probe.h"
#include "base/random.h"

namespace errata::tests {

inline constexpr size_t kRows = 900;
inline constexpr size_t kClasses = 7;
inline constexpr size_t kFolds = 3;
inline constexpr size_t kColumns = 40;

// Clouds that overlap, with rows that weigh less, and some that no fold has.
struct HeadData {
  HeadData() {
    Rng rng(5);
    std::vector<double> centres(kClasses * kColumns);
    for (double& value : centres) value = analysis::draw_normal(rng);
    std::vector<float> values;
    for (size_t row = 0; row < kRows; ++row) {
      const size_t label = row % kClasses;
      labels.push_back(row % 50 == 7 ? kNoClass : static_cast<ClassIndex>(label));
      groups.push_back(static_cast<uint32_t>(row));
      weights.push_back(row % 3 == 0 ? 0.25f : 1.0f);
      for (size_t k = 0; k < kClasses; ++k) {
        targets.push_back(labels.back() == static_cast<ClassIndex>(k) ? 1.0f : 0.0f);
      }
      for (size_t j = 0; j < kColumns; ++j) {
        values.push_back(
            static_cast<float>(centres[label * kColumns + j] + 2.5 * analysis::draw_normal(rng)));
      }
    }
    space = analysis::make_embedding_space(values, kColumns, serial_for);
    fold = analysis::stratified_folds(labels, groups, kClasses, kFolds, 1);
    rows = {space.coordinates(), kClasses, kFolds, fold, targets, weights};
  }

  std::vector<ClassIndex> labels;
  std::vector<uint32_t> groups;
  std::vector<float> weights;
  std::vector<float> targets;
  analysis::EmbeddingSpace space;
  std::vector<uint8_t> fold;
  analysis::HeadRows rows;
};

inline analysis::Probe probe_of(const HeadData& data, const analysis::HeadMathFactory& make) {
  return analysis::run_probe(data.space, data.labels, data.groups, kClasses, {kFolds, 1}, make,
                             [] {});
}

inline double largest_difference(std::span<const float> a, std::span<const float> b) {
  REQUIRE(a.size() == b.size());
  double largest = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    const double difference = std::abs(double{a[i]} - double{b[i]});
    if (!(difference <= largest)) largest = difference;
  }
  return largest;
}

}  // namespace errata::tests
