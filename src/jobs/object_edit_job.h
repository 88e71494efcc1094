// Edits on many annotations at once: which are meant is said by ids or by a filter of objects.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "jobs/judged_objects.h"
#include "model/columns.h"
#include "store/objects.h"

namespace errata::jobs {

struct ObjectEditOptions {
  // Store, run and thresholds for what a filter or `accept` knows of detections; judge.where is a
  // filter of samples that narrows either.
  JudgeOptions judge;
  // What is done; nothing: accept, which makes a detection an annotation, or gives the annotation
  // that it was matched with its class or its box, whichever is in error (object_suggestion.h).
  // kKeep and kAmbiguous are of annotations and of detections that none belongs to
  // (is_unlabelled()).
  std::optional<store::ObjectEditKind> kind;
  std::string class_name;               // kSetClass
  std::array<double, 4> box_xywh_px{};  // kSetBox
  bool flag = false;                    // kSetCrowd, kSetDifficult, kSetTruncated
  std::vector<ObjectId> objects;        // which, or
  std::string where;                    // a filter of objects
  bool dry_run = false;                 // says what would be done and does nothing
  std::string who;
  std::string why;

  // Throws Error(kUsage): neither objects nor filter, or both; one box for many objects.
  void check() const;
};

// One edit and the object it is of, as it was.
struct PlannedEdit {
  store::ObjectEdit edit;
  RowIndex row = 0;  // of the object table
  std::string path;  // of its image
  std::string label;
  std::array<double, 4> box_xywh_px{};
  std::optional<double> confidence;  // of the detection that is accepted
};

struct ObjectEditReport {
  size_t selected = 0;
  size_t passed_over = 0;  // selected, but a detection where annotations are meant, or with nothing
                           // to accept
  std::vector<PlannedEdit> edits;
  store::AppliedBatch batch;  // empty for a dry run
  size_t masks_lost = 0;      // a mask of runs cannot be moved with its box
  std::string run;            // whose detections were looked at; empty: none
  std::vector<std::string> warnings;
};

// All or nothing, as one batch that one undo takes back. Error(kNotFound) for an object or class
// that is not there; Error(kUsage) where none of what was selected can be edited so.
ObjectEditReport edit_objects(const ObjectEditOptions& options, JobContext& context);

// Whether no annotation belongs to a detection: it is on nothing, or of another class in another
// place. So is each that was not matched. Columns as SuggestionColumns has them.
bool is_unlabelled(const Column* error, const Column* match, RowIndex detection);

// Annotations of the batch that had a mask of runs and have none now.
size_t count_lost_masks(const store::AppliedBatch& batch);

}  // namespace errata::jobs
