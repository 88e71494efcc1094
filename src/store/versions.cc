#include "store/versions.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "base/text.h"
#include "store/block.h"
#include "store/chunk.h"
#include "store/object_sets.h"
#include "store/snapshot_parts.h"
#include "store/version_objects.h"

namespace errata::store {

namespace {

void put(Connection& db, VersionId version, std::string_view name, std::string_view type,
         size_t rows, std::span<const uint8_t> bytes) {
  const int64_t stream = ensure_stream(db, "version", version, name, type);
  put_bytes(db, stream, 0, 0, static_cast<int64_t>(rows), bytes, Codec::kZstd);
}

std::vector<uint8_t> get(Connection& db, VersionId version, std::string_view name) {
  const int64_t stream = find_stream(db, "version", version, name);
  if (stream == 0) return {};
  return read_stream(db, stream);
}

std::vector<uint8_t> encode_texts(const std::vector<std::string>& texts) {
  TextRows rows;
  for (const std::string& text : texts) rows.push(text);
  return rows.encode();
}

std::vector<std::string> decode_texts(std::span<const uint8_t> bytes, size_t count) {
  TextRows rows;
  rows.decode(bytes, count);
  std::vector<std::string> texts;
  texts.reserve(count);
  size_t offset = 0;
  for (const uint32_t length : rows.lengths) {
    texts.emplace_back(rows.heap, offset, length);
    offset += length;
  }
  return texts;
}

// Lists of names are text columns with their count in front.
std::vector<uint8_t> encode_names(const std::vector<std::string>& names) {
  const auto count = static_cast<uint32_t>(names.size());
  const auto head = bytes_of(std::span<const uint32_t>(&count, 1));
  std::vector<uint8_t> bytes(head.begin(), head.end());
  const std::vector<uint8_t> body = encode_texts(names);
  bytes.insert(bytes.end(), body.begin(), body.end());
  return bytes;
}

std::vector<std::string> decode_names(std::span<const uint8_t> bytes) {
  if (bytes.size() < sizeof(uint32_t)) {
    throw Error(ErrorCategory::kCorrupt, "a version's list of names has a wrong length",
                "run `errata doctor`");
  }
  const uint32_t count = values_of<uint32_t>(bytes.first(sizeof(uint32_t))).front();
  return decode_texts(bytes.subspan(sizeof(uint32_t)), count);
}

void check_lengths(const VersionInfo& info, const VersionColumns& columns) {
  const size_t rows = columns.ids.size();
  const bool fit = columns.content.size() == rows && columns.paths.size() == rows &&
                   columns.raw_ids.size() == rows && columns.sources.size() == rows &&
                   columns.splits.size() == rows && columns.label_offsets.size() == rows + 1 &&
                   columns.label_offsets.back() == columns.labels.size() &&
                   info.classes.size() == info.class_ids.size() && info.samples == rows;
  if (!fit) throw Error(ErrorCategory::kInternal, "the columns of a version differ in length");
}

void put_columns(Connection& db, VersionId id, const VersionColumns& columns) {
  const size_t rows = columns.ids.size();
  put(db, id, "samples", "i64", rows, bytes_of(columns.ids));
  put(db, id, "content", "sha256", rows, bytes_of(columns.content));
  put(db, id, "paths", "text", rows, encode_texts(columns.paths));
  put(db, id, "raw_ids", "text", rows, encode_texts(columns.raw_ids));
  put(db, id, "sources", "i32", rows, bytes_of(columns.sources));
  put(db, id, "splits", "i32", rows, bytes_of(columns.splits));
  IdLists labels;
  for (size_t i = 0; i < rows; ++i) {
    labels.push({columns.labels.data() + columns.label_offsets[i],
                 columns.label_offsets[i + 1] - columns.label_offsets[i]});
  }
  put(db, id, "labels", "ids", rows, labels.encode());
  put(db, id, "source_names", "names", columns.source_names.size(),
      encode_names(columns.source_names));
  put(db, id, "split_names", "names", columns.split_names.size(),
      encode_names(columns.split_names));
}

}  // namespace

namespace {

// What each class id of the project means in the version: pairs of an id and the id of the class it
// is or went into. Sets of objects keep the ids they were imported with.
std::vector<int64_t> resolved_classes(Connection& db, const VersionInfo& info) {
  const std::unordered_set<ClassId> known(info.class_ids.begin(), info.class_ids.end());
  const ClassCodes codes = load_class_codes(db);
  std::vector<int64_t> pairs;
  Statement read = db.prepare("SELECT id FROM class ORDER BY id");
  while (read.step()) {
    const int64_t id = read.integer(0);
    const auto code = static_cast<size_t>(codes.resolved_of.at(id));
    if (code >= codes.class_ids.size() || !known.contains(codes.class_ids[code])) {
      throw Error(ErrorCategory::kBusy, "classes were changed while the version was made",
                  "make it again");
    }
    pairs.insert(pairs.end(), {id, codes.class_ids[code]});
  }
  return pairs;
}

void keep_objects(Connection& db, VersionId id, const VersionInfo& info) {
  if (object_revision(db) != info.object_revision) {
    throw Error(ErrorCategory::kBusy, "objects were changed while the version was made",
                "make it again");
  }
  const std::vector<ObjectSet> sets = read_object_sets(db);
  const std::vector<ObjectRow> rows = read_object_rows(db);
  if (sets.empty() && rows.empty()) return;
  Statement keep = db.prepare("INSERT INTO version_object_set(version_id, set_id) VALUES (?1, ?2)");
  for (const ObjectSet& set : sets) keep.bind(1, id).bind(2, set.id).run();
  const std::vector<int64_t> classes = resolved_classes(db, info);
  put(db, id, "object_classes", "i64", classes.size(), bytes_of(classes));
  if (!rows.empty()) put(db, id, "object_edits", "rows", rows.size(), encode_object_rows(rows));
}

void put_number(std::string& bytes, double value) {
  const double plain = value == 0 ? 0 : value;  // -0 is 0
  bytes.append(reinterpret_cast<const char*>(&plain), sizeof(plain));
}

void put_length_and(std::string& bytes, std::string_view text) {
  const auto length = static_cast<uint32_t>(text.size());
  bytes.append(reinterpret_cast<const char*>(&length), sizeof(length));
  bytes += text;
}

// See versions/hash.h.
std::vector<std::string> canonical_boxes(Connection& db, std::span<const ObjectSet> sets,
                                         std::span<const ObjectRow> rows,
                                         std::span<const SampleId> samples,
                                         const std::unordered_map<int64_t, std::string>& names) {
  if (sets.empty() && rows.empty()) return {};
  const StandingObjects objects = read_standing(db, sets, rows, true);
  std::unordered_map<SampleId, size_t> place;
  for (size_t i = 0; i < samples.size(); ++i) place.emplace(samples[i], i);
  std::vector<std::vector<std::string>> boxes(samples.size());
  size_t shape_at = 0;
  for (size_t i = 0; i < objects.size(); ++i) {
    const auto shape =
        std::string_view(objects.shape.heap).substr(shape_at, objects.shape.lengths[i]);
    shape_at += objects.shape.lengths[i];
    const auto found = place.find(objects.sample[i]);
    if (found == place.end()) continue;
    std::string bytes;
    const auto name = names.find(objects.class_id[i]);
    if (name == names.end()) {
      throw Error(ErrorCategory::kCorrupt,
                  fmt::format("objects are of class {}, which has no name", objects.class_id[i]),
                  "run `errata doctor`");
    }
    put_length_and(bytes, name->second);
    for (const double value : objects.box[i]) put_number(bytes, value);
    bytes += static_cast<char>(objects.flags[i]);
    put_length_and(bytes, shape);
    boxes[found->second].push_back(std::move(bytes));
  }
  std::vector<std::string> joined(samples.size());
  for (size_t i = 0; i < samples.size(); ++i) {
    std::sort(boxes[i].begin(), boxes[i].end());
    const auto count = static_cast<uint32_t>(boxes[i].size());
    joined[i].append(reinterpret_cast<const char*>(&count), sizeof(count));
    for (const std::string& box : boxes[i]) joined[i] += box;
  }
  return joined;
}

}  // namespace

std::vector<ObjectRow> read_version_rows(Connection& db, VersionId version) {
  const std::vector<uint8_t> edits = get(db, version, "object_edits");
  return edits.empty() ? std::vector<ObjectRow>() : decode_object_rows(edits);
}

std::unordered_map<int64_t, std::string> read_version_names(Connection& db, VersionId version) {
  std::unordered_map<int64_t, std::string> names;
  Statement own = db.prepare("SELECT class_id, name FROM version_class WHERE version_id = ?1");
  own.bind(1, version);
  while (own.step()) names.emplace(own.integer(0), own.string(1));
  const auto name_as = [&](int64_t id, int64_t as) {
    const auto named = names.find(as);
    if (named == names.end()) return;
    std::string name = named->second;
    names.emplace(id, std::move(name));
  };
  const std::vector<int64_t> pairs = values_of<int64_t>(get(db, version, "object_classes"));
  for (size_t i = 0; i + 1 < pairs.size(); i += 2) name_as(pairs[i], pairs[i + 1]);
  if (!pairs.empty()) return names;
  // Versions made before they kept it: as classes are merged now.
  std::unordered_map<int64_t, int64_t> into;
  Statement all = db.prepare("SELECT id, coalesce(merged_into, 0) FROM class");
  while (all.step()) into.emplace(all.integer(0), all.integer(1));
  for (const auto& [id, target] : into) {
    int64_t at = target;
    for (size_t hops = 0; at != 0 && !names.contains(id) && hops <= into.size(); ++hops) {
      name_as(id, at);
      const auto next = into.find(at);
      at = next == into.end() ? 0 : next->second;
    }
  }
  return names;
}

std::vector<std::string> read_boxes(Store& store, std::span<const SampleId> samples) {
  Connection& db = store.db();
  const Transaction transaction(db, Transaction::Kind::kRead);
  const ClassCodes codes = load_class_codes(db);
  std::unordered_map<int64_t, std::string> names;
  for (const auto& [id, code] : codes.resolved_of) names.emplace(id, (*codes.dictionary)[code]);
  return canonical_boxes(db, read_object_sets(db), read_object_rows(db), samples, names);
}

VersionId insert_version(Store& store, const VersionInfo& info, const VersionColumns& columns) {
  if (trim(info.name).empty() || !is_valid_utf8(info.name)) {
    throw Error(ErrorCategory::kUsage, "a version needs a name");
  }
  check_lengths(info, columns);
  Connection& db = store.db();
  Transaction transaction(db, Transaction::Kind::kDurable);
  Statement find = db.prepare("SELECT 1 FROM version WHERE name = ?1");
  find.bind(1, info.name);
  if (find.step()) {
    throw Error(ErrorCategory::kConflict, fmt::format("there is a version '{}' already", info.name),
                "versions do not change: choose another name");
  }
  const std::string now = info.created_at.empty() ? now_iso8601_utc() : info.created_at;
  Statement insert = db.prepare(
      "INSERT INTO version(name, parent_id, message, who, created_at, hash, recipe, "
      "label_revision, "
      "samples) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)");
  insert.bind(1, info.name).bind_id(2, info.parent).bind(3, info.message).bind(4, info.who);
  insert.bind(5, now).bind(6, info.hash).bind(7, info.recipe_json).bind(8, info.label_revision);
  insert.bind(9, info.samples);
  insert.run();
  const VersionId id = db.last_id();
  Statement classes = db.prepare(
      "INSERT INTO version_class(version_id, position, name, class_id) VALUES (?1, ?2, ?3, ?4)");
  for (size_t i = 0; i < info.classes.size(); ++i) {
    classes.bind(1, id).bind(2, static_cast<int64_t>(i)).bind(3, info.classes[i]);
    classes.bind(4, info.class_ids[i]).run();
  }
  put_columns(db, id, columns);
  keep_objects(db, id, info);
  transaction.commit();
  return id;
}

std::vector<VersionInfo> list_versions(Store& store) {
  Connection& db = store.db();
  const Transaction transaction(db, Transaction::Kind::kRead);
  std::vector<VersionInfo> versions;
  Statement read = db.prepare(
      "SELECT id, name, parent_id, message, who, created_at, hash, recipe, label_revision, samples "
      "FROM version ORDER BY id");
  while (read.step()) {
    VersionInfo info;
    info.id = read.integer(0);
    info.name = read.string(1);
    info.parent = read.integer(2);
    info.message = read.string(3);
    info.who = read.string(4);
    info.created_at = read.string(5);
    info.hash = read.string(6);
    info.recipe_json = read.string(7);
    info.label_revision = read.integer(8);
    info.samples = static_cast<uint64_t>(read.integer(9));
    versions.push_back(std::move(info));
  }
  Statement classes = db.prepare(
      "SELECT name, class_id FROM version_class WHERE version_id = ?1 ORDER BY position");
  for (VersionInfo& info : versions) {
    classes.bind(1, info.id);
    while (classes.step()) {
      info.classes.push_back(classes.string(0));
      info.class_ids.push_back(classes.integer(1));
    }
  }
  return versions;
}

VersionInfo read_version(Store& store, const std::string& name) {
  std::vector<std::string> names;
  for (VersionInfo& info : list_versions(store)) {
    if (info.name == name) return std::move(info);
    names.push_back(info.name);
  }
  const std::vector<std::string> near = nearest_words(name, names);
  std::string hint = "make one with `errata version create`";
  if (!names.empty()) hint = fmt::format("there are: {}", fmt::join(names, ", "));
  if (!near.empty()) hint = fmt::format("did you mean '{}'?", fmt::join(near, "' or '"));
  throw Error(ErrorCategory::kNotFound, fmt::format("there is no version '{}'", name), hint,
              store.path());
}

VersionColumns read_version_columns(Store& store, VersionId version) {
  Connection& db = store.db();
  const Transaction transaction(db, Transaction::Kind::kRead);
  VersionColumns columns;
  columns.ids = values_of<int64_t>(get(db, version, "samples"));
  const size_t rows = columns.ids.size();
  columns.content = values_of<Sha256Digest>(get(db, version, "content"));
  columns.paths = decode_texts(get(db, version, "paths"), rows);
  columns.raw_ids = decode_texts(get(db, version, "raw_ids"), rows);
  columns.sources = values_of<int32_t>(get(db, version, "sources"));
  columns.splits = values_of<int32_t>(get(db, version, "splits"));
  columns.source_names = decode_names(get(db, version, "source_names"));
  columns.split_names = decode_names(get(db, version, "split_names"));
  IdLists labels;
  labels.decode(get(db, version, "labels"), rows);
  columns.labels = std::move(labels.ids);
  columns.label_offsets.push_back(0);
  for (const uint32_t count : labels.counts) {
    columns.label_offsets.push_back(columns.label_offsets.back() + count);
  }
  const std::vector<ObjectSet> sets = read_version_sets(db, version);
  const std::vector<ObjectRow> object_rows = read_version_rows(db, version);
  if (!sets.empty() || !object_rows.empty()) {
    columns.boxes =
        canonical_boxes(db, sets, object_rows, columns.ids, read_version_names(db, version));
  }
  const bool fit = columns.content.size() == rows && columns.sources.size() == rows &&
                   columns.splits.size() == rows;
  if (!fit) {
    throw Error(ErrorCategory::kCorrupt, "the columns of a version differ in length",
                "run `errata doctor`", store.path());
  }
  return columns;
}

}  // namespace errata::store
