// Boxes in doubt: what is wrong with each object and each detection of a run, worst first.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "jobs/judged_objects.h"
#include "model/scores.h"

namespace errata::jobs {

struct RankObjectsOptions {
  JudgeOptions judge;
  std::string by = "label_doubt";  // an object score, or any column of numbers, largest first
  std::string where;               // of objects: error = 'missed' and area_px < 1024
  size_t limit = 20;               // 0: all

  void check() const { judge.check(); }
};

struct RankObjectsReport {
  JudgedObjects judged;
  std::string score = {};
  Worst worst = Worst::kHigh;
  std::string sentence = {};
  std::vector<RowIndex> rows = {};  // of the object table, worst first
  size_t ranked = 0;                // objects that pass and have a score
  std::string lacks = {};           // why nothing is ranked; empty when something is
};

// Objects and detections of the selected samples that pass the filter. Throws what judge_objects()
// throws, FilterError, and Error(kUsage) for an unknown score.
RankObjectsReport rank_objects(const RankObjectsOptions& options, JobContext& context);

struct FindBoxesOptions {
  JudgeOptions judge;
  std::string where;     // of objects; empty: all
  bool images = false;   // list images too
  bool decided = false;  // list in the queue what a person decided already as well
};

struct ImageRow {
  RowIndex sample = 0;
  size_t objects = 0;
  size_t detections = 0;           // of at least the confidence
  std::array<size_t, 7> errors{};  // of detections; kMissed: of objects
  size_t in_doubt = 0;             // rows of the queue
  double ap_part = 0;    // AP at the IoU of all images less that without this one; negative: hard
  double objectlab = 1;  // cleanlab's quality of the image, low is bad
  double mistakenness = -1;  // FiftyOne's, -1: none
};

struct FindBoxesReport {
  JudgedObjects judged;
  // Per error (model/objects.h) how many detections, and how many objects, of at least the
  // confidence.
  std::array<size_t, 7> detections{};
  std::array<size_t, 7> objects{};
  std::array<size_t, 5> doubts{};     // of the queue: class, place, spurious, copy, missing
  std::array<size_t, 3> verdicts{};   // of all: label, model, ambiguous
  std::vector<ImageRow> images = {};  // hardest first
  std::vector<RowIndex> queue = {};   // of a label_doubt of at least 0.1, worst first
  size_t decided = 0;  // in doubt as well, but a person has decided: not in the queue
};
FindBoxesReport find_boxes(const FindBoxesOptions& options, JobContext& context);

}  // namespace errata::jobs
