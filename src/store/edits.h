// What people decide about samples. Every change is an event of the one append-only log; the
// current state is written in the same transaction.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "model/objects.h"
#include "model/snapshot.h"
#include "store/store.h"

namespace errata::store {

enum class EditKind : uint8_t {
  kSetLabel,   // `labels` is the new set; review becomes relabelled, or kept when it is the given
               // one
  kExclude,    // review becomes excluded: left out of versions and exports
  kInclude,    // takes an exclusion back: review as if only the labels had been decided
  kKeep,       // the label is right as it is
  kAmbiguous,  // nobody could tell
  kUnreview,   // review becomes unseen, or relabelled when the label differs from the given one
  kTag,        // adds tag `text`
  kUntag,      // removes tag `text`
  kSetSplit    // `text` is the split; empty: none
};
std::string_view edit_kind_name(EditKind kind);  // "label", "exclude", "include", "keep", ...

enum class Review : uint8_t {
  kUnseen = 0,
  kKept = 1,
  kRelabelled = 2,
  kExcluded = 3,
  kAmbiguous = 4
};
std::string_view review_name(Review review);  // "unseen", "kept", ...

struct Edit {
  SampleId sample = 0;
  EditKind kind = EditKind::kKeep;
  std::vector<ClassId> labels;  // kSetLabel
  std::string text;             // kTag, kUntag, kSetSplit
  std::string why;              // of this edit; empty: the batch's
};

// All that an edit can change about a sample.
struct SampleState {
  std::vector<ClassId> labels;  // rising
  Review review = Review::kUnseen;
  std::string split;
  std::vector<std::string> tags;  // in byte order
  bool operator==(const SampleState&) const = default;
};

// A sample's state before and after a batch.
struct AppliedEdit {
  SampleId sample = 0;
  SampleState before;
  SampleState after;
};

// An annotation as it stands.
struct ObjectState {
  SampleId sample = 0;
  ClassId class_id = 0;
  std::array<double, 4> box_xywh_px{};
  double area_px = 0;
  bool crowd = false;
  bool difficult = false;
  bool truncated = false;
  ObjectReview review = ObjectReview::kUnseen;
  std::string shape;  // model/shape.h
  bool operator==(const ObjectState&) const = default;
};

// Nothing before: it was added. Nothing after: it was deleted.
struct AppliedObjectEdit {
  ObjectId object = 0;
  SourceId source = 0;  // 0: a person added it
  std::optional<ObjectState> before;
  std::optional<ObjectState> after;
};

// What a person decided about a detection that no annotation belongs to: that no label is missing
// there, or that nobody could tell. It is about the place: it holds for each detection of that
// class with an IoU of at least 0.5 with the box, of whichever run.
struct DetectionReview {
  ObjectId detection = 0;  // the one that was looked at
  SampleId sample = 0;
  ClassId class_id = 0;  // 0: one that the project lacks
  std::array<double, 4> box_xywh_px{};
  ObjectReview review = ObjectReview::kKept;  // or kAmbiguous
  bool operator==(const DetectionReview&) const = default;
};
// All that hold in a sample.
struct DetectionReviewsOfSample {
  SampleId sample = 0;
  std::vector<DetectionReview> reviews;
};

// A mask of runs cannot go where its box goes.
bool loses_mask(const std::optional<ObjectState>& before, const std::optional<ObjectState>& after);

struct AppliedBatch {
  int64_t batch = 0;                 // id in the log; 0: nothing changed and nothing was written
  std::string kind;                  // "edit", "undo", "redo"
  std::vector<AppliedEdit> edits;    // rising by sample, one each, only those that changed
  std::vector<SampleId> relabelled;  // rising; those whose labels changed, be it to and fro
  int64_t label_revision = 0;        // of the store afterwards
  std::vector<AppliedObjectEdit> objects;  // rising by object, one each, only those that changed
  int64_t object_revision = 0;             // of the store afterwards
  // Samples in which a decision about a detection came or went, as they are now; and those
  // detections. Both rising.
  std::vector<DetectionReviewsOfSample> detection_reviews = {};
  std::vector<ObjectId> reviewed_detections = {};
  bool classes_changed = false;  // a class was merged or came back: snapshots must be loaded again
};

// Applies the edits in order as one batch. Error: kNotFound for a sample, or a class that is not in
// the project or was merged away; kUsage for an empty tag. Then nothing was changed.
AppliedBatch apply_edits(Store& store, std::span<const Edit> edits, const std::string& who,
                         const std::string& why);

// Takes back the newest batch that stands, by whomever and in whichever session; itself a batch.
// Error(kNotFound) when there is none; Error(kConflict) when a sample is no longer as the batch
// left it.
AppliedBatch undo(Store& store, const std::string& who);
// Takes back one certain batch. Error(kConflict) when later changes stand in its way.
AppliedBatch undo_batch(Store& store, int64_t batch, const std::string& who);
// Takes back the newest undo that no later edit has overtaken.
AppliedBatch redo(Store& store, const std::string& who);
struct UndoState {
  bool can_undo = false;
  bool can_redo = false;
  std::string undo_text;  // "3 labels set", of the batch that undo() would take back
  std::string redo_text;  // of what redo() would do again
};
UndoState undo_state(Store& store);

// Brings a loaded snapshot to the state after the batch, in place; equal to loading it again.
// False, with the snapshot as it was, when it has to be loaded again: its class list is another, or
// it lacks a sample.
[[nodiscard]] bool apply_to_snapshot(Snapshot& snapshot, const AppliedBatch& batch);

// Log id of the last event that changed a label, imports included; 0 when there is none.
int64_t label_revision(Store& store);
// Samples whose labels are others now than at that revision, rising.
std::vector<SampleId> relabelled_since(Store& store, int64_t revision);

// State of samples as stored now, in the order asked for. Error(kNotFound).
std::vector<SampleState> read_states(Store& store, std::span<const SampleId> samples);

}  // namespace errata::store
