#include "importers/csv_importer.h"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>
#include <unordered_set>

#include "base/error.h"
#include "base/files.h"
#include "base/hash.h"
#include "base/ordered_pipeline.h"
#include "base/text.h"
#include "importers/class_list.h"
#include "importers/csv_columns.h"
#include "importers/csv_survey.h"
#include "importers/export_manifest.h"
#include "importers/image_file.h"
#include "importers/path_matcher.h"
#include "media/container.h"
#include "text/csv.h"

namespace errata::importers {

namespace {

constexpr size_t kChunkRows = 256;
constexpr size_t kWindowChunks = 64;

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
  RowFeed(const std::string& file, const std::string& images_root, const CsvSurvey& survey,
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
    const CsvColumns& columns = survey_.columns;
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
  const CsvSurvey& survey_;
  const ClassMap& classes_;
  std::mutex mutex_;
  std::condition_variable turn_;
  size_t next_ = 0;
  bool failed_ = false;
  text::CsvReader reader_;
  std::unordered_set<uint64_t> paths_;  // hashes of the paths so far
};

ClassMap find_classes(const std::string& file, const CsvSurvey& survey) {
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
  const CsvSurvey survey = survey_csv(file, images_root, input.cancel);
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
