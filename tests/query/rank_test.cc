#include "query/rank.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "base/error.h"
#include "tests/query/random_filters.h"

using namespace errata;
using namespace errata::query;

namespace {

// Sign of a - b for two values that are not NULL.
int compare_values(const Column& column, RowIndex a, RowIndex b) {
  if (column.type == ColumnType::kCategory || column.type == ColumnType::kText) {
    const int order = column.text(a).compare(column.text(b));
    return order < 0 ? -1 : order > 0 ? 1 : 0;
  }
  if (column.type == ColumnType::kInt) {
    return column.ints[a] < column.ints[b] ? -1 : column.ints[a] > column.ints[b] ? 1 : 0;
  }
  return column.number(a) < column.number(b) ? -1 : column.number(a) > column.number(b) ? 1 : 0;
}

std::vector<RowIndex> slow_order(const Table& table, const Selection& selection,
                                 const std::vector<SortKey>& keys) {
  std::vector<RowIndex> rows = selection.to_rows();
  std::stable_sort(rows.begin(), rows.end(), [&](RowIndex a, RowIndex b) {
    for (const SortKey& key : keys) {
      const Column& column = *table.find(key.column);
      const bool a_null = column.is_null(a);
      const bool b_null = column.is_null(b);
      if (a_null != b_null) return b_null;
      if (a_null) continue;
      const int order = compare_values(column, a, b);
      if (order != 0) return key.descending ? order > 0 : order < 0;
    }
    return false;
  });
  return rows;
}

Selection random_selection(size_t rows, std::mt19937_64& random, size_t one_in) {
  Selection selection(rows);
  for (RowIndex row = 0; row < rows; ++row) {
    if (random() % one_in == 0) selection.set(row);
  }
  return selection;
}

}  // namespace

TEST_CASE("rows come in the order that a stable sort gives") {
  std::mt19937_64 random(11);
  RankScratch scratch;
  for (const size_t rows : {1, 64, 300, 5'000, 9'001}) {
    const Table table = test::random_table(rows, rows);
    std::vector<std::string> names;
    for (const auto& column : table.columns()) {
      if (column->type != ColumnType::kSet) names.push_back(column->name);
    }
    for (int i = 0; i < 60; ++i) {
      std::vector<SortKey> keys;
      for (size_t k = 0; k <= random() % 3; ++k) {
        // Every column in turn as the first key.
        const size_t at = k == 0 ? static_cast<size_t>(i) : random();
        keys.push_back({names[at % names.size()], random() % 2 == 0});
      }
      const Selection selection =
          i % 3 == 0 ? Selection::all(rows) : random_selection(rows, random, 1 + random() % 40);
      std::vector<RowIndex> expected = slow_order(table, selection, keys);
      const std::vector<RowIndex> all = order_rows(table, selection, keys, kNoLimit, &scratch);
      REQUIRE_MESSAGE(all == expected, keys[0].column);
      const size_t limit = random() % (rows / (1 + random() % 20) + 2);
      expected.resize(std::min(limit, expected.size()));
      const std::vector<RowIndex> some = order_rows(table, selection, keys, limit, &scratch);
      REQUIRE_MESSAGE(some == expected, keys[0].column);
    }
  }
}

TEST_CASE("texts in order, in a few rising runs and in none") {
  for (const size_t run_length : {2'000, 700, 301, 7}) {
    std::vector<std::string> paths;
    for (size_t i = 0; i < 2'000; ++i) {
      const size_t in_run = i % run_length;
      paths.push_back("train/" + std::string(in_run % 3, 'x') + std::to_string(10'000 + in_run));
    }
    if (run_length == 2'000) std::sort(paths.begin(), paths.end());
    Table table(2'000);
    table.add(make_text_column("path", paths));
    for (const bool descending : {false, true}) {
      const std::vector<SortKey> keys{{"path", descending}};
      const Selection all = Selection::all(2'000);
      CHECK(order_rows(table, all, keys) == slow_order(table, all, keys));
    }
  }
}

TEST_CASE("NULL and NaN come last both ways, -0 equals 0") {
  Table table(5);
  table.add(make_float_column("f", {0.0f, std::nanf(""), -0.0f, -1.0f, 1.0f}));
  Column wide = make_double_column("d", {1e300, 1e-300, 0.0, -1e300, 1e-301});
  wide.set_null(2);
  table.add(std::move(wide));
  const Selection all = Selection::all(5);
  const auto order = [&](const char* column, bool descending) {
    return order_rows(table, all, std::vector<SortKey>{{column, descending}});
  };
  CHECK(order("f", false) == std::vector<RowIndex>{3, 0, 2, 4, 1});
  CHECK(order("f", true) == std::vector<RowIndex>{4, 0, 2, 3, 1});
  CHECK(order("d", false) == std::vector<RowIndex>{3, 4, 1, 0, 2});
  CHECK(order("d", true) == std::vector<RowIndex>{0, 1, 4, 3, 2});
  CHECK(order_rows(table, all, {}) == std::vector<RowIndex>{0, 1, 2, 3, 4});
  CHECK(order_rows(table, all, {}, 2) == std::vector<RowIndex>{0, 1});
  CHECK(order_rows(table, Selection(5), std::vector<SortKey>{{"f", false}}).empty());
}

TEST_CASE("an unknown column and a set cannot be sorted by") {
  const Table table = test::random_table(10, 1);
  const auto sort_by = [&](const char* name) {
    order_rows(table, Selection::all(10), std::vector<SortKey>{{name, false}});
  };
  CHECK_THROWS_WITH_AS(sort_by("tags"), "cannot sort by tags: it is a set", Error);
  CHECK_THROWS_WITH_AS(sort_by("confidance"), "cannot sort: there is no column confidance", Error);
  CHECK_NOTHROW(sort_by("Confidence"));
}
