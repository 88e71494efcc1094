// Numbers in filters: constants, their exact comparison, and the texts that SQLite makes of them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "model/columns.h"
#include "query/predicate.h"

namespace errata::query {

struct NumberConstant {
  bool is_real = false;
  int64_t whole = 0;
  double real = 0;
};

// The sign of a - b for the exact values, however large.
int compare_exactly(int64_t a, double b);
int compare_exactly(const NumberConstant& a, const NumberConstant& b);

// The number that the whole of a text says, blanks around it aside; nullopt when it says none.
std::optional<NumberConstant> number_of_text(std::string_view text);
// "5", "0.5", "1.0e+20": what SQLite compares with a TEXT column.
std::string text_of_number(const NumberConstant& number);

// `column op constant`, `column is null`, the column as a condition; predicates_number.cc.
// The column is kBool, kInt, kFloat or kDouble and outlives what is made.
PredicatePtr make_compare_constant(const Column& column, CompareOp op,
                                   const NumberConstant& constant);
PredicatePtr make_number_in(const Column& column, std::vector<NumberConstant> constants,
                            bool has_null, bool negated);
// Any type but kSet.
PredicatePtr make_is_null(const Column& column, bool negated);
// The set has no member (is not null: it has one).
PredicatePtr make_set_is_empty(const Column& column, bool negated);

// number_sources.cc
NumberSourcePtr make_column_source(const Column& column);
NumberSourcePtr make_constant_source(std::optional<NumberConstant> constant);
NumberSourcePtr make_condition_source(PredicatePtr condition);
NumberSourcePtr make_arithmetic_source(ArithmeticOp op, NumberSourcePtr left,
                                       NumberSourcePtr right);
PredicatePtr make_compare_sources(CompareOp op, NumberSourcePtr left, NumberSourcePtr right);
PredicatePtr make_source_is_null(NumberSourcePtr source, bool negated);
PredicatePtr make_source_condition(NumberSourcePtr source);

}  // namespace errata::query
