// What evaluate() and check_filter() say about filters that parse and do not fit the table.
#include <doctest/doctest.h>

#include <atomic>
#include <random>

#include "query/filter.h"
#include "tests/query/random_filters.h"

using namespace errata;
using namespace errata::query;

namespace {

const Table& table() {
  static const Table made = query::test::random_table(50, 3);
  return made;
}

FilterError failure(std::string_view text, const Table& where = table()) {
  try {
    evaluate(parse_filter(text), where);
  } catch (const FilterError& error) {
    return error;
  }
  FAIL(std::string("was taken: ") << text);
  return FilterError("", "", 0, 0);
}

std::vector<FilterNote> notes(std::string_view text) {
  return check_filter(parse_filter(text), table());
}

}  // namespace

TEST_CASE("an unknown column is named with what was perhaps meant") {
  const FilterError error = failure("width > 1 and confidance > 0.5");
  CHECK(error.reason() == "there is no column confidance");
  CHECK(error.suggestions() == std::vector<std::string>{"confidence"});
  CHECK(error.begin() == 14);
  CHECK(error.end() == 24);
  CHECK(error.hint() ==
        "width > 1 and confidance > 0.5\n"
        "              ^^^^^^^^^^\n"
        "Did you mean confidence?");
  CHECK(failure("attr.my_name = 'x'").suggestions() ==
        std::vector<std::string>{"\"attr.my name\""});
  CHECK(failure("label = \"cat\"").hint().find("A text takes single quotes: 'cat'.") !=
        std::string::npos);
}

TEST_CASE("runs: unknown, without the column, none active") {
  CHECK(failure("run('c').confidence > 0").reason() == "there is no run 'c'");
  CHECK(failure("run('c').confidence > 0").suggestions()[0] == "run('a').confidence");
  CHECK(failure("run('c').confidence > 0").hint().find("Runs: a, b.") != std::string::npos);
  CHECK(failure("run('b').margin > 0").reason() == "run 'b' has no column margin");
  Table none = table();
  none.active_run.clear();
  CHECK(failure("confidence > 0", none)
            .hint()
            .find("No run is active. Write: "
                  "run('a').confidence.") != std::string::npos);
  CHECK(evaluate(parse_filter("run('b').confidence is null"), none).count() > 0);
}

TEST_CASE("operands that do not fit are refused") {
  CHECK(failure("confidence > 'high'").reason() == "confidence is a number, 'high' is not");
  CHECK(failure("excluded = 'yes'").hint().find("Write true or false.") != std::string::npos);
  CHECK(failure("label > width").reason() ==
        "label is a text, width is a number: they do not compare");
  CHECK(failure("width + 1 = '5'").reason().find("do not compare") != std::string::npos);
  CHECK(failure("label + 1 = 2").reason() == "label is not a number");
  CHECK(failure("label").reason() == "label is not a condition");
  CHECK(failure("not 'x'").reason() == "'x' is not a condition");
  CHECK(failure("label = true").reason() == "label is text, true is not");
  CHECK(failure("width like '1%'").reason() == "width is a number, like wants a text");
  CHECK(failure("label like prediction").reason() == "like wants a pattern in quotes");
  CHECK(failure("tags = label").reason() == "tags is a set, and compares with a text only");
  CHECK(failure("tags in (label)").reason() == "tags is a set, and compares with constants only");
  CHECK(failure("5 in (label)").reason().find("do not compare") != std::string::npos);
}

TEST_CASE("categories have no order, and texts none with a number") {
  const auto typed = [](std::string_view text) {
    try {
      parse_typed_filter(text, table());
    } catch (const FilterError& error) {
      return error.reason();
    }
    return std::string();
  };
  CHECK(typed("label > 5") == "label is a category, which has no order");
  CHECK(typed("width > 1 and 'a' <= label") == "label is a category, which has no order");
  CHECK(typed("path < 5") == "path is text, 5 is a number: they have no order");
  CHECK(typed("tags >= 1") == "tags is text, 1 is a number: they have no order");
  CHECK(typed("path > 'c1/'").empty());
  CHECK(typed("label = 5 or label between 'a' and 'c'").empty());
  CHECK(notes("label > 5")[0].advice.find("label in ('a', 'b')") != std::string::npos);
  // What was stored before stays legal.
  CHECK(evaluate(parse_filter("label > 'a'"), table()).rows() == 50);
}

