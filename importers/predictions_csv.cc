#include "importers/predictions_csv.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "importers/csv_columns.h"
#include "importers/prediction_values.h"
#include "text/csv.h"

namespace errata::importers {

namespace {

constexpr size_t kBatchRows = 4096;
constexpr size_t kSampleRows = 1024;
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

// "cat" of "prob_cat"; the name itself when it has no such prefix.
std::string_view without_prefix(std::string_view name) {
  constexpr std::array<std::string_view, 8> kPrefixes = {
      "probability_", "probabilities_", "prob_", "proba_", "score_", "logits_", "logit_", "p_"};
  const std::string lower = to_lower_ascii(name);
  for (const std::string_view prefix : kPrefixes) {
    if (lower.starts_with(prefix)) return name.substr(prefix.size());
  }
  return name;
}

// timm writes the k best into one cell as NumPy prints them, "[0.9 0.05]" or "['tabby' \"cat's\"]":
// the first of them; any other cell as it is, trimmed.
std::string_view first_of_list(std::string_view cell) {
  cell = trim(cell);
  if (cell.size() < 2 || cell.front() != '[' || cell.back() != ']') return cell;
  const std::string_view list = trim(cell.substr(1, cell.size() - 2));
  if (list.empty()) return list;
  const bool quoted = list.front() == '\'' || list.front() == '"';
  const size_t end = quoted ? list.find(list.front(), 1) : list.find_first_of(" ,\n\r\t");
  return quoted ? list.substr(1, end == std::string_view::npos ? end : end - 1)
                : list.substr(0, end);
}

ClassIndex find_class(const ClassMap& classes, std::string_view name) {
  if (const ClassIndex index = classes.find(name); index != kNoClass) return index;
  int64_t number = 0;
  if (!text::parse_int(name, number)) return kNoClass;
  if (const ClassIndex index = classes.find_raw_id(name); index != kNoClass) return index;
  const bool inside = number >= 0 && static_cast<uint64_t>(number) < classes.size();
  return inside ? static_cast<ClassIndex>(number) : kNoClass;
}

// Which columns mean what.
struct Shape {
  CsvHeader header;
  size_t key = kNoColumn;
  size_t top = kNoColumn;         // the class, in the first shape
  size_t confidence = kNoColumn;  // kNoColumn when the file has none
  std::vector<size_t> values;     // the columns of the second shape; empty in the first
};

class Reader {
 public:
  Reader(const PredictionInput& input, PredictionSink& sink)
      : input_(input), sink_(sink), path_(absolute_path(input.path)) {}

  void run() {
    input_.progress.start_stage("reading predictions", 0);
    read_shape();
    if (shape_.values.empty()) {
      collect_classes();
    } else {
      settle_matrix();
    }
    header_.format = "csv";
    sink_.begin(header_);
    read_rows();
    sink_.end(seen_);
  }

 private:
  Error bad(std::string message, std::string hint = {}) const {
    return Error(ErrorCategory::kBadInput, std::move(message), std::move(hint), path_);
  }

  void read_shape() {
    text::CsvReader reader(path_);
    if (!reader.next()) throw bad("the file is empty");
    shape_.header = CsvHeader(reader.fields());
    const CsvHeader& header = shape_.header;
    shape_.key = header.find_path();
    if (shape_.key == kNoColumn && header.size() > 1 && header.name(0).empty()) shape_.key = 0;
    if (shape_.key == kNoColumn) {
      throw bad(
          "no column holds the images' paths or ids",
          "name it path (or filename, file, image, id); the columns are: " + header.to_text());
    }
    shape_.top = header.find({"label_0", "index_0", "prediction", "predicted", "predicted_label",
                              "predicted_class", "pred", "pred_label", "pred_class", "class",
                              "class_name", "label", "label_name", "category", "index"});
    shape_.confidence =
        header.find({"prob_0", "confidence", "score", "prob", "probability", "conf", "p"});
    if (shape_.top == shape_.key) shape_.top = kNoColumn;
    // timm's top-k columns (label_0, prob_0, label_1, ...) are not one column per class.
    if (header.find({"label_0", "index_0"}) == kNoColumn) find_value_columns(reader);
    if (shape_.values.empty() && shape_.top == kNoColumn) {
      throw bad(
          "no column holds the predicted class, and no two columns hold values of classes",
          "name it prediction, or give a column per class; the columns are: " + header.to_text());
    }
  }

