#include "store/event_log.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "store/block.h"
#include "store/chunk.h"
#include "store/object_sets.h"

namespace errata::store {

EventWriter::EventWriter(Connection& db, BatchSpec spec) : db_(db), spec_(std::move(spec)) {}

void EventWriter::add(const Event& event) {
  if (batch_ == 0) {
    Statement insert = db_.prepare(
        "INSERT INTO batch(kind, at, who, why, finished, undoes, detail) "
        "VALUES (?1, ?2, ?3, ?4, 1, ?5, ?6)");
    const std::string now = now_iso8601_utc();
    insert.bind(1, spec_.kind).bind(2, now).bind(3, spec_.who).bind(4, spec_.why);
    insert.bind_id(5, spec_.undoes).bind_optional(6, spec_.detail);
    insert.run();
    batch_ = db_.last_id();
  }
  Statement& insert = db_.cached(
      "INSERT INTO event(batch_id, sample_id, what, value_from, value_to, review_from, review_to, "
      "why, object_id) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)");
  insert.bind(1, batch_).bind_id(2, event.sample).bind(3, event.what);
  insert.bind_optional(4, event.from).bind_optional(5, event.to);
  insert.bind(6, static_cast<int64_t>(event.review_from));
  insert.bind(7, static_cast<int64_t>(event.review_to)).bind_optional(8, event.why);
  insert.bind_id(9, event.object);
  insert.run();
  insert.reset();
  if (event.what.starts_with("object-")) last_object_event_ = db_.last_id();
  if (event.what == "label") {
    last_label_event_ = db_.last_id();
    relabelled_.push_back(event.sample);
  }
}

void EventWriter::finish(AppliedBatch& batch) {
  if (last_label_event_ != 0) set_label_revision(db_, last_label_event_);
  if (last_object_event_ != 0) set_object_revision(db_, last_object_event_);
  batch.batch = batch_;
  batch.object_revision = object_revision(db_);
  batch.kind = spec_.kind;
  std::sort(relabelled_.begin(), relabelled_.end());
  relabelled_.erase(std::unique(relabelled_.begin(), relabelled_.end()), relabelled_.end());
  batch.relabelled = relabelled_;
  batch.label_revision = label_revision(db_);
}

std::vector<Event> read_events(Connection& db, int64_t batch) {
  std::vector<Event> events;
  Statement read = db.prepare(
      "SELECT id, sample_id, what, value_from, value_to, review_from, review_to, why, object_id "
      "FROM event "
      "WHERE batch_id = ?1 ORDER BY id");
  read.bind(1, batch);
  while (read.step()) {
    events.push_back({read.integer(0), read.integer(1), read.string(2), read.string(3),
                      read.string(4), static_cast<Review>(read.integer(5)),
                      static_cast<Review>(read.integer(6)), read.string(7), read.integer(8)});
  }
  return events;
}

int64_t label_revision(Connection& db) {
  return db.integer("SELECT value FROM meta WHERE key = 'label_revision'");
}

void set_label_revision(Connection& db, int64_t event) {
  Statement& update = db.cached("UPDATE meta SET value = ?1 WHERE key = 'label_revision'");
  update.bind(1, event).run();
}

void ImportChanges::add(SampleId sample, ImportChange kind, std::span<const int32_t> labels_from,
                        std::span<const int32_t> labels_to) {
  samples.push_back(sample);
  kinds.push_back(static_cast<uint8_t>(kind));
  from_counts.push_back(static_cast<uint32_t>(labels_from.size()));
  from.insert(from.end(), labels_from.begin(), labels_from.end());
  to_counts.push_back(static_cast<uint32_t>(labels_to.size()));
  to.insert(to.end(), labels_to.begin(), labels_to.end());
}

void ImportChanges::clear() {
  *this = {};
}

namespace {

// Each vector as its byte count (u64), then its bytes.
template <typename T>
void pack(std::vector<uint8_t>& bytes, const std::vector<T>& values) {
  const uint64_t size = values.size() * sizeof(T);
  const auto head = bytes_of(std::span<const uint64_t>(&size, 1));
  bytes.insert(bytes.end(), head.begin(), head.end());
  const auto body = bytes_of(values);
  bytes.insert(bytes.end(), body.begin(), body.end());
}

template <typename T>
void unpack(std::span<const uint8_t>& bytes, std::vector<T>& values) {
  uint64_t size = UINT64_MAX;
  if (bytes.size() >= sizeof(size)) __builtin_memcpy(&size, bytes.data(), sizeof(size));
  if (size > bytes.size() - std::min(bytes.size(), sizeof(size))) {
    throw Error(ErrorCategory::kCorrupt, "the log of an import has a wrong length",
                "run `errata doctor`");
  }
  values = values_of<T>(bytes.subspan(sizeof(size), size));
  bytes = bytes.subspan(sizeof(size) + size);
}

}  // namespace

int64_t write_import_changes(Connection& db, int64_t batch, const ImportChanges& changes) {
  std::vector<uint8_t> bytes;
  pack(bytes, changes.samples);
  pack(bytes, changes.kinds);
  pack(bytes, changes.from_counts);
  pack(bytes, changes.from);
  pack(bytes, changes.to_counts);
  pack(bytes, changes.to);
  const int64_t stream = ensure_stream(db, "batch", batch, "changes", "changes");
  const std::vector<ChunkHead> heads = list_chunks(db, stream);
  const int64_t first = heads.empty() ? 0 : heads.back().place + 1;
  const int64_t parts = put_bytes(
      db, stream, first, 0, static_cast<int64_t>(changes.samples.size()), bytes, Codec::kZstd);
  Statement& insert = db.cached(
      "INSERT INTO event(batch_id, what, value_from, value_to) VALUES (?1, 'import', ?2, ?3)");
  const std::string from = fmt::format("{}", first);
  const std::string to = fmt::format("{}", first + parts);
  insert.bind(1, batch).bind(2, from).bind(3, to);
  insert.run();
  insert.reset();
  return db.last_id();
}

ImportChanges read_import_changes(Connection& db, int64_t batch, int64_t first_place,
                                  int64_t end_place) {
  const int64_t stream = find_stream(db, "batch", batch, "changes");
  std::vector<uint8_t> bytes;
  if (stream != 0) read_chunks(db, stream, first_place, end_place - 1, bytes);
  std::span<const uint8_t> rest = bytes;
  ImportChanges changes;
  unpack(rest, changes.samples);
  unpack(rest, changes.kinds);
  unpack(rest, changes.from_counts);
  unpack(rest, changes.from);
  unpack(rest, changes.to_counts);
  unpack(rest, changes.to);
  return changes;
}

}  // namespace errata::store
