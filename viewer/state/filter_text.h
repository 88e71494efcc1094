// The filter's text as the one truth: facets and histograms read their state out of it and write
// their clicks back into it, as terms joined by `and` at its top level. Pure text; whether an
// expression is valid is the query engine's to say.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace errata::viewer {

// The terms joined by `and` at the top level, trimmed. Knows quotes, parentheses and `between`.
// A text with `or` at its top level is one term. Empty for an empty text.
std::vector<std::string> split_terms(std::string_view text);
// Joins with " and "; a term with `or` at its top level is put in parentheses when it has company.
std::string join_terms(const std::vector<std::string>& terms);

// 'it''s' from it's.
std::string quote_value(std::string_view value);

// The values that a facet's term lets through. Read from `c = 'x'`, `c in ('x', 'y')`, `c is null`
// and `(c in ('x', 'y') or c is null)`.
struct FacetChoice {
  std::vector<std::string> values;
  bool null = false;

  bool empty() const { return values.empty() && !null; }
  bool has(std::string_view value) const;
  bool operator==(const FacetChoice&) const = default;
};

// An empty choice when no term of that form is there (everything passes).
FacetChoice facet_choice(std::string_view text, std::string_view column);
// How a facet's values are written: texts in quotes; true, false and whole numbers as they are.
enum class ValueForm : uint8_t { kText, kWord };
// Replaces the column's facet term; an empty choice removes it.
std::string with_facet_choice(std::string_view text, std::string_view column,
                              const FacetChoice& choice, ValueForm form = ValueForm::kText);

// The values that `c != 'x'` and `c not in ('x', 'y')` keep out.
std::vector<std::string> facet_exclusions(std::string_view text, std::string_view column);
// Replaces all such terms of the column by one; none when `values` is empty.
std::string with_facet_exclusions(std::string_view text, std::string_view column,
                                  const std::vector<std::string>& values,
                                  ValueForm form = ValueForm::kText);

struct NumberRange {
  std::optional<double> low;  // inclusive or not: the histogram shows both alike
  std::optional<double> high;

  bool empty() const { return !low && !high; }
};

// From `c between a and b`, `c >= a`, `c > a`, `c <= b`, `c < b`, several of them intersected.
NumberRange number_range(std::string_view text, std::string_view column);
// Replaces all of the column's range terms by one; an empty range removes them.
std::string with_number_range(std::string_view text, std::string_view column,
                              const NumberRange& range);

// The filter without the column's facet, exclusion and range terms: what a facet counts over, so
// that the values next to the chosen one keep their counts.
std::string without_column_terms(std::string_view text, std::string_view column);

// Stretches of a filter text for colouring: every byte belongs to exactly one.
enum class FilterSpanKind { kPlain, kKeyword, kName, kOperator, kString, kNumber };
struct FilterSpan {
  FilterSpanKind kind;
  size_t begin;
  size_t end;
};
std::vector<FilterSpan> filter_spans(std::string_view text);

}  // namespace errata::viewer
