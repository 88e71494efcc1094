// Label errors: which labels a run's probabilities speak against, by confident learning.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "analysis/confident_learning.h"
#include "jobs/job_context.h"
#include "jobs/loaded_state.h"
#include "store/edits.h"

namespace errata::jobs {

struct FindLabelsOptions {
  std::string store_path = "errata.db";
  std::string run;                             // empty: the newest
  std::string where;                           // only these samples are looked at; empty: all
  std::string filter = "prune_by_noise_rate";  // label_issue_filters()
  std::string rank_by = "normalized_margin";   // or self_confidence, confidence_weighted_entropy
  bool compat = false;                         // cleanlab's known faults kept
  std::string tag;  // tags what was found, as one batch that one undo takes back; empty: none
  std::string who;

  // Throws Error(kUsage) for an unknown filter or score.
  void check() const;
};

struct LabelSuspect {
  RowIndex row = 0;                 // of the snapshot
  ClassIndex suggested = kNoClass;  // into FindLabelsReport::class_names
  float suggested_probability = 0;
  float self_confidence = 0;
  float score = 0;  // rank_by, low is bad
};

struct FindLabelsReport {
  LoadedState state;
  std::vector<std::string> class_names = {};  // the project's, then what only the run knows
  std::vector<LabelSuspect> suspects = {};    // worst first
  size_t looked_at = 0;                       // samples with a label and a prediction
  size_t excluded = 0;                        // left out because a person excluded them
  int64_t estimated = 0;                      // wrong labels, from the calibrated joint
  analysis::DatasetHealth health = {};
  store::AppliedBatch tagged = {};
  std::vector<std::string> warnings = {};
};

// The names that FindLabelsOptions::filter takes, cleanlab's.
std::vector<std::string> label_issue_filters();

// Throws what load_state throws, and Error(kNotFound) for a run without probabilities. Memory: one
// chunk of probabilities and some 60 bytes a sample.
FindLabelsReport find_labels(const FindLabelsOptions& options, JobContext& context);

}  // namespace errata::jobs
