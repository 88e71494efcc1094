#include "tests/viewer/synthetic_backend.h"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "base/error.h"

namespace errata::test {

using viewer::EditOutcome;
using viewer::Picture;

namespace {

int32_t split_code(size_t row) {
  return row % 10 < 7 ? 0 : (row % 10 < 9 ? 1 : 2);
}

uint32_t mix(uint64_t value) {
  value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9ULL;
  value = (value ^ (value >> 27)) * 0x94D049BB133111EBULL;
  return static_cast<uint32_t>(value ^ (value >> 31));
}

float unit(uint64_t seed) {
  return static_cast<float>(mix(seed) % 10'000) / 10'000.0F;
}

std::array<float, 3> hue(float turn) {
  const auto wave = [&](float shift) {
    return 0.5F + 0.5F * std::cos(6.2831853F * (turn + shift));
  };
  return {wave(0), wave(0.33F), wave(0.67F)};
}

// A sky, a ground and a shape whose kind is the class.
media::Image draw(size_t kind, SampleId sample, int32_t side) {
  media::Image image(side, side, 3);
  const auto seed = static_cast<uint64_t>(sample) * 977;
  const std::array<float, 3> sky = hue(unit(seed) * 0.3F + 0.5F);
  const std::array<float, 3> ink = hue(static_cast<float>(kind) / 10.0F);
  const float horizon = 0.45F + 0.3F * unit(seed + 1);
  const float cx = 0.35F + 0.3F * unit(seed + 2);
  const float cy = 0.4F + 0.2F * unit(seed + 3);
  const float radius = 0.16F + 0.14F * unit(seed + 4);
  const auto points = static_cast<float>(kind % 5 + 2);
  for (int32_t y = 0; y < side; ++y) {
    for (int32_t x = 0; x < side; ++x) {
      const float u = (static_cast<float>(x) + 0.5F) / static_cast<float>(side);
      const float v = (static_cast<float>(y) + 0.5F) / static_cast<float>(side);
      const float angle = std::atan2(v - cy, u - cx);
      const float distance = std::hypot(u - cx, v - cy);
      const float edge = radius * (1 + 0.35F * std::cos(angle * points));
      const float grain = 0.04F * unit(seed + static_cast<uint64_t>(y * side + x) * 31);
      for (size_t c = 0; c < 3; ++c) {
        float value = v < horizon ? 0.45F + 0.4F * sky[c] * (1 - v) : 0.3F + 0.2F * sky[2 - c];
        if (distance < edge) value = 0.25F + 0.7F * ink[c] * (1 - distance / edge * 0.5F);
        image.row(y)[static_cast<size_t>(x) * 3 + c] =
            static_cast<uint8_t>(std::clamp((value + grain) * 255.0F, 0.0F, 255.0F));
      }
    }
  }
  return image;
}

}  // namespace

const std::vector<std::string>& SyntheticBackend::class_names() {
  static const std::vector<std::string> names{"airplane", "automobile", "bird",  "cat",  "deer",
                                              "dog",      "frog",       "horse", "ship", "truck"};
  return names;
}

SyntheticBackend::SyntheticBackend(size_t samples, std::string name) : name_(std::move(name)) {
  for (size_t i = 0; i < samples; ++i) {
    const auto sample = static_cast<SampleId>(i + 1);
    size_t label = true_class(sample);
    if (i % kWrongEvery == 0) label = (label + 1 + mix(i) % (kClasses - 1)) % kClasses;
    given_.push_back(class_names()[label]);
    states_.push_back({class_names()[label], "unseen", {}});
  }
}

size_t SyntheticBackend::true_class(SampleId sample) const {
  return mix(static_cast<uint64_t>(sample)) % kClasses;
}

size_t SyntheticBackend::predicted_class(SampleId sample) const {
  const uint64_t seed = static_cast<uint64_t>(sample) + 500'000;
  return mix(seed) % 11 == 0 ? (true_class(sample) + 3) % kClasses : true_class(sample);
}

float SyntheticBackend::confidence(SampleId sample) const {
  return 1 - 0.7F * std::pow(unit(static_cast<uint64_t>(sample) + 900'000), 3.0F);
}

Column SyntheticBackend::tags_column(const std::vector<std::vector<std::string>>& tags) {
  Column column;
  column.name = "tags";
  column.type = ColumnType::kSet;
  column.rows = tags.size();
  const auto dictionary = std::make_shared<Dictionary>();
  column.offsets.push_back(0);
  for (const std::vector<std::string>& each : tags) {
    for (const std::string& tag : each) column.codes.push_back(dictionary->add(tag));
    column.offsets.push_back(column.codes.size());
  }
  column.dictionary = dictionary;
  return column;
}

void SyntheticBackend::write_log(const std::vector<Change>& changes, bool forward) {
  const int64_t batch = static_cast<int64_t>(++batches_);
  for (const Change& change : changes) {
    const State& from = forward ? change.before : change.after;
    const State& to = forward ? change.after : change.before;
    store::LogEntry entry;
    entry.event = static_cast<int64_t>(log_.size()) + 1;
    entry.batch = batch;
    entry.batch_kind = forward ? "edit" : "undo";
    entry.at = "2026-01-01T00:00:00Z";
    entry.who = "tester";
    entry.what = from.label != to.label ? "label" : to.review;
    entry.sample = change.sample;
    entry.from = {from.label};
    entry.to = {to.label};
    log_.push_back(std::move(entry));
  }
}

viewer::UndoState SyntheticBackend::undo_state() const {
  viewer::UndoState state;
  state.can_undo = !done_.empty();
  state.can_redo = !undone_.empty();
  if (state.can_undo) state.undo_text = fmt::format("{} decided", done_.back().size());
  if (state.can_redo) state.redo_text = fmt::format("{} decided", undone_.back().size());
  return state;
}

// Samples on a grid of ten columns, which are their classes; the last sample has no place.
void SyntheticBackend::add_map(Table& samples) {
  std::vector<float> x, y;
  for (size_t i = 0; i < samples.rows(); ++i) {
    x.push_back(static_cast<float>(i % kClasses));
    y.push_back(static_cast<float>(i / kClasses));
  }
  if (!x.empty()) x.back() = y.back() = std::numeric_limits<float>::quiet_NaN();
  samples.add(make_float_column("map_x", std::move(x)));
  samples.add(make_float_column("map_y", std::move(y)));
}

std::vector<std::vector<size_t>> SyntheticBackend::copy_groups() const {
  const size_t rows = states_.size();
  const auto same_label = [&](size_t first, size_t count) {
    std::vector<size_t> members{first};
    for (size_t row = first + 1; row < rows && members.size() < count; ++row) {
      if (given_[row] == given_[first]) members.push_back(row);
    }
    return members;
  };
  if (nothing_found_ || rows <= 100) return {};
  return {{0, 1}, same_label(20, 2), same_label(100, 3)};
}

void SyntheticBackend::add_findings(Table& samples) const {
  const size_t rows = samples.rows();
  const float none = std::numeric_limits<float>::quiet_NaN();
  std::vector<float> group(rows, none), kept(rows, none), chain(rows, none);
  std::vector<float> dark(rows, 0.9F), blurry(rows, 0.8F);
  std::vector<float> error(rows), belief(rows, 0.5F);
  float number = 0;
  for (const std::vector<size_t>& members : copy_groups()) {
    ++number;
    for (const size_t row : members) {
      group[row] = number;
      kept[row] = row == members.front() ? 1 : 0;
      chain[row] = number == 1 ? 1 : 2;
    }
  }
  const auto verdicts = std::make_shared<Dictionary>();
  for (const char* name : {"label wrong", "model wrong", "ambiguous", "not a valid image"}) {
    verdicts->add(name);
  }
  std::vector<int32_t> verdict(rows, -1), suggested(rows);
  size_t wrong = 0;
  for (size_t row = 0; row < rows; ++row) {
    const auto sample = static_cast<SampleId>(row + 1);
    if (row % 10 == 0 && !nothing_found_) dark[row] = 0.1F + 0.001F * static_cast<float>(row);
    const bool suspect = class_names()[true_class(sample)] != given_[row] && !nothing_found_;
    error[row] = suspect ? 0.9F - 0.0001F * static_cast<float>(row) : 0.1F;
    belief[row] = suspect ? 0.8F : 0.05F;
    suggested[row] = static_cast<int32_t>(true_class(sample));
    if (suspect) verdict[row] = wrong++ % 2 == 0 ? 0 : 2;
  }
  samples.add(make_float_column("duplicate_group", std::move(group)));
  samples.add(make_float_column("duplicate_kept", std::move(kept)));
  samples.add(make_float_column("duplicate_chain", std::move(chain)));
  samples.add(make_float_column("dark", std::move(dark)));
  samples.add(make_float_column("blurry", std::move(blurry)));
  samples.add(make_float_column("label_error", std::move(error)));
  samples.add(make_float_column("p_suggested", std::move(belief)));
  samples.add(
      make_category_column("suggested", std::move(suggested), samples.find("label")->dictionary));
  samples.add(make_category_column("verdict", std::move(verdict), verdicts));
}

viewer::Loaded SyntheticBackend::load(const std::string& active_run) {
  const std::lock_guard lock(mutex_);
  const size_t rows = states_.size();
  Snapshot snapshot;
  snapshot.classes = ClassMap(class_names());
  snapshot.samples = Table(rows);
  const auto classes = std::make_shared<Dictionary>();
  for (const std::string& name : class_names()) classes->add(name);
  const auto splits = std::make_shared<Dictionary>();
  for (const char* name : {"train", "val", "test"}) splits->add(name);
  const auto reviews = std::make_shared<Dictionary>();
  for (const char* name : {"unseen", "kept", "relabelled", "excluded", "ambiguous"}) {
    reviews->add(name);
  }
  const auto outcomes = std::make_shared<Dictionary>();
  for (const char* name : {"right", "wrong"}) outcomes->add(name);
  std::vector<int32_t> label;
  std::vector<int32_t> given;
  std::vector<int32_t> prediction;
  std::vector<int32_t> outcome;
  std::vector<int32_t> review;
  std::vector<int32_t> split;
  std::vector<int64_t> ids;
  std::vector<float> confidences;
  std::vector<float> self;
  std::vector<std::string> paths;
  for (size_t i = 0; i < rows; ++i) {
    const auto sample = static_cast<SampleId>(i + 1);
    snapshot.ids.push_back(sample);
    ids.push_back(sample);
    label.push_back(classes->find(states_[i].label));
    given.push_back(classes->find(given_[i]));
    review.push_back(reviews->find(states_[i].review));
    prediction.push_back(static_cast<int32_t>(predicted_class(sample)));
    outcome.push_back(prediction.back() == label.back() ? 0 : 1);
    split.push_back(split_code(i));
    confidences.push_back(confidence(sample));
    self.push_back(outcome.back() == 0 ? confidences.back() : (1 - confidences.back()) / 3);
    paths.push_back(fmt::format("{}/{:05}.png", given_[i], i));
  }
  snapshot.samples.add(make_int_column("id", std::move(ids)));
  snapshot.samples.add(make_text_column("path", paths));
  snapshot.samples.add(make_category_column("split", std::move(split), splits));
  snapshot.samples.add(make_category_column("label", std::move(label), classes));
  snapshot.samples.add(make_category_column("label_given", std::move(given), classes));
  snapshot.samples.add(make_category_column("review", std::move(review), reviews));
  std::vector<std::vector<std::string>> tags;
  for (const State& state : states_) tags.push_back(state.tags);
  snapshot.samples.add(tags_column(tags));
  const int64_t side = objects_per_sample_ > 0 ? kObjectSide : 32;
  snapshot.samples.add(make_int_column("width", std::vector<int64_t>(rows, side)));
  snapshot.samples.add(make_int_column("height", std::vector<int64_t>(rows, side)));
  if (objects_per_sample_ > 0 && objects_.empty() && detections_.empty()) make_objects();
  snapshot.objects = objects_.size();
  const std::string run = active_run.empty() ? "resnet20" : active_run;
  snapshot.samples.add(make_category_column("prediction@" + run, std::move(prediction), classes));
  snapshot.samples.add(make_category_column("outcome@" + run, std::move(outcome), outcomes));
  snapshot.samples.add(make_float_column("confidence@" + run, std::move(confidences)));
  snapshot.samples.add(make_float_column("self_confidence@" + run, std::move(self)));
  if (with_map_) add_map(snapshot.samples);
  if (with_findings_) add_findings(snapshot.samples);
  snapshot.samples.active_run = run;
  RunSummary summary;
  summary.id = 1;
  summary.name = run;
  summary.kind = "probabilities";
  summary.classes = snapshot.classes;
  summary.predicted_samples = rows;
  summary.embedding_columns = with_embeddings_ ? 64 : 0;
  snapshot.runs.push_back(summary);
  for (const std::string& name : more_runs_) {
    ++summary.id;
    summary.name = name;
    snapshot.runs.push_back(summary);
  }
  viewer::Loaded loaded;
  loaded.snapshot = std::move(snapshot);
  loaded.undo = undo_state();
  return loaded;
}

EditOutcome SyntheticBackend::apply(const std::vector<Change>& changes, bool forward) {
  if (!changes.empty() && changes[0].object) {
    write_log(changes, forward);
    return apply_objects(changes, forward);
  }
  EditOutcome outcome;
  std::vector<std::pair<SampleId, State>> now;
  write_log(changes, forward);
  for (const Change& change : changes) {
    const State& state = forward ? change.after : change.before;
    states_[static_cast<size_t>(change.sample - 1)] = state;
    outcome.changed.push_back(change.sample);
    now.emplace_back(change.sample, state);
  }
  outcome.undo = undo_state();
  outcome.follow = [now, all = states_](Snapshot& snapshot) {
    Column* label = snapshot.samples.find_mutable("label");
    Column* review = snapshot.samples.find_mutable("review");
    const std::string run = snapshot.samples.active_run;
    const Column* prediction = snapshot.samples.find("prediction");
    Column* outcome_column = snapshot.samples.find_mutable("outcome@" + run);
    for (const auto& [sample, state] : now) {
      const size_t row = snapshot.row_of(sample);
      label->codes[row] = label->dictionary->find(state.label);
      review->codes[row] = review->dictionary->find(state.review);
      outcome_column->codes[row] = prediction->codes[row] == label->codes[row] ? 0 : 1;
    }
    std::vector<std::vector<std::string>> tags;
    for (const State& state : all) tags.push_back(state.tags);
    snapshot.samples.add(tags_column(tags));
    return true;
  };
  return outcome;
}

void SyntheticBackend::refuse_edits() {
  if (fail_edits_) {
    throw Error(ErrorCategory::kIo, "the disk is full", "free some space", "synthetic.db");
  }
  if (busy_times_ > 0) {
    --busy_times_;
    throw Error(ErrorCategory::kBusy, "the store is being written to by errata import (pid 7)");
  }
}

EditOutcome SyntheticBackend::review(std::span<const viewer::ReviewEdit> edits) {
  const std::lock_guard lock(mutex_);
  refuse_edits();
  std::vector<Change> changes;
  for (const viewer::ReviewEdit& edit : edits) {
    const State& before = states_.at(static_cast<size_t>(edit.sample - 1));
    State after = before;
    if (!edit.why.empty()) after.why = edit.why;
    switch (edit.kind) {
      case viewer::ReviewKind::kRelabel:
        after.label = edit.class_name;
        after.review = "relabelled";
        break;
      case viewer::ReviewKind::kKeep: after.review = "kept"; break;
      case viewer::ReviewKind::kExclude: after.review = "excluded"; break;
      case viewer::ReviewKind::kAmbiguous: after.review = "ambiguous"; break;
      case viewer::ReviewKind::kUnreview: after.review = "unseen"; break;
      case viewer::ReviewKind::kTag:
        if (std::find(after.tags.begin(), after.tags.end(), edit.tag) == after.tags.end()) {
          after.tags.push_back(edit.tag);
        }
        break;
      case viewer::ReviewKind::kUntag: std::erase(after.tags, edit.tag); break;
    }
    changes.push_back({edit.sample, before, after});
  }
  done_.push_back(changes);
  undone_.clear();
  return apply(changes, true);
}

// A grid of places in each picture, on each an annotation and what the model made of it.
void SyntheticBackend::make_objects() {
  const auto per_row =
      static_cast<size_t>(std::ceil(std::sqrt(static_cast<double>(objects_per_sample_))));
  const double pitch = static_cast<double>(kObjectSide) / static_cast<double>(per_row);
  ObjectId next = 1;
  ObjectId next_detection = kFirstDetection;
  const auto detect = [&](SampleId sample, size_t label, std::array<double, 4> box, double score) {
    if (no_detections_) return;
    detections_.push_back(
        {sample, static_cast<int32_t>(label % kClasses), box, false, ObjectReview::kUnseen});
    confidences_.push_back(score);
    detection_ids_.push_back(next_detection++);
  };
  for (size_t i = 0; i < states_.size(); ++i) {
    const auto sample = static_cast<SampleId>(i + 1);
    for (size_t k = 0; k < objects_per_sample_; ++k) {
      const uint64_t seed = i * 1'000 + k;
      const double side = pitch * (0.5 + 0.3 * static_cast<double>(unit(seed + 5)));
      const std::array<double, 4> box{pitch * (static_cast<double>(k % per_row) + 0.1),
                                      pitch * (static_cast<double>(k / per_row) + 0.1), side,
                                      side * 0.9};
      const size_t label = mix(seed + 77) % 3;
      const double score = 0.4 + 0.59 * static_cast<double>(unit(seed + 9));
      const size_t fate = (i + k * 3) % 10;
      if (fate != 6) {
        objects_[next++] = {sample, static_cast<int32_t>(label), box, false, ObjectReview::kUnseen};
      }
      const double shift = fate == 3 ? side * 0.45 : 1;
      if (fate != 5) {
        detect(sample, fate == 4 ? label + 1 : label, {box[0] + shift, box[1], side, side * 0.9},
               score);
      }
      if (fate == 7) detect(sample, label, {box[0] + 2, box[1] + 2, side, side * 0.9}, 0.3);
      if (fate == 8) detect(sample, label + 2, {box[0], box[1], side * 0.3, side * 0.3}, 0.1);
    }
  }
  imported_ = objects_;
}

ObjectTable SyntheticBackend::object_table(const std::map<ObjectId, Object>& annotations) const {
  struct Row {
    ObjectId id;
    const Object* object;
    bool given;
    double confidence;
  };
  std::vector<std::vector<Row>> by_sample(states_.size());
  for (const auto& [id, object] : annotations) {
    by_sample[static_cast<size_t>(object.sample - 1)].push_back({id, &object, true, 0});
  }
  ObjectTable objects;
  std::vector<Row> all;
  for (const std::vector<Row>& rows : by_sample) {
    all.insert(all.end(), rows.begin(), rows.end());
  }
  for (size_t i = 0; i < detections_.size(); ++i) {
    by_sample[static_cast<size_t>(detections_[i].sample - 1)].push_back(
        {detection_ids_[i], &detections_[i], false, confidences_[i]});
  }
  const double nan = std::numeric_limits<double>::quiet_NaN();
  std::vector<int64_t> ids, samples;
  std::vector<int32_t> kinds, reviews, labels;
  std::vector<double> confidence, x, y, width, height, area;
  std::vector<uint8_t> crowd;
  for (size_t i = 0; i < by_sample.size(); ++i) {
    uint64_t given_end = ids.size();
    for (const Row& row : by_sample[i]) {
      ids.push_back(row.id);
      samples.push_back(static_cast<int64_t>(i));
      kinds.push_back(row.given ? 0 : 1);
      const bool decided = row.given || row.object->review != ObjectReview::kUnseen;
      reviews.push_back(decided ? static_cast<int32_t>(row.object->review) : -1);
      labels.push_back(row.object->label);
      confidence.push_back(row.given ? nan : row.confidence);
      x.push_back(row.object->box[0]);
      y.push_back(row.object->box[1]);
      width.push_back(row.object->box[2]);
      height.push_back(row.object->box[3]);
      area.push_back(row.object->box[2] * row.object->box[3]);
      crowd.push_back(row.object->crowd ? 1 : 0);
      if (row.given) given_end = ids.size();
    }
    objects.offsets.push_back(ids.size());
    objects.given_end.push_back(given_end);
  }
  const auto classes = std::make_shared<Dictionary>();
  for (const std::string& name : class_names()) classes->add(name);
  const auto splits = std::make_shared<Dictionary>();
  for (const char* name : {"train", "val", "test"}) splits->add(name);
  std::vector<int32_t> split;
  for (const int64_t sample : samples) split.push_back(split_code(static_cast<size_t>(sample)));
  objects.table = Table(ids.size());
  objects.table.add(make_category_column("split", std::move(split), splits));
  objects.table.add(make_int_column("object_id", std::move(ids)));
  objects.table.add(make_category_column("kind", std::move(kinds), object_kind_dictionary()));
  objects.table.add(make_category_column("review", std::move(reviews), object_review_dictionary()));
  objects.table.add(make_int_column("sample", std::move(samples)));
  objects.table.add(make_category_column("label", std::move(labels), classes));
  objects.table.add(make_double_column("confidence", std::move(confidence)));
  objects.table.add(make_double_column("x", std::move(x)));
  objects.table.add(make_double_column("y", std::move(y)));
  objects.table.add(make_double_column("width", std::move(width)));
  objects.table.add(make_double_column("height", std::move(height)));
  objects.table.add(make_double_column("area_px", std::move(area)));
  objects.table.add(make_bool_column("crowd", std::move(crowd)));
  objects.run = "resnet20";
  return objects;
}

ObjectTable SyntheticBackend::load_objects(const Snapshot&) {
  while (hold_objects_) poll(nullptr, 0, 1);
  const std::lock_guard lock(mutex_);
  return object_table(objects_);
}

std::optional<ObjectTable> SyntheticBackend::imported_objects(const Snapshot&) {
  const std::lock_guard lock(mutex_);
  if (done_.empty()) return std::nullopt;
  return object_table(imported_);
}

// SIZE_MAX: it is an annotation.
size_t SyntheticBackend::detection_place(ObjectId object) const {
  const auto found = std::lower_bound(detection_ids_.begin(), detection_ids_.end(), object);
  return found == detection_ids_.end() || *found != object
             ? SIZE_MAX
             : static_cast<size_t>(found - detection_ids_.begin());
}

EditOutcome SyntheticBackend::edit_objects(std::span<const viewer::ObjectEdit> edits) {
  const std::lock_guard lock(mutex_);
  refuse_edits();
  std::vector<Change> changes;
  ObjectId next = kFirstAdded;
  if (!objects_.empty()) next = std::max(next, objects_.rbegin()->first + 1);
  const auto label_of_name = [](const std::string& name) {
    const auto& names = class_names();
    return static_cast<int32_t>(std::find(names.begin(), names.end(), name) - names.begin());
  };
  for (const viewer::ObjectEdit& edit : edits) {
    ObjectChange change{edit.object, std::nullopt, std::nullopt};
    if (edit.kind == viewer::ObjectEditKind::kAdd) {
      change.object = next++;
      change.after = Object{edit.sample, label_of_name(edit.class_name), edit.box_xywh_px, false,
                            ObjectReview::kAdded};
    } else {
      change.before = change.after =
          edit.detection ? detections_.at(detection_place(edit.object)) : objects_.at(edit.object);
      change.after->review = ObjectReview::kChanged;
    }
    switch (edit.kind) {
      case viewer::ObjectEditKind::kAdd: break;
      case viewer::ObjectEditKind::kDelete: change.after.reset(); break;
      case viewer::ObjectEditKind::kSetClass:
        change.after->label = label_of_name(edit.class_name);
        break;
      case viewer::ObjectEditKind::kSetBox: change.after->box = edit.box_xywh_px; break;
      case viewer::ObjectEditKind::kSetCrowd: change.after->crowd = edit.flag; break;
      case viewer::ObjectEditKind::kKeep: change.after->review = ObjectReview::kKept; break;
      case viewer::ObjectEditKind::kAmbiguous:
        change.after->review = ObjectReview::kAmbiguous;
        break;
      case viewer::ObjectEditKind::kUnreview: change.after->review = ObjectReview::kUnseen; break;
    }
    changes.push_back({edit.sample, {}, {}, change});
  }
  done_.push_back(changes);
  undone_.clear();
  return apply(changes, true);
}

EditOutcome SyntheticBackend::apply_objects(const std::vector<Change>& changes, bool forward) {
  EditOutcome outcome;
  for (const Change& change : changes) {
    const std::optional<Object>& now = forward ? change.object->after : change.object->before;
    const size_t detection = detection_place(change.object->object);
    if (now && detection != SIZE_MAX) {
      detections_[detection] = *now;
    } else if (now) {
      objects_[change.object->object] = *now;
    } else {
      objects_.erase(change.object->object);
    }
    outcome.changed_objects.push_back(change.object->object);
  }
  outcome.undo = undo_state();
  auto table = std::make_shared<ObjectTable>(object_table(objects_));
  outcome.follow_objects = [table, fails = reload_objects_.load()](ObjectTable& objects,
                                                                   const Snapshot&) {
    if (fails) return false;
    // What was matched stays for the rows that stay.
    const std::vector<int64_t> before = objects.table.find("object_id")->ints;
    const std::vector<int64_t>& after = table->table.find("object_id")->ints;
    std::vector<int32_t> errors(after.size(), -1);
    const Column* known = objects.table.find("error");
    for (size_t i = 0; i < after.size() && known != nullptr; ++i) {
      const auto found = std::find(before.begin(), before.end(), after[i]);
      if (found != before.end()) {
        errors[i] = known->codes[static_cast<size_t>(found - before.begin())];
      }
    }
    objects = *table;
    objects.table.add(make_category_column("error", std::move(errors), object_error_dictionary()));
    return true;
  };
  return outcome;
}

std::optional<std::string> SyntheticBackend::object_class(ObjectId object) {
  const std::lock_guard lock(mutex_);
  const auto found = objects_.find(object);
  if (found == objects_.end()) return std::nullopt;
  return class_names()[static_cast<size_t>(found->second.label)];
}

std::optional<std::array<double, 4>> SyntheticBackend::object_box(ObjectId object) {
  const std::lock_guard lock(mutex_);
  const auto found = objects_.find(object);
  return found == objects_.end() ? std::nullopt : std::optional(found->second.box);
}

size_t SyntheticBackend::objects_count() {
  const std::lock_guard lock(mutex_);
  return objects_.size();
}

EditOutcome SyntheticBackend::undo() {
  const std::lock_guard lock(mutex_);
  if (done_.empty()) throw Error(ErrorCategory::kNotFound, "there is nothing to undo");
  const std::vector<Change> changes = done_.back();
  done_.pop_back();
  undone_.push_back(changes);
  return apply(changes, false);
}

EditOutcome SyntheticBackend::redo() {
  const std::lock_guard lock(mutex_);
  if (undone_.empty()) throw Error(ErrorCategory::kNotFound, "there is nothing to redo");
  const std::vector<Change> changes = undone_.back();
  undone_.pop_back();
  done_.push_back(changes);
  return apply(changes, true);
}

EditOutcome SyntheticBackend::undo_batch(int64_t) {
  return undo();
}

viewer::News SyntheticBackend::news() {
  viewer::News news;
  news.reload = changed_by_others_;
  if (news.reload) news.text = "The runs of this store have changed: Ctrl R shows them";
  return news;
}

void SyntheticBackend::save_view(const store::SavedView& view) {
  const std::lock_guard lock(mutex_);
  views_[view.name] = view;
}

void SyntheticBackend::delete_view(const std::string& name) {
  const std::lock_guard lock(mutex_);
  views_.erase(name);
}

size_t SyntheticBackend::relabelled_since(int64_t /*label_revision*/) {
  const std::lock_guard lock(mutex_);
  size_t count = 0;
  for (size_t i = 0; i < states_.size(); ++i) count += states_[i].label != given_[i];
  return count;
}

std::optional<std::vector<store::CopyPair>> SyntheticBackend::copy_pairs() {
  if (!with_findings_) return std::nullopt;
  const std::vector<std::vector<size_t>> groups = copy_groups();
  std::vector<store::CopyPair> pairs;
  if (groups.empty()) return pairs;
  for (size_t i = 0; i < kPairs; ++i) {
    const auto sample = [](size_t row) { return static_cast<SampleId>(row + 1); };
    pairs.push_back({sample(groups[1][i % 2]), sample(groups[2][i / 2]), static_cast<int32_t>(i),
                     i % 2 == 0 ? std::nanf("") : 0.98F});
  }
  return pairs;
}

viewer::StoreLists SyntheticBackend::lists() {
  const std::lock_guard lock(mutex_);
  viewer::StoreLists lists;
  for (const auto& [name, view] : views_) lists.saved_views.push_back(view);
  if (with_findings_) {
    lists.saved_views.push_back(
        {"weak slices", "(label = 'cat' and dark < 0.5)", "",
         R"({"run":"resnet20","label_revision":3,"accuracy":0.85,"looked_at":500,"groups":40,)"
         R"("lacks":"","slices":[)" +
             std::string(
                 nothing_found_
                     ? ""
                     : R"({"filter":"label = 'cat' and dark < 0.5","rows":9,"confirmed_rows":5,)"
                       R"("accuracy":0.25,"low":0.1,"high":0.5,"p_value":0.01})") +
             "]}"});
  }
  return lists;
}

std::vector<store::LogEntry> SyntheticBackend::log(const store::LogFilter& filter) {
  const std::lock_guard lock(mutex_);
  std::vector<store::LogEntry> entries;
  for (auto entry = log_.rbegin(); entry != log_.rend() && entries.size() < filter.limit; ++entry) {
    if (filter.sample == 0 || entry->sample == filter.sample) entries.push_back(*entry);
  }
  return entries;
}

std::vector<store::LogBatch> SyntheticBackend::batches(int64_t before_batch, size_t limit) {
  const std::lock_guard lock(mutex_);
  std::vector<store::LogBatch> batches;
  for (auto entry = log_.rbegin(); entry != log_.rend(); ++entry) {
    if (before_batch != 0 && entry->batch >= before_batch) continue;
    if (!batches.empty() && batches.back().batch == entry->batch) {
      ++batches.back().changes[0].count;
      continue;
    }
    if (batches.size() == limit) break;
    store::LogBatch batch;
    batch.batch = entry->batch;
    batch.kind = entry->batch_kind;
    batch.at = entry->at;
    batch.who = entry->who;
    batch.why = entry->why;
    batch.changes.push_back({entry->what, 1, entry->from, entry->to});
    batches.push_back(std::move(batch));
  }
  return batches;
}

std::vector<SampleId> SyntheticBackend::batch_samples(int64_t batch) {
  const std::lock_guard lock(mutex_);
  std::vector<SampleId> samples;
  for (const store::LogEntry& entry : log_) {
    if (entry.batch == batch) samples.push_back(entry.sample);
  }
  return samples;
}

std::vector<store::StandingDecision> SyntheticBackend::newest_decisions(
    std::span<const SampleId> samples) {
  const std::lock_guard lock(mutex_);
  std::vector<store::StandingDecision> decisions;
  for (size_t i = 0; i < states_.size(); ++i) {
    const auto sample = static_cast<SampleId>(i + 1);
    const bool wanted =
        samples.empty() || std::find(samples.begin(), samples.end(), sample) != samples.end();
    if (wanted && !states_[i].why.empty()) decisions.push_back({sample, states_[i].why});
  }
  return decisions;
}

std::vector<float> SyntheticBackend::probabilities(const std::string&, SampleId sample) {
  const size_t top = predicted_class(sample);
  const float first = confidence(sample);
  std::vector<float> row(kClasses);
  float rest = 0;
  for (size_t i = 0; i < kClasses; ++i) {
    row[i] = i == top ? 0 : unit(static_cast<uint64_t>(sample) * 13 + i) + 0.05F;
    rest += row[i];
  }
  for (float& value : row) value *= (1 - first) / rest;
  row[top] = first;
  return row;
}

std::vector<viewer::Alike> SyntheticBackend::alike(std::span<const SampleId> like, size_t limit) {
  if (!with_embeddings_) throw Error(ErrorCategory::kNotFound, "no run has embeddings yet");
  const std::lock_guard lock(mutex_);
  std::vector<viewer::Alike> found;
  for (size_t i = 0; i < states_.size() && found.size() < limit; ++i) {
    const auto sample = static_cast<SampleId>(i + 1);
    if (std::find(like.begin(), like.end(), sample) != like.end()) continue;
    if (true_class(sample) != true_class(like.front())) continue;
    found.push_back({sample, 0.99F - 0.01F * static_cast<float>(found.size())});
  }
  return found;
}

Picture SyntheticBackend::thumbnail(SampleId sample, int32_t max_side_px) {
  ++thumbnails_made_;
  if (sample == kBrokenSample) return {{}, "the file ends in the middle of the image"};
  return {draw(true_class(sample), sample, std::min(max_side_px, 96)), {}};
}

Picture SyntheticBackend::picture(SampleId sample) {
  if (sample == kBrokenSample) return {{}, "the file ends in the middle of the image"};
  const int32_t side = objects_per_sample_ > 0 ? kObjectSide : 32;
  return {draw(true_class(sample), sample, side), {}};
}

std::string SyntheticBackend::absolute_path(SampleId sample) {
  return fmt::format("/data/images/{:05}.png", sample - 1);
}

std::string SyntheticBackend::label_of(SampleId sample) {
  const std::lock_guard lock(mutex_);
  return states_.at(static_cast<size_t>(sample - 1)).label;
}

std::string SyntheticBackend::review_of(SampleId sample) {
  const std::lock_guard lock(mutex_);
  return states_.at(static_cast<size_t>(sample - 1)).review;
}

}  // namespace errata::test
