// Weak slices: groups of samples on which a run is worse than on the others, in the words of the
// filter language.
#pragma once

#include <string>
#include <vector>

#include "analysis/slices.h"
#include "jobs/embeddings.h"
#include "store/edits.h"

namespace errata::jobs {

// The saved view in which what was found is kept: its filter shows all slices at once, its options
// are what the viewer's table shows.
inline constexpr const char* kSlicesView = "weak slices";

struct FindSlicesOptions {
  std::string store_path = "errata.db";
  std::string run;         // whose predictions; empty: the newest
  std::string embeddings;  // run whose embeddings make clusters; empty: the newest that has any
  std::string where;       // only these samples are looked at; empty: all
  uint64_t seed = 1;       // of the halves and the clusters
  std::string tag;         // tags the samples of all slices, as one batch; empty: none
  std::string who;
};

struct FoundSlice {
  std::string filter;  // "blurry < 0.31 and label = 'cat'"
  analysis::Slice slice;
};

// What would let an analysis see more.
struct Lack {
  std::string part;  // what it was done without: "clusters"; empty: the whole of it
  std::string what;  // "no run has embeddings. Run ..."

  bool operator==(const Lack&) const = default;
  std::string sentence() const { return part.empty() ? what : "without " + part + ": " + what; }
};

struct FindSlicesReport {
  LoadedState state;
  std::vector<FoundSlice> slices = {};  // most errors above the usual first
  std::vector<std::string> features = {};
  size_t looked_at = 0;  // samples with a label and a prediction
  size_t groups = 0;     // that were large enough to be compared
  size_t candidates = 0;
  double accuracy = 0;  // of the half that confirms
  std::vector<Lack> lacks = {};
  store::AppliedBatch tagged = {};
  std::vector<std::string> warnings = {};

  std::string lacks_text() const;  // a line for each
};

// Features are label, source, split, attributes, quality scores, sizes, and clusters of embeddings,
// which are stored as the column "cluster". Saves the view kSlicesView. Throws what load_state
// throws.
FindSlicesReport find_slices(const FindSlicesOptions& options, JobContext& context);

}  // namespace errata::jobs
