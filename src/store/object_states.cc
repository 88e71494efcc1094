// Single annotations: what the chunks say, what people changed over them, and their form in the
// log.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <unordered_map>

#include "base/hash.h"
#include "store/object_sets.h"

namespace errata::store {

namespace {

constexpr std::string_view kRowColumns =
    "SELECT object_id, source_id, sample_id, class_id, x, y, width, height, area_px, crowd, "
    "difficult, truncated, review, deleted, shape FROM object_edit ";

ObjectRow row_from(const Statement& read) {
  ObjectRow row;
  row.object = read.integer(0);
  row.source = read.integer(1);
  ObjectState& state = row.state;
  state.sample = read.integer(2);
  state.class_id = read.integer(3);
  for (int i = 0; i < 4; ++i) state.box_xywh_px[static_cast<size_t>(i)] = read.real(4 + i);
  state.area_px = read.real(8);
  state.crowd = read.integer(9) != 0;
  state.difficult = read.integer(10) != 0;
  state.truncated = read.integer(11) != 0;
  state.review = static_cast<ObjectReview>(read.integer(12));
  row.deleted = read.integer(13) != 0;
  const std::span<const uint8_t> shape = read.blob(14);
  state.shape.assign(reinterpret_cast<const char*>(shape.data()), shape.size());
  return row;
}

}  // namespace

std::vector<ObjectRow> read_object_rows(Connection& db) {
  std::vector<ObjectRow> rows;
  Statement read = db.prepare(fmt::format("{} ORDER BY object_id", kRowColumns));
  while (read.step()) rows.push_back(row_from(read));
  return rows;
}

size_t ObjectStates::OpenSet::place_of(int64_t row) {
  const auto rows = static_cast<int64_t>(block.rows());
  if (row >= first_row && row < first_row + rows) return static_cast<size_t>(row - first_row);
  const size_t at = reader.read_at(row, block);
  first_row = row - static_cast<int64_t>(at);
  shape_offsets.assign(1, 0);
  for (const auto length : block.shape.lengths) {
    shape_offsets.push_back(shape_offsets.back() + length);
  }
  return at;
}

std::optional<ObjectStates::Imported> ObjectStates::imported(ObjectId object) {
  if (!opened_) {
    for (const ObjectSet& set : read_object_sets(db_)) {
      sets_.push_back({.source = set.source,
                       .index = read_set_index(db_, set.id),
                       .reader = {db_, "objects", set.id, ObjectBlockKind::kAnnotations,
                                  kBoxColumns | kShapeColumn}});
    }
    opened_ = true;
  }
  for (OpenSet& set : sets_) {
    const int64_t row = set.index->row_of(object);
    if (row < 0) continue;
    const size_t at = set.place_of(row);
    const ObjectBlock& block = set.block;
    Imported found;
    found.source = set.source;
    ObjectState& state = found.state;
    state.sample = set.index->image_samples.at(static_cast<size_t>(block.sample[at]));
    state.class_id = block.class_id[at];
    state.box_xywh_px = block.box[at];
    state.area_px = block.area[at];
    state.crowd = (block.flags[at] & kCrowdFlag) != 0;
    state.difficult = (block.flags[at] & kDifficultFlag) != 0;
    state.truncated = (block.flags[at] & kTruncatedFlag) != 0;
    const size_t begin = set.shape_offsets[at];
    state.shape = block.shape.heap.substr(begin, set.shape_offsets[at + 1] - begin);
    return found;
  }
  return std::nullopt;
}

ObjectStates::Found ObjectStates::read(ObjectId object) {
  Statement& read = db_.cached(fmt::format("{} WHERE object_id = ?1", kRowColumns));
  read.bind(1, object);
  if (read.step()) {
    ObjectRow row = row_from(read);
    read.reset();
    Found found{row.source, std::nullopt};
    if (!row.deleted) found.state = std::move(row.state);
    return found;
  }
  read.reset();
  std::optional<Imported> from_chunks = imported(object);
  if (!from_chunks) return {};
  return {from_chunks->source, std::move(from_chunks->state)};
}

void ObjectStates::write(ObjectId object, SourceId source,
                         const std::optional<ObjectState>& state) {
  const std::optional<Imported> from_chunks = source == 0 ? std::nullopt : imported(object);
  const bool needs_no_row =
      state ? from_chunks && from_chunks->state == *state : !from_chunks.has_value();
  if (needs_no_row) {
    Statement& drop = db_.cached("DELETE FROM object_edit WHERE object_id = ?1");
    drop.bind(1, object).run();
    return;
  }
  const ObjectState& values = state ? *state : from_chunks->state;
  Statement& put = db_.cached(
      "INSERT OR REPLACE INTO object_edit(object_id, source_id, sample_id, class_id, x, y, width, "
      "height, area_px, crowd, difficult, truncated, review, deleted, shape) VALUES (?1, ?2, ?3, "
      "?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)");
  put.bind(1, object).bind_id(2, source).bind(3, values.sample).bind(4, values.class_id);
  for (int i = 0; i < 4; ++i) put.bind(5 + i, values.box_xywh_px[static_cast<size_t>(i)]);
  put.bind(9, values.area_px).bind(10, values.crowd ? 1 : 0).bind(11, values.difficult ? 1 : 0);
  put.bind(12, values.truncated ? 1 : 0).bind(13, static_cast<int>(values.review));
  put.bind(14, state ? 0 : 1);
  if (values.shape.empty()) {
    put.bind_null(15);
  } else {
    put.bind_blob(15, {reinterpret_cast<const uint8_t*>(values.shape.data()), values.shape.size()});
  }
  put.run();
  put.reset();
}

std::string object_state_to_json(const ObjectState& state) {
  const auto& box = state.box_xywh_px;
  std::string json = fmt::format(
      R"({{"sample":{},"class":{},"box":[{},{},{},{}],"area":{},"crowd":{},"difficult":{},)"
      R"("truncated":{},"review":{})",
      state.sample, state.class_id, box[0], box[1], box[2], box[3], state.area_px,
      state.crowd ? 1 : 0, state.difficult ? 1 : 0, state.truncated ? 1 : 0,
      static_cast<int>(state.review));
  if (!state.shape.empty()) {
    json += R"(,"shape":")" +
            to_hex({reinterpret_cast<const uint8_t*>(state.shape.data()), state.shape.size()}) +
            '"';
  }
  return json + '}';
}

