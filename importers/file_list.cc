#include "importers/file_list.h"

#include <array>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "importers/csv_columns.h"
#include "text/csv.h"
#include "text/lines.h"
#include "text/npy.h"

namespace errata::importers {

namespace {

std::vector<std::string> names_of_csv(const std::string& path) {
  text::CsvReader reader(path);
  std::vector<std::string> names;
  if (!reader.next()) return names;
  const CsvHeader header(reader.fields());
  const size_t column = header.find_path();
  if (column == kNoColumn) {
    throw Error(ErrorCategory::kBadInput, "no column of the file list holds paths",
                "name it path; the columns are: " + header.to_text(), path);
  }
  while (reader.next()) {
    if (reader.fields().size() != header.size()) {
      throw Error(ErrorCategory::kBadInput,
                  reader.place() + " of the file list has another number of fields than its header",
                  "", path);
    }
    names.emplace_back(reader.fields()[column]);
  }
  return names;
}

}  // namespace

std::vector<std::string> read_file_list(const std::string& path) {
  if (extension(path) == ".npy") {
    const text::NpyArray array = text::NpyArray::open(path);
    std::vector<std::string> names(array.header().count());
    for (size_t i = 0; i < names.size(); ++i) names[i] = array.text(i);
    return names;
  }
  if (is_csv_name(path)) return names_of_csv(path);
  return text::read_lines(path);
}

std::string find_file_list(const std::string& array_path) {
  const std::string folder(parent_path(array_path));
  std::string stem(base_name(array_path));
  stem = stem.substr(0, stem.rfind('.'));
  std::vector<std::string> stems = {stem};
  constexpr std::array<std::string_view, 10> kEndings = {
      "_probs", "_probabilities", "_pred_probs", "_logits",   "_predictions",
      "_preds", "_embeddings",    "_embedding",  "_features", "_outputs"};
  for (const std::string_view ending : kEndings) {
    if (stem.ends_with(ending)) stems.push_back(stem.substr(0, stem.size() - ending.size()));
  }
  for (const std::string& one : stems) {
    for (const char* ending : {"_files.txt", "_paths.txt", ".txt"}) {
      const std::string path = join_path(folder, one + ending);
      if (file_exists(path)) return path;
    }
  }
  return {};
}

}  // namespace errata::importers
