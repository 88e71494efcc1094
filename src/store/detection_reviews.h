// What people decided about detections that no annotation belongs to, by place: a decision holds
// for every detection there, of whichever run. Internal to this folder; DetectionReview is of
// store/edits.h.
#pragma once

#include <optional>
#include <vector>

#include "model/objects.h"
#include "model/snapshot.h"
#include "store/event_log.h"
#include "store/objects.h"
#include "store/snapshot_parts.h"

namespace errata::store {

bool is_detection_edit(ObjectEditKind kind);

// Reads and writes decisions within the caller's transaction.
class DetectionReviews {
 public:
  explicit DetectionReviews(Connection& db) : db_(db) {}

  // A decision takes the place of those that hold there; kDetectionUnreview leaves none.
  void decide(const ObjectEdit& edit, EventWriter& log);
  // False when the decision is not as the event expects it.
  bool apply_event(const Event& event);
  // What was decided and taken back, for followers of the batch.
  void list(AppliedBatch& batch);

 private:
  std::optional<DetectionReview> read(ObjectId detection);
  std::vector<DetectionReview> of_sample(SampleId sample);
  void write(ObjectId detection, const std::optional<DetectionReview>& review);
  // Of a class as it is now, -1: the project lacks it.
  int32_t code_of(ClassId class_id);

  Connection& db_;
  std::optional<ClassCodes> codes_;
  std::vector<SampleId> samples_;
  std::vector<ObjectId> detections_;
};

std::vector<DetectionReview> read_detection_reviews(Connection& db);  // rising by id

// Sets the column `review` of the detections of one sample: what holds there, else NULL.
// `code_of`: the label of a class, -1 where the project lacks it; labels from `classes` on are
// such.
void mark_detections(ObjectTable& objects, size_t sample_row,
                     std::span<const DetectionReview> reviews,
                     const std::function<int32_t(ClassId)>& code_of, size_t classes);

}  // namespace errata::store
