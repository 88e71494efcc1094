// What a command answers with, once, and three ways to print it: a table for people, CSV (RFC 4180)
// and JSON for machines. Cells keep their values: a table rounds, CSV and JSON do not.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "text/json.h"

namespace errata::cli {

// Columns that a terminal gives to valid UTF-8: 0 for combining marks, 2 for wide characters.
size_t display_width(std::string_view text);

// Safe for a terminal: control characters as \\xHH, bytes that are not UTF-8 as U+FFFD.
std::string printable(std::string_view text);

// monostate is NULL: empty in a table and in CSV, null in JSON. NaN is NULL too.
using Cell = std::variant<std::monostate, bool, int64_t, double, std::string>;

enum class Align : uint8_t { kLeft, kRight };

struct ResultColumn {
  std::string name;  // key in JSON, header in CSV and in tables
  Align align = Align::kLeft;
  int decimals = 4;       // of doubles, in tables only
  size_t max_width = 60;  // tables only: longer cells lose their middle
  // Of tables that must be narrow: the highest is left out first, 0 never; and cells that are too
  // long go on in the line below instead of losing their middle.
  int spare = 0;
  bool wraps = false;
  bool never_zero = false;  // of doubles, in tables: 0.00001 is shown as <0.0001
};

class ResultTable {
 public:
  explicit ResultTable(std::vector<ResultColumn> columns) : columns_(std::move(columns)) {}

  // As many cells as columns.
  void add(std::vector<Cell> row) { rows_.push_back(std::move(row)); }
  size_t rows() const { return rows_.size(); }
  const std::vector<ResultColumn>& columns() const { return columns_; }
  const std::vector<std::vector<Cell>>& cells() const { return rows_; }

  // Aligned columns under a header line; integers with thousands separators. Control characters and
  // bytes that are not UTF-8 are escaped, so that a file name cannot drive the terminal.
  // With a `width` no line is longer, as far as that can be had: text is cut to no less than 20,
  // then spare columns are left out, then text is cut further.
  std::string to_text(size_t width = 0) const;
  // RFC 4180, "\n" line ends, shortest round-trip numbers.
  std::string to_csv() const;
  // One object a line.
  std::string to_json_lines() const;
  // An array of objects, indented.
  std::string to_json() const;

 private:
  std::vector<ResultColumn> columns_;
  std::vector<std::vector<Cell>> rows_;
};

enum class TableFormat : uint8_t { kTable, kCsv, kJsonLines, kJson };

// "table", "csv", "jsonl", "json"; throws Error(kUsage) for anything else.
TableFormat parse_table_format(std::string_view name);
std::string render(const ResultTable& table, TableFormat format);

// An array of objects, keys being the column names.
text::Json to_json_value(const ResultTable& table);

}  // namespace errata::cli
