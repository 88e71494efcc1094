// The directions of a run's embeddings, kept in memory while they fit, so that what is alike is
// told while a cursor rests.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "store/runs.h"
#include "store/store.h"
#include "viewer/state/backend.h"

namespace errata::viewer {

// One call at a time.
class EmbeddingTable {
 public:
  // The `limit` samples most like those of `like` (mean of the directions, cosine), most alike
  // first, without those themselves. By the newest complete run that has embeddings, by one that is
  // still written where there is no other; reads them when they are others than in the call before.
  // Throws Error(kNotFound) when there is no such run, or none of `like` has one;
  // Error(kUsage), having read nothing, when they would take more than kMostBytes.
  std::vector<Alike> nearest(store::Store& store, std::span<const SampleId> like, size_t limit);
  static constexpr size_t kMostBytes = size_t{1} << 30;

 private:
  // Of a run as it was read: one that is still written, and one that took its place, is another.
  struct Read {
    RunId run = 0;
    std::string started_at;
    size_t rows = 0;
    bool operator==(const Read&) const = default;
  };
  static Read as_read(const store::RunInfo& run) {
    return {run.summary.id, run.summary.started_at, run.rows};
  }

  void read(store::Store& store, const store::RunInfo& run);
  std::vector<float> direction_of(std::span<const SampleId> like) const;

  Read read_;
  size_t columns_ = 0;
  std::vector<SampleId> ids_;  // rising
  std::vector<float> values_;  // ids x columns, of norm 1
};

}  // namespace errata::viewer
