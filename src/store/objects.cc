// Annotations and detections as the table of a snapshot.
#include "store/objects.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "base/text.h"
#include "store/detection_reviews.h"
#include "store/imported_objects.h"
#include "store/object_sets.h"
#include "store/run_rows.h"
#include "store/snapshot_parts.h"

namespace errata::store {

namespace {

constexpr uint64_t kBytesPerRow = 90;  // of the columns below, about

// Detections as they are stored, those below the floor left out.
struct Detections {
  std::vector<int64_t> id;
  std::vector<int32_t> sample;
  std::vector<int32_t> class_index;
  std::vector<std::array<double, 4>> box;
  std::vector<double> confidence;
  TextRows shape;
  uint64_t below_floor = 0;
};

Detections read_detections(Connection& db, RunId run, const ObjectOptions& options) {
  Detections all;
  ObjectBlockReader reader(db, "run", run, ObjectBlockKind::kDetections,
                           kBoxColumns | (options.shapes ? kShapeColumn : 0U));
  ObjectBlock block;
  while (reader.next(block)) {
    size_t shape_at = 0;
    for (size_t i = 0; i < block.rows(); ++i) {
      const size_t from = shape_at;
      if (options.shapes) shape_at += block.shape.lengths[i];
      if (block.confidence[i] < options.confidence_floor) {
        ++all.below_floor;
        continue;
      }
      all.id.push_back(block.object_id[i]);
      all.sample.push_back(block.sample[i]);
      all.class_index.push_back(block.class_id[i]);
      all.box.push_back(block.box[i]);
      all.confidence.push_back(block.confidence[i]);
      if (options.shapes) {
        all.shape.push(std::string_view(block.shape.heap).substr(from, shape_at - from));
      }
    }
  }
  return all;
}

// The columns of the table as they are filled, row by row.
struct Columns {
  std::vector<int64_t> object_id, sample, source_id;
  std::vector<int32_t> kind, label, review;
  std::vector<double> confidence, x, y, width, height, area;
  std::vector<uint8_t> crowd, difficult, truncated;

  explicit Columns(size_t rows)
      : object_id(rows),
        sample(rows),
        source_id(rows),
        kind(rows),
        label(rows, -1),
        review(rows, -1),
        confidence(rows, std::nan("")),
        x(rows),
        y(rows),
        width(rows),
        height(rows),
        area(rows),
        crowd(rows),
        difficult(rows),
        truncated(rows) {}

  void set_box(size_t row, const std::array<double, 4>& box) {
    x[row] = box[0];
    y[row] = box[1];
    width[row] = box[2];
    height[row] = box[3];
  }
};

Table to_table(Columns&& columns, std::shared_ptr<const Dictionary> classes) {
  const size_t rows = columns.object_id.size();
  Table table(rows);
  table.add(make_int_column("object_id", std::move(columns.object_id)));
  Column sources = make_int_column("source_id", std::move(columns.source_id));
  for (size_t row = 0; row < rows; ++row) {
    if (columns.kind[row] != 0) sources.set_null(static_cast<RowIndex>(row));
  }
  table.add(make_category_column("kind", std::move(columns.kind), object_kind_dictionary()));
  table.add(make_int_column("sample", std::move(columns.sample)));
  table.add(make_category_column("label", std::move(columns.label), std::move(classes)));
  table.add(make_double_column("confidence", std::move(columns.confidence)));
  table.add(make_double_column("x", std::move(columns.x)));
  table.add(make_double_column("y", std::move(columns.y)));
  table.add(make_double_column("width", std::move(columns.width)));
  table.add(make_double_column("height", std::move(columns.height)));
  table.add(make_double_column("area_px", std::move(columns.area)));
  table.add(make_bool_column("crowd", std::move(columns.crowd)));
  table.add(make_bool_column("difficult", std::move(columns.difficult)));
  table.add(make_bool_column("truncated", std::move(columns.truncated)));
  table.add(std::move(sources));
  table.add(make_category_column("review", std::move(columns.review), object_review_dictionary()));
  return table;
}

// So that objects can be filtered by it as their images can.
void add_split(Table& objects, const Table& samples) {
  const Column* split = samples.find("split");
  if (split == nullptr || split->type != ColumnType::kCategory) return;
  const std::vector<int64_t>& sample_of = objects.find("sample")->ints;
  std::vector<int32_t> codes(objects.rows());
  for (size_t row = 0; row < codes.size(); ++row) {
    codes[row] = split->codes[static_cast<size_t>(sample_of[row])];
  }
  objects.add(make_category_column("split", std::move(codes), split->dictionary));
}

// Row of each sample id in the snapshot, -1 for those it lacks.
std::vector<int32_t> rows_by_sample(const Snapshot& snapshot) {
  const auto highest = snapshot.ids.empty() ? 0 : static_cast<size_t>(snapshot.ids.back());
  std::vector<int32_t> rows(highest + 1, -1);
  for (size_t row = 0; row < snapshot.ids.size(); ++row) {
    rows[static_cast<size_t>(snapshot.ids[row])] = static_cast<int32_t>(row);
  }
  return rows;
}

std::vector<int32_t> by_id(const std::unordered_map<int64_t, int32_t>& codes) {
  std::vector<int32_t> dense;
  for (const auto& [id, code] : codes) {
    if (static_cast<size_t>(id) >= dense.size()) dense.resize(static_cast<size_t>(id) + 1, -1);
    dense[static_cast<size_t>(id)] = code;
  }
  return dense;
}

struct Loader {
  Connection& db;
  const Snapshot& snapshot;
  const ObjectOptions& options;
  ClassCodes codes = load_class_codes(db);
  std::vector<int32_t> row_of = rows_by_sample(snapshot);
  StandingObjects given = {};
  Detections found = {};
  std::vector<int32_t> found_code = {};  // of each of the model's classes
  bool as_imported = false;              // what people decided is left out

