#include "importers/csv_importer.h"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <unordered_set>

#include "base/error.h"
#include "base/files.h"
#include "base/hash.h"
#include "base/ordered_pipeline.h"
#include "base/text.h"
#include "importers/class_list.h"
#include "importers/csv_columns.h"
#include "importers/export_manifest.h"
#include "importers/folder_walk.h"
#include "importers/image_file.h"
#include "importers/path_matcher.h"
#include "media/container.h"
#include "text/csv.h"

namespace errata::importers {

namespace {

constexpr size_t kChunkRows = 256;
constexpr size_t kWindowChunks = 64;

enum class ValueType : uint8_t { kNothing, kInt, kDouble, kBool, kText };

bool has_leading_zero(std::string_view text) {
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) text.remove_prefix(1);
  return text.size() > 1 && text[0] == '0' && text[1] >= '0' && text[1] <= '9';
}

bool parse_bool(std::string_view text, bool& value) {
  const std::string lower = to_lower_ascii(trim(text));
  value = lower == "true";
  return value || lower == "false";
}

// The narrowest type that holds what was seen so far and `field`.
ValueType widen(ValueType type, std::string_view field) {
  if (type == ValueType::kText || is_missing(field)) return type;
  int64_t whole = 0;
  double number = 0;
  bool truth = false;
  ValueType own = ValueType::kText;
  if (has_leading_zero(trim(field))) {
    own = ValueType::kText;
  } else if (text::parse_int(field, whole)) {
    own = ValueType::kInt;
  } else if (text::parse_double(field, number)) {
    own = ValueType::kDouble;
  } else if (parse_bool(field, truth)) {
    own = ValueType::kBool;
  }
  if (type == ValueType::kNothing || type == own) return own;
  const bool both_numbers =
      type != ValueType::kBool && own != ValueType::kBool && own != ValueType::kText;
  return both_numbers ? ValueType::kDouble : ValueType::kText;
}

AttributeValue value_of(ValueType type, std::string_view field) {
  if (is_missing(field)) return std::monostate();
  int64_t whole = 0;
  double number = 0;
  bool truth = false;
  switch (type) {
    case ValueType::kInt: text::parse_int(field, whole); return whole;
    case ValueType::kDouble: text::parse_double(field, number); return number;
    case ValueType::kBool: parse_bool(field, truth); return truth;
    default: return to_valid_utf8(field);
  }
}

// What the columns mean.
struct Columns {
  CsvHeader header;
  bool has_header_row = true;
  size_t path = kNoColumn;
  size_t label = kNoColumn;
  size_t split = kNoColumn;
  size_t member = kNoColumn;
  std::vector<size_t> attributes;
};

Columns read_columns(std::span<const std::string_view> first_row, const std::string& file) {
  Columns columns;
  columns.header = CsvHeader(first_row);
  columns.path = columns.header.find_path();
  if (columns.path == kNoColumn && has_image_suffix(trim(first_row[0]))) {
    constexpr std::string_view kNames[] = {"path", "label", "split"};
    std::vector<std::string> names;
    for (size_t i = 0; i < first_row.size(); ++i) {
      names.push_back(i < 3 ? std::string(kNames[i]) : fmt::format("column_{}", i + 1));
    }
    columns.header = CsvHeader(std::vector<std::string_view>(names.begin(), names.end()));
    columns.has_header_row = false;
    columns.path = 0;
  }
  if (columns.path == kNoColumn) {
    throw Error(
        ErrorCategory::kBadInput, "no column holds the images' paths",
        "name it path (or filename, file, image); the columns are: " + columns.header.to_text(),
        file);
  }
  columns.label = columns.header.find_label();
  columns.split = columns.header.find_split();
  columns.member = columns.header.find({"member"});
  for (size_t i = 0; i < columns.header.size(); ++i) {
    // pandas writes its index as a column without a name.
    if (i != columns.path && i != columns.label && i != columns.split && i != columns.member &&
        !columns.header.name(i).empty()) {
      columns.attributes.push_back(i);
    }
  }
  return columns;
}

// What the first pass over the file finds out.
struct Survey {
  Columns columns;
  std::vector<ValueType> types;     // by column
  std::vector<std::string> labels;  // distinct
  bool some_labels_missing = false;
  uint64_t rows = 0;
  std::string root;
};

std::string folder_in_common(std::string_view a, std::string_view b) {
  size_t end = 0;
  for (size_t i = 0; i < std::min(a.size(), b.size()) && a[i] == b[i]; ++i) {
    if (a[i] == '/') end = i;
  }
  return std::string(a.substr(0, std::max<size_t>(1, end)));
}

class Surveyor {
 public:
  Surveyor(const std::string& file, const std::string& images_root)
      : file_(file), images_root_(images_root) {}

