// The header of somebody's CSV: which column is meant, whatever it is called.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace errata::importers {

inline constexpr size_t kNoColumn = SIZE_MAX;

class CsvHeader {
 public:
  CsvHeader() = default;
  explicit CsvHeader(std::span<const std::string_view> names);

  size_t size() const { return names_.size(); }
  const std::string& name(size_t column) const { return names_[column]; }  // trimmed
  const std::vector<std::string>& names() const { return names_; }
  // The column of the first of `wanted` that there is, in any case; kNoColumn when there is none.
  size_t find(std::initializer_list<std::string_view> wanted) const;
  size_t find_path() const;
  size_t find_label() const;
  size_t find_split() const;
  // "path, label, split": for messages.
  std::string to_text() const;

 private:
  std::vector<std::string> names_;
  std::vector<std::string> lower_;
};

// True for what stands for a missing value in CSV files: nothing, NaN, NA, null, None.
bool is_missing(std::string_view field);

// True when the path's name says CSV: .csv, .tsv, also with .gz.
bool is_csv_name(std::string_view path);

}  // namespace errata::importers
