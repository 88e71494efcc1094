#include "cli/result_table.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/text.h"

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

TEST_CASE("a probability is never told as none, and stays a number for machines") {
  ResultTable table({{"p", Align::kRight, 4, 60, 0, false, true}});
  table.add({0.00004});
  table.add({0.00006});
  CHECK(table.to_text() == "      p\n<0.0001\n 0.0001\n");
  CHECK(table.to_csv() == "p\n4e-05\n6e-05\n");
}

TEST_CASE("long cells lose their middle") {
  ResultTable table({{"path", Align::kLeft, 4, 10}});
  table.add({std::string("abcdefghijklmnop")});
  CHECK(table.to_text() == "path\nabc…klmnop\n");
}

TEST_CASE("a narrow table cuts text, then leaves spare columns out, and never a number") {
  ResultTable table({{"id", Align::kRight},
                     {"path"},
                     {"width", Align::kRight, 0, 60, 1},
                     {"height", Align::kRight, 0, 60, 2},
                     {"label"}});
  table.add({int64_t{1234567}, std::string("photos/a/very/long/folder/name/17.jpg"), int64_t{640},
             int64_t{480}, std::string("cat")});
  const auto longest = [](const std::string& text) {
    size_t width = 0;
    for (const std::string_view line : split_view(text, '\n')) {
      width = std::max(width, display_width(line));
    }
    return width;
  };
  CHECK(longest(table.to_text()) == 70);
  CHECK(table.to_text(70) == table.to_text());
  // 17 too wide: all of it comes off the path, and no column goes.
  CHECK(table.to_text(53) ==
        "       id  path                  width  height  label\n"
        "1,234,567  photos…r/name/17.jpg    640     480  cat\n");
  // One more is below the least that a path has: the sparest column goes, and the path grows back.
  CHECK(table.to_text(52) ==
        "       id  path                         width  label\n"
        "1,234,567  photos/a/…older/name/17.jpg    640  cat\n");
  CHECK(longest(table.to_text(40)) == 40);
  CHECK(table.to_text(40).find("width") == std::string::npos);
  // Numbers alone are too wide here: the path gives what it has, the number stays whole.
  CHECK(table.to_text(12).find("1,234,567") != std::string::npos);
}

TEST_CASE("a cell that wraps goes on below, whole words") {
  ResultTable table({{"kind"}, {"what", Align::kLeft, 0, 100, 0, true}, {"next"}});
  table.add({std::string("quality"), std::string("12 dark, 3 light, 15 blurry, 2 odd_size"),
             std::string("errata find quality")});
  table.add({std::string("labels"), Cell{}, std::string("errata find labels")});
  CHECK(table.to_text(50) ==
        "kind     what                  next\n"
        "quality  12 dark, 3 light, 15  errata find quality\n"
        "         blurry, 2 odd_size\n"
        "labels                         errata find labels\n");
}

TEST_CASE("a very large number is written with its exponent") {
  ResultTable table({{"attr.x", Align::kRight, 2}});
  table.add({1.1e301});
  table.add({-2.5e15});
  table.add({999999999999999.0});
  CHECK(table.to_text() ==
        "            attr.x\n"
        "          1.1e+301\n"
        "          -2.5e+15\n"
        "999999999999999.00\n");
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
