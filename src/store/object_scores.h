// Stored scores of objects: what matching a run's detections with the annotations said, one set for
// each pair of thresholds it was matched at. A set never answers for other thresholds, and only
// for the labels and detections it was made of.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/columns.h"
#include "store/store.h"

namespace errata::store {

// Sets that one run may have; the oldest goes for one more.
inline constexpr int kMostObjectScoreSets = 8;

struct ObjectScoreSet {
  RunId run = 0;
  double confidence = 0;     // detections below it are no errors
  double overlap = 0;        // least IoU that is right
  uint64_t input_hash = 0;   // of all that the values depend on beside the thresholds
  int64_t log_end = 0;       // last_event() before the objects were read
  std::string detail = {};   // what the maker wants back with them
  std::string made_at = {};  // ISO 8601 UTC; put_object_scores() gives it
  // One row an object: `object_id` and `sample_id` (int), and values of any type but text and sets.
  // References to other objects are ids.
  Table columns;
};

// Log id of the newest event; 0: none.
int64_t last_event(Store& store);

// In place of one of the same run and thresholds. Sets of the run that were made of something else
// than this one go. Error: kNotFound without the run, kInternal for a column of another type.
void put_object_scores(Store& store, const ObjectScoreSet& set);
// nullopt when there is none of these thresholds that was made of the same. Dictionaries come back
// with the texts they had.
std::optional<ObjectScoreSet> read_object_scores(Store& store, RunId run, double confidence,
                                                 double overlap, uint64_t input_hash);

struct ObjectScoreInfo {
  int64_t id = 0;
  RunId run = 0;
  std::string run_name;
  double confidence = 0;
  double overlap = 0;
  uint64_t rows = 0;
  std::string made_at;
  bool holds = true;  // false: labels were changed since, or samples left out
};
// By run, confidence and IoU.
std::vector<ObjectScoreInfo> list_object_scores(Store& store);
ObjectScoreSet read_object_scores(Store& store, const ObjectScoreInfo& info);

}  // namespace errata::store
