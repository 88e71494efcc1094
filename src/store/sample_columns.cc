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
std::vector<T> fixed_column(StreamReader& reader, std::string_view name, size_t rows) {
  std::vector<T> values = reader.values<T>("sample", 0, name);
  if (values.size() != rows) throw rows_error(name, values.size(), rows);
  return values;
}

IdLists list_column(StreamReader& reader, std::string_view name, size_t rows) {
  IdLists lists;
  lists.counts.reserve(rows);
  reader.blocks(
      name, rows,
      [&](uint64_t bytes) {
        lists.ids.reserve(bytes / sizeof(int32_t) - std::min(bytes / 4, rows));
      },
      [&](std::span<const uint8_t> bytes, size_t, size_t count) { lists.decode(bytes, count); });
  return lists;
}

TextRows text_rows(StreamReader& reader, std::string_view name, size_t rows) {
  TextRows texts;
  texts.lengths.reserve(rows);
  reader.blocks(
      name, rows, [&](uint64_t bytes) { texts.heap.reserve(bytes); },
      [&](std::span<const uint8_t> bytes, size_t, size_t count) { texts.decode(bytes, count); });
  return texts;
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

}  // namespace

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

void read_sample_columns(StreamReader& reader, size_t rows, SampleColumns& columns,
                         WorkList& work) {
  if (rows == 0) return;
  work.emplace_back([&, rows] { columns.path = text_rows(reader, "path", rows); });
  work.emplace_back([&, rows] { columns.labels = list_column(reader, "labels", rows); });
  work.emplace_back(
      [&, rows] { columns.labels_given = list_column(reader, "labels_given", rows); });
  work.emplace_back([&, rows] { columns.tags = list_column(reader, "tags", rows); });
  const auto fixed = [&]<typename T>(std::vector<T> SampleColumns::*member, const char* name) {
    work.emplace_back([&reader, &columns, rows, member, name] {
      columns.*member = fixed_column<T>(reader, name, rows);
    });
  };
  fixed(&SampleColumns::member, "member");
  fixed(&SampleColumns::size_bytes, "size_bytes");
  fixed(&SampleColumns::source, "source");
  fixed(&SampleColumns::width, "width");
  fixed(&SampleColumns::height, "height");
  fixed(&SampleColumns::split, "split");
  fixed(&SampleColumns::vanished, "vanished");
  fixed(&SampleColumns::review, "review");
}

namespace {

// One attribute over all blocks: numbers while all blocks are, else text.
class AttributeReader {
 public:
  AttributeReader(std::string name, size_t rows) : name_(std::move(name)), rows_(rows) {}

  // Takes the bytes.
  void add(std::vector<uint8_t>& bytes, size_t first, size_t count) {
    if (bytes.empty()) return;
    const auto kind = static_cast<AttributeKind>(bytes[0]);
    parts_.push_back({first, count, std::move(bytes)});
    bytes.clear();
    any_bool_ |= kind == AttributeKind::kBool;
    any_int_ |= kind == AttributeKind::kInt;
    any_double_ |= kind == AttributeKind::kDouble;
    any_text_ |= kind == AttributeKind::kText;
  }

  bool empty() const { return parts_.empty(); }
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

  // Calls fn(row, text) for the rows of a part that have a value.
  template <typename Fn>
  void for_each_text(const Part& part, Fn fn) const {
    const auto kind = static_cast<AttributeKind>(part.bytes[0]);
    if (kind == AttributeKind::kText) {
      const auto lengths = values<uint32_t>(part, 1);
      size_t offset = 1 + part.count * sizeof(uint32_t);
      for (size_t i = 0; i < part.count; ++i) {
        if (lengths[i] == UINT32_MAX) continue;
        if (lengths[i] > part.bytes.size() - offset) throw rows_error(name_, i, part.count);
        fn(part.first + i,
           std::string_view(reinterpret_cast<const char*>(part.bytes.data()) + offset, lengths[i]));
        offset += lengths[i];
      }
    } else if (kind == AttributeKind::kBool) {
      const auto flags = values<uint8_t>(part, 1);
      for (size_t i = 0; i < part.count; ++i) {
        if (flags[i] <= 1) fn(part.first + i, flags[i] == 1 ? "true" : "false");
      }
    } else if (kind == AttributeKind::kInt) {
      const auto valid = values<uint8_t>(part, 1);
      const auto integers = values<int64_t>(part, 1 + part.count);
      for (size_t i = 0; i < part.count; ++i) {
        if (valid[i] != 0) fn(part.first + i, fmt::format("{}", integers[i]));
      }
    } else {
      const auto doubles = values<double>(part, 1);
      for (size_t i = 0; i < part.count; ++i) {
        if (doubles[i] == doubles[i]) fn(part.first + i, fmt::format("{}", doubles[i]));
      }
    }
  }

  // A category while there are few different texts, so that it can be a facet.
  Column text_column() const {
    constexpr size_t kMostCategories = 4096;
    std::vector<int32_t> codes(rows_, -1);
    auto dictionary = std::make_shared<Dictionary>();
    for (const Part& part : parts_) {
      if (dictionary->size() > kMostCategories) break;
      for_each_text(part, [&](size_t row, std::string_view text) {
        if (dictionary->size() <= kMostCategories) codes[row] = dictionary->add(text);
      });
    }
    if (dictionary->size() <= kMostCategories) {
      return make_category_column(name_, std::move(codes), std::move(dictionary));
    }
    Column column = make_text_column(name_, {});
    column.rows = rows_;
    column.validity.assign((rows_ + 63) / 64, 0);
    column.offsets.reserve(rows_ + 1);
    const auto fill_to = [&](size_t row) { column.offsets.resize(row + 1, column.heap.size()); };
    for (const Part& part : parts_) {
      for_each_text(part, [&](size_t row, std::string_view text) {
        fill_to(row);
        column.heap += text;
        column.offsets.push_back(column.heap.size());
        column.mark_valid(static_cast<RowIndex>(row));
      });
    }
    fill_to(rows_);
    return column;
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

std::vector<std::string> attribute_names(Connection& db) {
  std::vector<std::string> names;
  Statement read = db.prepare(
      "SELECT name FROM stream WHERE owner = 'sample' AND owner_id = 0 AND type = 'attribute' "
      "ORDER BY name");
  while (read.step()) names.push_back(read.string(0));
  return names;
}

std::optional<Column> read_attribute(StreamReader& reader, const std::string& name, size_t rows) {
  AttributeReader attribute(name, rows);
  reader.blocks(
      name, rows, [](uint64_t) {},
      [&](std::vector<uint8_t>& bytes, size_t first, size_t count) {
        attribute.add(bytes, first, count);
      });
  if (attribute.empty()) return std::nullopt;
  return attribute.finish();
}

}  // namespace errata::store
