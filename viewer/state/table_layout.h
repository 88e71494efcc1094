// Columns of the table in the centre: which there are, how wide, what a click on a header means.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/columns.h"

namespace errata::viewer {

struct SortChoice;

struct TableColumn {
  std::string column;
  float width = 0;  // 1/96 inch
  bool shown = true;

  bool operator==(const TableColumn&) const = default;
};

// Every column of the active run and of the samples, the most asked for first; `changed` says what
// a person has set of some of them.
std::vector<TableColumn> table_columns(const Table& samples,
                                       const std::vector<TableColumn>& changed);
// Puts one column's width and visibility among the changed ones.
void remember_column(std::vector<TableColumn>& changed, const TableColumn& column);

bool is_number_column(const Column& column);
// A set has no order.
bool is_sortable(const Column& column);
// How a column is sorted when it is chosen: a score by its worst end, the others from the start;
// chosen again, the other way round.
SortChoice next_sort(const SortChoice& now, std::string_view name);

// For a cell: numbers with as many decimals as are read, text as it is.
std::string cell_text(const Column& column, RowIndex row);

// "attr.weather" as "weather", underscores as spaces.
std::string table_title(std::string_view column);
// What a column means, in one sentence; its type where nothing is known.
std::string column_sentence(std::string_view name, const Column& column);

}  // namespace errata::viewer
