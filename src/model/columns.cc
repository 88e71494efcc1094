#include "model/columns.h"

#include <fmt/format.h>

#include <cmath>

#include "base/error.h"

namespace errata {

std::string_view column_type_name(ColumnType type) {
  switch (type) {
    case ColumnType::kBool: return "bool";
    case ColumnType::kInt: return "int";
    case ColumnType::kFloat: return "float";
    case ColumnType::kDouble: return "double";
    case ColumnType::kCategory: return "category";
    case ColumnType::kText: return "text";
    case ColumnType::kSet: return "set";
  }
  return "?";
}

int32_t Dictionary::add(std::string_view text) {
  const auto found = codes_.find(text);
  if (found != codes_.end()) return found->second;
  const auto code = static_cast<int32_t>(texts_.size());
  codes_.emplace(std::string(text), code);
  texts_.emplace_back(text);
  return code;
}

int32_t Dictionary::find(std::string_view text) const {
  const auto found = codes_.find(text);
  return found == codes_.end() ? -1 : found->second;
}

bool Column::is_null(RowIndex row) const {
  if (!validity.empty() && (validity[row / 64] >> (row % 64) & 1) == 0) return true;
  switch (type) {
    case ColumnType::kCategory: return codes[row] < 0;
    case ColumnType::kFloat: return std::isnan(floats[row]);
    case ColumnType::kDouble: return std::isnan(doubles[row]);
    default: return false;
  }
}

double Column::number(RowIndex row) const {
  switch (type) {
    case ColumnType::kBool: return bytes[row];
    case ColumnType::kInt: return static_cast<double>(ints[row]);
    case ColumnType::kFloat: return floats[row];
    case ColumnType::kDouble: return doubles[row];
    default: return std::nan("");
  }
}

std::string_view Column::text(RowIndex row) const {
  if (type == ColumnType::kCategory) return (*dictionary)[codes[row]];
  if (type == ColumnType::kText) {
    return std::string_view(heap).substr(offsets[row], offsets[row + 1] - offsets[row]);
  }
  return {};
}

std::string Column::display(RowIndex row) const {
  if (is_null(row)) return {};
  switch (type) {
    case ColumnType::kBool: return bytes[row] != 0 ? "true" : "false";
    case ColumnType::kInt: return fmt::format("{}", ints[row]);
    case ColumnType::kFloat: return fmt::format("{}", floats[row]);
    case ColumnType::kDouble: return fmt::format("{}", doubles[row]);
    case ColumnType::kCategory:
    case ColumnType::kText: return std::string(text(row));
    case ColumnType::kSet: {
      std::string joined;
      for (uint64_t i = offsets[row]; i < offsets[row + 1]; ++i) {
        if (i > offsets[row]) joined += ", ";
        joined += (*dictionary)[codes[i]];
      }
      return joined;
    }
  }
  return {};
}

void Column::set_null(RowIndex row) {
  if (type == ColumnType::kCategory) {
    codes[row] = -1;
    return;
  }
  if (validity.empty()) validity.assign((rows + 63) / 64, ~uint64_t{0});
  validity[row / 64] &= ~(uint64_t{1} << (row % 64));
}

void Column::mark_valid(RowIndex row) {
  if (!validity.empty()) validity[row / 64] |= uint64_t{1} << (row % 64);
}

namespace {

Column named(std::string name, ColumnType type, size_t rows) {
  Column column;
  column.name = std::move(name);
  column.type = type;
  column.rows = rows;
  return column;
}

}  // namespace

Column make_int_column(std::string name, std::vector<int64_t> values) {
  Column column = named(std::move(name), ColumnType::kInt, values.size());
  column.ints = std::move(values);
  return column;
}

Column make_float_column(std::string name, std::vector<float> values) {
  Column column = named(std::move(name), ColumnType::kFloat, values.size());
  column.floats = std::move(values);
  return column;
}

Column make_double_column(std::string name, std::vector<double> values) {
  Column column = named(std::move(name), ColumnType::kDouble, values.size());
  column.doubles = std::move(values);
  return column;
}

Column make_bool_column(std::string name, std::vector<uint8_t> values) {
  Column column = named(std::move(name), ColumnType::kBool, values.size());
  column.bytes = std::move(values);
  return column;
}

Column make_category_column(std::string name, std::vector<int32_t> codes,
                            std::shared_ptr<const Dictionary> dictionary) {
  Column column = named(std::move(name), ColumnType::kCategory, codes.size());
  column.codes = std::move(codes);
  column.dictionary = std::move(dictionary);
  return column;
}

Column make_text_column(std::string name, const std::vector<std::string>& values) {
  Column column = named(std::move(name), ColumnType::kText, values.size());
  column.offsets.reserve(values.size() + 1);
  column.offsets.push_back(0);
  for (const std::string& value : values) {
    column.heap += value;
    column.offsets.push_back(column.heap.size());
  }
  return column;
}

void Table::add(Column column) {
  share(std::make_shared<Column>(std::move(column)));
}

void Table::share(std::shared_ptr<Column> column) {
  if (column->rows != rows_) {
    throw Error(ErrorCategory::kInternal, fmt::format("column {} has {} rows, the table {}",
                                                      column->name, column->rows, rows_));
  }
  const auto found = index_.find(column->name);
  if (found != index_.end()) {
    columns_[found->second] = std::move(column);
  } else {
    index_.emplace(column->name, columns_.size());
    columns_.push_back(std::move(column));
  }
}

std::shared_ptr<Column> Table::shared(std::string_view name) const {
  const Column* column = find(name);
  return column == nullptr ? nullptr : columns_[index_.at(column->name)];
}

void Table::remove(std::string_view name) {
  const auto found = index_.find(name);
  if (found == index_.end()) return;
  columns_.erase(columns_.begin() + static_cast<std::ptrdiff_t>(found->second));
  index_.clear();
  for (size_t i = 0; i < columns_.size(); ++i) index_.emplace(columns_[i]->name, i);
}

const Column* Table::find(std::string_view name) const {
  const auto found = index_.find(name);
  if (found != index_.end()) return columns_[found->second].get();
  return active_run.empty() ? nullptr : find(name, active_run);
}

const Column* Table::find(std::string_view name, std::string_view run) const {
  const auto found = index_.find(fmt::format("{}@{}", name, run));
  return found == index_.end() ? nullptr : columns_[found->second].get();
}

Column* Table::find_mutable(std::string_view name) {
  const Column* column = find(name);
  if (column == nullptr) return nullptr;
  std::shared_ptr<Column>& slot = columns_[index_.at(column->name)];
  if (slot.use_count() > 1) slot = std::make_shared<Column>(*slot);
  return slot.get();
}

std::vector<std::string> Table::names() const {
  std::vector<std::string> names;
  for (const auto& column : columns_) names.push_back(column->name);
  return names;
}

}  // namespace errata
