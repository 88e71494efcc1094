// The columns of samples out of their blocks.
#include <fmt/format.h>

#include <cstring>

#include "store/sample_state.h"
#include "store/snapshot_parts.h"

namespace errata::store {

namespace {

Error rows_error(std::string_view name, size_t has, size_t wants) {
  return Error(
      ErrorCategory::kCorrupt,
      fmt::format("column {} of the snapshot has {} rows, there are {} samples", name, has, wants),
      "run `errata doctor`");
}

template <typename T>
std::vector<T> fixed_column(Connection& db, std::string_view name, size_t rows) {
  std::vector<T> values = values_of<T>(read_stream(db, find_stream(db, "sample", 0, name)));
  if (values.size() != rows) throw rows_error(name, values.size(), rows);
  return values;
}

// Calls fn(bytes, rows) for each block of a column.
template <typename Fn>
void for_each_block(Connection& db, std::string_view name, size_t rows, Fn fn) {
  const int64_t stream = find_stream(db, "sample", 0, name);
  std::vector<uint8_t> bytes;
  for (size_t first = 0; first < rows; first += static_cast<size_t>(kBlockSamples)) {
    const auto block = static_cast<int64_t>(first) / kBlockSamples;
    bytes.clear();
    read_chunks(db, stream, block * kPartsPerBlock, (block + 1) * kPartsPerBlock - 1, bytes);
    fn(bytes, first, std::min(rows - first, static_cast<size_t>(kBlockSamples)));
  }
}

IdLists list_column(Connection& db, std::string_view name, size_t rows) {
  IdLists lists;
  lists.counts.reserve(rows);
  lists.ids.reserve(rows);
  for_each_block(db, name, rows, [&](std::span<const uint8_t> bytes, size_t, size_t count) {
    lists.decode(bytes, count);
  });
  return lists;
}

// What was edited since the last fold, read from the rows.
struct Touched {
  size_t position;
  std::vector<int32_t> labels;
  std::vector<int32_t> tags;
};

void replace_lists(IdLists& lists, const std::vector<Touched>& touched,
                   std::vector<int32_t> Touched::*member) {
  IdLists result;
  result.counts.reserve(lists.counts.size());
  result.ids.reserve(lists.ids.size());
  size_t offset = 0;
  size_t next = 0;
  for (size_t row = 0; row < lists.counts.size(); ++row) {
    if (next < touched.size() && touched[next].position == row) {
      result.push(touched[next].*member);
      ++next;
    } else {
      result.push({lists.ids.data() + offset, lists.counts[row]});
    }
    offset += lists.counts[row];
  }
  lists = std::move(result);
}

std::vector<int32_t> read_ids(Connection& db, std::string_view sql, int64_t sample) {
  std::vector<int32_t> ids;
  Statement& read = db.cached(sql);
  read.bind(1, sample);
  while (read.step()) ids.push_back(static_cast<int32_t>(read.integer(0)));
  return ids;
}

void apply_unfolded_edits(Connection& db, SampleColumns& columns) {
  std::vector<Touched> touched;
  Statement find = db.prepare(
      "SELECT s.id, s.review, s.split_id FROM sample s WHERE s.id IN (SELECT sample_id FROM event "
      "WHERE id > (SELECT value FROM meta WHERE key = 'folded_event') AND sample_id IS NOT NULL) "
      "ORDER BY s.id");
  while (find.step()) {
    const int64_t sample = find.integer(0);
    Touched row{static_cast<size_t>(sample - 1), {}, {}};
    if (row.position >= columns.rows()) throw rows_error("review", columns.rows(), row.position);
    columns.review[row.position] = static_cast<uint8_t>(find.integer(1));
    columns.split[row.position] = static_cast<int32_t>(find.integer(2));
    row.labels = read_ids(db,
                          "SELECT class_id FROM label WHERE sample_id = ?1 AND current = 1 "
                          "ORDER BY class_id",
                          sample);
    row.tags =
        read_ids(db, "SELECT tag_id FROM sample_tag WHERE sample_id = ?1 ORDER BY tag_id", sample);
    touched.push_back(std::move(row));
  }
  if (touched.empty()) return;
  replace_lists(columns.labels, touched, &Touched::labels);
  replace_lists(columns.tags, touched, &Touched::tags);
}

}  // namespace

SampleColumns load_sample_columns(Connection& db) {
  const auto rows = static_cast<size_t>(db.integer("SELECT coalesce(max(id), 0) FROM sample"));
  SampleColumns columns;
  if (rows == 0) return columns;
  columns.source = fixed_column<int32_t>(db, "source", rows);
  columns.member = fixed_column<int64_t>(db, "member", rows);
  columns.size_bytes = fixed_column<int64_t>(db, "size_bytes", rows);
  columns.width = fixed_column<int32_t>(db, "width", rows);
  columns.height = fixed_column<int32_t>(db, "height", rows);
  columns.vanished = fixed_column<uint8_t>(db, "vanished", rows);
  columns.split = fixed_column<int32_t>(db, "split", rows);
  columns.review = fixed_column<uint8_t>(db, "review", rows);
  for_each_block(db, "path", rows, [&](std::span<const uint8_t> bytes, size_t, size_t count) {
    columns.path.decode(bytes, count);
  });
  columns.labels_given = list_column(db, "labels_given", rows);
  columns.labels = list_column(db, "labels", rows);
  columns.tags = list_column(db, "tags", rows);
  apply_unfolded_edits(db, columns);
  return columns;
}

namespace {

// One attribute over all blocks: numbers while all blocks are, else text.
class AttributeReader {
 public:
  AttributeReader(std::string name, size_t rows) : name_(std::move(name)), rows_(rows) {}

