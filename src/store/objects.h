// Annotations and detections: reading them as a table, and what people decide about annotations.
//
// Imported annotations are immutable column chunks; what a person changes are rows over them, one
// for each object, written in the transaction of its event in the one log.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "model/objects.h"
#include "model/snapshot.h"
#include "store/edits.h"
#include "store/store.h"

namespace errata::store {

struct ObjectOptions {
  bool given = true;
  bool predicted = true;        // of the snapshot's active run, when it is one of detections
  double confidence_floor = 0;  // detections below it are left out and counted
  bool shapes = false;          // outlines and keypoints as well
  // Error(kUnsupported) naming what to narrow when the table would take more.
  uint64_t most_bytes = uint64_t{4} << 30;
};

// The objects of the samples of `snapshot`, which must be of this store and as it is now. One short
// read transaction. An empty table where there are none. Error(kCorrupt).
ObjectTable load_objects(Store& store, const Snapshot& snapshot, const ObjectOptions& options = {});

enum class ObjectEditKind : uint8_t {
  kAdd,           // sample, class_id, box_xywh_px, shape
  kDelete,        // left out of versions and exports; undo brings it back
  kSetClass,      // class_id
  kSetBox,        // box_xywh_px; polygons, corners and keypoints go with it, a mask of runs is lost
  kSetCrowd,      // flag
  kSetDifficult,  // flag
  kSetTruncated,  // flag
  kKeep,          // right as it is
  kAmbiguous,     // nobody could tell
  kUnreview,
  kRestore,  // state, whole: of one that is there, was deleted, or is in no source any more
  // Of a detection without an annotation: object (0: one of another store), sample, class_id (0:
  // the project lacks it) and box_xywh_px are the detection's. See DetectionReview.
  kDetectionKeep,
  kDetectionAmbiguous,
  kDetectionUnreview
};
std::string_view object_edit_name(ObjectEditKind kind);  // "object-add", "object-class", ...

struct ObjectEdit {
  ObjectEditKind kind = ObjectEditKind::kKeep;
  ObjectId object = 0;  // not for kAdd; kRestore: 0 gives a new one
  SampleId sample = 0;
  ClassId class_id = 0;
  std::array<double, 4> box_xywh_px{};
  bool flag = false;
  std::string shape = {};
  std::string why = {};    // of this edit; empty: the batch's
  ObjectState state = {};  // kRestore; its class may be one that was merged away
};

// Applies the edits in order as one batch that undo() and redo() take back and do again; `objects`
// of the result says what changed and which ids were given. Error: kNotFound for an object, sample
// or class; kUsage for a box that is not finite or without size. Then nothing was changed.
AppliedBatch apply_object_edits(Store& store, std::span<const ObjectEdit> edits,
                                const std::string& who, const std::string& why);

// Edits of samples (store/edits.h) and, after them, of objects as one batch: those that `decide`
// gives, which is called in the transaction that writes them. So nobody changes what it reads of
// the store before its edits are there; it must not write. Throws what apply_edits() throws.
struct EditsOfBoth {
  std::vector<Edit> samples;
  std::vector<ObjectEdit> objects;
};
AppliedBatch apply_edits_and_objects(Store& store, const std::function<EditsOfBoth()>& decide,
                                     const std::string& who, const std::string& why);

// Brings a loaded table to the state after the batch; equal to loading it again but for columns of
// matching and scores, which are NULL in changed rows. False, with the table as it was, when it has
// to be loaded again.
[[nodiscard]] bool apply_to_objects(ObjectTable& objects, const Snapshot& snapshot,
                                    const AppliedBatch& batch);

// All decisions about detections that hold, rising by detection.
std::vector<DetectionReview> detection_reviews(Store& store);

// As stored now; nullopt for one that is deleted or was never there.
std::optional<ObjectState> read_object(Store& store, ObjectId object);
// Log id of the last event that changed an annotation, imports included; 0: none.
int64_t object_revision(Store& store);

}  // namespace errata::store
