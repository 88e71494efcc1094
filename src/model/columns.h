// Typed columns: the one form in which the query engine, the analyses and the viewer see data.
// Shared and copied on write: a Table is cheap to copy and each holder sees a fixed state.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "model/ids.h"

namespace errata {

enum class ColumnType : uint8_t {
  kBool,      // bytes: 0 or 1
  kInt,       // ints
  kFloat,     // floats (32 bit); compares as double
  kDouble,    // doubles
  kCategory,  // codes into dictionary, -1 is NULL
  kText,      // bytes [offsets[i], offsets[i + 1]) of heap
  kSet        // codes [offsets[i], offsets[i + 1]) into dictionary; never NULL, may be empty
};

std::string_view column_type_name(ColumnType type);

// Lets a map of strings be asked with a view of one.
struct TextHash {
  using is_transparent = void;
  size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
};
template <typename T>
using TextMap = std::unordered_map<std::string, T, TextHash, std::equal_to<>>;

// The strings behind a category or set column. Codes are stable; order is that of first adding.
class Dictionary {
 public:
  int32_t add(std::string_view text);         // the code, new or old
  int32_t find(std::string_view text) const;  // -1 when absent
  const std::string& operator[](int32_t code) const { return texts_[static_cast<size_t>(code)]; }
  size_t size() const { return texts_.size(); }
  const std::vector<std::string>& texts() const { return texts_; }

 private:
  std::vector<std::string> texts_;
  TextMap<int32_t> codes_;
};

// One column of `rows` values. Only the storage that belongs to `type` is filled.
struct Column {
  std::string name;
  ColumnType type = ColumnType::kInt;
  size_t rows = 0;

  // Bit i of word i / 64 is set when row i has a value. Empty: every row has one (for kCategory the
  // code says it, for floats NaN counts as NULL too).
  std::vector<uint64_t> validity;
  std::vector<uint8_t> bytes;
  std::vector<int64_t> ints;
  std::vector<float> floats;
  std::vector<double> doubles;
  std::vector<int32_t> codes;
  std::vector<uint64_t> offsets;
  std::string heap;
  std::shared_ptr<const Dictionary> dictionary;

  bool is_null(RowIndex row) const;
  // Valid for rows that are not NULL. text() of a category gives the dictionary's string.
  double number(RowIndex row) const;
  std::string_view text(RowIndex row) const;
  // For display and csv: empty for NULL, shortest round-trip for numbers, ", " between set members.
  std::string display(RowIndex row) const;

  void set_null(RowIndex row);
  void mark_valid(RowIndex row);
};

// Makers of whole columns; NULLs by the rules of Column.
Column make_int_column(std::string name, std::vector<int64_t> values);
Column make_float_column(std::string name, std::vector<float> values);
Column make_double_column(std::string name, std::vector<double> values);
Column make_bool_column(std::string name, std::vector<uint8_t> values);
Column make_category_column(std::string name, std::vector<int32_t> codes,
                            std::shared_ptr<const Dictionary> dictionary);
Column make_text_column(std::string name, const std::vector<std::string>& values);

// Named columns of equal length. A column that belongs to a run is named "confidence@resnet50";
// find("confidence") without a run gives the active run's, by active_run.
class Table {
 public:
  explicit Table(size_t rows = 0) : rows_(rows) {}

  size_t rows() const { return rows_; }
  void add(
      Column column);  // replaces one of the same name; throws Error(kInternal) on a wrong length
  // The column itself: neither table changes the other's, as with a copied table.
  void share(std::shared_ptr<Column> column);
  // nullptr when absent.
  std::shared_ptr<Column> shared(std::string_view name) const;
  void remove(std::string_view name);

  // nullptr when absent. With a run, looks for "name@run" only; without one, for "name", then for
  // "name@<active run>".
  const Column* find(std::string_view name) const;
  const Column* find(std::string_view name, std::string_view run) const;
  // For edits: the column is cloned when another Table still holds it.
  Column* find_mutable(std::string_view name);

  const std::vector<std::shared_ptr<Column>>& columns() const { return columns_; }
  std::vector<std::string> names() const;

  std::string active_run;  // name of the run that unqualified prediction columns mean; may be empty

 private:
  size_t rows_ = 0;
  std::vector<std::shared_ptr<Column>> columns_;
  TextMap<size_t> index_;
};

}  // namespace errata
