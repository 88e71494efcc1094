// Label errors: which labels the evidence of the store speaks against (jobs/label_evidence.h), or a
// single run's probabilities, by confident learning as cleanlab does it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "analysis/bootstrap.h"
#include "analysis/dataset_health.h"
#include "jobs/job_context.h"
#include "jobs/label_evidence.h"
#include "jobs/loaded_state.h"
#include "store/edits.h"

namespace errata::jobs {

struct FindLabelsOptions {
  std::string store_path = "errata.db";
  std::string run;  // only this one's probabilities; empty: all runs (confident learning: newest)
  // Only these samples are looked at; empty: all. By evidence the others are judged beside them, or
  // as many drawn of them as fit into most_values; confident learning knows these alone.
  std::string where;
  std::string device = "auto";  // that trains heads by evidence: auto, cpu, cuda or cuda:N
  // Whether the model of the embeddings, where it learnt other classes, is fitted to the labels
  // (jobs/fine_tune.h; the run "fine-tuned"), and that run weighed too: "auto" (also when empty:
  // where `least_fitted` labels or more are judged and it takes at most kMostFittingSecs here),
  // "always" or "never". Once the run is there it is weighed without being asked for.
  std::string fine_tune;
  size_t least_fitted = 5000;  // labels, unless asked for: what it adds to fewer was not measured
  std::string method;          // label_methods(); empty: evidence, or what the next ask for
  // Of confident learning; any of them asks for it.
  std::string filter;     // label_issue_filters(); empty: prune_by_noise_rate
  std::string rank_by;    // normalized_margin (empty), self_confidence, confidence_weighted_entropy
  bool compat = false;    // cleanlab's known faults kept
  double frac_noise = 1;  // of the estimated noise, what is taken; 0..1
  int64_t min_examples_per_class = 1;         // are left of each class
  std::vector<std::string> remove_per_class;  // "cat=20"; none: as many as are estimated
  // Samples times classes that are weighed at once: more would not fit beside its own copies.
  // Confident learning reads the store piece by piece.
  size_t most_values = size_t{128} << 20;
  std::string tag;  // tags what was found, as one batch that one undo takes back; empty: none
  std::string who;

  bool confident_learning() const;
  bool prunes() const;  // asks for what only the filters that prune take
  // Throws Error(kUsage) for an unknown method, filter or score, and for a filter, score or compat
  // with a method that has none.
  void check() const;
};

struct LabelSuspect {
  RowIndex row = 0;                 // of the snapshot
  ClassIndex suggested = kNoClass;  // into FindLabelsReport::class_names
  float suggested_probability = 0;
  float self_confidence = 0;
  double score = 0;              // rank_by, low is bad; of all evidence: high is bad
  int8_t verdict = -1;           // of model/verdict.h; -1: none
  NeighbourEvidence neighbours;  // shown 0: not known
  uint8_t runs_known = 0;
  uint8_t runs_for_given = 0;
};

struct FindLabelsReport {
  LoadedState state;
  std::vector<std::string> class_names = {};   // the project's, then what only the run knows
  std::vector<LabelSuspect> suspects = {};     // worst first
  std::vector<LabelSuspect> not_valid = {};    // by the verdict, and no suspects; worst first
  size_t looked_at = 0;                        // samples with a label and a prediction
  size_t judged = 0;                           // by evidence: with those weighed beside them
  size_t excluded = 0;                         // left out because a person excluded them
  int64_t estimated = 0;                       // wrong labels, from the calibrated joint
  analysis::Interval estimated_interval = {};  // of all evidence: the same with its 95 % interval
  bool all_evidence = false;                   // not one run's confident learning
  std::string embeddings = {};                 // the run whose embeddings took part; empty: none
  bool by_stages = false;                      // with them what the model's earlier stages saw
  bool by_pictures = false;                    // with them what the pictures look like
  std::vector<std::string> runs = {};          // whose probabilities took part
  std::vector<size_t> verdicts = {};           // how many of each of model/verdict.h
  analysis::DatasetHealth health = {};         // of all that were judged
  store::AppliedBatch tagged = {};
  std::string lacks = {};      // what would let it see more: a sentence
  std::string more = {};       // what could be done beside all that is there: a sentence
  bool fitted = false;         // a model fitted in folds took part
  bool can_be_fitted = false;  // none did, but the embeddings' model is there for it
  double fitting_secs = 0;     // that fitting it took; 0: none was done now
  std::vector<std::string> warnings = {};
};

inline constexpr double kMostFittingSecs = 600;
// "evidence", "confident_learning".
std::vector<std::string> label_methods();
// The names that FindLabelsOptions::filter takes, cleanlab's.
std::vector<std::string> label_issue_filters();

// By all evidence what was judged is kept as columns (jobs/label_columns.h); confident learning
// writes nothing but tags, and judges instead, with a warning, where samples times classes are too
// many to hold and no method is named. Throws what load_state throws, Error(kNotFound) for a run
// without probabilities, or a store without probabilities and embeddings, and Error(kUsage) where
// they are too many and it cannot judge instead. Memory of confident learning: one
// chunk of probabilities and some 60 bytes a sample.
FindLabelsReport find_labels(const FindLabelsOptions& options, JobContext& context);

}  // namespace errata::jobs
