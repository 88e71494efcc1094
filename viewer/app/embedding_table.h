// The directions of a run's embeddings, kept in memory while they fit, so that what is alike is
// told while a cursor rests.
#pragma once

#include <span>
#include <vector>

#include "store/runs.h"
#include "store/store.h"
#include "viewer/state/backend.h"

namespace errata::viewer {

// One call at a time.
class EmbeddingTable {
 public:
  // The `limit` samples most like those of `like` (mean of the directions, cosine), most alike
  // first, without those themselves. By the newest run that has embeddings; reads them with the
  // first call. Throws Error(kNotFound) when there is no such run, or none of `like` has one;
  // Error(kUsage), having read nothing, when they would take more than kMostBytes.
  std::vector<Alike> nearest(store::Store& store, std::span<const SampleId> like, size_t limit);
  // The store may hold other embeddings now.
  void forget();

  static constexpr size_t kMostBytes = size_t{1} << 30;

 private:
  void read(store::Store& store, const store::RunInfo& run);
  std::vector<float> direction_of(std::span<const SampleId> like) const;

  RunId run_ = 0;
  size_t columns_ = 0;
  std::vector<SampleId> ids_;  // rising
  std::vector<float> values_;  // ids x columns, of norm 1
};

}  // namespace errata::viewer
