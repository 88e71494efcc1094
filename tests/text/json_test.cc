#include "text/json.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "base/error.h"
#include "tests/support/temp_dir.h"

namespace errata::text {
namespace {

std::string error_of(std::string_view text) {
  try {
    parse_json(text, "x.json");
  } catch (const Error& error) {
    CHECK(error.category() == ErrorCategory::kBadInput);
    CHECK(error.path() == "x.json");
    return error.what();
  }
  return {};
}

TEST_CASE("values come and go unchanged, keys in their order") {
  const std::string text =
      R"({"z": 1, "a": [true, false, null, -3, 2.5, "te\"xt\n"], "empty": {}, "none": []})";
  const Json value = parse_json(text);
  CHECK(value.dump() == text);
  CHECK(value.at("z").as_int() == 1);
  CHECK(value.at("a").at(4).as_double() == 2.5);
  CHECK(value.at("a").at(3).as_double() == -3);
  CHECK(value.size() == 4);
  CHECK(value.find("absent") == nullptr);
  CHECK(parse_json(value.dump(2)) == value);
  CHECK(parse_json("\xEF\xBB\xBF[1]") == parse_json("[1]"));
}

TEST_CASE("numbers keep their value: 64-bit integers, shortest doubles, floats, no NaN") {
  CHECK(parse_json("9223372036854775807").as_int() == INT64_MAX);
  CHECK(parse_json("-9223372036854775808").as_int() == INT64_MIN);
  CHECK(parse_json("9007199254740993").as_int() == 9007199254740993);
  CHECK(parse_json("18446744073709551615").as_double() == 18446744073709551615.0);
  CHECK(Json(0.1).dump() == "0.1");
  CHECK(Json(0.1f).dump() == "0.1");
  CHECK(Json(2.0).dump() == "2.0");
  CHECK(Json(1e300).dump() == "1e+300");
  CHECK(Json(std::nan("")).dump() == "null");
  CHECK(Json(std::numeric_limits<double>::infinity()).dump() == "null");
  CHECK(parse_json("2.0").as_int() == 2);
  CHECK_THROWS_AS(parse_json("2.5").as_int(), Error);
  CHECK_THROWS_AS(Json(uint64_t{1} << 63), Error);
}

TEST_CASE("texts that are not UTF-8 or hold control characters still make valid JSON") {
  CHECK(Json("caf\xE9").dump() == "\"caf\xEF\xBF\xBD\"");
  CHECK(Json(std::string("a\0\x1f\\/", 5)).dump() == "\"a\\u0000\\u001f\\\\/\"");
  CHECK(parse_json("\"\\u0000\\u001f\\ud83d\\ude00\"").as_string() ==
        std::string("\0\x1f\xF0\x9F\x98\x80", 6));
}

TEST_CASE("errors say where and what") {
  CHECK(error_of("{\"a\": 1,\n \"b\": x}").find("line 2, column 7") != std::string::npos);
  CHECK(error_of("[1, 2").find("not valid JSON") != std::string::npos);
  CHECK(error_of("").find("not valid JSON") != std::string::npos);
  CHECK(error_of("1 2").find("not valid JSON") != std::string::npos);
  CHECK(error_of("[NaN]").find("not valid JSON") != std::string::npos);
  CHECK(error_of("\"\xE9\"").find("not valid JSON") != std::string::npos);
  CHECK(error_of(std::string(100000, '[')).find("512 levels") != std::string::npos);
  try {
    parse_json("{\"mean\": \"x\"}").get_double("mean");
    FAIL("no error");
  } catch (const Error& error) {
    CHECK(std::string(error.what()) == "'mean': expected a number, found a text");
  }
  CHECK_THROWS_WITH_AS(parse_json("{}").at("mean"), "the key 'mean' is missing", Error);
}

TEST_CASE("building") {
  Json value;
  value["list"].push_back(1);
  value["list"].push_back("two");
  value["inner"]["deep"] = true;
  value["text"] = std::string_view("x");
  CHECK(value.dump() == R"({"list": [1, "two"], "inner": {"deep": true}, "text": "x"})");
  CHECK(Json::object({{"a", 1}, {"b", "x"}}).dump() == R"({"a": 1, "b": "x"})");
  CHECK(value.get_string("text") == "x");
  CHECK(value.get_int("absent", 7) == 7);
  CHECK(value.contains("inner"));
}

TEST_CASE("JSON lines: broken lines are told and passed over") {
  const test::TempDir dir;
  std::string text;
  append_json_line(text, Json::object({{"a", 1}}));
  text += "\n{broken\r\n";
  append_json_line(text, Json::array());
  text += "\"no line feed at the end\"";
  JsonLinesReader reader(dir.write("x.jsonl", text));
  Json value;
  std::string error;
  REQUIRE(reader.next(value, error));
  CHECK(value.at("a").as_int() == 1);
  CHECK(error.empty());
  REQUIRE(reader.next(value, error));
  CHECK_FALSE(error.empty());
  CHECK(reader.line() == 3);
  REQUIRE(reader.next(value, error));
  CHECK(error.empty());
  CHECK(value.is_array());
  REQUIRE(reader.next(value, error));
  CHECK(value.as_string() == "no line feed at the end");
  CHECK_FALSE(reader.next(value, error));
}

TEST_CASE("files") {
  const test::TempDir dir;
  const Json value = Json::object({{"mean", Json::array()}, {"n", 3}});
  write_json_file(dir / "a.json", value);
  CHECK(read_json_file(dir / "a.json") == value);
  CHECK_THROWS_AS(read_json_file(dir / "absent.json"), Error);
}

}  // namespace
}  // namespace errata::text
