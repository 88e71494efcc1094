#include "store/object_sets.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <unordered_map>
#include <unordered_set>

#include "base/text.h"

namespace errata::store {

namespace {

constexpr std::string_view kOwner = "objects";

// Ids mostly rise by one: as differences they take next to nothing.
std::vector<int64_t> differences(std::vector<int64_t> values) {
  std::adjacent_difference(values.begin(), values.end(), values.begin());
  return values;
}

std::vector<ObjectSet> sets_from(Statement& read) {
  std::vector<ObjectSet> sets;
  while (read.step()) {
    sets.push_back({read.integer(0), read.integer(1), read.string(2), read.integer(3),
                    read.integer(4), static_cast<uint64_t>(read.integer(5))});
  }
  return sets;
}

constexpr std::string_view kSetColumns =
    "SELECT s.id, s.source_id, source.name, s.objects, s.images, s.content_hash FROM object_set s "
    "JOIN source ON source.id = s.source_id ";

void drop_set(Connection& db, int64_t set) {
  drop_streams(db, kOwner, set);
  db.prepare("DELETE FROM object_set WHERE id = ?1").bind(1, set).run();
}

// Documents as one blob of text rows: name, text, name, ...
std::vector<uint8_t> encode_documents(const std::vector<SourceHeader::Document>& documents) {
  TextRows rows;
  for (const SourceHeader::Document& document : documents) {
    rows.push(document.name);
    rows.push(document.text);
  }
  return rows.encode();
}

}  // namespace

std::vector<ObjectSet> read_object_sets(Connection& db) {
  Statement read = db.prepare(fmt::format("{} WHERE state = 1 ORDER BY s.source_id", kSetColumns));
  return sets_from(read);
}

std::vector<ObjectSet> read_version_sets(Connection& db, VersionId version) {
  Statement read = db.prepare(fmt::format(
      "{} JOIN version_object_set v ON v.set_id = s.id WHERE v.version_id = ?1 ORDER BY "
      "s.source_id",
      kSetColumns));
  read.bind(1, version);
  return sets_from(read);
}

int64_t ObjectSetIndex::row_of(ObjectId id) const {
  if (by_id.empty()) {
    const auto found = std::lower_bound(ids.begin(), ids.end(), id);
    return found == ids.end() || *found != id ? -1 : found - ids.begin();
  }
  const auto found =
      std::lower_bound(by_id.begin(), by_id.end(), id,
                       [&](uint32_t row, ObjectId wanted) { return ids[row] < wanted; });
  return found == by_id.end() || ids[*found] != id ? -1 : int64_t{*found};
}

std::shared_ptr<const ObjectSetIndex> read_set_index(Connection& db, int64_t set) {
  auto& cache = db.object_set_cache();
  if (const auto found = cache.find(set); found != cache.end()) return found->second;
  auto index = std::make_shared<ObjectSetIndex>();
  index->ids = values_of<int64_t>(read_stream(db, find_stream(db, kOwner, set, "object_id")));
  std::partial_sum(index->ids.begin(), index->ids.end(), index->ids.begin());
  index->image_samples =
      values_of<int64_t>(read_stream(db, find_stream(db, kOwner, set, "image_sample")));
  if (!std::is_sorted(index->ids.begin(), index->ids.end())) {
    index->by_id.resize(index->ids.size());
    std::iota(index->by_id.begin(), index->by_id.end(), 0U);
    std::sort(index->by_id.begin(), index->by_id.end(),
              [&](uint32_t a, uint32_t b) { return index->ids[a] < index->ids[b]; });
  }
  cache.emplace(set, index);
  return index;
}

int64_t object_revision(Connection& db) {
  return db.integer("SELECT value FROM meta WHERE key = 'object_revision'");
}

void set_object_revision(Connection& db, int64_t event) {
  Statement& update = db.cached("UPDATE meta SET value = ?1 WHERE key = 'object_revision'");
  update.bind(1, event).run();
}

ObjectId take_object_ids(Connection& db, int64_t count) {
  const int64_t first = db.integer("SELECT value FROM meta WHERE key = 'next_object_id'");
  Statement& update = db.cached("UPDATE meta SET value = ?1 WHERE key = 'next_object_id'");
  update.bind(1, first + count).run();
  return first;
}

ObjectSetWriter::ObjectSetWriter(Connection& db, SourceId source, int64_t batch,
                                 const SourceHeader& header)
    : db_(db), source_(source), batch_(batch) {
  Statement left = db.prepare("SELECT id FROM object_set WHERE source_id = ?1 AND state = 0");
  left.bind(1, source);
  std::vector<int64_t> unfinished;
  while (left.step()) unfinished.push_back(left.integer(0));
  for (const int64_t set : unfinished) drop_set(db, set);
  db.prepare(
        "INSERT INTO object_set(source_id, batch_id, objects, images, content_hash, state) "
        "VALUES (?1, ?2, 0, 0, 0, 0)")
      .bind(1, source)
      .bind(2, batch)
      .run();
  set_ = db.last_id();
  blocks_ = std::make_unique<ObjectBlockWriter>(db, kOwner, set_, ObjectBlockKind::kAnnotations);
  const std::vector<uint8_t> documents = encode_documents(header.documents);
  hash_.update(documents.data(), documents.size());
  put_bytes(db, ensure_stream(db, kOwner, set_, "documents", "text"), 0, 0,
            static_cast<int64_t>(header.documents.size()), documents, Codec::kZstd);
}

void ObjectSetWriter::add_image(SampleId sample, std::string_view raw_text, uint32_t document) {
  image_samples_.push_back(sample);
  image_documents_.push_back(static_cast<int32_t>(document));
  image_raw_.push(raw_text);
  hash_.update(raw_text.data(), raw_text.size());
  if (image_raw_.lengths.size() >= kObjectBlockRows ||
      image_raw_.heap.size() >= kObjectBlockBytes) {
    write_image_raw();
  }
}

void ObjectSetWriter::write_image_raw() {
  const auto rows = static_cast<int64_t>(image_raw_.lengths.size());
  if (rows == 0) return;
  put_bytes(db_, ensure_stream(db_, kOwner, set_, "image_raw", "text"), image_raw_place_,
            image_raw_first_, rows, image_raw_.encode(), Codec::kZstd);
  image_raw_place_ += kObjectBlockParts;
  image_raw_first_ += rows;
  image_raw_ = {};
}

void ObjectSetWriter::add_objects(std::span<const ObjectRecord> objects,
                                  std::span<const int32_t> class_of) {
  for (const ObjectRecord& object : objects) {
    if (object.sample >= image_samples_.size() || object.class_index < 0 ||
        static_cast<size_t>(object.class_index) >= class_of.size()) {
      throw Error(
          ErrorCategory::kInternal,
          fmt::format("an object of image {} and class {}, there are {} and {}", object.sample,
                      object.class_index, image_samples_.size(), class_of.size()));
    }
    ObjectBlock& block = blocks_->block();
    block.sample.push_back(static_cast<int32_t>(object.sample));
    block.class_id.push_back(class_of[static_cast<size_t>(object.class_index)]);
    block.box.push_back(object.box_xywh_px);
    block.area.push_back(object.area_px);
    block.flags.push_back(static_cast<uint8_t>((object.crowd ? kCrowdFlag : 0) |
                                               (object.difficult ? kDifficultFlag : 0) |
                                               (object.truncated ? kTruncatedFlag : 0)));
    block.shape.push(object.shape);
    block.raw_id.push(object.raw_id);
    block.raw.push(object.raw_text);
    const int32_t place[2] = {block.sample.back(), block.class_id.back()};
    hash_.update(place, sizeof(place));
    hash_.update(object.box_xywh_px.data(), sizeof(object.box_xywh_px));
    hash_.update(&block.area.back(), sizeof(double));
    hash_.update(&block.flags.back(), 1);
    hash_.update(object.raw_text.data(), object.raw_text.size());
    if (object.raw_text.empty()) hash_.update(object.shape.data(), object.shape.size());
    blocks_->appended();
  }
}

namespace {

// What tells an object of one import in the next.
struct ObjectKey {
  SampleId sample = 0;
  std::string text;  // raw id, or class and box
  bool operator==(const ObjectKey&) const = default;
};
struct HashObjectKey {
  size_t operator()(const ObjectKey& key) const {
    return xxh3_64(std::string_view(key.text)) ^
           static_cast<size_t>(key.sample) * 0x9E3779B97F4A7C15U;
  }
};

struct PlainObject {
  int32_t class_id = 0;
  std::array<double, 4> box{};
  uint8_t flags = 0;
  bool operator==(const PlainObject&) const = default;
};

// The objects of a set with their keys, in order.
template <typename Fn>
void for_each_object(Connection& db, int64_t set, std::span<const SampleId> image_samples, Fn fn) {
  ObjectBlockReader reader(db, kOwner, set, ObjectBlockKind::kAnnotations,
                           kBoxColumns | kRawIdColumn);
  ObjectBlock block;
  int64_t row = 0;
  while (reader.next(block)) {
    size_t raw_at = 0;
    for (size_t i = 0; i < block.rows(); ++i, ++row) {
      const PlainObject object{block.class_id[i], block.box[i], block.flags[i]};
      ObjectKey key{image_samples[static_cast<size_t>(block.sample[i])], {}};
      const uint32_t length = block.raw_id.lengths[i];
      if (length > 0) {
        key.text.assign(block.raw_id.heap, raw_at, length);
      } else {
        key.text = fmt::format("{} {} {} {} {}", object.class_id, object.box[0], object.box[1],
                               object.box[2], object.box[3]);
      }
      raw_at += length;
      fn(row, std::move(key), object);
    }
  }
}

}  // namespace

void ObjectSetWriter::write_ids(Result& result, const ObjectSet* old) {
  const auto rows = static_cast<size_t>(blocks_->rows());
  std::vector<ObjectId> ids(rows, 0);
  if (old != nullptr) {
    const std::shared_ptr<const ObjectSetIndex> index = read_set_index(db_, old->id);
    std::unordered_map<ObjectKey, std::vector<std::pair<ObjectId, PlainObject>>, HashObjectKey>
        before;
    for_each_object(db_, old->id, index->image_samples,
                    [&](int64_t row, ObjectKey key, const PlainObject& object) {
                      before[std::move(key)].emplace_back(index->ids[static_cast<size_t>(row)],
                                                          object);
                    });
    std::unordered_set<ObjectId> changed;
    for_each_object(db_, set_, image_samples_,
                    [&](int64_t row, const ObjectKey& key, const PlainObject& object) {
                      const auto found = before.find(key);
                      if (found == before.end() || found->second.empty()) return;
                      const auto [id, was] = found->second.front();
                      found->second.erase(found->second.begin());
                      ids[static_cast<size_t>(row)] = id;
                      if (!(was == object)) changed.insert(id);
                    });
    result.changed = changed.size();
    std::unordered_set<ObjectId> gone;
    for (const auto& [key, left] : before) {
      for (const auto& [id, object] : left) gone.insert(id);
    }
    result.removed = gone.size();
    for (const ObjectRow& row : read_object_rows(db_)) {
      if (row.source != source_ || row.deleted) continue;
      if (gone.contains(row.object) || changed.contains(row.object)) {
        result.conflicts.push_back(row.object);
      }
    }
  }
  const auto fresh = std::count(ids.begin(), ids.end(), 0);
  result.added = static_cast<uint64_t>(fresh);
  ObjectId next = take_object_ids(db_, fresh);
  for (ObjectId& id : ids) {
    if (id == 0) id = next++;
  }
  put_bytes(db_, ensure_stream(db_, kOwner, set_, "object_id", "i64"), 0, 0,
            static_cast<int64_t>(rows), bytes_of(differences(std::move(ids))), Codec::kZstd);
}

// Places of images that have an object.
static std::vector<SampleId> samples_with_objects(Connection& db, int64_t set,
                                                  std::span<const SampleId> image_samples) {
  std::vector<bool> has(image_samples.size(), false);
  ObjectBlockReader reader(db, kOwner, set, ObjectBlockKind::kAnnotations, 0);
  ObjectBlock block;
  while (reader.next(block)) {
    for (const int32_t image : block.sample) has.at(static_cast<size_t>(image)) = true;
  }
  std::vector<SampleId> samples;
  for (size_t i = 0; i < has.size(); ++i) {
    if (has[i]) samples.push_back(image_samples[i]);
  }
  std::sort(samples.begin(), samples.end());
  return samples;
}

void ObjectSetWriter::count_covered(Result& result) {
  std::vector<SampleId> own;
  for (const ObjectSet& other : read_object_sets(db_)) {
    if (other.source >= source_ || other.objects == 0) continue;
    if (own.empty()) own = samples_with_objects(db_, set_, image_samples_);
    const auto theirs =
        samples_with_objects(db_, other.id, read_set_index(db_, other.id)->image_samples);
    std::vector<SampleId> both;
    std::set_intersection(own.begin(), own.end(), theirs.begin(), theirs.end(),
                          std::back_inserter(both));
    result.covered_images += both.size();
  }
}

void ObjectSetWriter::flush() {
  blocks_->flush();
}

ObjectSetWriter::Result ObjectSetWriter::finish() {
  Result result;
  blocks_->flush();
  write_image_raw();
  hash_.update(image_samples_.data(), image_samples_.size() * sizeof(SampleId));
  const uint64_t hash = hash_.digest();
  result.objects = static_cast<uint64_t>(blocks_->rows());
  Statement find = db_.prepare(
      fmt::format("{} WHERE state = 1 AND s.source_id = ?1 ORDER BY s.id", kSetColumns));
  find.bind(1, source_);
  const std::vector<ObjectSet> old = sets_from(find);
  if (!old.empty() && old.front().content_hash == hash) {
    drop_set(db_, set_);
    return result;
  }
  put_bytes(db_, ensure_stream(db_, kOwner, set_, "image_sample", "i64"), 0, 0,
            static_cast<int64_t>(image_samples_.size()), bytes_of(image_samples_), Codec::kZstd);
  put_bytes(db_, ensure_stream(db_, kOwner, set_, "image_document", "i32"), 0, 0,
            static_cast<int64_t>(image_documents_.size()), bytes_of(image_documents_),
            Codec::kZstd);
  write_ids(result, old.empty() ? nullptr : &old.front());
  if (!old.empty()) {
    Statement kept = db_.prepare("SELECT 1 FROM version_object_set WHERE set_id = ?1");
    kept.bind(1, old.front().id);
    if (kept.step()) {
      db_.prepare("UPDATE object_set SET state = 2 WHERE id = ?1").bind(1, old.front().id).run();
    } else {
      drop_set(db_, old.front().id);
    }
  }
  db_.prepare(
         "UPDATE object_set SET state = 1, objects = ?2, images = ?3, content_hash = ?4 WHERE id = "
         "?1")
      .bind(1, set_)
      .bind(2, result.objects)
      .bind(3, static_cast<int64_t>(image_samples_.size()))
      .bind(4, hash)
      .run();
  const std::string from = old.empty() ? std::string() : fmt::format("{}", old.front().id);
  const std::string to = fmt::format("{}", set_);
  Statement event = db_.prepare(
      "INSERT INTO event(batch_id, what, value_from, value_to) VALUES (?1, 'objects', ?2, ?3)");
  event.bind(1, batch_).bind_optional(2, from).bind(3, to).run();
  set_object_revision(db_, db_.last_id());
  count_covered(result);
  return result;
}

std::vector<SourceHeader::Document> read_documents(Connection& db, int64_t set) {
  const int64_t stream = find_stream(db, kOwner, set, "documents");
  if (stream == 0) return {};
  const std::vector<ChunkHead> heads = list_chunks(db, stream);
  const auto count = static_cast<size_t>(heads.empty() ? 0 : heads.front().rows);
  TextRows rows;
  rows.decode(read_stream(db, stream), count * 2);
  std::vector<SourceHeader::Document> documents(count);
  size_t at = 0;
  for (size_t i = 0; i < count * 2; ++i) {
    std::string& to = i % 2 == 0 ? documents[i / 2].name : documents[i / 2].text;
    to = rows.heap.substr(at, rows.lengths[i]);
    at += rows.lengths[i];
  }
  return documents;
}

std::vector<int32_t> read_image_documents(Connection& db, int64_t set) {
  return values_of<int32_t>(read_stream(db, find_stream(db, kOwner, set, "image_document")));
}

TextRows read_image_texts(Connection& db, int64_t set) {
  TextRows all;
  const int64_t stream = find_stream(db, kOwner, set, "image_raw");
  if (stream == 0) return all;
  for (const ChunkHead& head : list_chunks(db, stream)) {
    if (head.place % kObjectBlockParts != 0) continue;
    std::vector<uint8_t> bytes;
    read_chunks(db, stream, head.place, head.place + kObjectBlockParts - 1, bytes);
    all.decode(bytes, static_cast<size_t>(head.rows));
  }
  return all;
}

}  // namespace errata::store
