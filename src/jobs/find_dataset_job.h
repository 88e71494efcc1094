// What is wrong with the set as a whole: rare classes, an order that is not random, properties of
// pictures that give their labels away.
#pragma once

#include <string>
#include <vector>

#include "analysis/dataset_checks.h"
#include "jobs/embeddings.h"

namespace errata::jobs {

struct FindDatasetOptions {
  std::string store_path = "errata.db";
  std::string embeddings;  // run; empty: the newest that has any
  std::string where;       // only these samples are looked at; empty: all
  bool compat = false;     // Datalab's baseline of correlations
};

// A check that could not be made has a sentence in `lacks` and nothing else.
struct FindDatasetReport {
  LoadedState state;
  size_t excluded = 0;
  size_t labelled = 0;
  std::vector<analysis::RareClass> rare = {};
  std::string rare_lacks = {};

  analysis::OrderCheck order = {};
  bool order_is_random = true;
  bool sorted_by_label = false;  // each class is one run of rows: the usual reason
  std::string order_run = {};
  std::string order_lacks = {};

  struct Correlation {
    std::string property;
    double score = 1;  // low: it gives the labels away
  };
  std::vector<Correlation> correlations = {};  // of all properties, worst first
  std::string correlations_lack = {};
};

// Stores the order's scores as the column "row_order". Throws what load_state throws; what is
// missing for one check does not stop the others.
FindDatasetReport find_dataset(const FindDatasetOptions& options, JobContext& context);

}  // namespace errata::jobs