  // The second shape: at least two columns of numbers that are named like classes, or no class
  // column at all.
  void find_value_columns(text::CsvReader& reader) {
    std::vector<size_t> candidates;
    for (size_t i = 0; i < shape_.header.size(); ++i) {
      if (i != shape_.key && !shape_.header.name(i).empty()) candidates.push_back(i);
    }
    std::vector<std::vector<float>> rows;
    std::vector<bool> numeric(shape_.header.size(), true);
    while (rows.size() < kSampleRows && reader.next()) {
      if (reader.fields().size() != shape_.header.size()) continue;
      std::vector<float>& row = rows.emplace_back(shape_.header.size(), kNaN);
      for (const size_t i : candidates) {
        const std::string_view field = reader.fields()[i];
        if (!is_missing(field) && !text::parse_float(field, row[i])) numeric[i] = false;
      }
    }
    std::vector<size_t> named;
    std::vector<size_t> others;
    for (const size_t i : candidates) {
      if (!numeric[i]) continue;
      const std::string& name = shape_.header.name(i);
      const bool has_prefix = without_prefix(name).size() < name.size();
      const bool is_class = input_.classes.find(name) != kNoClass ||
                            input_.classes.find(without_prefix(name)) != kNoClass || has_prefix;
      if (is_class) {
        named.push_back(i);
      } else if (i != shape_.top && i != shape_.confidence) {
        others.push_back(i);
      }
    }
    choose_value_columns(named, others, rows);
    warn_of_ignored(candidates);
  }

  // Classes the project lacks have columns too: those without a known name belong to the matrix
  // when the rows only sum to 1 with them, or when there are no others.
  void choose_value_columns(const std::vector<size_t>& named, const std::vector<size_t>& others,
                            const std::vector<std::vector<float>>& rows) {
    std::vector<size_t> all = named;
    all.insert(all.end(), others.begin(), others.end());
    std::sort(all.begin(), all.end());
    if (all.size() < 2) return;
    if (named.size() >= 2) {
      const bool need_others = !sums_are_one(named, rows) && sums_are_one(all, rows);
      shape_.values = need_others ? all : named;
    } else if (shape_.top == kNoColumn || sums_are_one(all, rows)) {
      shape_.values = all;
    }
    sample_ = rows;
  }

  static bool sums_are_one(const std::vector<size_t>& columns,
                           const std::vector<std::vector<float>>& rows) {
    KindGuess guess(columns.size());
    std::vector<float> values(columns.size());
    for (const std::vector<float>& row : rows) {
      for (size_t i = 0; i < columns.size(); ++i) values[i] = row[columns[i]];
      guess.add(values);
    }
    return guess.sums_are_one();
  }

  void warn_of_ignored(const std::vector<size_t>& candidates) {
    if (shape_.values.empty()) return;
    for (const size_t i : candidates) {
      if (std::find(shape_.values.begin(), shape_.values.end(), i) != shape_.values.end()) continue;
      input_.issues.warn("ignored-column", path_, fmt::format("column {}", i + 1),
                         to_valid_utf8(shape_.header.name(i)),
                         "the column is none of the classes and is not read");
    }
  }

  // The first shape: every class name in the file.
  void collect_classes() {
    header_.kind = PredictionKind::kTopOne;
    header_.reason =
        fmt::format("the column '{}' holds the predicted class", shape_.header.name(shape_.top));
    header_.classes = input_.classes;
    if (input_.classes_are_the_models) return;
    text::CsvReader reader(path_);
    reader.next();
    while (reader.next()) {
      if (reader.row() % kBatchRows == 0) input_.cancel.check();
      if (reader.fields().size() != shape_.header.size()) continue;
      const std::string_view name = first_of_list(reader.fields()[shape_.top]);
      if (is_missing(name) || find_class(header_.classes, name) != kNoClass) continue;
      header_.classes.add(to_valid_utf8(name));
      tell_new_class(name, reader.place());
    }
  }

