#include "cli/result_table.h"

#include <doctest/doctest.h>

#include <cmath>

#include "base/error.h"

namespace errata::cli {

TEST_CASE("a table aligns by what a terminal shows, not by bytes") {
  ResultTable table({{"name"}, {"n", Align::kRight}, {"score", Align::kRight, 2}});
  table.add({std::string("né"), int64_t{1234567}, 0.5});
  table.add({std::string("漢字"), int64_t{-3}, Cell{}});
  CHECK(table.to_text() ==
        "name          n  score\n"
        "né    1,234,567   0.50\n"
        "漢字         -3\n");
  CHECK(display_width("漢字") == 4);
  CHECK(display_width("e\xCC\x81") == 1);
}

TEST_CASE("a file name cannot drive the terminal") {
  ResultTable table({{"path"}});
  table.add({std::string("a\x1b[31m\nb\xFF.jpg")});
  CHECK(table.to_text() == "path\na\\x1b[31m\\x0ab\xEF\xBF\xBD.jpg\n");
}

TEST_CASE("what rounds to zero has no sign") {
  ResultTable table({{"x", Align::kRight}});
  table.add({-1e-9});
  table.add({-0.00012});
  CHECK(table.to_text() == "      x\n 0.0000\n-0.0001\n");
}

TEST_CASE("long cells lose their middle") {
  ResultTable table({{"path", Align::kLeft, 4, 10}});
  table.add({std::string("abcdefghijklmnop")});
  CHECK(table.to_text() == "path\nabc…klmnop\n");
}

TEST_CASE("CSV quotes by RFC 4180 and keeps whole numbers") {
  ResultTable table({{"a,b"}, {"c"}});
  table.add({std::string("say \"hi\"\nnow"), 0.1});
  table.add({Cell{}, std::nan("")});
  CHECK(table.to_csv() == "\"a,b\",c\n\"say \"\"hi\"\"\nnow\",0.1\n,\n");
}

TEST_CASE("JSON escapes, keeps key order and has no NaN") {
  ResultTable table({{"b"}, {"a"}});
  table.add({std::string("x\"\\\n\x01"), std::nan("")});
  CHECK(table.to_json_lines() == "{\"b\": \"x\\\"\\\\\\n\\u0001\", \"a\": null}\n");
}

TEST_CASE("an unknown output format is named") {
  CHECK(parse_table_format("jsonl") == TableFormat::kJsonLines);
  CHECK_THROWS_AS(parse_table_format("xml"), Error);
}

}  // namespace errata::cli
