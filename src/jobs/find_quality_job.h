// Bad pictures: dark, light, blurry, empty, oddly shaped, oddly large, or without colour.
#pragma once

#include <string>
#include <vector>

#include "analysis/image_quality.h"
#include "jobs/job_context.h"
#include "jobs/loaded_state.h"
#include "store/edits.h"

namespace errata::jobs {

struct FindQualityOptions {
  std::string store_path = "errata.db";
  std::string where;                // only these samples are looked at; empty: all
  std::vector<std::string> issues;  // names of analysis::quality_issues(); empty: all
  std::string tag;                  // tags what was found, as one batch; empty: none
  std::string who;

  // Throws Error(kUsage) for an unknown issue.
  void check() const;
};

struct QualityFinding {
  RowIndex row = 0;  // of the snapshot
  double score = 0;
};

struct QualityKind {
  const analysis::QualityIssueInfo* info = nullptr;
  double threshold = 0;
  std::vector<QualityFinding> found;  // worst first
  // More than half of all pictures have it: how this data set is, rather than what is wrong with
  // some of it. Counted, and neither tagged nor shown unless it was asked for by name.
  bool common = false;
};

struct FindQualityReport {
  LoadedState state;
  std::vector<QualityKind> kinds;  // those asked for
  size_t looked_at = 0;            // pictures that could be decoded
  size_t unreadable = 0;           // listed in the context's issues and in the store's
  size_t excluded = 0;             // left out because a person excluded them
  size_t grey_as_rgb = 0;          // of the grey ones, those stored with three equal channels
  store::AppliedBatch tagged;
};

// Measures every picture once and stores each issue's scores as a column of its name ("blurry"),
// by which samples can be ranked and filtered; samples that were not looked at keep theirs. Throws
// what load_state throws. Memory: some 100 bytes a sample, and one picture a thread.
FindQualityReport find_quality(const FindQualityOptions& options, JobContext& context);

}  // namespace errata::jobs
