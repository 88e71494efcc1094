#include "store/block.h"

#include <fmt/format.h>

#include <cmath>
#include <cstring>
#include <set>

#include "base/text.h"

namespace errata::store {

namespace {

Error length_error() {
  return Error(ErrorCategory::kCorrupt, "a column of the snapshot has a wrong length",
               "run `errata doctor`");
}

template <typename T>
void append(std::vector<uint8_t>& out, const T* values, size_t count) {
  const size_t before = out.size();
  out.resize(before + count * sizeof(T));
  if (count > 0) std::memcpy(out.data() + before, values, count * sizeof(T));
}

// Reads `count` values at `offset`, which it moves on.
template <typename T>
void take(std::span<const uint8_t> bytes, size_t& offset, size_t count, std::vector<T>& out) {
  if (count > (bytes.size() - offset) / sizeof(T)) throw length_error();
  const size_t before = out.size();
  out.resize(before + count);
  if (count > 0) std::memcpy(out.data() + before, bytes.data() + offset, count * sizeof(T));
  offset += count * sizeof(T);
}

}  // namespace

void IdLists::push(std::span<const int32_t> row) {
  counts.push_back(static_cast<uint32_t>(row.size()));
  ids.insert(ids.end(), row.begin(), row.end());
}

std::vector<uint8_t> IdLists::encode() const {
  std::vector<uint8_t> bytes;
  append(bytes, counts.data(), counts.size());
  append(bytes, ids.data(), ids.size());
  return bytes;
}

void IdLists::decode(std::span<const uint8_t> bytes, size_t rows) {
  size_t offset = 0;
  const size_t before = counts.size();
  take(bytes, offset, rows, counts);
  uint64_t total = 0;
  for (size_t i = before; i < counts.size(); ++i) total += counts[i];
  take(bytes, offset, total, ids);
  if (offset != bytes.size()) throw length_error();
}

void TextRows::push(std::string_view text) {
  lengths.push_back(static_cast<uint32_t>(text.size()));
  heap += text;
}

std::vector<uint8_t> TextRows::encode() const {
  std::vector<uint8_t> bytes;
  append(bytes, lengths.data(), lengths.size());
  append(bytes, heap.data(), heap.size());
  return bytes;
}

void TextRows::decode(std::span<const uint8_t> bytes, size_t rows) {
  size_t offset = 0;
  const size_t before = lengths.size();
  take(bytes, offset, rows, lengths);
  uint64_t total = 0;
  for (size_t i = before; i < lengths.size(); ++i) total += lengths[i];
  if (total != bytes.size() - offset) throw length_error();
  heap.append(reinterpret_cast<const char*>(bytes.data()) + offset, total);
}

namespace {

void put_column(Connection& db, int64_t block, std::string_view name, std::string_view type,
                size_t rows, std::span<const uint8_t> bytes) {
  const int64_t stream = ensure_stream(db, "sample", 0, name, type);
  const int64_t place = block * kPartsPerBlock;
  const int64_t parts = put_bytes(db, stream, place, first_of_block(block),
                                  static_cast<int64_t>(rows), bytes, Codec::kZstd);
  if (parts > kPartsPerBlock) {
    throw Error(
        ErrorCategory::kUnsupported,
        fmt::format("column {} is larger than {} MiB for {} samples", name, kPartsPerBlock, rows));
  }
  drop_chunks(db, stream, place + parts, place + kPartsPerBlock - 1);
}

AttributeKind kind_of(const AttributeRows& attribute) {
  bool any_bool = false;
  bool any_int = false;
  bool any_double = false;
  bool any_text = false;
  for (const AttributeValue& value : attribute.values) {
    any_bool |= std::holds_alternative<bool>(value);
    any_int |= std::holds_alternative<int64_t>(value);
    any_double |= std::holds_alternative<double>(value);
    any_text |= std::holds_alternative<std::string>(value);
  }
  if (any_text || (any_bool && (any_int || any_double))) return AttributeKind::kText;
  if (any_double) return AttributeKind::kDouble;
  return any_bool ? AttributeKind::kBool : AttributeKind::kInt;
}

std::string attribute_text(const AttributeValue& value) {
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
  if (const auto* integer = std::get_if<int64_t>(&value)) return fmt::format("{}", *integer);
  if (const auto* number = std::get_if<double>(&value)) return fmt::format("{}", *number);
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  return {};
}

double attribute_number(const AttributeValue& value) {
  if (const auto* integer = std::get_if<int64_t>(&value)) return static_cast<double>(*integer);
  if (const auto* number = std::get_if<double>(&value)) return *number;
  return std::nan("");
}

}  // namespace

std::vector<uint8_t> encode_attribute(const AttributeRows& attribute, size_t rows) {
  const AttributeKind kind = kind_of(attribute);
  std::vector<uint8_t> bytes{static_cast<uint8_t>(kind)};
  if (kind == AttributeKind::kBool) {
    std::vector<uint8_t> values(rows, 2);
    for (size_t i = 0; i < attribute.rows.size(); ++i) {
      if (const auto* flag = std::get_if<bool>(&attribute.values[i])) {
        values[attribute.rows[i]] = *flag ? 1 : 0;
      }
    }
    append(bytes, values.data(), rows);
  } else if (kind == AttributeKind::kInt) {
    std::vector<uint8_t> valid(rows, 0);
    std::vector<int64_t> values(rows, 0);
    for (size_t i = 0; i < attribute.rows.size(); ++i) {
      if (const auto* integer = std::get_if<int64_t>(&attribute.values[i])) {
        valid[attribute.rows[i]] = 1;
        values[attribute.rows[i]] = *integer;
      }
    }
    append(bytes, valid.data(), rows);
    append(bytes, values.data(), rows);
  } else if (kind == AttributeKind::kDouble) {
    std::vector<double> values(rows, std::nan(""));
    for (size_t i = 0; i < attribute.rows.size(); ++i) {
      values[attribute.rows[i]] = attribute_number(attribute.values[i]);
    }
    append(bytes, values.data(), rows);
  } else {
    std::vector<uint32_t> lengths(rows, UINT32_MAX);
    std::string heap;
    for (size_t i = 0; i < attribute.rows.size(); ++i) {
      if (std::holds_alternative<std::monostate>(attribute.values[i])) continue;
      const std::string text = attribute_text(attribute.values[i]);
      lengths[attribute.rows[i]] = static_cast<uint32_t>(text.size());
      heap += text;
    }
    append(bytes, lengths.data(), rows);
    append(bytes, heap.data(), heap.size());
  }
  return bytes;
}

void write_block(Connection& db, int64_t block, const BlockData& data, BlockColumns which) {
  const size_t rows = data.rows();
  const auto put = [&](std::string_view name, std::string_view type,
                       std::span<const uint8_t> bytes) {
    put_column(db, block, name, type, rows, bytes);
  };
  put("labels", "ids", data.labels.encode());
  put("tags", "ids", data.tags.encode());
  put("split", "i32", bytes_of(data.split));
  put("review", "u8", data.review);
  if (which == BlockColumns::kEdited) return;
  put("source", "i32", bytes_of(data.source));
  put("member", "i64", bytes_of(data.member));
  put("size_bytes", "i64", bytes_of(data.size_bytes));
  put("width", "i32", bytes_of(data.width));
  put("height", "i32", bytes_of(data.height));
  put("vanished", "u8", data.vanished);
  put("path", "text", data.path.encode());
  put("labels_given", "ids", data.labels_given.encode());
  for (const auto& [name, attribute] : data.attributes) {
    put("attr." + name, "attribute", encode_attribute(attribute, rows));
  }
  // An attribute that this block no longer has.
  std::vector<int64_t> gone;
  Statement streams = db.prepare(
      "SELECT id, substr(name, 6) FROM stream WHERE owner = 'sample' AND owner_id = 0 "
      "AND type = 'attribute'");
  while (streams.step()) {
    if (!data.attributes.contains(streams.string(1))) gone.push_back(streams.integer(0));
  }
  for (const int64_t stream : gone) {
    drop_chunks(db, stream, block * kPartsPerBlock, (block + 1) * kPartsPerBlock - 1);
  }
}

namespace {

void read_lists(Connection& db, std::string_view sql, int64_t first, size_t rows, IdLists& lists) {
  Statement& read = db.cached(sql);
  read.bind(1, first).bind(2, first + static_cast<int64_t>(rows) - 1);
  lists.counts.assign(rows, 0);
  while (read.step()) {
    ++lists.counts[static_cast<size_t>(read.integer(0) - first)];
    lists.ids.push_back(static_cast<int32_t>(read.integer(1)));
  }
}

void read_attributes(Connection& db, int64_t first, size_t rows, BlockData& data) {
  Statement& read = db.cached(
      "SELECT sample.id, key, type, atom FROM sample, json_each(sample.attributes) "
      "WHERE sample.id BETWEEN ?1 AND ?2 AND attributes IS NOT NULL ORDER BY sample.id");
  read.bind(1, first).bind(2, first + static_cast<int64_t>(rows) - 1);
  while (read.step()) {
    const std::string_view type = read.text(2);
    AttributeValue value;
    if (type == "true" || type == "false") value = type == "true";
    if (type == "integer") value = read.integer(3);
    if (type == "real") value = read.real(3);
    if (type == "text") value = read.string(3);
    AttributeRows& attribute = data.attributes[read.string(1)];
    attribute.rows.push_back(static_cast<uint32_t>(read.integer(0) - first));
    attribute.values.push_back(std::move(value));
  }
}

}  // namespace

BlockData read_block_rows(Connection& db, int64_t block, BlockColumns which) {
  const SampleId first = first_of_block(block);
  BlockData data;
  Statement& read = db.cached(
      "SELECT id, split_id, review, source_id, member, size_bytes, width_px, height_px, "
      "vanished_batch IS NOT NULL, path FROM sample WHERE id BETWEEN ?1 AND ?2 ORDER BY id");
  read.bind(1, first).bind(2, first + kBlockSamples - 1);
  while (read.step()) {
    if (read.integer(0) != first + static_cast<int64_t>(data.rows())) {
      throw Error(ErrorCategory::kCorrupt,
                  fmt::format("sample {} is missing", first + static_cast<int64_t>(data.rows())),
                  "run `errata doctor`", db.path());
    }
    data.split.push_back(static_cast<int32_t>(read.integer(1)));
    data.review.push_back(static_cast<uint8_t>(read.integer(2)));
    if (which == BlockColumns::kEdited) continue;
    data.source.push_back(static_cast<int32_t>(read.integer(3)));
    data.member.push_back(read.integer(4));
    data.size_bytes.push_back(read.integer(5));
    data.width.push_back(static_cast<int32_t>(read.integer(6)));
    data.height.push_back(static_cast<int32_t>(read.integer(7)));
    data.vanished.push_back(static_cast<uint8_t>(read.integer(8)));
    data.path.push(read.text(9));
  }
  const size_t rows = data.rows();
  read_lists(db,
             "SELECT sample_id, class_id FROM label WHERE sample_id BETWEEN ?1 AND ?2 "
             "AND current = 1 ORDER BY sample_id, class_id",
             first, rows, data.labels);
  read_lists(db,
             "SELECT sample_id, tag_id FROM sample_tag WHERE sample_id BETWEEN ?1 AND ?2 "
             "ORDER BY sample_id, tag_id",
             first, rows, data.tags);
  if (which == BlockColumns::kEdited) return data;
  read_lists(db,
             "SELECT sample_id, class_id FROM label WHERE sample_id BETWEEN ?1 AND ?2 "
             "AND given = 1 ORDER BY sample_id, class_id",
             first, rows, data.labels_given);
  read_attributes(db, first, rows, data);
  return data;
}

namespace {

void append_json_text(std::string& json, std::string_view text) {
  json += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      json += '\\';
      json += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      json += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
    } else {
      json += c;
    }
  }
  json += '"';
}

