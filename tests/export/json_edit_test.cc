#include "export/json_edit.h"

#include <doctest/doctest.h>

using namespace errata::exports;

namespace {

std::string with(std::string_view text, std::string_view key, std::string value) {
  JsonMembers members(text);
  members.set(key, std::move(value));
  return members.changed();
}

}  // namespace

TEST_CASE(
    "a member is changed in place, the last of equal keys; a new one is set apart as others") {
  CHECK(with(R"({ "a" : 1,"b":2 })", "a", "7") == R"({ "a" : 7,"b":2 })");
  CHECK(with(R"({"a": 1, "a": 2})", "a", "7") == R"({"a": 1, "a": 7})");
  CHECK(with(R"({"a": {"b": 1}, "b": [1, "}]"]})", "b", "[]") == R"({"a": {"b": 1}, "b": []})");
  CHECK(with("{\n  \"a\": 1,\n  \"b\": 2\n}", "c", "3") ==
        "{\n  \"a\": 1,\n  \"b\": 2,\n  \"c\": 3\n}");
  CHECK(with(R"({"a":1})", "c", "3") == R"({"a":1, "c":3})");
  CHECK(with("{}", "c", "3") == R"({"c": 3})");
  CHECK(with(R"({"a\"b": 1})", "a\"b", "3") == R"({"a\"b": 3})");
  CHECK(with(R"({"a": 1, "b)", "a", "3") == R"({"a": 1, "b)");  // what cannot be read stays
}

TEST_CASE("values of members as they are written, and as text") {
  const JsonMembers members(R"({"id": 7.0, "name": "a\u00e4\/", "n": null})");
  CHECK(members.readable());
  CHECK(members.value("id") == "7.0");
  CHECK(members.value("name") == R"("a\u00e4\/")");
  CHECK(members.text("name") == "aä/");
  CHECK(members.text("n") == "null");
  CHECK(members.value("other").empty());
  CHECK(members.keys().size() == 3);
}

TEST_CASE("numbers of an array that stay what they are keep their digits") {
  const double values[] = {1.1, 2, 3.25, 4};
  CHECK(json_numbers("[1.10, 2e0,9 , 4]", values, 4) == "[1.10, 2e0,3.25 , 4]");
  CHECK(json_numbers("[1, 2]", values, 4) == "[1.1, 2, 3.25, 4]");
  CHECK(json_numbers("null", values, 0) == "[]");
  CHECK(json_number(0.1 + 0.2) == "0.30000000000000004");
}