TEST_CASE("a text without its quotes is told with them") {
  for (const char* text : {"label = cat", "cat != label", "label in ('dog', cat)", "tags = cat"}) {
    const FilterError error = failure(text);
    CHECK(error.reason() == "there is no column cat");
    CHECK(error.suggestions() == std::vector<std::string>{"'cat'"});
  }
  CHECK(failure("label != predicton").suggestions() ==
        std::vector<std::string>{"prediction", "'predicton'"});
  CHECK(failure("width = heigth").suggestions() == std::vector<std::string>{"height"});
}

TEST_CASE("values that no row has are noted, with near ones") {
  const std::vector<FilterNote> typo = notes("width > 1 and label = 'dgo'");
  REQUIRE(typo.size() == 1);
  CHECK(typo[0].message == "no label is 'dgo'");
  CHECK(typo[0].suggestions == std::vector<std::string>{"'dog'"});
  CHECK(typo[0].begin == 22);
  CHECK(notes("label in ('cat', 'xyzzy', 'it''x')").size() == 2);
  CHECK(notes("tags != 'hrad'")[0].suggestions == std::vector<std::string>{"'hard'"});
  CHECK(notes("label = null")[0].suggestions == std::vector<std::string>{"label is null"});
  CHECK(notes("null != label")[0].suggestions == std::vector<std::string>{"label is not null"});
  CHECK(notes("label in ('cat') or path = 'nowhere' or label = 5").empty());

  CHECK_THROWS_AS(parse_typed_filter("label = 'dgo'", table()), FilterError);
  CHECK_NOTHROW(parse_typed_filter("label = 'xyzzy'", table()));
  CHECK_THROWS_AS(parse_typed_filter("lable = 'dog'", table()), FilterError);
  CHECK(evaluate(parse_filter("label = 'dgo'"), table()).empty());
}

TEST_CASE("sets: the negative forms mean that no member is") {
  const auto count = [](const char* text) { return evaluate(parse_filter(text), table()).count(); };
  CHECK(count("tags = 'x'") + count("tags != 'x'") == 50);
  CHECK(count("tags in ('x', 'hard')") + count("tags not in ('x', 'hard')") == 50);
  CHECK(count("tags is null") > 0);
  CHECK(count("tags is null and tags = 'x'") == 0);
  CHECK(count("tags is null and tags != 'x'") == count("tags is null"));
}

TEST_CASE("an empty table, an empty filter, many workers") {
  const Table none = query::test::random_table(0, 1);
  CHECK(evaluate(parse_filter("label = 'cat' and width > 1"), none).rows() == 0);
  CHECK(evaluate(Filter(), table()).full());
  const Table many = query::test::random_table(200'003, 2);
  WorkerGroup workers(3);
  const ParallelFor parallel = workers.as_parallel_for();
  for (const char* text : {"width / 3 > height % 7 or label = 'cat'", "not (score < 0.5)"}) {
    const Filter filter = parse_filter(text);
    CHECK(evaluate(filter, many, &parallel) == evaluate(filter, many));
  }
}

TEST_CASE("random tokens that parse never crash the evaluator") {
  std::mt19937_64 random(17);
  const char* kPieces[] = {"and",
                           "or",
                           "not",
                           "in (",
                           "(",
                           ")",
                           "=",
                           "<",
                           "!=",
                           "-",
                           "+",
                           "*",
                           "/",
                           "%",
                           ",",
                           "1",
                           "label",
                           "width",
                           "tags",
                           "path",
                           "confidence",
                           "null",
                           "is",
                           "like",
                           "between",
                           "'cat'",
                           "'5'",
                           "true",
                           "attr.night",
                           "score",
                           "run('b').prediction",
                           "0.5",
                           "excluded",
                           "is not"};
  size_t ran = 0;
  for (int i = 0; i < 60'000; ++i) {
    std::string text;
    const size_t length = 1 + random() % 9;
    for (size_t k = 0; k < length; ++k) {
      text += kPieces[random() % std::size(kPieces)];
      text += ' ';
    }
    try {
      const Filter filter = parse_filter(text);
      check_filter(filter, table());
      const Selection selection = evaluate(filter, table());
      REQUIRE(evaluate(parse_filter(filter.to_string()), table()) == selection);
      ++ran;
    } catch (const FilterError& error) {
      REQUIRE(error.end() <= text.size());
    }
  }
  CHECK(ran > 1'000);
}