void append_json_number(std::string& json, double number) {
  if (std::isnan(number)) {
    json += "null";
  } else if (std::isinf(number)) {
    json += number > 0 ? "9e999" : "-9e999";
  } else {
    const std::string text = fmt::format("{}", number);
    json += text;
    if (text.find_first_of(".e") == std::string::npos) json += ".0";
  }
}

}  // namespace

std::string json_text(std::string_view text) {
  std::string json;
  append_json_text(json, text);
  return json;
}

std::string attributes_to_json(
    const std::vector<std::pair<std::string, AttributeValue>>& attributes) {
  if (attributes.empty()) return {};
  std::string json = "{";
  for (const auto& [name, value] : attributes) {
    if (json.size() > 1) json += ',';
    append_json_text(json, to_valid_utf8(name));
    json += ':';
    if (const auto* flag = std::get_if<bool>(&value)) json += *flag ? "true" : "false";
    if (const auto* integer = std::get_if<int64_t>(&value)) json += fmt::format("{}", *integer);
    if (const auto* number = std::get_if<double>(&value)) append_json_number(json, *number);
    if (const auto* text = std::get_if<std::string>(&value)) {
      append_json_text(json, to_valid_utf8(*text));
    }
    if (std::holds_alternative<std::monostate>(value)) json += "null";
  }
  return json + "}";
}

void fold_edits_when_many(Connection& db, int64_t threshold) {
  const auto waiting = [&] {
    return db.integer(
        "SELECT count(*) FROM event WHERE id > (SELECT value FROM meta WHERE key = "
        "'folded_event')");
  };
  if (waiting() <= threshold) return;
  Transaction transaction(db, Transaction::Kind::kWrite);
  std::set<int64_t> blocks;
  Statement touched = db.prepare(
      "SELECT DISTINCT (sample_id - 1) / ?1 FROM event WHERE sample_id IS NOT NULL "
      "AND id > (SELECT value FROM meta WHERE key = 'folded_event')");
  touched.bind(1, kBlockSamples);
  while (touched.step()) blocks.insert(touched.integer(0));
  for (const int64_t block : blocks) {
    write_block(db, block, read_block_rows(db, block, BlockColumns::kEdited),
                BlockColumns::kEdited);
  }
  db.exec(
      "UPDATE meta SET value = (SELECT coalesce(max(id), 0) FROM event) "
      "WHERE key = 'folded_event'");
  transaction.commit();
}

}  // namespace errata::store
