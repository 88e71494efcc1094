#include "query/selection.h"

#include <doctest/doctest.h>

#include "base/error.h"
#include "query/rank.h"

using namespace errata;
using namespace errata::query;

TEST_CASE("selections keep the bits beyond their rows clear") {
  for (const size_t rows : {0, 1, 63, 64, 65, 130}) {
    Selection all = Selection::all(rows);
    CHECK(all.count() == rows);
    CHECK(all.full());
    CHECK(all.to_rows().size() == rows);
    all.invert();
    CHECK(all.empty());
    all.invert();
    CHECK(all == Selection::all(rows));
  }
}

TEST_CASE("selections combine") {
  const std::vector<RowIndex> a_rows{1, 5, 64, 99};
  const std::vector<RowIndex> b_rows{5, 99, 99, 2};
  const Selection a = Selection::of_rows(100, a_rows);
  const Selection b = Selection::of_rows(100, b_rows);
  CHECK(b.count() == 3);
  CHECK((Selection(a) &= b).to_rows() == std::vector<RowIndex>{5, 99});
  CHECK((Selection(a) |= b).to_rows() == std::vector<RowIndex>{1, 2, 5, 64, 99});
  CHECK(Selection(a).subtract(b).to_rows() == std::vector<RowIndex>{1, 64});
  CHECK(a.test(64));
  CHECK_FALSE(a.test(63));
  Selection c(100);
  c.set(7);
  c.reset(7);
  CHECK(c.empty());
}

TEST_CASE("rows and lengths that do not fit are refused") {
  const std::vector<RowIndex> beyond{100};
  CHECK_THROWS_AS(Selection::of_rows(100, beyond), Error);
  Selection a(100);
  CHECK_THROWS_AS(a &= Selection(101), Error);
  const Table table(10);
  CHECK_THROWS_AS(order_rows(table, Selection::all(11), {}), Error);
}
