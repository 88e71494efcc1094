// What a matrix of predictions holds, and whether one of its rows is sound.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>

#include "model/records.h"

namespace errata::importers {

// Looks at some rows: pass them one by one, then ask.
class KindGuess {
 public:
  explicit KindGuess(size_t columns) : columns_(columns) {}
  void add(std::span<const float> row);  // rows with NaN count for nothing

  // One sentence in `reason`. Nothing when the values are neither: inside 0..1 with sums that are
  // not 1 (independent sigmoids), or percentages; `reason` then says so.
  std::optional<PredictionKind> decide(std::string& reason) const;
  bool sums_are_one() const;

 private:
  size_t columns_;
  size_t rows_ = 0;
  size_t rows_sum_one_ = 0;
  size_t rows_sum_hundred_ = 0;
  size_t rows_exp_sum_one_ = 0;
  float smallest_ = 0;
  float largest_ = 0;
  std::optional<double> odd_sum_;  // the first that is not 1
};

// How far the sum of a row of probabilities may be from 1: they may be float16 or rounded texts.
float sum_tolerance(size_t columns);

struct RowFault {
  const char* kind = nullptr;  // nullptr: sound
  std::string message;
};

// Sound: no NaN or infinity; probabilities inside 0..1 (to 0.001), not all 0 and, with `check_sum`,
// summing to 1.
RowFault check_row(std::span<const float> row, PredictionKind kind, bool check_sum);

}  // namespace errata::importers