  Survey run(const CancelToken& cancel) {
    text::CsvReader reader(file_);
    if (!reader.next()) {
      throw Error(ErrorCategory::kBadInput, "the file is empty", "", file_);
    }
    survey_.columns = read_columns(reader.fields(), file_);
    survey_.types.resize(survey_.columns.header.size(), ValueType::kNothing);
    if (!survey_.columns.has_header_row) add_row(reader.fields());
    while (reader.next()) {
      add_row(reader.fields());
      if (survey_.rows % 4096 == 0) cancel.check();
    }
    if (survey_.rows == 0) {
      throw Error(ErrorCategory::kBadInput, "the file has a header and no rows", "", file_);
    }
    survey_.root = find_root();
    sort_labels();
    return std::move(survey_);
  }

 private:
  void add_row(std::span<const std::string_view> fields) {
    ++survey_.rows;
    const Columns& columns = survey_.columns;
    if (fields.size() != columns.header.size()) return;
    for (const size_t column : columns.attributes) {
      survey_.types[column] = widen(survey_.types[column], fields[column]);
    }
    if (columns.label != kNoColumn) {
      const std::string_view label = trim(fields[columns.label]);
      if (is_missing(label)) {
        survey_.some_labels_missing = true;
      } else if (seen_labels_.emplace(label).second) {
        survey_.labels.emplace_back(label);
      }
    }
    look_at_path(fields[columns.path]);
  }

  void look_at_path(std::string_view path) {
    if (trim(path).empty()) return;  // told row by row
    if (is_safe_relative_path(path)) {
      some_inside_ = true;
      return;
    }
    const std::string full = absolute_path(join_path(images_root_, path));
    if (full.starts_with(images_root_ + "/")) {
      some_inside_ = true;
    } else if (outside_.empty()) {
      outside_ = parent_path(full);
    } else {
      outside_ = folder_in_common(outside_ + "/", full);
    }
  }

  // The images' folder, unless a path leads out of it: then what all have in common.
  std::string find_root() const {
    if (outside_.empty()) return images_root_;
    return some_inside_ ? folder_in_common(images_root_ + "/", outside_ + "/") : outside_;
  }

  void sort_labels() {
    std::vector<std::string>& labels = survey_.labels;
    int64_t x = 0;
    int64_t y = 0;
    const bool whole = std::all_of(labels.begin(), labels.end(),
                                   [&](const auto& label) { return text::parse_int(label, x); });
    std::sort(labels.begin(), labels.end(), [&](const std::string& a, const std::string& b) {
      if (whole && text::parse_int(a, x) && text::parse_int(b, y) && x != y) return x < y;
      return python_less(a, b);
    });
  }

  const std::string& file_;
  const std::string& images_root_;
  Survey survey_;
  std::unordered_set<std::string> seen_labels_;
  bool some_inside_ = false;
  std::string outside_;  // the folder that all paths outside have in common
};

struct Row {
  SampleRecord record;
  std::string place;
};

struct Chunk {
  std::vector<SampleRecord> samples;
  std::vector<Issue> issues;
};

// Hands out the rows in pieces, in order, to whichever thread asks for the next number.
class RowFeed {
 public:
  RowFeed(const std::string& file, const std::string& images_root, const Survey& survey,
          const ClassMap& classes)
      : file_(file), images_root_(images_root), survey_(survey), classes_(classes), reader_(file) {
    if (survey.columns.has_header_row) reader_.next();
  }

  // The rows of piece `number`; waits until those before are parsed. Rows that fail become issues.
  std::vector<Row> take(size_t number, std::vector<Issue>& issues) {
    std::unique_lock lock(mutex_);
    turn_.wait(lock, [&] { return failed_ || next_ == number; });
    std::vector<Row> rows;
    if (failed_) return rows;
    try {
      for (size_t i = 0; i < kChunkRows && reader_.next(); ++i) add_row(rows, issues);
    } catch (...) {
      failed_ = true;
      turn_.notify_all();
      throw;
    }
    ++next_;
    turn_.notify_all();
    return rows;
  }

 private:
  void issue(std::vector<Issue>& issues, IssueSeverity severity, std::string kind,
             std::string_view text, std::string message, std::string fix) const {
    issues.push_back({severity, std::move(kind), file_, reader_.place(),
                      shorten_utf8(escape_bytes(text), 200), std::move(message), std::move(fix)});
  }

