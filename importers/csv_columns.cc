#include "importers/csv_columns.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/files.h"
#include "base/text.h"

namespace errata::importers {

CsvHeader::CsvHeader(std::span<const std::string_view> names) {
  for (const std::string_view name : names) {
    names_.emplace_back(trim(name));
    lower_.push_back(to_lower_ascii(names_.back()));
  }
}

size_t CsvHeader::find(std::initializer_list<std::string_view> wanted) const {
  for (const std::string_view one : wanted) {
    const auto found = std::find(lower_.begin(), lower_.end(), one);
    if (found != lower_.end()) return static_cast<size_t>(found - lower_.begin());
  }
  return kNoColumn;
}

size_t CsvHeader::find_path() const {
  return find({"path", "filename", "file_name", "filepath", "file_path", "file", "image_path",
               "image", "img", "img_path", "image_id", "id", "key", "name"});
}

size_t CsvHeader::find_label() const {
  return find({"label", "class", "class_name", "label_name", "category", "target", "y"});
}

size_t CsvHeader::find_split() const {
  return find({"split", "set", "subset", "fold"});
}

std::string CsvHeader::to_text() const {
  return shorten_utf8(to_valid_utf8(fmt::format("{}", fmt::join(names_, ", "))), 200);
}

bool is_missing(std::string_view field) {
  field = trim(field);
  if (field.empty()) return true;
  if (field.size() > 4) return false;
  const std::string lower = to_lower_ascii(field);
  return lower == "nan" || lower == "na" || lower == "n/a" || lower == "null" || lower == "none";
}

bool is_csv_name(std::string_view path) {
  if (extension(path) == ".gz") path.remove_suffix(3);
  const std::string suffix = extension(path);
  return suffix == ".csv" || suffix == ".tsv";
}

}  // namespace errata::importers
