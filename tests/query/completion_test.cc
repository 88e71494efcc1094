#include "query/completion.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>

#include "tests/query/random_filters.h"

using namespace errata;
using namespace errata::query;

namespace {

// `|` stands for the cursor.
Completion at(std::string text, const Table& table) {
  const size_t cursor = text.find('|');
  text.erase(cursor, 1);
  return complete_filter(text, cursor, table);
}

bool offers(const Completion& completion, std::string_view text) {
  return std::any_of(completion.items.begin(), completion.items.end(),
                     [&](const CompletionItem& item) { return item.text == text; });
}

}  // namespace

TEST_CASE("completion knows what may follow") {
  const Table table = query::test::random_table(5, 1);
  CHECK(offers(at("|", table), "label"));
  CHECK(offers(at("|", table), "\"attr.my name\""));
  CHECK(at("lab|", table).items[0].text == "label");
  CHECK(at("lab|", table).begin == 0);
  CHECK(at("la|bel = 'x'", table).end == 5);
  CHECK(offers(at("conf| > 1", table), "confidence"));
  CHECK(offers(at("attr.ni|", table), "attr.night"));
  CHECK(at("x = 1 and attr.ni|", table).begin == 10);
  CHECK(offers(at("label |", table), "!="));
  CHECK(offers(at("label |", table), "like"));
  CHECK_FALSE(offers(at("width |", table), "like"));
  CHECK(offers(at("label = |", table), "'cat'"));
  CHECK(offers(at("label = 'C|", table), "'Cat'"));
  CHECK_FALSE(offers(at("label = 'C|", table), "label"));
  CHECK(at("label = 'C|", table).begin == 8);
  CHECK(at("label = 'C|at' and width > 1", table).end == 13);
  CHECK(at("label = 'C| and split = 'x'", table).end == 10);
  CHECK(offers(at("label not in ('cat', 'd|", table), "'dog'"));
  CHECK(offers(at("run('a').prediction = |", table), "'it''s'"));
  CHECK(offers(at("run('|", table), "'b'"));
  CHECK(offers(at("run('b').|", table), "confidence"));
  CHECK(offers(at("tags = '夜|", table), "'夜'"));
  CHECK(offers(at("excluded = |", table), "true"));
  CHECK(offers(at("label = 'cat' |", table), "and"));
  CHECK_FALSE(offers(at("label = 'cat' |", table), "like"));
  CHECK(offers(at("width between 1 |", table), "and"));
  CHECK(offers(at("label is |", table), "not null"));
  CHECK(offers(at("label not |", table), "in ("));
  CHECK(offers(at("label = 'cat' and |", table), "width"));
  CHECK(at("label = 'cat' and |", table).items[0].kind == CompletionKind::kColumn);
}

TEST_CASE("completion never throws") {
  const Table table = query::test::random_table(5, 1);
  std::mt19937_64 random(3);
  query::test::FilterMaker maker(5);
  for (int i = 0; i < 2'000; ++i) {
    std::string text = maker.make().ours;
    for (int k = 0; k < 3; ++k) text[random() % text.size()] = static_cast<char>(random());
    const size_t cursor = random() % (text.size() + 2);
    const Completion completion = complete_filter(text, cursor, table);
    REQUIRE(completion.begin <= completion.end);
    REQUIRE(completion.end <= text.size());
  }
}
