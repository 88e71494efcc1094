#include "viewer/state/filter_text.h"

#include <doctest/doctest.h>

namespace errata::viewer {

TEST_CASE("terms are split at the top level only") {
  CHECK(split_terms("").empty());
  CHECK(split_terms("  a = 1 and b = 2 ") == std::vector<std::string>{"a = 1", "b = 2"});
  CHECK(split_terms("a between 1 and 2 AND b = 'x and y'") ==
        std::vector<std::string>{"a between 1 and 2", "b = 'x and y'"});
  CHECK(split_terms("(a = 1 and b = 2) and c = 3") ==
        std::vector<std::string>{"(a = 1 and b = 2)", "c = 3"});
  CHECK(split_terms("a = 1 or b = 2 and c = 3").size() == 1);
  CHECK(split_terms("a = 'it''s and so'").size() == 1);
}

TEST_CASE("joining puts a term with or in parentheses") {
  CHECK(join_terms({"a = 1 or b = 2", "c = 3"}) == "(a = 1 or b = 2) and c = 3");
  CHECK(join_terms({"a = 1 or b = 2"}) == "a = 1 or b = 2");
}

TEST_CASE("a facet's choice is read from the forms a person writes") {
  CHECK(facet_choice("split = 'test'", "split").values == std::vector<std::string>{"test"});
  CHECK(facet_choice("a = 1 and split in ('a', 'b')", "split").values ==
        std::vector<std::string>{"a", "b"});
  CHECK(facet_choice("split is null", "split").null);
  const FacetChoice both = facet_choice("(split in ('a', 'b') or split is null)", "split");
  CHECK(both.null);
  CHECK(both.values.size() == 2);
  CHECK(facet_choice("split != 'test'", "split").empty());
  CHECK(facet_choice("split = label", "split").empty());
  CHECK(facet_choice("label = 'it''s'", "label").values == std::vector<std::string>{"it's"});
}

TEST_CASE("a facet's choice replaces its own term and nothing else") {
  CHECK(with_facet_choice("", "split", {{"test"}, false}) == "split = 'test'");
  CHECK(with_facet_choice("a > 1", "split", {{"x", "it's"}, false}) ==
        "a > 1 and split in ('x', 'it''s')");
  CHECK(with_facet_choice("split = 'test' and a > 1", "split", {{"val"}, true}) ==
        "(split = 'val' or split is null) and a > 1");
  CHECK(with_facet_choice("split = 'test' and a > 1", "split", {}) == "a > 1");
  CHECK(with_facet_choice("a = 1 or b = 2", "split", {{"x"}, false}) ==
        "(a = 1 or b = 2) and split = 'x'");
  const std::string written = with_facet_choice("", "label", {{"it's", "\xE7\x8C\xAB"}, true});
  CHECK(facet_choice(written, "label") == FacetChoice{{"it's", "\xE7\x8C\xAB"}, true});
}

TEST_CASE("ranges are read, intersected and written back") {
  const NumberRange range = number_range("confidence > 0.2 and confidence <= 0.9", "confidence");
  CHECK(range.low == 0.2);
  CHECK(range.high == 0.9);
  CHECK(number_range("confidence between -1 and 1e-3", "confidence").low == -1);
  CHECK(number_range("confidence between -1 and 1e-3", "confidence").high == 1e-3);
  CHECK(number_range("confidence > label", "confidence").empty());
  CHECK(with_number_range("confidence > 0.2 and a = 1 and confidence < 0.5", "confidence",
                          {0.25, 0.5}) == "confidence between 0.25 and 0.5 and a = 1");
  CHECK(with_number_range("a = 1 and confidence >= 0.5", "confidence", {}) == "a = 1");
  CHECK(with_number_range("", "loss", {std::nullopt, 2}) == "loss <= 2");
}

TEST_CASE("what a facet counts over leaves out its own terms") {
  CHECK(without_column_terms("split = 'a' and label = 'b' and confidence > 0.5", "label") ==
        "split = 'a' and confidence > 0.5");
  CHECK(without_column_terms("confidence > 0.5", "confidence").empty());
}

TEST_CASE("spans cover every byte once, whatever is typed") {
  for (const std::string text :
       {"label != prediction and x > 0.5", "a = 'open", "((", "", "  ", "\xFF\xFE = \"q"}) {
    size_t at = 0;
    for (const FilterSpan& span : filter_spans(text)) {
      CHECK(span.begin == at);
      CHECK(span.end > span.begin);
      at = span.end;
    }
    CHECK(at == text.size());
  }
  const std::vector<FilterSpan> spans = filter_spans("a AND 'x'");
  REQUIRE(spans.size() == 5);
  CHECK(spans[2].kind == FilterSpanKind::kKeyword);
  CHECK(spans[4].kind == FilterSpanKind::kString);
}

}  // namespace errata::viewer
