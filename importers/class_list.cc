#include "importers/class_list.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "importers/csv_columns.h"
#include "text/csv.h"
#include "text/json.h"
#include "text/lines.h"
#include "text/yaml.h"

namespace errata::importers {

namespace {

using text::Json;

constexpr uint64_t kMostYamlBytes = uint64_t{4} << 20;

Error bad(const std::string& path, const std::string& message) {
  return Error(ErrorCategory::kBadInput, message,
               "expected one class name per line, a JSON array of names, or {\"0\": \"cat\", ...}",
               path);
}

// Names placed by index; each place exactly once.
class Places {
 public:
  explicit Places(const std::string& path) : path_(path) {}
  void put(int64_t index, const std::string& name) {
    constexpr int64_t kMostClasses = 10'000'000;
    if (index < 0 || index > kMostClasses) {
      throw bad(path_, fmt::format("'{}' has the index {}", name, index));
    }
    const auto at = static_cast<size_t>(index);
    if (at >= names_.size()) names_.resize(at + 1);
    if (names_[at]) {
      throw bad(path_, fmt::format("the index {} is both '{}' and '{}'", at, *names_[at], name));
    }
    names_[at] = name;
  }
  std::vector<std::string> finish() const {
    std::vector<std::string> names;
    for (size_t i = 0; i < names_.size(); ++i) {
      if (!names_[i]) throw bad(path_, fmt::format("the index {} has no name", i));
      names.push_back(*names_[i]);
    }
    return names;
  }

 private:
  const std::string& path_;
  std::vector<std::optional<std::string>> names_;
};

std::vector<std::string> names_of_json(const Json& json, const std::string& path) {
  if (json.is_array()) {
    std::vector<std::string> names;
    for (const Json& name : json.as_array()) names.push_back(name.as_string());
    return names;
  }
  for (const char* key : {"classes", "class_names", "names", "labels", "id2label", "label2id"}) {
    const Json* inner = json.find(key);
    if (inner != nullptr && (inner->is_array() || inner->is_object())) {
      return names_of_json(*inner, path);
    }
  }
  Places places(path);
  for (const auto& [key, value] : json.as_object()) {
    int64_t index = 0;
    if (value.is_number()) {
      places.put(value.as_int(), key);
    } else if (value.is_string() && text::parse_int(key, index)) {
      places.put(index, value.as_string());
    } else {
      throw bad(path, fmt::format("'{}' is neither an index nor has one", key));
    }
  }
  return places.finish();
}

// Nothing when the header does not name an index and a name column.
std::optional<std::vector<std::string>> names_of_csv(const std::string& path) {
  text::CsvReader reader(path);
  if (!reader.next()) return std::nullopt;
  const CsvHeader header(reader.fields());
  const size_t index_column = header.find({"index", "class_index", "class_id", "id"});
  const size_t name_column = header.find({"name", "class_name", "class", "label"});
  if (index_column == kNoColumn || name_column == kNoColumn) return std::nullopt;
  Places places(path);
  while (reader.next()) {
    int64_t index = 0;
    if (reader.fields().size() != header.size() ||
        !text::parse_int(reader.fields()[index_column], index)) {
      throw bad(path, reader.place() + " has no index and name");
    }
    places.put(index, std::string(reader.fields()[name_column]));
  }
  return places.finish();
}

std::vector<std::string> read_names(const std::string& path) {
  const std::string suffix = extension(path);
  if (suffix == ".json") {
    try {
      return names_of_json(text::read_json_file(path), path);
    } catch (const Error& error) {
      throw error.path().empty() ? bad(path, error.what()) : error;
    }
  }
  if (suffix == ".yaml" || suffix == ".yml") {
    return names_of_json(text::parse_yaml(read_text_file(path, kMostYamlBytes), path), path);
  }
  if (suffix == ".csv") {
    if (auto names = names_of_csv(path)) return *names;
  }
  std::vector<std::string> names;
  for (const std::string& line : text::read_lines(path)) names.emplace_back(trim(line));
  while (!names.empty() && names.back().empty()) names.pop_back();
  return names;
}

}  // namespace

ClassMap read_class_list(const std::string& path) {
  const std::vector<std::string> names = read_names(path);
  if (names.empty()) throw bad(path, "the file names no classes");
  ClassMap classes;
  for (size_t i = 0; i < names.size(); ++i) {
    if (names[i].empty()) throw bad(path, fmt::format("class {} has an empty name", i));
    if (!is_valid_utf8(names[i])) {
      throw bad(path, fmt::format("the name of class {} is not UTF-8", i));
    }
    if (const ClassIndex other = classes.find(names[i]); other != kNoClass) {
      throw bad(path,
                fmt::format("'{}' is the name of class {} and of class {}", names[i], other, i));
    }
    classes.add(names[i], std::to_string(i));
  }
  return classes;
}

ClassMap in_training_order(const ClassMap& classes) {
  std::vector<std::pair<int64_t, ClassEntry>> entries;
  for (const ClassEntry& entry : classes.entries()) {
    int64_t id = 0;
    if (!text::parse_int(entry.raw_id, id)) return classes;
    entries.emplace_back(id, entry);
  }
  std::stable_sort(entries.begin(), entries.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  ClassMap sorted;
  for (auto& [id, entry] : entries) sorted.add(entry.name, entry.raw_id);
  return sorted;
}

}  // namespace errata::importers