  void tell_new_class(std::string_view name, const std::string& place) {
    if (input_.classes.empty()) return;  // the project has no classes yet: nothing is missing
    input_.issues.warn("class-not-in-project", path_, place, to_valid_utf8(name),
                       "the model knows a class that the project lacks",
                       "add it with `errata classes add`, or map names with --class-map");
  }

  // The second shape: the kind by the values, the classes by the columns' names.
  void settle_matrix() {
    KindGuess guess(shape_.values.size());
    std::vector<float> values(shape_.values.size());
    for (const std::vector<float>& row : sample_) {
      for (size_t i = 0; i < values.size(); ++i) values[i] = row[shape_.values[i]];
      guess.add(values);
    }
    sample_.clear();
    const std::optional<PredictionKind> guessed = guess.decide(header_.reason);
    if (input_.kind) {
      header_.kind = *input_.kind;
      header_.reason = "as was asked for";
    } else if (guessed) {
      header_.kind = *guessed;
    } else {
      throw bad(header_.reason, "say which they are with --kind probabilities or --kind logits");
    }
    if (header_.kind == PredictionKind::kEmbedding || header_.kind == PredictionKind::kTopOne) {
      throw bad("a CSV with a column per class holds probabilities or logits");
    }
    if (input_.classes_are_the_models) {
      order_by_the_models_classes();
    } else {
      name_by_the_columns();
    }
    header_.columns = shape_.values.size();
  }

  std::string class_of_column(size_t column) const {
    const std::string& name = shape_.header.name(column);
    if (input_.classes.find(name) != kNoClass) return name;
    const std::string_view bare = without_prefix(name);
    const ClassIndex index =
        bare.size() < name.size() ? find_class(input_.classes, bare) : kNoClass;
    if (index != kNoClass) return input_.classes[index].name;
    return to_valid_utf8(bare);
  }

  void order_by_the_models_classes() {
    std::vector<size_t> ordered(input_.classes.size(), kNoColumn);
    for (const size_t column : shape_.values) {
      const ClassIndex index = input_.classes.find(class_of_column(column));
      if (index == kNoClass) {
        throw bad(fmt::format("the column '{}' is none of the classes of the class map",
                              shape_.header.name(column)),
                  "correct the class map or the header");
      }
      if (ordered[static_cast<size_t>(index)] != kNoColumn) {
        throw bad(fmt::format("two columns mean the class '{}'", input_.classes[index].name));
      }
      ordered[static_cast<size_t>(index)] = column;
    }
    for (size_t i = 0; i < ordered.size(); ++i) {
      if (ordered[i] != kNoColumn) continue;
      throw bad(
          fmt::format("{} columns of values for {} classes: '{}' has none", shape_.values.size(),
                      ordered.size(), input_.classes[static_cast<ClassIndex>(i)].name),
          "give a class map with the model's classes only");
    }
    shape_.values = ordered;
    header_.classes = input_.classes;
  }

  void name_by_the_columns() {
    for (const size_t column : shape_.values) {
      const std::string name = class_of_column(column);
      if (header_.classes.find(name) != kNoClass) {
        throw bad(fmt::format("two columns mean the class '{}'", name));
      }
      if (input_.classes.find(name) == kNoClass) {
        tell_new_class(name, fmt::format("column {}", column + 1));
      }
      header_.classes.add(name);
    }
  }

  void reject(const text::CsvReader& reader, std::string kind, std::string_view text,
              std::string message, std::string fix = {}) {
    input_.issues.reject(std::move(kind), path_, reader.place(),
                         shorten_utf8(to_valid_utf8(text), 200), std::move(message),
                         std::move(fix));
  }

