#include "store/detection_reviews.h"

#include <algorithm>

#include "store/object_sets.h"

namespace errata::store {

namespace {

// Boxes of one class that overlap so much are of one object, as COCO's evaluation has it.
constexpr double kSamePlace = 0.5;

constexpr std::string_view kColumns =
    "SELECT id, sample_id, class_id, x, y, width, height, review FROM detection_review ";

DetectionReview review_from(const Statement& read) {
  DetectionReview review;
  review.detection = read.integer(0);
  review.sample = read.integer(1);
  review.class_id = read.integer(2);
  for (int i = 0; i < 4; ++i) review.box_xywh_px[static_cast<size_t>(i)] = read.real(3 + i);
  review.review = static_cast<ObjectReview>(read.integer(7));
  return review;
}

std::vector<DetectionReview> reviews_from(Statement& read) {
  std::vector<DetectionReview> reviews;
  while (read.step()) reviews.push_back(review_from(read));
  return reviews;
}

std::string to_json(const std::optional<DetectionReview>& review) {
  if (!review) return {};
  ObjectState state;
  state.sample = review->sample;
  state.class_id = review->class_id;
  state.box_xywh_px = review->box_xywh_px;
  state.area_px = review->box_xywh_px[2] * review->box_xywh_px[3];
  state.review = review->review;
  return object_state_to_json(state);
}

bool same_place(const std::array<double, 4>& a, const std::array<double, 4>& b) {
  if (a == b) return true;
  const double width = std::min(a[0] + a[2], b[0] + b[2]) - std::max(a[0], b[0]);
  const double height = std::min(a[1] + a[3], b[1] + b[3]) - std::max(a[1], b[1]);
  if (width <= 0 || height <= 0) return false;
  const double shared = width * height;
  return shared >= kSamePlace * (a[2] * a[3] + b[2] * b[3] - shared);
}

ObjectReview review_of(ObjectEditKind kind) {
  return kind == ObjectEditKind::kDetectionKeep ? ObjectReview::kKept : ObjectReview::kAmbiguous;
}

}  // namespace

bool is_detection_edit(ObjectEditKind kind) {
  return kind == ObjectEditKind::kDetectionKeep || kind == ObjectEditKind::kDetectionAmbiguous ||
         kind == ObjectEditKind::kDetectionUnreview;
}

std::optional<DetectionReview> DetectionReviews::read(ObjectId detection) {
  Statement& read = db_.cached(std::string(kColumns) + "WHERE id = ?1");
  read.bind(1, detection);
  std::optional<DetectionReview> review;
  if (read.step()) review = review_from(read);
  read.reset();
  return review;
}

std::vector<DetectionReview> DetectionReviews::of_sample(SampleId sample) {
  Statement& read = db_.cached(std::string(kColumns) + "WHERE sample_id = ?1 ORDER BY id");
  read.bind(1, sample);
  std::vector<DetectionReview> reviews = reviews_from(read);
  read.reset();
  return reviews;
}

void DetectionReviews::write(ObjectId detection, const std::optional<DetectionReview>& review) {
  if (!review) {
    Statement& drop = db_.cached("DELETE FROM detection_review WHERE id = ?1");
    drop.bind(1, detection).run();
    return;
  }
  Statement& put = db_.cached(
      "INSERT OR REPLACE INTO detection_review(id, sample_id, class_id, x, y, width, height, "
      "review) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)");
  put.bind(1, detection).bind(2, review->sample).bind_id(3, review->class_id);
  for (int i = 0; i < 4; ++i) put.bind(4 + i, review->box_xywh_px[static_cast<size_t>(i)]);
  put.bind(8, static_cast<int>(review->review));
  put.run();
  put.reset();
}

int32_t DetectionReviews::code_of(ClassId class_id) {
  if (!codes_) codes_ = load_class_codes(db_);
  const auto found = codes_->resolved_of.find(class_id);
  return found == codes_->resolved_of.end() ? -1 : found->second;
}

void DetectionReviews::decide(const ObjectEdit& edit, EventWriter& log) {
  const bool takes_back = edit.kind == ObjectEditKind::kDetectionUnreview;
  const auto change = [&](ObjectId detection, const std::optional<DetectionReview>& from,
                          const std::optional<DetectionReview>& to) {
    if (from == to) return;
    Event event;
    event.what = object_edit_name(to ? edit.kind : ObjectEditKind::kDetectionUnreview);
    event.why = edit.why;
    event.object = detection;
    event.from = to_json(from);
    event.to = to_json(to);
    log.add(event);
    write(detection, to);
    samples_.push_back(edit.sample);
    detections_.push_back(detection);
  };
  for (const DetectionReview& standing : of_sample(edit.sample)) {
    if (!takes_back && standing.detection == edit.object) continue;
    if (code_of(standing.class_id) != code_of(edit.class_id)) continue;
    if (same_place(standing.box_xywh_px, edit.box_xywh_px)) {
      change(standing.detection, standing, std::nullopt);
    }
  }
  if (takes_back) return;
  const ObjectId detection = edit.object == 0 ? take_object_ids(db_, 1) : edit.object;
  change(detection, read(detection),
         DetectionReview{detection, edit.sample, edit.class_id, edit.box_xywh_px,
                         review_of(edit.kind)});
}

bool DetectionReviews::apply_event(const Event& event) {
  if (to_json(read(event.object)) != event.from) return false;
  std::optional<DetectionReview> review;
  const ObjectState state = object_state_from_json(event.to.empty() ? event.from : event.to);
  if (!event.to.empty()) {
    review = {event.object, state.sample, state.class_id, state.box_xywh_px, state.review};
  }
  write(event.object, review);
  samples_.push_back(state.sample);
  detections_.push_back(event.object);
  return true;
}

void DetectionReviews::list(AppliedBatch& batch) {
  const auto make_rising = [](auto& ids) {
    std::sort(ids.begin(), ids.end());
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  };
  make_rising(samples_);
  make_rising(detections_);
  for (const SampleId sample : samples_) {
    batch.detection_reviews.push_back({sample, of_sample(sample)});
  }
  batch.reviewed_detections = detections_;
}

std::vector<DetectionReview> read_detection_reviews(Connection& db) {
  Statement read = db.prepare(std::string(kColumns) + "ORDER BY id");
  return reviews_from(read);
}

void mark_detections(ObjectTable& objects, size_t sample_row,
                     std::span<const DetectionReview> reviews,
                     const std::function<int32_t(ClassId)>& code_of, size_t classes) {
  Table& table = objects.table;
  std::vector<int32_t>& marks = table.find_mutable("review")->codes;
  const std::vector<int32_t>& labels = table.find("label")->codes;
  for (uint64_t row = objects.given_end[sample_row]; row < objects.offsets[sample_row + 1]; ++row) {
    marks[row] = -1;
    const bool known = labels[row] >= 0 && static_cast<size_t>(labels[row]) < classes;
    const std::array<double, 4> box{table.find("x")->doubles[row], table.find("y")->doubles[row],
                                    table.find("width")->doubles[row],
                                    table.find("height")->doubles[row]};
    for (const DetectionReview& review : reviews) {
      if (code_of(review.class_id) != (known ? labels[row] : -1)) continue;
      if (same_place(review.box_xywh_px, box)) marks[row] = static_cast<int32_t>(review.review);
    }
  }
}

}  // namespace errata::store
