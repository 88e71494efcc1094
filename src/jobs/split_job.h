// Splits: who goes into train, val and test.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "store/edits.h"
#include "versions/split.h"

namespace errata::jobs {

struct SplitJobOptions {
  std::string store_path = "errata.db";
  std::string parts;  // "train=0.8,val=0.1,test=0.1"; or
  int folds = 0;      // k parts fold0..fold<k-1>
  uint64_t seed = 1;
  bool stratify = true;  // by class
  // Samples with equal values stay together: "content", or a column such as "attr.patient"; several
  // join their groups.
  std::vector<std::string> groups;
  bool extend = false;   // everyone who has a split stays there; only the others are placed
  std::string where;     // only these samples are placed; empty: all that are not excluded
  bool dry_run = false;  // report, change nothing
  std::string who;
  std::string why;

  // Throws Error(kUsage).
  void check() const;
};

struct SplitJobReport {
  struct Part {
    std::string name;
    int64_t samples = 0;
    std::vector<int64_t> per_class;  // of class_names; last: unlabelled
  };
  std::vector<Part> parts;
  std::vector<std::string> class_names;
  uint64_t placed = 0;
  uint64_t without_part = 0;
  uint64_t groups = 0;
  uint64_t straddling_groups = 0;
  double worst_deviation = 0;
  std::string recipe_json;
  store::AppliedBatch batch;
};

// One batch, taken back by one undo. Throws Error(kUsage) for parts that cannot be, FilterError.
SplitJobReport run_split(const SplitJobOptions& options);

}  // namespace errata::jobs
