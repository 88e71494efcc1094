// The filter language: the WHERE clause of SQL over the columns of a table (model/scores.h lists
// the documented ones). The command line, the filter bar, saved views and exports share it.
//
//   label != prediction and confidence > 0.9 and label in ('cat', 'dog') and split = 'test'
//   attr.weather like 'rain%' and not excluded and run('resnet50').confidence < 0.5
//
// Words      and or not in between is null true false like escape isnull notnull, in any case.
//            = == != <> < <= > >= + - * / % ( ) and , as in SQL. From weak to strong: or, and, not,
//            comparisons (in, between, like and is among them), + -, * / %, sign. Comparisons do
//            not chain: `0.5 < x < 0.9` is refused with a hint.
// Columns    name, attr.name, "any name" (with "" for a quote), run('r').name. A column of a run
//            that is named without run() is the active run's. Case matters only where two columns
//            differ by nothing else.
// Values     'text' (with '' for a quote), 12, 0.5, 1e-3, 0xff, true, false, null.
// NULL       three-valued as in SQL: a comparison with NULL is unknown, and so is its `not`; a row
//            passes when the whole filter is true. NaN is NULL. `x = null` is never true.
// Numbers    bool and int columns are 64-bit integers, float and double columns are doubles;
//            an integer and a double compare by their exact values. + - * of integers become double
//            when they overflow; integer / integer drops the fraction (write width * 1.0 / height);
//            division by zero is NULL; % works on whole numbers.
// Text       category and text columns compare byte by byte, case matters. like ignores the case of
//            A-Z, % is any run and _ any one character; escape 'c' makes the next one plain.
// Affinity   as SQLite's typed columns: a text that looks like a number compares with a number
//            column as that number, any other text is refused (SQLite: every number is smaller); a
//            number compares with a text column as its text: `label = 5` is `label = '5'`.
//            Comparing a number column with a text column is refused.
// Conditions A bool or number column stands as a condition by itself: true when not 0.
// Sets       tags = 'x': one of the tags is x; the same for < like in between. The negative forms
//            (!=, not in, not like, not between) mean that none is. is null: there is none. Sets
//            compare with constants only.
// Limits     kMaxFilterBytes of text, kMaxFilterDepth levels of nesting. An empty text passes all.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/workers.h"
#include "model/columns.h"
#include "query/expr.h"
#include "query/selection.h"

namespace errata::query {

inline constexpr size_t kMaxFilterBytes = size_t{4} << 20;
inline constexpr uint32_t kMaxFilterDepth = 200;

// What the parser and the evaluator throw: category kUsage, the message says what and at which
// character, the hint shows the line with a caret and, where one is near, a "did you mean".
class FilterError : public Error {
 public:
  FilterError(std::string message, std::string_view text, size_t begin, size_t end,
              std::vector<std::string> suggestions = {}, std::string advice = {});

  size_t begin() const { return begin_; }  // bytes of the filter text
  size_t end() const { return end_; }
  const std::string& reason() const { return reason_; }  // the message without the place
  // Replacements for [begin, end), best first, quoted as the language wants them.
  const std::vector<std::string>& suggestions() const { return suggestions_; }

 private:
  size_t begin_;
  size_t end_;
  std::string reason_;
  std::vector<std::string> suggestions_;
};

// A parsed filter. Cheap to copy; safe to share between threads.
class Filter {
 public:
  Filter() = default;  // passes every row

  bool passes_all() const { return root_ == nullptr; }
  const Expr* root() const { return root_.get(); }
  // As it was typed; to_string() for a filter that was built.
  const std::string& text() const { return text_; }
  // Canonical text: parse_filter(to_string()) is the same filter.
  std::string to_string() const;
  bool operator==(const Filter& other) const;

  // Names as written, each once, in order of first use; "name@run" where a run was named.
  std::vector<std::string> columns() const;

 private:
  friend Filter parse_filter(std::string_view text);
  friend Filter both(const Filter& a, const Filter& b);
  friend Filter negation(const Filter& a);

  ExprPtr root_;
  std::string text_;
};

// Throws FilterError.
Filter parse_filter(std::string_view text);

// For filters made by clicking: `a and b`, `not a`. Throw FilterError beyond kMaxFilterDepth.
Filter both(const Filter& a, const Filter& b);
Filter negation(const Filter& a);
std::string quote_text(std::string_view text);    // it's -> 'it''s'
std::string quote_column(std::string_view name);  // plain where the language takes it plain
std::string quote_number(double value);           // shortest text that reads back equal
// A number t of the fewest digits with below < t <= to, so that `x >= t` takes what `x >= to` takes
// where `below` is the largest of the smaller values. Needs below < to.
std::string quote_threshold(double below, double to);

// The rows for which the filter is true. Throws FilterError for a column the table lacks and for
// operands that do not fit; values that no row has are no error. `parallel_for` is used when given:
// without it, all happens on the calling thread.
Selection evaluate(const Filter& filter, const Table& table, const ParallelFor* parallel = nullptr);

// A place where a filter is legal and yet surely not what was meant: a value that the column's
// dictionary lacks, `x = null`, an order of classes.
struct FilterNote {
  size_t begin = 0;
  size_t end = 0;
  std::string message;
  std::vector<std::string> suggestions;  // replacements, as in FilterError
  std::string advice = {};               // what is possible; parse_typed_filter refuses then
};

// Everything evaluate() would throw is thrown here; what it would pass over in silence is returned.
std::vector<FilterNote> check_filter(const Filter& filter, const Table& table);

// For a filter that a person just typed: parses, checks, and throws FilterError also for a value
// that no row has when a near one exists ("did you mean 'cat'?"), and for < and the like where
// there is no order: of categories (label, split, ...; not attr.*), and of texts with a number.
Filter parse_typed_filter(std::string_view text, const Table& table);

}  // namespace errata::query
