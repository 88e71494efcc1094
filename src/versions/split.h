// Who goes into train, val and test. Pure functions, the same result on every platform and for
// every number of workers; with `keys` from the content, also for every order of the samples.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/ids.h"

namespace errata::versions {

// One part, by a fraction of all samples or by a count. A negative fraction and count: the rest; at
// most one part may be that. What the parts leave over goes into no part.
struct SplitPart {
  std::string name;
  double fraction = -1;
  int64_t count = -1;
};

struct SplitRecipe {
  std::vector<SplitPart> parts;
  uint64_t seed = 1;
  bool stratify = true;  // by class; samples without a label are a class of their own
  std::string group_by;  // what must stay together, for the record: "attr.patient", "content"
  bool extend = false;   // keep who has a part, place only the others
};

// "train=0.8,val=0.1,test=0.1", "test=1000,train=rest", "train=70%,test=30%". Throws Error(kUsage)
// with the offending text.
std::vector<SplitPart> parse_split_parts(std::string_view text);
// k parts "fold0".."fold<k-1>" of equal fractions. Throws Error(kUsage) for k < 2.
std::vector<SplitPart> make_folds(int k);
// Canonical JSON of a recipe: what a version keeps.
std::string to_json(const SplitRecipe& recipe);

struct SplitInput {
  size_t samples = 0;
  std::span<const ClassIndex> labels;  // kNoClass: without one; empty: none has one
  std::span<const int64_t> groups;  // equal values stay together, negative: alone; empty: all alone
  std::span<const uint64_t> keys;   // decides the draw; empty: the position
  std::span<const int32_t> current;  // part of each sample now, -1 none; needed by extend only
};

inline constexpr int32_t kNoPart = -1;

struct SplitResult {
  std::vector<int32_t> part;   // per sample, index into recipe.parts or kNoPart
  std::vector<int64_t> sizes;  // samples per part
  uint64_t placed = 0;         // samples that got a part now
  uint64_t groups = 0;         // groups of two or more samples
  // With extend: groups that already lay in several parts; their new members went to the part that
  // holds most of the group.
  uint64_t straddling_groups = 0;
  // Largest difference, over classes and parts, between the samples there and the class's exact
  // share: below 1 without groups and without extend.
  double worst_deviation = 0;
};

// Without groups: every part has its exact size (fractions: largest remainder of the whole), every
// class in every part its exact share rounded up or down, and among such tables the one nearest to
// the shares. With groups: groups of two or more are placed first, largest first, each where it
// hurts the shares least, then improved by moves; single samples then fill up to the exact table.
// Who must not be touched (excluded samples, those in parts that the recipe does not name) is left
// out by the caller. Extend: shares count all samples, old and new; nobody who has a part moves.
// Throws Error(kUsage) for no part, equal names, fractions above 1 or counts above the samples.
SplitResult make_split(const SplitInput& input, const SplitRecipe& recipe);

// Joins groupings: samples that share a value in any of them share one in the result (negative
// values join nothing). For "same patient or same content".
std::vector<int64_t> join_groups(size_t samples,
                                 std::span<const std::span<const int64_t>> groupings);

// Whole numbers nearest to a table of shares: each cell floor or ceil of its share, rows keep their
// sums (which must be whole to 1e-6), columns get `column_sums` when there is such a table and as
// near as possible otherwise. Row-major, rows x columns. Ties fall by `seed`.
std::vector<int64_t> round_table(std::span<const double> shares, size_t columns,
                                 std::span<const int64_t> column_sums, uint64_t seed);
// Whole numbers with the sum `total`, by the largest remainder (Hamilton); ties to the first.
std::vector<int64_t> largest_remainder(std::span<const double> shares, int64_t total);

}  // namespace errata::versions