  static std::string attribute_name(std::string_view title) {
    constexpr std::string_view kPrefix = "attr.";
    if (title.starts_with(kPrefix) && title.size() > kPrefix.size()) {
      title.remove_prefix(kPrefix.size());
    }
    return to_valid_utf8(title);
  }

  void add_row(std::vector<Row>& rows, std::vector<Issue>& issues) {
    const auto fields = reader_.fields();
    const Columns& columns = survey_.columns;
    const auto reject = [&](std::string kind, std::string_view text, std::string message,
                            std::string fix) {
      issue(issues, IssueSeverity::kRejected, std::move(kind), text, std::move(message),
            std::move(fix));
    };
    if (fields.size() != columns.header.size()) {
      return reject(
          "wrong-field-count", fields[0],
          fmt::format("{} fields where the header has {}", fields.size(), columns.header.size()),
          "quote fields that hold the delimiter");
    }
    Row row;
    row.place = reader_.place();
    if (!set_path(fields[columns.path], row.record)) {
      return reject("missing-path", fields[columns.path], "the row names no image", "");
    }
    if (columns.member != kNoColumn && !is_missing(fields[columns.member]) &&
        (!text::parse_int(fields[columns.member], row.record.member) || row.record.member < 0)) {
      return reject("bad-member", fields[columns.member],
                    "the member is not a position in a container", "number images from 0");
    }
    if (!paths_.insert(xxh3_64(locator_text(row.record.path, row.record.member))).second) {
      return reject("duplicate-path", row.record.path, "an earlier row names the same image",
                    "keep one of the rows");
    }
    if (columns.label != kNoColumn) {
      const std::string_view label = trim(fields[columns.label]);
      ClassIndex index =
          classes_.find(fields[columns.label]);  // a name may have blanks at its ends
      if (index == kNoClass) index = classes_.find(label);
      if (index != kNoClass) {
        row.record.labels.push_back(index);
      } else if (is_missing(label)) {
        if (!survey_.labels.empty()) {
          issue(issues, IssueSeverity::kWarning, "missing-label", row.record.path,
                "the row has no label; its image is taken without one", "");
        }
      } else {
        return reject("unknown-class", label,
                      "the list of classes beside the file lacks this label",
                      "correct the label, or add the class to the list");
      }
    }
    if (columns.split != kNoColumn && !is_missing(fields[columns.split])) {
      row.record.split = to_valid_utf8(trim(fields[columns.split]));
    }
    for (const size_t column : columns.attributes) {
      row.record.attributes.emplace_back(attribute_name(columns.header.name(column)),
                                         value_of(survey_.types[column], fields[column]));
    }
    rows.push_back(std::move(row));
  }

  // Relative to the root. False when there is nothing.
  bool set_path(std::string_view path, SampleRecord& record) const {
    if (trim(path).empty()) return false;
    std::string full = absolute_path(join_path(images_root_, path));
    if (!has_image_suffix(full) && !file_exists(full)) {
      for (const char* suffix : {".jpg", ".jpeg", ".png"}) {
        if (!file_exists(full + suffix)) continue;
        full += suffix;
        break;
      }
    }
    const size_t below = survey_.root == "/" ? 1 : survey_.root.size() + 1;
    if (full.size() <= below) return false;
    record.path = full.substr(below);
    return true;
  }

  const std::string& file_;
  const std::string& images_root_;
  const Survey& survey_;
  const ClassMap& classes_;
  std::mutex mutex_;
  std::condition_variable turn_;
  size_t next_ = 0;
  bool failed_ = false;
  text::CsvReader reader_;
  std::unordered_set<uint64_t> paths_;  // hashes of the paths so far
};

ClassMap find_classes(const std::string& file, const Survey& survey) {
  for (const char* name : {"classes.txt", "classes.csv", "classes.json"}) {
    const std::string path = join_path(parent_path(file), name);
    if (path != file && file_exists(path)) return read_class_list(path);
  }
  ClassMap classes;
  for (const std::string& label : survey.labels) classes.add(to_valid_utf8(label));
  return classes;
}

// The containers that rows name, each opened once.
class Containers {
 public:
  // Throws Error as Container::open does, again for each row of a container that failed.
  std::shared_ptr<const media::Container> get(const std::string& path) {
    std::lock_guard lock(mutex_);
    auto& container = open_[path];
    if (!container) container = media::Container::open(path);
    return container;
  }

