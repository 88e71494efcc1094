// A JSON value, its parser and its writer, and JSON lines. For configuration, edit files and what
// the program prints: whole values in memory. Keys keep the order in which they were written.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "text/byte_source.h"

namespace errata::text {

class Json {
 public:
  using Array = std::vector<Json>;
  using Member = std::pair<std::string, Json>;
  using Object = std::vector<Member>;

  Json() = default;  // null
  Json(std::nullptr_t) {}
  Json(bool value) : value_(value) {}
  Json(int value) : value_(static_cast<int64_t>(value)) {}
  Json(unsigned value) : value_(static_cast<int64_t>(value)) {}
  Json(long value) : value_(static_cast<int64_t>(value)) {}
  Json(long long value) : value_(static_cast<int64_t>(value)) {}
  // Throws Error(kInternal) above INT64_MAX: write a hash as hexadecimal text instead.
  Json(unsigned long value);
  Json(unsigned long long value) : Json(static_cast<unsigned long>(value)) {}
  Json(float value);  // the shortest text that gives back the same float
  Json(double value) : value_(value) {}
  Json(const char* value) : value_(std::string(value)) {}
  Json(std::string_view value) : value_(std::string(value)) {}
  Json(std::string value) : value_(std::move(value)) {}
  Json(Array value) : value_(std::move(value)) {}
  Json(Object value) : value_(std::move(value)) {}

  static Json array() { return Json(Array()); }
  static Json object() { return Json(Object()); }
  // {"a": 1, "b": "x"}: Json::object({{"a", 1}, {"b", "x"}})
  static Json object(std::initializer_list<Member> members) { return Json(Object(members)); }

  bool is_null() const { return std::holds_alternative<std::monostate>(value_); }
  bool is_bool() const { return std::holds_alternative<bool>(value_); }
  bool is_int() const { return std::holds_alternative<int64_t>(value_); }
  bool is_number() const { return is_int() || std::holds_alternative<double>(value_); }
  bool is_string() const { return std::holds_alternative<std::string>(value_); }
  bool is_array() const { return std::holds_alternative<Array>(value_); }
  bool is_object() const { return std::holds_alternative<Object>(value_); }
  std::string_view type_name() const;  // "null", "true or false", "a number", "a text", ...

  // Each throws Error(kBadInput, "expected a number, found a text") when of another type.
  bool as_bool() const;
  int64_t as_int() const;    // also of a double without fraction
  double as_double() const;  // of any number
  const std::string& as_string() const;
  const Array& as_array() const;
  Array& as_array();
  const Object& as_object() const;
  Object& as_object();

  // Elements of an array, members of an object, 0 for anything else.
  size_t size() const;
  // nullptr when this is no object or has no such key. The first of equal keys.
  const Json* find(std::string_view key) const;
  bool contains(std::string_view key) const { return find(key) != nullptr; }
  // Throws Error(kBadInput, "the key 'mean' is missing").
  const Json& at(std::string_view key) const;
  const Json& at(size_t index) const;
  // The member, made as null when absent; a null value becomes an object first.
  Json& operator[](std::string_view key);
  Json& operator[](const char* key) { return (*this)[std::string_view(key)]; }
  void push_back(Json value);  // a null value becomes an array first
  // The member's value, or `fallback` when absent or null. Throws like as_*() when of another type.
  std::string get_string(std::string_view key, std::string fallback = {}) const;
  int64_t get_int(std::string_view key, int64_t fallback = 0) const;
  double get_double(std::string_view key, double fallback = 0) const;
  bool get_bool(std::string_view key, bool fallback = false) const;

  // One line, or indented by `indent` blanks a level. Shortest round-trip numbers; NaN and infinity
  // become null; bytes that are not UTF-8 become U+FFFD.
  std::string dump(int indent = -1) const;

  friend bool operator==(const Json&, const Json&) = default;

 private:
  std::variant<std::monostate, bool, int64_t, double, std::string, Array, Object> value_;
};

// The value that is the whole of `text`; a UTF-8 mark is allowed. Throws Error(kBadInput) with the
// line and column, what was expected, and `name` as the path. Integers beyond 64 bits become
// double. Nesting is limited to 512 levels. Of equal keys in one object all are kept; find() gives
// the first.
Json parse_json(std::string_view text, const std::string& name = {});
Json read_json_file(const std::string& path, uint64_t max_bytes = 256ULL << 20);
void write_json_file(const std::string& path, const Json& value, int indent = 2);
// "\"…\"" with what JSON demands escaped.
std::string json_quote(std::string_view text);

// One value per line; empty lines are skipped. Gzip is unpacked.
class JsonLinesReader {
 public:
  explicit JsonLinesReader(const std::string& path);
  JsonLinesReader(std::unique_ptr<ByteSource> source, std::string name);

  // The next value; false at the end. A line that is not JSON gives true with `error` set (one
  // sentence) and a null value: the caller notes it and goes on.
  bool next(Json& value, std::string& error);
  uint64_t line() const { return line_; }
  std::string place() const { return "line " + std::to_string(line_); }

 private:
  bool next_line(std::string& line);

  std::unique_ptr<ByteSource> source_;
  std::string name_;
  std::string buffer_;
  size_t position_ = 0;
  bool at_end_ = false;
  uint64_t line_ = 0;
};

// value.dump() and a line feed, appended to `to`.
void append_json_line(std::string& to, const Json& value);

}  // namespace errata::text