namespace {

// Reads what object_state_to_json() writes, in its order.
class StateScanner {
 public:
  explicit StateScanner(std::string_view text) : rest_(text) {}
  [[noreturn]] static void fail() {
    throw Error(ErrorCategory::kCorrupt, "the log says nothing that can be read of an object",
                "run `errata doctor`");
  }
  bool accept(std::string_view text) {
    if (!rest_.starts_with(text)) return false;
    rest_.remove_prefix(text.size());
    return true;
  }
  template <typename T>
  T number(std::string_view before) {
    if (!accept(before)) fail();
    T value{};
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
    if (error != std::errc()) fail();
    rest_.remove_prefix(static_cast<size_t>(end - rest_.data()));
    return value;
  }
  std::string hex_until_quote() {
    std::string bytes;
    const size_t end = rest_.find('"');
    if (end == std::string_view::npos || end % 2 != 0) fail();
    for (size_t i = 0; i < end; i += 2) {
      uint8_t value = 0;
      const auto [stop, error] = std::from_chars(rest_.data() + i, rest_.data() + i + 2, value, 16);
      if (error != std::errc() || stop != rest_.data() + i + 2) fail();
      bytes += static_cast<char>(value);
    }
    rest_.remove_prefix(end + 1);
    return bytes;
  }
  bool at_end() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

}  // namespace

ObjectState object_state_from_json(std::string_view json) {
  StateScanner scan(json);
  ObjectState state;
  state.sample = scan.number<int64_t>(R"({"sample":)");
  state.class_id = scan.number<int64_t>(R"(,"class":)");
  state.box_xywh_px[0] = scan.number<double>(R"(,"box":[)");
  for (size_t i = 1; i < 4; ++i) state.box_xywh_px[i] = scan.number<double>(",");
  state.area_px = scan.number<double>(R"(],"area":)");
  state.crowd = scan.number<int>(R"(,"crowd":)") != 0;
  state.difficult = scan.number<int>(R"(,"difficult":)") != 0;
  state.truncated = scan.number<int>(R"(,"truncated":)") != 0;
  const int review = scan.number<int>(R"(,"review":)");
  if (review < 0 || review > static_cast<int>(ObjectReview::kAmbiguous)) StateScanner::fail();
  state.review = static_cast<ObjectReview>(review);
  if (scan.accept(R"(,"shape":")")) state.shape = scan.hex_until_quote();
  if (!scan.accept("}") || !scan.at_end()) StateScanner::fail();
  return state;
}

std::vector<uint8_t> encode_object_rows(std::span<const ObjectRow> rows) {
  TextRows texts;
  for (const ObjectRow& row : rows) {
    texts.push(fmt::format("{} {} {} ", row.object, row.source, row.deleted ? 1 : 0) +
               object_state_to_json(row.state));
  }
  const auto count = static_cast<uint32_t>(rows.size());
  const auto head = bytes_of(std::span<const uint32_t>(&count, 1));
  std::vector<uint8_t> bytes(head.begin(), head.end());
  const std::vector<uint8_t> body = texts.encode();
  bytes.insert(bytes.end(), body.begin(), body.end());
  return bytes;
}

std::vector<ObjectRow> decode_object_rows(std::span<const uint8_t> bytes) {
  if (bytes.size() < sizeof(uint32_t)) StateScanner::fail();
  const uint32_t count = values_of<uint32_t>(bytes.first(sizeof(uint32_t))).front();
  TextRows texts;
  texts.decode(bytes.subspan(sizeof(uint32_t)), count);
  std::vector<ObjectRow> rows(count);
  size_t at = 0;
  for (size_t i = 0; i < count; ++i) {
    const auto text = std::string_view(texts.heap).substr(at, texts.lengths[i]);
    at += texts.lengths[i];
    StateScanner scan(text);
    rows[i].object = scan.number<int64_t>("");
    rows[i].source = scan.number<int64_t>(" ");
    rows[i].deleted = scan.number<int>(" ") != 0;
    rows[i].state = object_state_from_json(text.substr(std::min(text.find('{'), text.size())));
  }
  return rows;
}

namespace {

uint8_t flags_of(const ObjectState& state) {
  return static_cast<uint8_t>((state.crowd ? kCrowdFlag : 0) |
                              (state.difficult ? kDifficultFlag : 0) |
                              (state.truncated ? kTruncatedFlag : 0));
}

void push_state(StandingObjects& objects, ObjectId id, SourceId source, const ObjectState& state,
                bool shapes) {
  objects.id.push_back(id);
  objects.source.push_back(static_cast<int32_t>(source));
  objects.sample.push_back(state.sample);
  objects.class_id.push_back(static_cast<int32_t>(state.class_id));
  objects.box.push_back(state.box_xywh_px);
  objects.area.push_back(state.area_px);
  objects.flags.push_back(flags_of(state));
  objects.review.push_back(static_cast<uint8_t>(state.review));
  if (shapes) objects.shape.push(state.shape);
}

// Which set's objects count for a sample: those of the first that has any.
class Claims {
 public:
  bool claim(SampleId sample, int32_t set) {
    const auto place = static_cast<size_t>(sample);
    if (sample < 1) return false;
    if (place >= claimed_.size()) claimed_.resize(place + place / 2 + 64, -1);
    if (claimed_[place] < 0) claimed_[place] = set;
    return claimed_[place] == set;
  }

 private:
  std::vector<int32_t> claimed_;
};

// Whether all images of a set are samples, so that it counts whole where it stands alone.
bool names_samples_only(Connection& db, int64_t set) {
  const auto samples =
      values_of<int64_t>(read_stream(db, find_stream(db, "objects", set, "image_sample")));
  return std::find(samples.begin(), samples.end(), 0) == samples.end();
}

}  // namespace

StandingObjects read_standing(Connection& db, std::span<const ObjectSet> sets,
                              std::span<const ObjectRow> rows, bool shapes) {
  StandingObjects objects;
  std::unordered_map<ObjectId, const ObjectRow*> changed;
  for (const ObjectRow& row : rows) changed.emplace(row.object, &row);
  Claims claims;
  for (size_t s = 0; s < sets.size(); ++s) {
    const std::shared_ptr<const ObjectSetIndex> index = read_set_index(db, sets[s].id);
    ObjectBlockReader reader(db, "objects", sets[s].id, ObjectBlockKind::kAnnotations,
                             kBoxColumns | (shapes ? kShapeColumn : 0U));
    ObjectBlock block;
    uint32_t row = 0;
    while (reader.next(block)) {
      size_t shape_at = 0;
      for (size_t i = 0; i < block.rows(); ++i, ++row) {
        const size_t shape_from = shape_at;
        if (shapes) shape_at += block.shape.lengths[i];
        const SampleId sample = index->image_samples.at(static_cast<size_t>(block.sample[i]));
        if (!claims.claim(sample, static_cast<int32_t>(s))) continue;
        const ObjectId id = index->ids.at(row);
        uint8_t edited = 0;
        const auto found = changed.empty() ? changed.end() : changed.find(id);
        if (found != changed.end()) {
          const ObjectRow& over = *found->second;
          changed.erase(found);
          if (over.deleted) continue;
          push_state(objects, id, sets[s].source, over.state, shapes);
          const ObjectState& state = over.state;
          edited = state.class_id != block.class_id[i] || state.box_xywh_px != block.box[i] ||
                           flags_of(state) != block.flags[i] || state.area_px != block.area[i]
                       ? 1
                       : 0;
        } else {
          objects.id.push_back(id);
          objects.source.push_back(static_cast<int32_t>(sets[s].source));
          objects.sample.push_back(sample);
          objects.class_id.push_back(block.class_id[i]);
          objects.box.push_back(block.box[i]);
          objects.area.push_back(block.area[i]);
          objects.flags.push_back(block.flags[i]);
          objects.review.push_back(0);
          if (shapes) {
            objects.shape.push(
                std::string_view(block.shape.heap).substr(shape_from, shape_at - shape_from));
          }
        }
        objects.edited.push_back(edited);
      }
    }
  }
  for (const ObjectRow& row : rows) {
    if (row.deleted || !changed.contains(row.object)) continue;
    push_state(objects, row.object, row.source, row.state, shapes);
    objects.edited.push_back(1);
  }
  return objects;
}

uint64_t count_standing(Connection& db) {
  const std::vector<ObjectSet> sets = read_object_sets(db);
  std::unordered_map<ObjectId, bool> changed;  // whether it is deleted
  Statement edits = db.prepare("SELECT object_id, deleted FROM object_edit");
  while (edits.step()) changed.emplace(edits.integer(0), edits.integer(1) != 0);
  if (sets.empty() && changed.empty()) return 0;
  uint64_t count = 0;
  Claims claims;
  for (size_t s = 0; s < sets.size(); ++s) {
    if (sets.size() == 1 && changed.empty() && names_samples_only(db, sets[s].id)) {
      return static_cast<uint64_t>(sets[s].objects);
    }
    const std::shared_ptr<const ObjectSetIndex> index = read_set_index(db, sets[s].id);
    ObjectBlockReader reader(db, "objects", sets[s].id, ObjectBlockKind::kAnnotations, 0);
    ObjectBlock block;
    size_t row = 0;
    while (reader.next(block)) {
      for (const int32_t image : block.sample) {
        const ObjectId id = index->ids.at(row++);
        const SampleId sample = index->image_samples.at(static_cast<size_t>(image));
        if (!claims.claim(sample, static_cast<int32_t>(s))) continue;
        const auto found = changed.empty() ? changed.end() : changed.find(id);
        if (found == changed.end()) {
          ++count;
        } else {
          count += found->second ? 0 : 1;
          changed.erase(found);
        }
      }
    }
  }
  // What people added, and what they changed of objects that their source has no longer.
  for (const auto& [id, deleted] : changed) count += deleted ? 0 : 1;
  return count;
}

}  // namespace errata::store
