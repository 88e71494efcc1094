// Weak slices: groups of samples, named by one property or two, on which a model is worse than on
// the others.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/workers.h"

namespace errata::analysis {

// A property as a few values: a category, a cluster, a range of a number.
struct SliceFeature {
  std::string name;
  std::vector<int32_t> codes;      // of each row; -1: none
  std::vector<std::string> terms;  // of each code, in the filter language: "blurry < 0.3"
};

struct SliceOptions {
  double alpha = 0.05;     // chance that anything is reported where nothing is weak, at most
  size_t candidates = 12;  // taken from the first half to the second
  size_t least_rows = 20;  // of a half, in a slice; and least_share of it
  double least_share = 0.005;
  uint64_t seed = 1;
};

struct SliceTerm {
  size_t feature = 0;
  int32_t code = 0;
};

// The numbers of errors are those of the second half: the first, on which the slice was found,
// flatters it.
struct Slice {
  std::vector<SliceTerm> terms;  // one or two
  size_t rows = 0;               // of all rows, copies too
  size_t confirmed_rows = 0;     // of the second half
  double accuracy = 0;
  double low = 0, high = 0;  // Wilson's 95 % interval
  double p_value = 1;        // one-sided, corrected for the number of candidates (Holm)
};

struct SliceReport {
  std::vector<Slice> slices;  // by errors above what the overall rate would give, most first
  size_t looked_at = 0;       // groups that were large enough
  size_t candidates = 0;      // taken to the second half
  double accuracy = 0;        // of all rows
};

// Rows are drawn into two halves. On the first, all single values and all pairs of two features are
// compared with the rest; those that are worse, a pair worse than either of its parts, are taken by
// falling significance, none of which is mostly a part of an earlier one. On the second each is
// tested exactly (hypergeometric: errors thrown over all rows at random) with Holm's correction, so
// that with errors that follow no feature the chance of any report is at most alpha, however many
// groups were looked at. Features must not be made from the errors. `copies`: the number of a group
// of copies for each row, -1: of none, or empty: a model errs on the copies of a picture alike, and
// they would confirm each other, so that one of each group is drawn and counted.
SliceReport find_slices(std::span<const uint8_t> right, std::span<const SliceFeature> features,
                        std::span<const int64_t> copies, const SliceOptions& options,
                        const ParallelFor& parallel_for);

// P(X >= errors) where `in_slice` of `rows` rows are drawn and `all_errors` of those are errors.
double hypergeometric_tail(size_t rows, size_t all_errors, size_t in_slice, size_t errors);

}  // namespace errata::analysis