 private:
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<const media::Container>> open_;
};

bool read_member(const std::string& root, SampleRecord& record, Containers& containers,
                 std::vector<Issue>& issues) {
  const std::string path = join_path(root, record.path);
  try {
    const auto container = containers.get(path);
    const std::span<const uint8_t> raw = container->raw(record.member);
    record.size_bytes = raw.size();
    record.xxh3 = xxh3_64(raw);
    record.width_px = container->width_px();
    record.height_px = container->height_px();
    FileStat stat;
    if (stat_file(path, stat)) record.mtime_ns = stat.mtime_ns;
    return true;
  } catch (const Error& error) {
    issues.push_back({IssueSeverity::kRejected,
                      "unreadable-member",
                      path,
                      {},
                      std::to_string(record.member),
                      error.what(),
                      error.hint()});
    return false;
  }
}

Chunk read_images(std::vector<Row>&& rows, std::vector<Issue>&& issues, const std::string& root,
                  const std::string& file, Containers& containers) {
  thread_local ImageFileReader reader;
  constexpr int kNoFolder = -1;
  Chunk chunk;
  chunk.issues = std::move(issues);
  chunk.samples.reserve(rows.size());
  for (Row& row : rows) {
    const size_t before = chunk.issues.size();
    const bool good = row.record.member >= 0
                          ? read_member(root, row.record, containers, chunk.issues)
                          : reader.read(kNoFolder, "", root, row.record, chunk.issues);
    for (size_t i = before; i < chunk.issues.size(); ++i) {
      chunk.issues[i].place = fmt::format("{} of {}", row.place, base_name(file));
    }
    if (good) chunk.samples.push_back(std::move(row.record));
  }
  return chunk;
}

}  // namespace

DetectResult CsvImporter::detect(const std::string& path) const {
  if (is_directory(path)) {
    if (exported_format(path) == "csv") return {95, "the folder holds an Errata export as CSV"};
    return {0, "a folder, not a CSV file"};
  }
  if (!is_csv_name(path)) return {0, "not named .csv or .tsv"};
  try {
    text::CsvReader reader(path, {.max_record_bytes = 1 << 20});
    if (!reader.next()) return {30, "named like a CSV, and empty"};
    const CsvHeader header(reader.fields());
    const size_t column = header.find_path();
    if (column != kNoColumn)
      return {80, fmt::format("its column '{}' names images", header.name(column))};
    if (has_image_suffix(trim(reader.fields()[0]))) return {70, "its first row names an image"};
    return {30, "a CSV, though no column is named like a path"};
  } catch (const Error& error) {
    return {30, fmt::format("named like a CSV, but {}", error.what())};
  }
}

void CsvImporter::run(const ImportInput& input, SampleSink& sink) const {
  std::string file = absolute_path(input.path);
  if (exported_format(file) == "csv") file = join_path(file, kExportedTableName);
  const std::string images_root =
      absolute_path(input.images_root.empty() ? std::string(parent_path(file)) : input.images_root);
  if (is_directory(file)) {
    throw Error(ErrorCategory::kBadInput, "a CSV file is needed, this is a folder", "", file);
  }
  if (!is_directory(images_root)) {
    throw Error(ErrorCategory::kNotFound, "the folder of the images is not there",
                "give it with --images", images_root);
  }
  input.progress.start_stage("reading the table", 0);
  const Survey survey = Surveyor(file, images_root).run(input.cancel);
  const SourceHeader header{"csv", survey.root, find_classes(file, survey)};
  sink.begin(header);
  input.progress.start_stage("reading images", survey.rows);
  Containers containers;
  RowFeed feed(file, images_root, survey, header.classes);
  const auto produce = [&](size_t number) {
    input.cancel.check();
    std::vector<Issue> issues;
    std::vector<Row> rows = feed.take(number, issues);
    input.progress.add(rows.size() + issues.size());
    return read_images(std::move(rows), std::move(issues), survey.root, file, containers);
  };
  const auto consume = [&](Chunk&& chunk) {
    for (Issue& issue : chunk.issues) input.issues.add(std::move(issue));
    if (!chunk.samples.empty()) sink.samples(std::move(chunk.samples));
  };
  const size_t chunks = (survey.rows + kChunkRows - 1) / kChunkRows;
  run_ordered<Chunk>(input.parallel_for, chunks, kWindowChunks, produce, consume);
  sink.end(survey.rows);
}

}  // namespace errata::importers
