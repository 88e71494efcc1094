// Tests of one text against constants, and the predicates made of them.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "model/columns.h"
#include "query/predicate.h"

namespace errata::query {

// A test in its positive form: `not in` is an `in` whose outcome the predicate negates.
class TextTest {
 public:
  virtual ~TextTest() = default;
  virtual Tri test(std::string_view text) const = 0;
};
using TextTestPtr = std::unique_ptr<TextTest>;

TextTestPtr make_text_compare(CompareOp op, std::string constant);
TextTestPtr make_text_in(std::vector<std::string> constants, bool has_null);
// A missing bound is NULL.
TextTestPtr make_text_between(std::unique_ptr<std::string> low, std::unique_ptr<std::string> high);
TextTestPtr make_text_like(std::string_view pattern, std::string_view escape);

// The column is kCategory (tested once for each entry of its dictionary), kText (once a row) or
// kSet (true when a member's test is true). Columns outlive what is made.
PredicatePtr make_text_predicate(const Column& column, TextTestPtr test, bool negated);

// Two columns, each kCategory or kText.
PredicatePtr make_compare_texts(CompareOp op, const Column& left, const Column& right);

// rank[code] of a dictionary's texts in the order of their bytes; ranks of equal texts across the
// dictionaries are equal.
std::vector<std::vector<int32_t>> text_ranks(const std::vector<const Dictionary*>& dictionaries);

}  // namespace errata::query
