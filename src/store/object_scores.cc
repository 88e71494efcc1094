#include "store/object_scores.h"

#include <fmt/format.h>

#include <memory>
#include <span>
#include <string_view>

#include "base/text.h"
#include "store/block.h"
#include "store/chunk.h"
#include "store/run_rows.h"

namespace errata::store {

namespace {

constexpr std::string_view kOwner = "object_scores";
constexpr std::string_view kTexts = ".texts";        // the dictionary of a category
constexpr std::string_view kValidity = ".validity";  // of integers and flags with NULLs

std::string_view type_name(const Column& column) {
  switch (column.type) {
    case ColumnType::kBool: return "u8";
    case ColumnType::kInt: return "i64";
    case ColumnType::kFloat: return "f32";
    case ColumnType::kDouble: return "f64";
    case ColumnType::kCategory: return "i32";
    default: break;
  }
  throw Error(ErrorCategory::kInternal,
              fmt::format("objects have no stored score of type {}, as {} is",
                          column_type_name(column.type), column.name));
}

std::span<const uint8_t> value_bytes(const Column& column) {
  switch (column.type) {
    case ColumnType::kBool: return column.bytes;
    case ColumnType::kInt: return bytes_of(column.ints);
    case ColumnType::kFloat: return bytes_of(column.floats);
    case ColumnType::kDouble: return bytes_of(column.doubles);
    default: return bytes_of(column.codes);
  }
}

void put_stream(Connection& db, int64_t set, const std::string& name, std::string_view type,
                int64_t rows, std::span<const uint8_t> bytes) {
  put_bytes(db, ensure_stream(db, kOwner, set, name, type), 0, 0, rows, bytes, Codec::kZstd);
}

void put_column(Connection& db, int64_t set, const Column& column) {
  const auto rows = static_cast<int64_t>(column.rows);
  put_stream(db, set, column.name, type_name(column), rows, value_bytes(column));
  if (column.type == ColumnType::kCategory) {
    TextRows texts;
    for (const std::string& text : column.dictionary->texts()) texts.push(text);
    put_stream(db, set, column.name + std::string(kTexts), "texts",
               static_cast<int64_t>(texts.lengths.size()), texts.encode());
  } else if (!column.validity.empty()) {
    put_stream(db, set, column.name + std::string(kValidity), "u64", rows,
               bytes_of(column.validity));
  }
}

std::shared_ptr<const Dictionary> read_dictionary(Connection& db, int64_t set,
                                                  const std::string& column) {
  const int64_t stream = find_stream(db, kOwner, set, column + std::string(kTexts));
  int64_t rows = 0;
  for (const ChunkHead& head : list_chunks(db, stream)) rows += head.rows;
  TextRows texts;
  texts.decode(read_stream(db, stream), static_cast<size_t>(rows));
  auto dictionary = std::make_shared<Dictionary>();
  size_t at = 0;
  for (const uint32_t length : texts.lengths) {
    dictionary->add(std::string_view(texts.heap).substr(at, length));
    at += length;
  }
  return dictionary;
}

Column read_column(Connection& db, int64_t set, int64_t stream, std::string_view type,
                   const std::string& name) {
  const std::vector<uint8_t> bytes = read_stream(db, stream);
  if (type == "u8" || type == "i64") {
    Column column = type == "u8" ? make_bool_column(name, bytes)
                                 : make_int_column(name, values_of<int64_t>(bytes));
    const int64_t validity = find_stream(db, kOwner, set, name + std::string(kValidity));
    if (validity != 0) column.validity = values_of<uint64_t>(read_stream(db, validity));
    return column;
  }
  if (type == "f32") return make_float_column(name, values_of<float>(bytes));
  if (type == "f64") return make_double_column(name, values_of<double>(bytes));
  return make_category_column(name, values_of<int32_t>(bytes), read_dictionary(db, set, name));
}

Error corrupt(const Connection& db) {
  return Error(ErrorCategory::kCorrupt, "stored scores of objects differ in length",
               "run `errata find boxes`, which makes them again", db.path());
}

Table read_columns(Connection& db, int64_t set, uint64_t rows) {
  Table table(rows);
  Statement streams = db.prepare(
      "SELECT id, name, type FROM stream WHERE owner = ?1 AND owner_id = ?2 ORDER BY id");
  streams.bind(1, kOwner).bind(2, set);
  while (streams.step()) {
    const std::string type = streams.string(2);
    if (type == "texts" || type == "u64") continue;
    Column column = read_column(db, set, streams.integer(0), type, streams.string(1));
    const bool whole = column.validity.empty() || column.validity.size() == (rows + 63) / 64;
    if (column.rows != rows || !whole) throw corrupt(db);
    table.add(std::move(column));
  }
  return table;
}

void drop_set(Connection& db, int64_t set) {
  drop_streams(db, kOwner, set);
  db.prepare("DELETE FROM object_score_set WHERE id = ?1").bind(1, set).run();
}

// What a set of these thresholds stands in place of, what was made of other labels, and the oldest
// where there are too many.
void make_room(Connection& db, const ObjectScoreSet& set) {
  std::vector<int64_t> others;
  Statement read = db.prepare(
      "SELECT id, confidence = ?2 AND overlap = ?3 OR input_hash != ?4 FROM object_score_set "
      "WHERE run_id = ?1 ORDER BY id");
  read.bind(1, set.run).bind(2, set.confidence).bind(3, set.overlap).bind(4, set.input_hash);
  std::vector<int64_t> gone;
  while (read.step()) (read.integer(1) != 0 ? gone : others).push_back(read.integer(0));
  const auto most = static_cast<size_t>(kMostObjectScoreSets) - 1;
  for (size_t i = 0; i + most < others.size(); ++i) gone.push_back(others[i]);
  for (const int64_t id : gone) drop_set(db, id);
}

// The events after which scores may be others.
constexpr std::string_view kChangedSince =
    "EXISTS (SELECT 1 FROM event WHERE event.id > s.log_end AND event.what IN ('objects', "
    "'import', "
    "'object-add', 'object-delete', 'object-class', 'object-box', 'object-crowd', "
    "'object-restore', 'exclude', 'include', 'class-merge', 'class-unmerge'))";

}  // namespace

void drop_object_scores(Connection& db, RunId run) {
  std::vector<int64_t> sets;
  Statement read = db.prepare("SELECT id FROM object_score_set WHERE run_id = ?1");
  read.bind(1, run);
  while (read.step()) sets.push_back(read.integer(0));
  for (const int64_t set : sets) drop_set(db, set);
}

int64_t last_event(Store& store) {
  return store.db().integer("SELECT coalesce(max(id), 0) FROM event");
}

void put_object_scores(Store& store, const ObjectScoreSet& set) {
  Connection& db = store.db();
  Transaction transaction(db, Transaction::Kind::kWrite);
  Statement run = db.prepare("SELECT 1 FROM run WHERE id = ?1");
  run.bind(1, set.run);
  if (!run.step()) {
    throw Error(ErrorCategory::kNotFound, fmt::format("there is no run {}", set.run));
  }
  make_room(db, set);
  db.prepare(
        "INSERT INTO object_score_set(run_id, confidence, overlap, input_hash, log_end, rows, "
        "detail, made_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")
      .bind(1, set.run)
      .bind(2, set.confidence)
      .bind(3, set.overlap)
      .bind(4, set.input_hash)
      .bind(5, set.log_end)
      .bind(6, static_cast<int64_t>(set.columns.rows()))
      .bind(7, set.detail)
      .bind(8, now_iso8601_utc())
      .run();
  const int64_t id = db.last_id();
  for (const auto& column : set.columns.columns()) put_column(db, id, *column);
  transaction.commit();
}

namespace {

// Within the caller's transaction.
std::optional<ObjectScoreSet> read_set(Connection& db, Statement& find) {
  if (!find.step()) return std::nullopt;
  ObjectScoreSet set;
  set.run = find.integer(1);
  set.confidence = find.real(2);
  set.overlap = find.real(3);
  set.input_hash = static_cast<uint64_t>(find.integer(4));
  set.log_end = find.integer(5);
  set.detail = find.string(7);
  set.made_at = find.string(8);
  set.columns = read_columns(db, find.integer(0), static_cast<uint64_t>(find.integer(6)));
  return set;
}

constexpr std::string_view kReadSet =
    "SELECT id, run_id, confidence, overlap, input_hash, log_end, rows, detail, made_at "
    "FROM object_score_set WHERE ";

}  // namespace

std::optional<ObjectScoreSet> read_object_scores(Store& store, RunId run, double confidence,
                                                 double overlap, uint64_t input_hash) {
  const Transaction transaction(store.db(), Transaction::Kind::kRead);
  Statement find = store.db().prepare(fmt::format(
      "{} run_id = ?1 AND confidence = ?2 AND overlap = ?3 AND input_hash = ?4", kReadSet));
  find.bind(1, run).bind(2, confidence).bind(3, overlap).bind(4, input_hash);
  return read_set(store.db(), find);
}

std::vector<ObjectScoreInfo> list_object_scores(Store& store) {
  Statement read = store.db().prepare(
      fmt::format("SELECT s.id, s.run_id, run.name, s.confidence, s.overlap, s.rows, s.made_at, "
                  "NOT {} FROM object_score_set s JOIN run ON run.id = s.run_id "
                  "ORDER BY s.run_id, s.confidence, s.overlap",
                  kChangedSince));
  std::vector<ObjectScoreInfo> sets;
  while (read.step()) {
    sets.push_back({.id = read.integer(0),
                    .run = read.integer(1),
                    .run_name = read.string(2),
                    .confidence = read.real(3),
                    .overlap = read.real(4),
                    .rows = static_cast<uint64_t>(read.integer(5)),
                    .made_at = read.string(6),
                    .holds = read.integer(7) != 0});
  }
  return sets;
}

ObjectScoreSet read_object_scores(Store& store, const ObjectScoreInfo& info) {
  const Transaction transaction(store.db(), Transaction::Kind::kRead);
  Statement find = store.db().prepare(fmt::format("{} id = ?1", kReadSet));
  find.bind(1, info.id);
  std::optional<ObjectScoreSet> set = read_set(store.db(), find);
  if (!set) {
    throw Error(ErrorCategory::kNotFound, "scores of objects went while they were read",
                "run the command again");
  }
  return *std::move(set);
}

}  // namespace errata::store