  void add(std::span<const uint8_t> bytes, size_t first, size_t count) {
    if (bytes.empty()) return;
    parts_.push_back({first, count, std::vector<uint8_t>(bytes.begin(), bytes.end())});
    const auto kind = static_cast<AttributeKind>(bytes[0]);
    any_bool_ |= kind == AttributeKind::kBool;
    any_int_ |= kind == AttributeKind::kInt;
    any_double_ |= kind == AttributeKind::kDouble;
    any_text_ |= kind == AttributeKind::kText;
  }

  Column finish() const {
    if (any_text_ || (any_bool_ && (any_int_ || any_double_))) return text_column();
    if (any_bool_) return bool_column();
    return any_double_ ? double_column() : int_column();
  }

 private:
  struct Part {
    size_t first;
    size_t count;
    std::vector<uint8_t> bytes;
  };

  template <typename T>
  std::vector<T> values(const Part& part, size_t offset) const {
    if (part.bytes.size() < offset + part.count * sizeof(T)) throw rows_error(name_, 0, part.count);
    std::vector<T> result(part.count);
    std::memcpy(result.data(), part.bytes.data() + offset, part.count * sizeof(T));
    return result;
  }

  Column bool_column() const {
    Column column = make_bool_column(name_, std::vector<uint8_t>(rows_, 0));
    column.validity.assign((rows_ + 63) / 64, 0);
    for (const Part& part : parts_) {
      const auto flags = values<uint8_t>(part, 1);
      for (size_t i = 0; i < part.count; ++i) {
        if (flags[i] > 1) continue;
        column.bytes[part.first + i] = flags[i];
        column.mark_valid(static_cast<RowIndex>(part.first + i));
      }
    }
    return column;
  }

  Column int_column() const {
    Column column = make_int_column(name_, std::vector<int64_t>(rows_, 0));
    column.validity.assign((rows_ + 63) / 64, 0);
    for (const Part& part : parts_) {
      const auto valid = values<uint8_t>(part, 1);
      const auto integers = values<int64_t>(part, 1 + part.count);
      for (size_t i = 0; i < part.count; ++i) {
        if (valid[i] == 0) continue;
        column.ints[part.first + i] = integers[i];
        column.mark_valid(static_cast<RowIndex>(part.first + i));
      }
    }
    return column;
  }