  void read_rows() {
    text::CsvReader reader(path_);
    reader.next();
    PredictionBatch batch;
    row_.resize(shape_.values.size());
    while (reader.next()) {
      ++seen_;
      if (batch.keys.empty()) {
        input_.cancel.check();
        batch.keys.reserve(kBatchRows);
        batch.places.reserve(kBatchRows);
        batch.values.reserve(kBatchRows * row_.size());
      }
      add_row(reader, batch);
      if (batch.keys.size() == kBatchRows) flush(batch);
    }
    flush(batch);
  }

  void flush(PredictionBatch& batch) {
    input_.progress.add(batch.keys.size());
    if (!batch.keys.empty()) sink_.rows(std::move(batch));
    batch = PredictionBatch();
  }

  void add_row(const text::CsvReader& reader, PredictionBatch& batch) {
    const auto fields = reader.fields();
    if (fields.size() != shape_.header.size()) {
      return reject(
          reader, "wrong-field-count", fields[0],
          fmt::format("{} fields where the header has {}", fields.size(), shape_.header.size()),
          "quote fields that hold the delimiter");
    }
    const std::string_view key = fields[shape_.key];
    if (trim(key).empty()) {
      return reject(reader, "missing-path", key, "the row names no image");
    }
    const bool taken = shape_.values.empty() ? add_top(reader, batch) : add_values(reader, batch);
    if (!taken) return;
    batch.keys.emplace_back(key);
    batch.places.push_back(reader.place());
  }

  bool add_top(const text::CsvReader& reader, PredictionBatch& batch) {
    const auto fields = reader.fields();
    const std::string_view name = first_of_list(fields[shape_.top]);
    const ClassIndex index = find_class(header_.classes, name);
    if (index == kNoClass) {
      const bool missing = is_missing(name);
      reject(reader, missing ? "missing-class" : "unknown-class", name,
             missing ? "the row names no class" : "the class is none of the class map's",
             missing ? "" : "correct the class map, or the row");
      return false;
    }
    float confidence = kNaN;
    if (shape_.confidence != kNoColumn) {
      const std::string_view field = first_of_list(fields[shape_.confidence]);
      if (!text::parse_float(field, confidence) || !std::isfinite(confidence)) {
        reject(reader, "nan-value", field, "the confidence is not a number");
        return false;
      }
      if (confidence < -1e-3f || confidence > 1 + 1e-3f) {
        reject(reader, "not-a-probability", field, "the confidence lies outside 0..1",
               "divide percentages by 100");
        return false;
      }
      confidence = std::clamp(confidence, 0.0f, 1.0f);
    }
    batch.top.push_back(index);
    batch.confidence.push_back(confidence);
    return true;
  }

  bool add_values(const text::CsvReader& reader, PredictionBatch& batch) {
    const auto fields = reader.fields();
    for (size_t i = 0; i < row_.size(); ++i) {
      const std::string_view field = fields[shape_.values[i]];
      if (text::parse_float(field, row_[i])) continue;
      reject(
          reader, "nan-value", field,
          fmt::format("'{}' is not a number", to_valid_utf8(shape_.header.name(shape_.values[i]))));
      return false;
    }
    const RowFault fault = check_row(row_, header_.kind, !input_.kind);
    if (fault.kind != nullptr) {
      reject(reader, fault.kind, fields[shape_.key], fault.message);
      return false;
    }
    batch.values.insert(batch.values.end(), row_.begin(), row_.end());
    return true;
  }

  const PredictionInput& input_;
  PredictionSink& sink_;
  const std::string path_;
  Shape shape_;
  PredictionHeader header_;
  std::vector<std::vector<float>> sample_;  // the first rows, all columns
  std::vector<float> row_;
  uint64_t seen_ = 0;
};

}  // namespace

DetectResult CsvPredictionReader::detect(const std::string& path) const {
  if (is_directory(path)) return {0, "a folder, not a CSV file"};
  if (!is_csv_name(path)) return {0, "not named .csv or .tsv"};
  return {80, "named like a CSV"};
}

void CsvPredictionReader::run(const PredictionInput& input, PredictionSink& sink) const {
  Reader(input, sink).run();
}

}  // namespace errata::importers
