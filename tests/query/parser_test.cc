#include <doctest/doctest.h>

#include <cmath>
#include <random>
#include <string>

#include "query/filter.h"
#include "query/lexer.h"

using namespace errata;
using namespace errata::query;

namespace {

std::string canonical(std::string_view text) {
  const Filter filter = parse_filter(text);
  const std::string printed = filter.to_string();
  CHECK_MESSAGE(parse_filter(printed) == filter, text);
  CHECK(parse_filter(printed).to_string() == printed);
  return printed;
}

FilterError failure(std::string_view text) {
  try {
    parse_filter(text);
  } catch (const FilterError& error) {
    return error;
  }
  FAIL(std::string("was taken: ") << text);
  return FilterError("", "", 0, 0);
}

}  // namespace

TEST_CASE("a filter prints canonically and reads back the same") {
  CHECK(canonical("LABEL <> prediction AND confidence>.9") ==
        "LABEL != prediction and confidence > 0.9");
  CHECK(canonical("a=1 or b==2 and not c<=3") == "a = 1 or b = 2 and not c <= 3");
  CHECK(canonical("(a=1 or b=2) and (c=3)") == "(a = 1 or b = 2) and c = 3");
  CHECK(canonical("label in('it''s', 'x')") == "label in ('it''s', 'x')");
  CHECK(canonical("label not in ()") == "label not in ()");
  CHECK(canonical("x not between -1 and +2e3") == "x not between -1 and 2000.0");
  CHECK(canonical("x isnull or y notnull or z not null or w is null") ==
        "x is null or y is not null or z is not null or w is null");
  CHECK(canonical("path like '%50!%' escape '!'") == "path like '%50!%' escape '!'");
}

TEST_CASE("columns: dots, quotes, runs, words") {
  CHECK(canonical("run('a''b').confidence < 1") == "run('a''b').confidence < 1");
  CHECK(canonical("attr.\"my name\" = 1") == "\"attr.my name\" = 1");
  CHECK(canonical("\"say \"\"hi\"\"\" = 1") == "\"say \"\"hi\"\"\" = 1");
  CHECK(canonical("\"not\" = 1 and attr.not = 2") == "\"not\" = 1 and attr.not = 2");
  CHECK(canonical("størrelse > 1 and \"\" = 2") == "størrelse > 1 and \"\" = 2");
  CHECK(canonical("run = 1") == "run = 1");
  CHECK(parse_filter("a = run('r').b or a = b").columns() ==
        std::vector<std::string>{"a", "b@r", "b"});
}

TEST_CASE("numbers") {
  CHECK(canonical("x = 9223372036854775807") == "x = 9223372036854775807");
  CHECK(canonical("x = -9223372036854775808") == "x = -9223372036854775808");
  CHECK(canonical("x = 9223372036854775808") == "x = 9.223372036854776e+18");
  CHECK(canonical("x = 0xFF") == "x = 255");
  CHECK(canonical("x = 1e999 or x = -1e999") == "x = 9e999 or x = -9e999");
  CHECK(canonical("x = 1e-999") == "x = 0.0");
  CHECK(canonical("x = - - 5") == "x = 5");
  CHECK(canonical("-x * (y - (2 - z)) / 4 % 3 > -(x + 1)") ==
        "-x * (y - (2 - z)) / 4 % 3 > -(x + 1)");
  CHECK(canonical("-(-x) = 1") == "-(-x) = 1");
  CHECK(canonical("(a and b) = (c is not true)") == "(a and b) = (c is not true)");
  CHECK(canonical("a is (null) or b is (true) or c is 1") ==
        "a is (null) or b is (true) or c is 1");
}

TEST_CASE("an empty filter passes everything") {
  CHECK(parse_filter("").passes_all());
  CHECK(parse_filter(" \n\t").passes_all());
  CHECK(parse_filter("").to_string().empty());
}

TEST_CASE("errors say what, where and what instead") {
  const FilterError missing = failure("confidence > and label = 'x'");
  CHECK(missing.category() == ErrorCategory::kUsage);
  CHECK(std::string(missing.what()) ==
        "filter, character 14: a column or a value is expected, found 'and'");
  CHECK(missing.hint() ==
        "confidence > and label = 'x'\n"
        "             ^^^\n"
        "A column of that name is written \"and\".");
  CHECK(missing.begin() == 13);
  CHECK(missing.end() == 16);

  CHECK(failure("a = 1 adn b = 2").suggestions() == std::vector<std::string>{"and"});
  CHECK(failure("a = 1 && b = 2").suggestions() == std::vector<std::string>{"and"});
  CHECK(failure("a = 'x").reason() == "the quote ' is not closed");
  CHECK(failure("a = \"x").reason() == "the quote \" is not closed");
  CHECK(failure("a = 12abc").reason() == "'12abc' is not a number");
  CHECK(failure("a = 0x").reason() == "'0x' is not a number");
  CHECK(failure("0.5 < a < 0.9").reason() == "comparisons do not chain");
  CHECK(failure("(a = 1").reason() == "a parenthesis is not closed");
  CHECK(failure("a = 1)").reason() == "there is no ( for this )");
  CHECK(failure("a in 'x'").reason() == "a list is missing after in");
  CHECK(failure("a between 1").reason() == "and is missing after between");
  CHECK(failure("a not = 1").reason() == "in, like or between is missing after not");
  CHECK(failure("lower(a) = 'x'").reason() == "'lower' is not a function");
  CHECK(failure("run(a).b = 1").reason() == "run() wants a name in quotes");
  CHECK(failure("a like 'x' escape 'ab'").reason() == "escape wants one character");
  CHECK(failure("a = #").reason() == "'#' means nothing here");
}

