// What people decide about annotations, as events of the log and rows over the chunks.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <unordered_set>

#include "base/text.h"
#include "model/box.h"
#include "store/detection_reviews.h"
#include "store/object_changes.h"

namespace errata::store {

std::string_view object_edit_name(ObjectEditKind kind) {
  switch (kind) {
    case ObjectEditKind::kAdd: return "object-add";
    case ObjectEditKind::kDelete: return "object-delete";
    case ObjectEditKind::kSetClass: return "object-class";
    case ObjectEditKind::kSetBox: return "object-box";
    case ObjectEditKind::kSetCrowd: return "object-crowd";
    case ObjectEditKind::kSetDifficult: return "object-difficult";
    case ObjectEditKind::kSetTruncated: return "object-truncated";
    case ObjectEditKind::kKeep: return "object-keep";
    case ObjectEditKind::kAmbiguous: return "object-ambiguous";
    case ObjectEditKind::kUnreview: return "object-unreview";
    case ObjectEditKind::kRestore: return "object-restore";
    case ObjectEditKind::kDetectionKeep: return "detection-keep";
    case ObjectEditKind::kDetectionAmbiguous: return "detection-ambiguous";
    case ObjectEditKind::kDetectionUnreview: return "detection-unreview";
  }
  return "?";
}

void ObjectChanges::load(std::vector<ObjectId> objects) {
  std::sort(objects.begin(), objects.end());
  for (const ObjectId object : objects) at(object);
}

ObjectChanges::Now& ObjectChanges::at(ObjectId object) {
  const auto found = now_.find(object);
  if (found != now_.end()) return found->second;
  ObjectStates::Found stored = states_.read(object);
  Now now{stored.source, stored.state, std::move(stored.state)};
  return now_.emplace(object, std::move(now)).first->second;
}

bool ObjectChanges::apply_event(const Event& event) {
  Now& now = at(event.object);
  if ((now.state ? object_state_to_json(*now.state) : std::string()) != event.from) return false;
  now.state.reset();
  if (!event.to.empty()) now.state = object_state_from_json(event.to);
  return true;
}

void ObjectChanges::write(AppliedBatch& batch) {
  for (auto& [object, now] : now_) {
    if (now.before == now.state) continue;
    states_.write(object, now.source, now.state);
    batch.objects.push_back({object, now.source, now.before, now.state});
  }
}

namespace {

void check_edits(Connection& db, std::span<const ObjectEdit> edits) {
  std::unordered_set<ClassId> classes;
  std::unordered_set<ClassId> all_classes;
  Statement read = db.prepare("SELECT id, merged_into FROM class");
  while (read.step()) {
    all_classes.insert(read.integer(0));
    if (read.is_null(1)) classes.insert(read.integer(0));
  }
  Statement sample = db.prepare("SELECT 1 FROM sample WHERE id = ?1 AND vanished_batch IS NULL");
  for (const ObjectEdit& edit : edits) {
    const bool adds = edit.kind == ObjectEditKind::kAdd;
    if (edit.kind == ObjectEditKind::kRestore) {
      const ObjectState& state = edit.state;
      sample.bind(1, state.sample);
      if (!all_classes.contains(state.class_id) || !sample.step()) {
        throw Error(ErrorCategory::kNotFound,
                    fmt::format("object {} is of class {} in sample {}, and one is not there",
                                edit.object, state.class_id, state.sample));
      }
      sample.reset();
    }
    if (is_detection_edit(edit.kind)) {
      sample.bind(1, edit.sample);
      const bool known = edit.class_id == 0 || all_classes.contains(edit.class_id);
      if (edit.object < 0 || !known || !sample.step()) {
        throw Error(ErrorCategory::kNotFound,
                    fmt::format("detection {} is of class {} in sample {}, and one is not there",
                                edit.object, edit.class_id, edit.sample));
      }
      sample.reset();
    }
    if (!is_valid_utf8(edit.why)) {
      throw Error(ErrorCategory::kUsage, "a reason must be valid UTF-8");
    }
    if ((adds || edit.kind == ObjectEditKind::kSetClass) && !classes.contains(edit.class_id)) {
      throw Error(ErrorCategory::kNotFound,
                  fmt::format("the project has no class {}", edit.class_id),
                  "see `errata classes list`");
    }
    if (adds || edit.kind == ObjectEditKind::kSetBox) {
      const auto& box = edit.box_xywh_px;
      const bool finite =
          std::all_of(box.begin(), box.end(), [](double value) { return std::isfinite(value); });
      if (!finite || box[2] <= 0 || box[3] <= 0 || !std::isfinite(box[2] * box[3])) {
        throw Error(ErrorCategory::kUsage,
                    fmt::format("[{}, {}, {}, {}] is no box", box[0], box[1], box[2], box[3]),
                    "x, y, width and height in pixels; width and height above 0");
      }
    }
    if (!adds) continue;
    if (!edit.shape.empty()) decode_shape(edit.shape);
    sample.bind(1, edit.sample);
    if (!sample.step()) {
      throw Error(ErrorCategory::kNotFound, fmt::format("there is no sample {}", edit.sample));
    }
    sample.reset();
  }
}

// `size_of_sample` asks for the width and height of a sample.
void check_on_image(Statement& size_of_sample, const ObjectState& state) {
  size_of_sample.reset();
  size_of_sample.bind(1, state.sample);
  if (!size_of_sample.step()) return;
  const int64_t width_px = size_of_sample.integer(0);
  const int64_t height_px = size_of_sample.integer(1);
  const auto& box = state.box_xywh_px;
  if (!lies_outside(box, static_cast<double>(width_px), static_cast<double>(height_px))) return;
  throw Error(ErrorCategory::kUsage,
              fmt::format("no part of [{}, {}, {}, {}] is on the image of {} x {} pixels", box[0],
                          box[1], box[2], box[3], width_px, height_px));
}

// Polygons, corners and keypoints go with the box; the runs of a mask cannot.
std::string move_shape(const std::string& bytes, const std::array<double, 4>& from,
                       const std::array<double, 4>& to) {
  if (bytes.empty()) return {};
  Shape shape = decode_shape(bytes);
  const double scale_x = from[2] > 0 ? to[2] / from[2] : 1;
  const double scale_y = from[3] > 0 ? to[3] / from[3] : 1;
  const auto move = [&](std::vector<double>& numbers, size_t stride) {
    for (size_t i = 0; i + 1 < numbers.size(); i += stride) {
      // An absent keypoint stays at 0, 0.
      if (stride == 3 && i + 2 < numbers.size() && numbers[i + 2] == 0) continue;
      numbers[i] = to[0] + (numbers[i] - from[0]) * scale_x;
      numbers[i + 1] = to[1] + (numbers[i + 1] - from[1]) * scale_y;
    }
  };
  for (std::vector<double>& polygon : shape.polygons) move(polygon, 2);
  move(shape.corners, 2);
  move(shape.keypoints, 3);
  shape.mask = {};
  return encode_shape(shape);
}

void set_box(ObjectState& state, const std::array<double, 4>& box) {
  const std::array<double, 4> from = state.box_xywh_px;
  if (from == box) return;
  const std::string moved = move_shape(state.shape, from, box);
  const bool outlined = !moved.empty() && !decode_shape(moved).polygons.empty();
  const bool scales = outlined && from[2] > 0 && from[3] > 0;
  const double scaled = state.area_px * (box[2] / from[2]) * (box[3] / from[3]);
  state.area_px = scales && std::isfinite(scaled) ? scaled : box[2] * box[3];
  state.shape = moved;
  state.box_xywh_px = box;
}

void change(const ObjectEdit& edit, std::optional<ObjectState>& slot) {
  if (edit.kind == ObjectEditKind::kDelete) {
    slot.reset();
    return;
  }
  ObjectState& state = *slot;
  const ObjectState before = state;
  switch (edit.kind) {
    case ObjectEditKind::kSetClass: state.class_id = edit.class_id; break;
    case ObjectEditKind::kSetBox: set_box(state, edit.box_xywh_px); break;
    case ObjectEditKind::kSetCrowd: state.crowd = edit.flag; break;
    case ObjectEditKind::kSetDifficult: state.difficult = edit.flag; break;
    case ObjectEditKind::kSetTruncated: state.truncated = edit.flag; break;
    case ObjectEditKind::kKeep: state.review = ObjectReview::kKept; return;
    case ObjectEditKind::kAmbiguous: state.review = ObjectReview::kAmbiguous; return;
    case ObjectEditKind::kUnreview: state.review = ObjectReview::kUnseen; return;
    default: break;
  }
  if (!(state == before) && state.review != ObjectReview::kAdded) {
    state.review = ObjectReview::kChanged;
  }
}

ObjectState added_state(const ObjectEdit& edit) {
  ObjectState state;
  state.sample = edit.sample;
  state.class_id = edit.class_id;
  state.box_xywh_px = edit.box_xywh_px;
  state.area_px = edit.box_xywh_px[2] * edit.box_xywh_px[3];
  if (!edit.shape.empty()) {
    const Shape shape = decode_shape(edit.shape);
    if (!shape.mask.counts.empty()) state.area_px = static_cast<double>(mask_area(shape.mask));
  }
  state.crowd = edit.flag;
  state.shape = edit.shape;
  state.review = ObjectReview::kAdded;
  return state;
}

}  // namespace

void apply_object_edits_in(Connection& db, std::span<const ObjectEdit> edits, EventWriter& log,
                           AppliedBatch& batch) {
  check_edits(db, edits);
  ObjectChanges changes(db);
  std::vector<ObjectId> known;
  for (const ObjectEdit& edit : edits) {
    if (edit.kind == ObjectEditKind::kAdd || is_detection_edit(edit.kind)) continue;
    if (edit.object != 0) known.push_back(edit.object);
  }
  changes.load(std::move(known));
  DetectionReviews reviews(db);
  Statement size_of_sample = db.prepare("SELECT width_px, height_px FROM sample WHERE id = ?1");
  for (const ObjectEdit& edit : edits) {
    if (is_detection_edit(edit.kind)) {
      reviews.decide(edit, log);
      continue;
    }
    Event event;
    event.what = object_edit_name(edit.kind);
    event.why = edit.why;
    const bool adds = edit.kind == ObjectEditKind::kAdd;
    const bool restores = edit.kind == ObjectEditKind::kRestore;
    const bool fresh = adds || (restores && edit.object == 0);
    event.object = fresh ? take_object_ids(db, 1) : edit.object;
    ObjectChanges::Now& now = changes.at(event.object);
    if (!adds && !restores && !now.state) {
      throw Error(ErrorCategory::kNotFound, fmt::format("there is no object {}", edit.object),
                  "`errata sql \"SELECT * FROM objects\"` lists them");
    }
    const std::optional<ObjectState> before = now.state;
    if (adds) {
      now.state = added_state(edit);
    } else if (restores) {
      now.state = edit.state;
      if (!before) event.what = object_edit_name(ObjectEditKind::kAdd);
    } else {
      change(edit, now.state);
    }
    if (adds || edit.kind == ObjectEditKind::kSetBox) check_on_image(size_of_sample, *now.state);
    if (before == now.state) continue;
    if (before) event.from = object_state_to_json(*before);
    if (now.state) event.to = object_state_to_json(*now.state);
    log.add(event);
  }
  changes.write(batch);
  reviews.list(batch);
}

bool loses_mask(const std::optional<ObjectState>& before, const std::optional<ObjectState>& after) {
  const auto has_mask = [](const ObjectState& state) {
    return !state.shape.empty() && !decode_shape(state.shape).mask.counts.empty();
  };
  if (!before || !after || before->shape == after->shape) return false;
  return has_mask(*before) && !has_mask(*after);
}

namespace {

AppliedBatch apply_both_in(Connection& db, std::span<const Edit> edits,
                           std::span<const ObjectEdit> objects, const std::string& who,
                           const std::string& why) {
  EventWriter log(db, {.kind = "edit", .who = who, .why = why});
  AppliedBatch batch = apply_edits_in(db, edits, log);
  apply_object_edits_in(db, objects, log, batch);
  log.finish(batch);
  return batch;
}

}  // namespace

AppliedBatch apply_object_edits(Store& store, std::span<const ObjectEdit> edits,
                                const std::string& who, const std::string& why) {
  Transaction transaction(store.db(), Transaction::Kind::kDurable);
  const AppliedBatch batch = apply_both_in(store.db(), {}, edits, who, why);
  transaction.commit();
  return batch;
}

AppliedBatch apply_edits_and_objects(Store& store, const std::function<EditsOfBoth()>& decide,
                                     const std::string& who, const std::string& why) {
  Transaction transaction(store.db(), Transaction::Kind::kDurable);
  const EditsOfBoth edits = decide();
  const AppliedBatch batch = apply_both_in(store.db(), edits.samples, edits.objects, who, why);
  transaction.commit();
  return batch;
}

std::vector<DetectionReview> detection_reviews(Store& store) {
  const Transaction transaction(store.db(), Transaction::Kind::kRead);
  return read_detection_reviews(store.db());
}

std::optional<ObjectState> read_object(Store& store, ObjectId object) {
  const Transaction transaction(store.db(), Transaction::Kind::kRead);
  return ObjectStates(store.db()).read(object).state;
}

int64_t object_revision(Store& store) {
  return object_revision(store.db());
}

}  // namespace errata::store
