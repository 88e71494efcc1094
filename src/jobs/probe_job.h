// Out-of-sample probabilities from stored embeddings, or by the model that gave them fitted anew,
// kept as an ordinary run: no model of the user's is needed to find label errors.
#pragma once

#include <string>
#include <vector>

#include "analysis/bootstrap.h"
#include "analysis/probe.h"
#include "infer/load_head_device.h"
#include "jobs/job_context.h"
#include "jobs/loaded_state.h"

namespace errata::jobs {

struct ProbeJobOptions {
  std::string store_path = "errata.db";
  std::string embeddings;  // run that holds them; empty: the newest that does
  // The weights of the model that made the embeddings are fitted too (jobs/fine_tune.h), not only
  // a head on what it gave: better where it has seen little of the kind, and much slower.
  bool fine_tune = false;
  std::string run_name;  // of what is made; empty: probe, or fine-tuned
  std::string where;     // only these samples; empty: all
  int64_t folds = 0;     // 0: 5, or 2 where the model is fine-tuned, whose time they multiply
  int64_t seed = 1;
  std::string device = "auto";  // auto (CUDA when there is one), cpu, cuda or cuda:N
  bool replace = false;         // a run of the same name
  double most_secs = 0;         // fine-tuning that would take longer is not begun; 0: however long
  std::string who;

  size_t fold_count() const;
  // Throws Error(kUsage) for a number of folds outside 2..50.
  void check() const;
};

struct ProbeJobReport {
  std::string run;
  std::string embeddings;
  std::string choice;     // why these embeddings, when there were several; else empty
  std::string warning;    // that the model of the embeddings had learnt from these samples
  size_t samples = 0;     // that have probabilities now
  size_t labelled = 0;    // that the folds were made of
  size_t without = 0;     // selected, but without an embedding
  size_t unreadable = 0;  // fine-tuned: whose picture could not be read
  size_t duplicates = 0;  // samples in a group of near duplicates
  size_t folds = 0;
  bool fine_tuned = false;
  size_t epochs = 0;   // fine-tuned: of each fold
  size_t doubted = 0;  // fine-tuned: labels that taught less, since `find labels` doubts them
  size_t trained_values = 0;  // fine-tuned: of the model
  std::string trained_on;     // what the model of the embeddings had learnt from, a filter
  size_t columns = 0;         // of the embeddings
  // Of a head on the embeddings:
  size_t axes = 0;  // principal coordinates that were used
  double kept_variance = 0;
  double lambda = 0;
  std::vector<analysis::TriedStrength> tried;
  analysis::Interval accuracy;  // held out, against the current labels
  analysis::Interval ece;
  infer::ChosenDevice device;  // that trained
  double elapsed_secs = 0;
  double too_long_secs = 0;  // above most_secs, as it would take: nothing was made
};

// Throws what load_embeddings, RunWriter, choose_head_device and fine_tune throw, Error(kBadInput)
// for fewer than two classes. Excluded samples and those without a label take no part in the
// training; they get the mean of all folds. Memory: the embeddings, and a fifth of them for the
// coordinates.
ProbeJobReport run_probe(const ProbeJobOptions& options, JobContext& context);

}  // namespace errata::jobs
