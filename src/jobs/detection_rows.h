// Detections of a file on their way into a run: the sample of each found, then one row per sample,
// in bounded memory whatever the order of the file.
#pragma once

#include <array>
#include <string>
#include <unordered_map>
#include <vector>

#include "importers/path_matcher.h"
#include "jobs/grouped_records.h"
#include "jobs/job_context.h"
#include "model/records.h"
#include "model/upright.h"
#include "store/runs.h"
#include "store/sample_files.h"

namespace errata::jobs {

class DetectionRows {
 public:
  // The samples of the store: what a matcher finds is the place in the other two.
  struct Samples {
    importers::PathMatcher matcher;
    std::vector<SampleId> ids;
    std::vector<UprightFrame> frames;
  };
  // Detections that take more than `memory_bytes` wait in a file beside the store. `samples` must
  // live as long as this.
  DetectionRows(const Samples& samples, const PredictionHeader& header, const std::string& file,
                const std::string& store_path, uint64_t memory_bytes, JobContext& context);

  // A box of NaN becomes that of the mask; without one of its image's size the detection goes.
  void take(PredictionBatch&& batch);
  uint64_t size() const { return records_.size(); }
  const importers::MatchCounts& matches() const { return matches_; }  // of images named
  const std::string& first_missing() const { return first_missing_; }

  // The samples that the file is about: those with a detection, and all others of the same source
  // and split: a file says nothing of an image on which nothing was found.
  std::vector<SampleId> plan(store::Store& store) const;
  // Rows of the plan, in order, each sample's detections in the order of the file. Once, after the
  // last take().
  void write(store::RunWriter& writer, const std::vector<SampleId>& plan);

 private:
  size_t find(const std::string& key);
  size_t find_number(const std::string& key);

  const Samples& samples_;
  const bool parts_of_upright_;
  const std::string& file_;
  JobContext& context_;
  importers::MatchCounts matches_;
  std::string first_missing_;
  std::unordered_map<std::string, size_t> known_;  // place by key; SIZE_MAX: none
  GroupedRecords records_;                         // by sample
};

}  // namespace errata::jobs
