#include "text/csv.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cmath>

#include "base/error.h"
#include "tests/support/temp_dir.h"

namespace errata::text {
namespace {

using Rows = std::vector<std::vector<std::string>>;

CsvReader reader_of(std::string_view bytes, CsvOptions options = {}) {
  return CsvReader(memory_byte_source(bytes), "test.csv", options);
}

Rows read_all(std::string_view bytes, CsvOptions options = {}) {
  CsvReader reader = reader_of(bytes, options);
  Rows rows;
  while (reader.next()) rows.emplace_back(reader.fields().begin(), reader.fields().end());
  return rows;
}

TEST_CASE("RFC 4180: quotes, doubled quotes, line breaks inside, CRLF, no line break at the end") {
  const Rows expected = {{"a", "b,c", "d\"e"}, {"line\r\nbreak", "", "z"}};
  CHECK(read_all("a,\"b,c\",\"d\"\"e\"\r\n\"line\r\nbreak\",,z") == expected);
  CHECK(read_all("a,\"b,c\",\"d\"\"e\"\n\"line\r\nbreak\",\"\",z\n") == expected);
  CHECK(read_all("a,b\r\nc,\r\n") == Rows{{"a", "b"}, {"c", ""}});
  CHECK(read_all("old mac\rline\r") == Rows{{"old mac"}, {"line"}});
  CHECK(read_all("").empty());
  CHECK(read_all("\n\n\r\n").empty());
  CHECK(read_all("\"\"\n") == Rows{{""}});
}

TEST_CASE("UTF-8 and UTF-16 marks") {
  const Rows expected = {{"path", "label"}, {"é.jpg", "猫😀"}};
  const std::string utf8 = "path,label\né.jpg,猫😀\n";
  CHECK(read_all("\xEF\xBB\xBF" + utf8) == expected);
  // The same text in UTF-16: é is E9, 猫 is 732B, the face is the pair D83D DE00.
  const std::u16string wide = u"path,label\né.jpg,猫😀\n";
  std::string little = "\xFF\xFE";
  std::string big = "\xFE\xFF";
  for (const char16_t unit : wide) {
    little += static_cast<char>(unit & 0xFF);
    little += static_cast<char>(unit >> 8);
    big += static_cast<char>(unit >> 8);
    big += static_cast<char>(unit & 0xFF);
  }
  CHECK(read_all(little) == expected);
  CHECK(read_all(big) == expected);
  CHECK(read_all(std::string("\xFF\xFE") + std::string("a\0\x00\xD8", 4)) ==
        Rows{{"a\xEF\xBF\xBD"}});
}

TEST_CASE("the delimiter is sniffed outside quotes, or given") {
  CHECK(reader_of("a;b;\"c,d,e,f\"\n1;2;3").delimiter() == ';');
  CHECK(reader_of("a\tb\n1\t2,3,4").delimiter() == '\t');
  CHECK(reader_of("a|b|c\n").delimiter() == '|');
  CHECK(reader_of("only\none,column\n").delimiter() == ',');
  CHECK(read_all("a;b\n1,5;2", {.delimiter = ';'}) == Rows{{"a", "b"}, {"1,5", "2"}});
}

TEST_CASE("rows and lines are counted so that a row can be found again") {
  CsvReader reader = reader_of("h,i\n\n\"two\nlines\",x\nlast,y\n");
  REQUIRE(reader.next());
  CHECK(reader.place() == "row 1");
  REQUIRE(reader.next());
  CHECK(reader.row() == 2);
  CHECK(reader.line() == 3);
  CHECK(reader.place() == "row 2 (line 3)");
  REQUIRE(reader.next());
  CHECK(reader.place() == "row 3 (line 5)");
  CHECK(reader.fields()[0] == "last");
  CHECK_FALSE(reader.next());
}

TEST_CASE("broken quotes: never closed is an error, others are taken and told") {
  CsvReader open = reader_of("a,b\n1,\"never closed\n2,3\n");
  REQUIRE(open.next());
  try {
    open.next();
    FAIL("no error");
  } catch (const Error& error) {
    CHECK(error.category() == ErrorCategory::kBadInput);
    CHECK(std::string(error.what()).find("line 2") != std::string::npos);
    CHECK(error.path() == "test.csv");
  }
  CsvReader odd = reader_of("\"a\"b,c\"d\nok,ok\n");
  REQUIRE(odd.next());
  CHECK(odd.malformed());
  CHECK(odd.fields()[0] == "ab");
  CHECK(odd.fields()[1] == "c\"d");
  REQUIRE(odd.next());
  CHECK_FALSE(odd.malformed());
}

TEST_CASE("records across buffer borders, and a record above the limit") {
  std::string bytes;
  for (int i = 0; i < 60000; ++i) {
    bytes += fmt::format("{},\"quoted \"\"{}\"\"\nsecond line\",tail {}\r\n", i, i, i);
  }
  CsvReader reader = reader_of(bytes);
  for (int i = 0; i < 60000; ++i) {
    REQUIRE(reader.next());
    REQUIRE(reader.fields().size() == 3);
    REQUIRE(reader.fields()[0] == std::to_string(i));
    REQUIRE(reader.fields()[1] == fmt::format("quoted \"{}\"\nsecond line", i));
    REQUIRE(reader.fields()[2] == fmt::format("tail {}", i));
    REQUIRE(reader.line() == 2u * static_cast<unsigned>(i) + 1);
  }
  CHECK_FALSE(reader.next());
  const std::string lost_quote = "a,\"" + std::string(3 << 20, 'x');
  CHECK_THROWS_AS(read_all(lost_quote, {.max_record_bytes = 1 << 20}), Error);
}

TEST_CASE("what is written is read back as it was") {
  const std::vector<std::string> fields = {"plain", "a,b",     "say \"x\"", "two\nlines",
                                           "",      " blank ", "é;|\t",     "\r"};
  for (const char delimiter : {',', ';', '\t'}) {
    CHECK(read_all(csv_line(fields, delimiter), {.delimiter = delimiter}) == Rows{fields});
  }
  CHECK(csv_field("plain") == "plain");
  CHECK(csv_field("a,b") == "\"a,b\"");
}

TEST_CASE("numbers") {
  double d = 0;
  float f = 0;
  int64_t i = 0;
  CHECK((parse_double("0.25", d) && d == 0.25));
  CHECK((parse_double(" -1e-3 ", d) && d == -1e-3));
  CHECK((parse_double("+.5", d) && d == 0.5));
  CHECK((parse_double("9007199254740993.123456789", d) && d == 9007199254740993.123456789));
  CHECK((parse_double("nan", d) && std::isnan(d)));
  CHECK((parse_double("NaN", d) && std::isnan(d)));
  CHECK((parse_double("-inf", d) && std::isinf(d)));
  for (const char* none : {"", " ", ".", "-", "1,5", "1.2.3", "0x10", "+-1", "1 2", "abc"}) {
    CAPTURE(none);
    CHECK_FALSE(parse_double(none, d));
  }
  CHECK((parse_float("0.1", f) && f == 0.1f));
  CHECK((parse_float("3.4028235e38", f) && f == 3.4028235e38f));
  CHECK((parse_int("-42", i) && i == -42));
  CHECK_FALSE(parse_int("1.0", i));
  CHECK_FALSE(parse_int("99999999999999999999", i));
}

TEST_CASE("short decimals round as the standard says, over many random texts") {
  uint64_t state = 12345;
  for (int round = 0; round < 200000; ++round) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    const std::string text = fmt::format("{}.{:0{}}", (state >> 60), (state >> 20) % 100000000, 8);
    double ours = 0;
    float ours_float = 0;
    REQUIRE(parse_double(text, ours));
    REQUIRE(parse_float(text, ours_float));
    REQUIRE(ours == std::strtod(text.c_str(), nullptr));
    REQUIRE(ours_float == std::strtof(text.c_str(), nullptr));
  }
}

}  // namespace
}  // namespace errata::text
