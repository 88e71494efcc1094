// Ranking: the samples that a score says to look at first.
#pragma once

#include <string>
#include <vector>

#include "jobs/loaded_state.h"
#include "model/scores.h"

namespace errata::jobs {

struct RankOptions {
  std::string store_path = "errata.db";
  // A score (model/scores.h; "confident-mistakes" and "confident_mistake" are the same), or any
  // column of numbers, largest first.
  std::string by = "confident-mistakes";
  std::string run;
  std::string where;
  size_t limit = 20;  // 0: all

  void check() const;
};

struct RankReport {
  LoadedState state;
  std::string score;           // column name
  Worst worst = Worst::kHigh;  // which end comes first
  std::string sentence;        // what the score means; empty for a plain column
  std::vector<RowIndex> rows;  // of the snapshot, worst first
  size_t ranked = 0;           // rows that pass the filter and have a score
  size_t excluded = 0;         // left out because a person excluded them
  std::vector<std::string> warnings;
  std::string lacks = {};  // why nothing is ranked; empty when something is
};

// Samples that a person excluded are left out unless the filter speaks of `excluded` or `review`.
// Throws Error(kUsage) for an unknown score, and what load_state throws. Writes nothing.
RankReport rank_samples(const RankOptions& options);

}  // namespace errata::jobs
