#include "model/columns.h"

#include <doctest/doctest.h>

#include <cmath>

#include "base/error.h"

using namespace errata;

TEST_CASE("a table copy keeps its state when the original is edited") {
  auto names = std::make_shared<Dictionary>();
  names->add("cat");
  names->add("dog");
  Table table(3);
  table.add(make_category_column("label", {0, 1, -1}, names));
  const Table before = table;
  table.find_mutable("label")->codes[2] = 1;
  CHECK(before.find("label")->is_null(2));
  CHECK(table.find("label")->text(2) == "dog");
}

TEST_CASE("an unqualified run column is the active run's") {
  Table table(1);
  table.add(make_float_column("confidence@a", {0.5f}));
  table.add(make_float_column("confidence@b", {0.25f}));
  CHECK(table.find("confidence") == nullptr);
  table.active_run = "b";
  CHECK(table.find("confidence")->floats[0] == 0.25f);
  CHECK(table.find("confidence", "a")->floats[0] == 0.5f);
  CHECK(table.find("confidence", "c") == nullptr);
}

TEST_CASE("NULL, NaN and wrong lengths") {
  Column ints = make_int_column("n", {1, 2, 3});
  ints.set_null(1);
  CHECK_FALSE(ints.is_null(0));
  CHECK(ints.is_null(1));
  CHECK(make_float_column("f", {std::nanf("")}).is_null(0));
  Table table(2);
  CHECK_THROWS_AS(table.add(std::move(ints)), Error);
}
