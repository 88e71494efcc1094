// Detections of a file on their way into a run: the sample of each found, then one row per sample.
#pragma once

#include <array>
#include <string>
#include <unordered_map>
#include <vector>

#include "importers/path_matcher.h"
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
  // `samples` must live as long as this.
  DetectionRows(const Samples& samples, const PredictionHeader& header, const std::string& file,
                JobContext& context)
      : samples_(samples),
        parts_of_upright_(header.parts_of_upright),
        file_(file),
        context_(context) {}

  void take(PredictionBatch&& batch);
  size_t size() const { return sample_.size(); }
  const importers::MatchCounts& matches() const { return matches_; }  // of images named
  const std::string& first_missing() const { return first_missing_; }

  // The samples that the file is about: those with a detection, and all others of the same source
  // and split: a file says nothing of an image on which nothing was found.
  std::vector<SampleId> plan(store::Store& store) const;
  // Rows of the plan, in order, each sample's detections in the order of the file.
  void write(store::RunWriter& writer, const std::vector<SampleId>& plan) const;

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
  std::vector<SampleId> sample_;
  std::vector<ClassIndex> class_index_;
  std::vector<std::array<double, 4>> box_;
  std::vector<double> confidence_;
  std::vector<std::string> shape_;  // empty while no detection has one
};

}  // namespace errata::jobs