  Column double_column() const {
    std::vector<double> numbers(rows_, __builtin_nan(""));
    for (const Part& part : parts_) {
      if (static_cast<AttributeKind>(part.bytes[0]) == AttributeKind::kDouble) {
        const auto doubles = values<double>(part, 1);
        std::copy(doubles.begin(), doubles.end(),
                  numbers.begin() + static_cast<std::ptrdiff_t>(part.first));
        continue;
      }
      const auto valid = values<uint8_t>(part, 1);
      const auto integers = values<int64_t>(part, 1 + part.count);
      for (size_t i = 0; i < part.count; ++i) {
        if (valid[i] != 0) numbers[part.first + i] = static_cast<double>(integers[i]);
      }
    }
    return make_double_column(name_, std::move(numbers));
  }

  // The text of one row of a part; false for NULL.
  std::vector<std::pair<bool, std::string>> texts(const Part& part) const {
    std::vector<std::pair<bool, std::string>> result(part.count, {false, {}});
    const auto kind = static_cast<AttributeKind>(part.bytes[0]);
    if (kind == AttributeKind::kText) {
      const auto lengths = values<uint32_t>(part, 1);
      size_t offset = 1 + part.count * sizeof(uint32_t);
      for (size_t i = 0; i < part.count; ++i) {
        if (lengths[i] == UINT32_MAX) continue;
        if (lengths[i] > part.bytes.size() - offset) throw rows_error(name_, i, part.count);
        result[i] = {true, std::string(reinterpret_cast<const char*>(part.bytes.data()) + offset,
                                       lengths[i])};
        offset += lengths[i];
      }
    } else if (kind == AttributeKind::kBool) {
      const auto flags = values<uint8_t>(part, 1);
      for (size_t i = 0; i < part.count; ++i) {
        if (flags[i] <= 1) result[i] = {true, flags[i] == 1 ? "true" : "false"};
      }
    } else if (kind == AttributeKind::kInt) {
      const auto valid = values<uint8_t>(part, 1);
      const auto integers = values<int64_t>(part, 1 + part.count);
      for (size_t i = 0; i < part.count; ++i) {
        if (valid[i] != 0) result[i] = {true, fmt::format("{}", integers[i])};
      }
    } else {
      const auto doubles = values<double>(part, 1);
      for (size_t i = 0; i < part.count; ++i) {
        if (doubles[i] == doubles[i]) result[i] = {true, fmt::format("{}", doubles[i])};
      }
    }
    return result;
  }

  // A category while there are few different texts, so that it can be a facet.
  Column text_column() const {
    constexpr size_t kMostCategories = 4096;
    std::vector<std::string> all(rows_);
    std::vector<int32_t> codes(rows_, -1);
    auto dictionary = std::make_shared<Dictionary>();
    Column column;
    column.validity.assign((rows_ + 63) / 64, 0);
    for (const Part& part : parts_) {
      auto part_texts = texts(part);
      for (size_t i = 0; i < part.count; ++i) {
        if (!part_texts[i].first) continue;
        const size_t row = part.first + i;
        column.validity[row / 64] |= uint64_t{1} << (row % 64);
        if (dictionary->size() <= kMostCategories)
          codes[row] = dictionary->add(part_texts[i].second);
        all[row] = std::move(part_texts[i].second);
      }
    }
    if (dictionary->size() <= kMostCategories) {
      return make_category_column(name_, std::move(codes), std::move(dictionary));
    }
    Column text = make_text_column(name_, all);
    text.validity = std::move(column.validity);
    return text;
  }

  std::string name_;
  size_t rows_;
  std::vector<Part> parts_;
  bool any_bool_ = false;
  bool any_int_ = false;
  bool any_double_ = false;
  bool any_text_ = false;
};

}  // namespace

std::vector<Column> load_attribute_columns(Connection& db, size_t rows) {
  std::vector<std::string> names;
  Statement read = db.prepare(
      "SELECT name FROM stream WHERE owner = 'sample' AND owner_id = 0 AND type = 'attribute' "
      "ORDER BY name");
  while (read.step()) names.push_back(read.string(0));
  std::vector<Column> columns;
  for (const std::string& name : names) {
    AttributeReader reader(name, rows);
    bool any = false;
    for_each_block(db, name, rows, [&](std::span<const uint8_t> bytes, size_t first, size_t count) {
      any |= !bytes.empty();
      reader.add(bytes, first, count);
    });
    if (any) columns.push_back(reader.finish());
  }
  return columns;
}

}  // namespace errata::store
