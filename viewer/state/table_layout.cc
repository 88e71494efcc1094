#include "viewer/state/table_layout.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "model/scores.h"
#include "viewer/state/view_query.h"

namespace errata::viewer {

namespace {

struct Known {
  std::string_view column;
  float width;
  bool shown = true;
};
constexpr std::array kKnown{
    Known{"path", 190},        Known{"label", 100},
    Known{"prediction", 100},  Known{"confidence", 88},
    Known{"review", 92},       Known{"split", 64},
    Known{"tags", 100, false}, Known{"label_given", 100, false},
};
constexpr std::array kHidden{
    Known{"outcome", 80, false}, Known{"source", 100, false},    Known{"width", 70, false},
    Known{"height", 70, false},  Known{"size_bytes", 90, false}, Known{"excluded", 80, false},
    Known{"id", 70, false},
};
constexpr float kScoreWidth = 120;
constexpr float kAttributeWidth = 110;
constexpr std::string_view kAttributePrefix = "attr.";

}  // namespace

std::vector<TableColumn> table_columns(const Table& samples,
                                       const std::vector<TableColumn>& changed) {
  std::vector<TableColumn> columns;
  const auto add = [&](std::string_view name, float width, bool shown) {
    if (samples.find(name) == nullptr) return;
    TableColumn column{std::string(name), width, shown};
    for (const TableColumn& set : changed) {
      if (set.column == name) column = set;
    }
    columns.push_back(std::move(column));
  };
  for (const Known& known : kKnown) add(known.column, known.width, known.shown);
  for (const ScoreInfo& score : all_scores()) {
    if (score.name != "confidence") add(score.name, kScoreWidth, score.per_run);
  }
  for (const auto& column : samples.columns()) {
    if (column->name.starts_with(kAttributePrefix)) add(column->name, kAttributeWidth, true);
  }
  for (const Known& known : kHidden) add(known.column, known.width, known.shown);
  return columns;
}

void remember_column(std::vector<TableColumn>& changed, const TableColumn& column) {
  const auto found = std::find_if(changed.begin(), changed.end(), [&](const TableColumn& each) {
    return each.column == column.column;
  });
  if (found != changed.end()) {
    *found = column;
  } else {
    changed.push_back(column);
  }
}

bool is_number_column(const Column& column) {
  return column.type == ColumnType::kInt || column.type == ColumnType::kFloat ||
         column.type == ColumnType::kDouble;
}

bool is_sortable(const Column& column) {
  return column.type != ColumnType::kSet;
}

SortChoice next_sort(const SortChoice& now, std::string_view name) {
  if (now.column == name) return {now.column, !now.descending};
  const ScoreInfo* score = find_score(name);
  if (score == nullptr) score = find_object_score(name);
  return {std::string(name), score != nullptr && score->worst == Worst::kHigh};
}

std::string cell_text(const Column& column, RowIndex row) {
  if (column.type != ColumnType::kFloat && column.type != ColumnType::kDouble) {
    return column.display(row);
  }
  if (column.is_null(row)) return {};
  const double value = column.number(row);
  constexpr double kLarge = 1000;
  return std::abs(value) < kLarge ? fmt::format("{:.3f}", value) : fmt::format("{:.1f}", value);
}

std::string table_title(std::string_view column) {
  if (column.starts_with(kAttributePrefix)) column.remove_prefix(kAttributePrefix.size());
  return column_title(column);
}

std::string column_sentence(std::string_view name, const Column& column) {
  for (const ScoreInfo* score : {find_score(name), find_object_score(name)}) {
    if (score != nullptr) return std::string(score->sentence);
  }
  for (const ColumnInfo& info : sample_columns()) {
    if (info.name == name) return std::string(info.sentence);
  }
  for (const ColumnInfo& info : object_columns()) {
    if (info.name == name) return std::string(info.sentence);
  }
  return fmt::format("An attribute of the samples ({})", column_type_name(column.type));
}

}  // namespace errata::viewer
