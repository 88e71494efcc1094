// Samples that look like others, or unlike them: by the cosine of their embeddings.
#pragma once

#include <string>
#include <vector>

#include "jobs/embeddings.h"

namespace errata::jobs {

struct SimilarOptions {
  std::string store_path = "errata.db";
  std::vector<std::string> like;    // samples, named as EditJobOptions::samples takes them
  std::vector<std::string> unlike;  // samples that those found shall not be like
  std::string embeddings;           // run; empty: the newest that has any
  std::string where;                // only these samples are looked at; empty: all
  size_t limit = 20;                // 0: all

  // Throws Error(kUsage) when no sample is named.
  void check() const;
};

struct SimilarSample {
  RowIndex row = 0;
  // Mean cosine to those it shall be like, less the mean to those it shall not: -2..2.
  double similarity = 0;
};

struct SimilarReport {
  LoadedState state;
  std::string run = {};
  std::string run_choice = {};
  std::vector<SimilarSample> found = {};  // most similar first; not the named ones
  size_t compared = 0;
};

// Throws what load_state and find_samples throw, and Error(kNotFound) for a named sample without an
// embedding. Reads the embeddings chunk by chunk: memory is one number a sample.
SimilarReport find_similar(const SimilarOptions& options, JobContext& context);

}  // namespace errata::jobs