TEST_CASE("the caret counts characters, and long lines are cut around it") {
  CHECK(failure("名前 = 'あ' ?").hint().find("\n          ^") == std::string::npos);
  CHECK(failure("名前 = 'あ' ?").hint() == "名前 = 'あ' ?\n         ^");
  const std::string text = std::string(500, ' ') + "a = \n 1 = 2" + std::string(500, ' ');
  const std::string hint = failure(text).hint();
  CHECK(hint.size() < 300);
  CHECK(hint.find("a =   1 = 2") != std::string::npos);
}

TEST_CASE("depth and length are limited, not by the stack") {
  CHECK(failure(std::string(100'000, '(')).reason() == "it is nested deeper than 200 levels");
  CHECK(failure(std::string(100'000, '-') + "1").reason().find("deeper") != std::string::npos);
  std::string nots;
  for (int i = 0; i < 100'000; ++i) nots += "not ";
  CHECK(failure(nots + "a").reason().find("deeper") != std::string::npos);
  std::string sum = "1";
  for (int i = 0; i < 100'000; ++i) sum += "+1";
  CHECK(failure(sum + " = a").reason().find("deeper") != std::string::npos);
  CHECK(failure(std::string(kMaxFilterBytes + 1, ' ')).reason().find("limit") != std::string::npos);

  std::string chain = "a = 0";
  for (int i = 1; i < 50'000; ++i) chain += " or a = " + std::to_string(i);
  CHECK(parse_filter(chain).root()->children.size() == 50'000);
  CHECK_NOTHROW(parse_filter(std::string(199, '(') + "1" + std::string(199, ')')));
}

TEST_CASE("filters made by clicking") {
  const Filter a = parse_filter("label = 'cat' or split is null");
  const Filter b = parse_filter("confidence >= 0.5 and confidence < 0.6");
  CHECK(both(a, b).to_string() ==
        "(label = 'cat' or split is null) and confidence >= 0.5 and confidence < 0.6");
  CHECK(both(Filter(), a) == a);
  CHECK(negation(a).to_string() == "not (label = 'cat' or split is null)");
  CHECK(negation(Filter()).to_string() == "false");
  CHECK(quote_text("it's") == "'it''s'");
  CHECK(quote_column("attr.a b") == "\"attr.a b\"");
  CHECK(quote_column("attr.weather") == "attr.weather");
  CHECK(quote_column("1st") == "\"1st\"");
  CHECK(quote_number(0.1) == "0.1");
  CHECK(quote_number(3) == "3.0");
}

TEST_CASE("a threshold is the shortest number that parts the same values") {
  CHECK(quote_threshold(0.43998, 0.44212216) == "0.44");
  CHECK(quote_threshold(0.44, 0.44212216) == "0.441");  // `below` is left out ...
  CHECK(quote_threshold(0.43, 0.44) == "0.44");         // ... and `to` is taken
  CHECK(quote_threshold(0.99, 1.02) == "1");
  CHECK(quote_threshold(12'331, 12'874) == "12600");
  CHECK(quote_threshold(-0.25, 0.0001) == "0");
  CHECK(quote_threshold(-0.5, -0.25) == "-0.4");
  CHECK(quote_threshold(1.1e-9, 1.6e-9) == "1.4e-09");
  const double one = 1;
  const double next = std::nextafter(one, 2);
  CHECK(parse_filter("a >= " + quote_threshold(one, next)) ==
        parse_filter("a >= " + quote_number(next)));

  std::mt19937_64 random(11);
  std::uniform_real_distribution<double> values(-2, 2);
  for (int i = 0; i < 20'000; ++i) {
    const double a = values(random) * std::pow(10, values(random) * 3);
    const double b = a + std::abs(values(random)) * std::pow(10, -6 + values(random) * 4);
    if (!(a < b)) continue;
    const std::string text = quote_threshold(a, b);
    const double threshold = std::stod(text);
    CHECK(a < threshold);
    CHECK(threshold <= b);
    CHECK(text.size() <= quote_number(b).size());
  }
}

TEST_CASE("random bytes and random tokens never crash the parser") {
  std::mt19937_64 random(7);
  const char* kPieces[] = {"and",        "or",     "not",  "in",   "(",       ")",
                           "'",          "\"",     "=",    "<",    ">",       "!",
                           "-",          "+",      "*",    "/",    "%",       ",",
                           ".",          "1",      "0x",   "1e",   "a",       "run",
                           "run('a').b", "null",   "is",   "like", "between", "escape",
                           "'x'",        " ",      "true", "\xff", "é",       "9223372036854775808",
                           "isnull",     "1.5e-3", "''",   "\n",   "attr.x"};
  size_t taken = 0;
  for (int i = 0; i < 60'000; ++i) {
    std::string text;
    const size_t length = random() % 24;
    for (size_t k = 0; k < length; ++k) {
      if (i % 2 == 0) {
        text += static_cast<char>(random() & 0xFF);
      } else {
        text += kPieces[random() % std::size(kPieces)];
        if (random() % 2 == 0) text += ' ';
      }
    }
    try {
      const Filter filter = parse_filter(text);
      ++taken;
      REQUIRE(parse_filter(filter.to_string()) == filter);
    } catch (const FilterError& error) {
      REQUIRE(error.begin() <= text.size());
      REQUIRE(error.end() <= text.size());
    }
  }
  CHECK(taken > 500);
}
