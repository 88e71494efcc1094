// The first pass over a CSV of samples: what its columns mean, of which type each is, which labels
// there are, and which folder all paths lie in.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/progress.h"
#include "importers/csv_columns.h"
#include "model/records.h"

namespace errata::importers {

enum class ValueType : uint8_t { kNothing, kInt, kDouble, kBool, kText };

// `field` as a value of the type that its column was found to have; NULL when missing.
AttributeValue value_of(ValueType type, std::string_view field);

// What the columns mean.
struct CsvColumns {
  CsvHeader header;
  bool has_header_row = true;
  size_t path = kNoColumn;
  size_t label = kNoColumn;
  size_t split = kNoColumn;
  size_t member = kNoColumn;
  std::vector<size_t> attributes;
};

// What the first pass over the file finds out.
struct CsvSurvey {
  CsvColumns columns;
  std::vector<ValueType> types;     // by column
  std::vector<std::string> labels;  // distinct
  bool some_labels_missing = false;
  uint64_t rows = 0;
  std::string root;
};

// Throws Error(kNotFound, kIo), and Error(kBadInput) when there is no path column or no row.
CsvSurvey survey_csv(const std::string& file, const std::string& images_root,
                     const CancelToken& cancel);

}  // namespace errata::importers