  int32_t row(int64_t sample) const {
    const auto id = static_cast<size_t>(sample);
    return id < row_of.size() ? row_of[id] : -1;
  }
  void read(ObjectTable& result);
  void check_size() const;
  void count(ObjectTable& result) const;
  void fill(ObjectTable& result);
  void fill_shapes(ObjectTable& result, const std::vector<uint64_t>& given_rows,
                   const std::vector<uint64_t>& found_rows) const;
  void mark_reviewed(ObjectTable& result) const;
};

void Loader::read(ObjectTable& result) {
  if (options.given) {
    const std::vector<ObjectRow> rows =
        as_imported ? std::vector<ObjectRow>() : read_object_rows(db);
    given = read_standing(db, read_object_sets(db), rows, options.shapes);
  }
  if (!options.predicted) return;
  for (const RunSummary& run : snapshot.runs) {
    if (run.name != snapshot.samples.active_run || run.kind != "detections") continue;
    result.run = run.name;
    found = read_detections(db, run.id, options);
    Statement classes =
        db.prepare("SELECT name, class_id FROM run_class WHERE run_id = ?1 ORDER BY position");
    classes.bind(1, run.id);
    while (classes.step()) {
      const auto known = codes.resolved_of.find(classes.integer(1));
      found_code.push_back(known != codes.resolved_of.end()
                               ? known->second
                               : codes.dictionary->add(classes.text(0)));
    }
  }
  result.below_floor = found.below_floor;
}

void Loader::check_size() const {
  const uint64_t rows = given.size() + found.id.size();
  const uint64_t bytes = rows * kBytesPerRow + given.shape.heap.size() + found.shape.heap.size();
  if (bytes <= options.most_bytes) return;
  throw Error(
      ErrorCategory::kUnsupported,
      fmt::format("{} objects would take {}, more than the {} allowed", with_thousands(rows),
                  human_bytes(bytes), human_bytes(options.most_bytes)),
      "leave out detections of low confidence, or look at fewer samples");
}

void Loader::count(ObjectTable& result) const {
  const size_t samples = snapshot.ids.size();
  std::vector<uint64_t> counts(samples, 0);
  for (const SampleId sample : given.sample) {
    if (row(sample) >= 0) ++counts[static_cast<size_t>(row(sample))];
  }
  result.given_end = counts;
  for (const int32_t sample : found.sample) {
    if (row(sample) >= 0) ++counts[static_cast<size_t>(row(sample))];
  }
  result.offsets.assign(1, 0);
  result.offsets.reserve(samples + 1);
  for (size_t i = 0; i < samples; ++i) {
    result.given_end[i] += result.offsets.back();
    result.offsets.push_back(result.offsets.back() + counts[i]);
  }
}

void Loader::fill(ObjectTable& result) {
  Columns columns(result.offsets.back());
  std::vector<uint64_t> next(result.offsets.begin(), result.offsets.end() - 1);
  const std::vector<int32_t> class_code = by_id(codes.resolved_of);
  std::vector<uint64_t> given_rows;
  std::vector<uint64_t> found_rows;
  for (size_t i = 0; i < given.size(); ++i) {
    const int32_t sample = row(given.sample[i]);
    const uint64_t at = sample < 0 ? UINT64_MAX : next[static_cast<size_t>(sample)]++;
    if (options.shapes) given_rows.push_back(at);
    if (sample < 0) continue;
    columns.object_id[at] = given.id[i];
    columns.sample[at] = sample;
    columns.source_id[at] = given.source[i];
    columns.label[at] = class_code.at(static_cast<size_t>(given.class_id[i]));
    columns.review[at] = given.review[i];
    columns.set_box(at, given.box[i]);
    columns.area[at] = given.area[i];
    columns.crowd[at] = (given.flags[i] & kCrowdFlag) != 0 ? 1 : 0;
    columns.difficult[at] = (given.flags[i] & kDifficultFlag) != 0 ? 1 : 0;
    columns.truncated[at] = (given.flags[i] & kTruncatedFlag) != 0 ? 1 : 0;
  }
  for (size_t i = 0; i < found.id.size(); ++i) {
    const int32_t sample = row(found.sample[i]);
    const uint64_t at = sample < 0 ? UINT64_MAX : next[static_cast<size_t>(sample)]++;
    if (options.shapes) found_rows.push_back(at);
    if (sample < 0) continue;
    columns.object_id[at] = found.id[i];
    columns.kind[at] = static_cast<int32_t>(ObjectKind::kPredicted);
    columns.sample[at] = sample;
    columns.label[at] = found_code.at(static_cast<size_t>(found.class_index[i]));
    columns.confidence[at] = found.confidence[i];
    columns.set_box(at, found.box[i]);
    columns.area[at] = found.box[i][2] * found.box[i][3];
  }
  if (options.shapes) fill_shapes(result, given_rows, found_rows);
  result.table = to_table(std::move(columns), codes.dictionary);
  add_split(result.table, snapshot.samples);
  result.table.active_run = snapshot.samples.active_run;
  if (!as_imported && !result.run.empty()) mark_reviewed(result);
}

void Loader::mark_reviewed(ObjectTable& result) const {
  std::map<int32_t, std::vector<DetectionReview>> by_row;
  for (const DetectionReview& review : read_detection_reviews(db)) {
    const int32_t sample = row(review.sample);
    if (sample >= 0) by_row[sample].push_back(review);
  }
  const auto code_of = [&](ClassId class_id) {
    const auto code = codes.resolved_of.find(class_id);
    return code == codes.resolved_of.end() ? -1 : code->second;
  };
  for (const auto& [sample, reviews] : by_row) {
    mark_detections(result, static_cast<size_t>(sample), reviews, code_of, codes.classes.size());
  }
}

void Loader::fill_shapes(ObjectTable& result, const std::vector<uint64_t>& given_rows,
                         const std::vector<uint64_t>& found_rows) const {
  const size_t rows = result.offsets.back();
  std::vector<std::string_view> shapes(rows);
  const auto place = [&](const TextRows& texts, const std::vector<uint64_t>& to) {
    size_t at = 0;
    for (size_t i = 0; i < to.size(); ++i) {
      const auto text = std::string_view(texts.heap).substr(at, texts.lengths[i]);
      at += texts.lengths[i];
      if (to[i] != UINT64_MAX) shapes[to[i]] = text;
    }
  };
  place(given.shape, given_rows);
  place(found.shape, found_rows);
  result.shape_offsets.assign(1, 0);
  result.shape_heap.reserve(given.shape.heap.size() + found.shape.heap.size());
  for (const std::string_view shape : shapes) {
    result.shape_heap += shape;
    result.shape_offsets.push_back(result.shape_heap.size());
  }
}

ObjectTable load(Loader&& loader) {
  ObjectTable result;
  loader.read(result);
  loader.check_size();
  loader.count(result);
  loader.fill(result);
  result.object_revision = object_revision(loader.db);
  return result;
}

}  // namespace

ObjectTable load_objects(Store& store, const Snapshot& snapshot, const ObjectOptions& options) {
  const Transaction transaction(store.db(), Transaction::Kind::kRead);
  return load(Loader{store.db(), snapshot, options});
}

std::optional<ObjectTable> load_imported_objects(Store& store, const Snapshot& snapshot) {
  const Transaction transaction(store.db(), Transaction::Kind::kRead);
  if (store.db().integer("SELECT EXISTS (SELECT 1 FROM object_edit)") == 0) return std::nullopt;
  const ObjectOptions options;
  Loader loader{store.db(), snapshot, options};
  loader.as_imported = true;
  return load(std::move(loader));
}

namespace {

int32_t code_of_class(const Snapshot& snapshot, ClassId id) {
  const auto found = std::lower_bound(snapshot.class_ids.begin(), snapshot.class_ids.end(), id);
  if (found == snapshot.class_ids.end() || *found != id) return -1;
  return static_cast<int32_t>(found - snapshot.class_ids.begin());
}

bool fits(const ObjectTable& objects, const Snapshot& snapshot, const AppliedBatch& batch) {
  if (batch.classes_changed || objects.samples() != snapshot.ids.size()) return false;
  for (const AppliedObjectEdit& edit : batch.objects) {
    // What comes or goes moves every row behind it: the table is made again.
    if (!edit.before || !edit.after) return false;
    if (edit.before->shape != edit.after->shape && objects.has_shapes()) return false;
    if (code_of_class(snapshot, edit.after->class_id) < 0) return false;
  }
  return true;
}

// Row of each object of the batch, SIZE_MAX for one that the table lacks; one walk over it.
std::vector<size_t> rows_of(const ObjectTable& objects, const AppliedBatch& batch) {
  std::vector<size_t> rows(batch.objects.size(), SIZE_MAX);
  const Column* ids = objects.table.find("object_id");
  if (ids == nullptr || rows.empty()) return rows;
  std::vector<std::pair<ObjectId, size_t>> wanted;
  for (size_t i = 0; i < rows.size(); ++i) wanted.emplace_back(batch.objects[i].object, i);
  std::sort(wanted.begin(), wanted.end());
  const ObjectId lowest = wanted.front().first;
  const ObjectId highest = wanted.back().first;
  for (size_t row = 0; row < ids->ints.size(); ++row) {
    const ObjectId id = ids->ints[row];
    if (id < lowest || id > highest) continue;
    auto at = std::lower_bound(wanted.begin(), wanted.end(), std::pair(id, size_t{0}));
    for (; at != wanted.end() && at->first == id; ++at) rows[at->second] = row;
  }
  return rows;
}

// What matching or a score said of a row holds no longer.
void forget_row(Table& table, RowIndex row) {
  static constexpr std::string_view kOwn[] = {
      "object_id", "kind",    "sample",    "label",     "confidence", "x",      "y",     "width",
      "height",    "area_px", "difficult", "truncated", "source_id",  "review", "crowd", "split"};
  for (const std::string& name : table.names()) {
    if (std::find(std::begin(kOwn), std::end(kOwn), name) != std::end(kOwn)) continue;
    table.find_mutable(name)->set_null(row);
  }
}

}  // namespace

bool apply_to_objects(ObjectTable& objects, const Snapshot& snapshot, const AppliedBatch& batch) {
  if (!fits(objects, snapshot, batch)) return false;
  const std::vector<size_t> rows = rows_of(objects, batch);
  if (std::find(rows.begin(), rows.end(), SIZE_MAX) != rows.end()) return false;
  Table& table = objects.table;
  for (size_t i = 0; i < rows.size(); ++i) {
    const AppliedObjectEdit& edit = batch.objects[i];
    const size_t row = rows[i];
    const ObjectState& after = *edit.after;
    table.find_mutable("label")->codes[row] = code_of_class(snapshot, after.class_id);
    table.find_mutable("review")->codes[row] = static_cast<int32_t>(after.review);
    static constexpr std::string_view kBox[] = {"x", "y", "width", "height"};
    for (size_t k = 0; k < 4; ++k) {
      table.find_mutable(kBox[k])->doubles[row] = after.box_xywh_px[k];
    }
    table.find_mutable("area_px")->doubles[row] = after.area_px;
    table.find_mutable("crowd")->bytes[row] = after.crowd ? 1 : 0;
    table.find_mutable("difficult")->bytes[row] = after.difficult ? 1 : 0;
    table.find_mutable("truncated")->bytes[row] = after.truncated ? 1 : 0;
    ObjectState same = *edit.before;
    same.review = after.review;
    if (!(same == after)) forget_row(table, static_cast<RowIndex>(row));
  }
  for (const DetectionReviewsOfSample& sample : batch.detection_reviews) {
    const size_t row = snapshot.row_of(sample.sample);
    if (row >= objects.samples()) return false;
    // A class that was merged away: what it became is found by loading.
    for (const DetectionReview& review : sample.reviews) {
      if (review.class_id != 0 && code_of_class(snapshot, review.class_id) < 0) return false;
    }
    mark_detections(
        objects, row, sample.reviews,
        [&](ClassId class_id) { return code_of_class(snapshot, class_id); },
        snapshot.classes.size());
  }
  if (batch.batch != 0) objects.object_revision = batch.object_revision;
  return true;
}

}  // namespace errata::store
