// Pictures that are alone, pictures that are told many times, pictures that stand for many: from
// embeddings.
#pragma once

#include <string>
#include <vector>

#include "jobs/embeddings.h"
#include "store/edits.h"

namespace errata::jobs {

// Those that were told, the loneliest first.
inline constexpr const char* kOutliersView = "found outliers";

struct FindOutliersOptions {
  std::string store_path = "errata.db";
  std::string embeddings;  // run; empty: the newest that has any
  std::string where;       // only these samples are looked at; empty: all
  bool compat = false;     // Datalab's and FiftyOne's known faults kept
  std::string tag;         // tags the outliers, as one batch; empty: none
  std::string who;
};

struct FindOutliersReport {
  LoadedState state;
  std::string run = {};                         // whose embeddings
  std::string run_choice = {};                  // why that one; may be empty
  std::vector<RowIndex> rows = {};              // of the snapshot, of each score
  std::vector<double> outlier = {};             // low: alone
  std::vector<double> uniqueness = {};          // low: there are others like it
  std::vector<double> representativeness = {};  // high: in the middle of its cluster
  std::vector<size_t> found = {};               // outliers, places in `rows`, worst first
  double farthest_usual = 0;                    // mean distance above which a picture is an outlier
  size_t without = 0;                           // samples without an embedding
  size_t excluded = 0;
  std::vector<std::string> warnings = {};
  store::AppliedBatch tagged = {};
};

// Stores the three as columns ("outlier", "uniqueness", "representativeness") and saves the view
// kOutliersView. Throws what load_state and load_embeddings throw. Memory: that of load_embeddings.
FindOutliersReport find_outliers(const FindOutliersOptions& options, JobContext& context);

}  // namespace errata::jobs
