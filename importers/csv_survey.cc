#include "importers/csv_survey.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <unordered_set>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "importers/folder_walk.h"
#include "importers/image_file.h"
#include "text/csv.h"

namespace errata::importers {

namespace {

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

CsvColumns read_columns(std::span<const std::string_view> first_row, const std::string& file) {
  CsvColumns columns;
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

  CsvSurvey run(const CancelToken& cancel) {
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
    const CsvColumns& columns = survey_.columns;
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
  CsvSurvey survey_;
  std::unordered_set<std::string> seen_labels_;
  bool some_inside_ = false;
  std::string outside_;  // the folder that all paths outside have in common
};

}  // namespace

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

CsvSurvey survey_csv(const std::string& file, const std::string& images_root,
                     const CancelToken& cancel) {
  return Surveyor(file, images_root).run(cancel);
}

}  // namespace errata::importers
