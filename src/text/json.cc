#include "text/json.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"

namespace errata::text {

Json::Json(unsigned long value) : value_(static_cast<int64_t>(value)) {
  if (value > static_cast<unsigned long>(std::numeric_limits<int64_t>::max())) {
    throw Error(ErrorCategory::kInternal, "a JSON number above 2^63 - 1 was to be written");
  }
}

Json::Json(float value) : value_(static_cast<double>(value)) {
  if (!std::isfinite(value)) return;
  char digits[32];
  const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  double shortest = 0;
  std::from_chars(digits, end, shortest);
  value_ = shortest;
}

std::string_view Json::type_name() const {
  constexpr std::string_view kNames[] = {"null",   "true or false", "a whole number", "a number",
                                         "a text", "an array",      "an object"};
  return kNames[value_.index()];
}

namespace {

[[noreturn]] void wrong_type(std::string_view expected, const Json& found) {
  throw Error(ErrorCategory::kBadInput,
              "expected " + std::string(expected) + ", found " + std::string(found.type_name()));
}

}  // namespace

bool Json::as_bool() const {
  if (const auto* value = std::get_if<bool>(&value_)) return *value;
  wrong_type("true or false", *this);
}

int64_t Json::as_int() const {
  if (const auto* value = std::get_if<int64_t>(&value_)) return *value;
  if (const auto* value = std::get_if<double>(&value_)) {
    if (*value == std::trunc(*value) && std::abs(*value) < 9.2e18) {
      return static_cast<int64_t>(*value);
    }
  }
  wrong_type("a whole number", *this);
}

double Json::as_double() const {
  if (const auto* value = std::get_if<double>(&value_)) return *value;
  if (const auto* value = std::get_if<int64_t>(&value_)) return static_cast<double>(*value);
  wrong_type("a number", *this);
}

const std::string& Json::as_string() const {
  if (const auto* value = std::get_if<std::string>(&value_)) return *value;
  wrong_type("a text", *this);
}

const Json::Array& Json::as_array() const {
  if (const auto* value = std::get_if<Array>(&value_)) return *value;
  wrong_type("an array", *this);
}

Json::Array& Json::as_array() {
  if (auto* value = std::get_if<Array>(&value_)) return *value;
  wrong_type("an array", *this);
}

const Json::Object& Json::as_object() const {
  if (const auto* value = std::get_if<Object>(&value_)) return *value;
  wrong_type("an object", *this);
}

Json::Object& Json::as_object() {
  if (auto* value = std::get_if<Object>(&value_)) return *value;
  wrong_type("an object", *this);
}

size_t Json::size() const {
  if (const auto* array = std::get_if<Array>(&value_)) return array->size();
  if (const auto* object = std::get_if<Object>(&value_)) return object->size();
  return 0;
}

const Json* Json::find(std::string_view key) const {
  const auto* object = std::get_if<Object>(&value_);
  if (object == nullptr) return nullptr;
  for (const Member& member : *object) {
    if (member.first == key) return &member.second;
  }
  return nullptr;
}

const Json& Json::at(std::string_view key) const {
  const Json* value = find(key);
  if (!is_object()) wrong_type("an object", *this);
  if (value == nullptr) {
    throw Error(ErrorCategory::kBadInput, "the key '" + std::string(key) + "' is missing");
  }
  return *value;
}

const Json& Json::at(size_t index) const {
  const Array& array = as_array();
  if (index >= array.size()) {
    throw Error(ErrorCategory::kBadInput, "element " + std::to_string(index) + " is missing");
  }
  return array[index];
}

Json& Json::operator[](std::string_view key) {
  if (is_null()) value_ = Object();
  Object& object = as_object();
  for (Member& member : object) {
    if (member.first == key) return member.second;
  }
  object.emplace_back(std::string(key), Json());
  return object.back().second;
}

void Json::push_back(Json value) {
  if (is_null()) value_ = Array();
  as_array().push_back(std::move(value));
}

namespace {

// The member, or nullptr when absent or null; adds the key to what a wrong type throws.
template <typename Value, typename Get>
Value get_or(const Json& object, std::string_view key, Value fallback, Get get) {
  const Json* value = object.find(key);
  if (value == nullptr || value->is_null()) return fallback;
  try {
    return get(*value);
  } catch (const Error& error) {
    throw Error(error.category(), "'" + std::string(key) + "': " + error.what(), error.hint(),
                error.path());
  }
}

}  // namespace

std::string Json::get_string(std::string_view key, std::string fallback) const {
  return get_or(*this, key, std::move(fallback), [](const Json& v) { return v.as_string(); });
}
int64_t Json::get_int(std::string_view key, int64_t fallback) const {
  return get_or(*this, key, fallback, [](const Json& v) { return v.as_int(); });
}
double Json::get_double(std::string_view key, double fallback) const {
  return get_or(*this, key, fallback, [](const Json& v) { return v.as_double(); });
}
bool Json::get_bool(std::string_view key, bool fallback) const {
  return get_or(*this, key, fallback, [](const Json& v) { return v.as_bool(); });
}

namespace {

void append_quoted(std::string& to, std::string_view text) {
  to += '"';
  for (const char c : text) {
    switch (c) {
      case '"': to += "\\\""; break;
      case '\\': to += "\\\\"; break;
      case '\n': to += "\\n"; break;
      case '\r': to += "\\r"; break;
      case '\t': to += "\\t"; break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          constexpr char kHex[] = "0123456789abcdef";
          to += "\\u00";
          to += kHex[static_cast<unsigned char>(c) >> 4];
          to += kHex[c & 15];
        } else {
          to += c;
        }
    }
  }
  to += '"';
}

void append_text(std::string& to, const std::string& text) {
  if (is_valid_utf8(text)) {
    append_quoted(to, text);
  } else {
    append_quoted(to, to_valid_utf8(text));
  }
}

void append_double(std::string& to, double value) {
  if (!std::isfinite(value)) {
    to += "null";
    return;
  }
  char digits[32];
  const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  const std::string_view text(digits, static_cast<size_t>(end - digits));
  to += text;
  // Stays a number with fraction when read back by those who tell 1 from 1.0.
  if (text.find_first_of(".e") == std::string_view::npos) to += ".0";
}

void append_break(std::string& to, int indent, int level) {
  if (indent < 0) return;
  to += '\n';
  to.append(static_cast<size_t>(indent) * static_cast<size_t>(level), ' ');
}

void append_json(std::string& to, const Json& value, int indent, int level) {
  if (value.is_null()) {
    to += "null";
  } else if (value.is_bool()) {
    to += value.as_bool() ? "true" : "false";
  } else if (value.is_int()) {
    to += std::to_string(value.as_int());
  } else if (value.is_number()) {
    append_double(to, value.as_double());
  } else if (value.is_string()) {
    append_text(to, value.as_string());
  } else if (value.is_array()) {
    to += '[';
    bool first = true;
    for (const Json& element : value.as_array()) {
      if (!first) to += indent < 0 ? ", " : ",";
      first = false;
      append_break(to, indent, level + 1);
      append_json(to, element, indent, level + 1);
    }
    if (!first) append_break(to, indent, level);
    to += ']';
  } else {
    to += '{';
    bool first = true;
    for (const auto& [key, member] : value.as_object()) {
      if (!first) to += indent < 0 ? ", " : ",";
      first = false;
      append_break(to, indent, level + 1);
      append_text(to, key);
      to += ": ";
      append_json(to, member, indent, level + 1);
    }
    if (!first) append_break(to, indent, level);
    to += '}';
  }
}

}  // namespace

std::string Json::dump(int indent) const {
  std::string text;
  append_json(text, *this, indent, 0);
  return text;
}

std::string json_quote(std::string_view text) {
  std::string quoted;
  append_text(quoted, std::string(text));
  return quoted;
}

namespace {

constexpr size_t kMaxDepth = 512;

// Builds our tree from nlohmann's events, so that there is never a second tree.
class Builder {
 public:
  bool null() { return put(Json()); }
  bool boolean(bool value) { return put(Json(value)); }
  bool number_integer(int64_t value) { return put(Json(static_cast<long long>(value))); }
  bool number_unsigned(uint64_t value) {
    if (value > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
      return put(Json(static_cast<double>(value)));
    }
    return put(Json(static_cast<long long>(value)));
  }
  bool number_float(double value, const std::string&) { return put(Json(value)); }
  bool string(std::string& value) { return put(Json(std::move(value))); }
  bool binary(nlohmann::json::binary_t&) { return false; }
  bool start_object(std::size_t) { return open(Json::object()); }
  bool start_array(std::size_t) { return open(Json::array()); }
  bool end_object() { return close(); }
  bool end_array() { return close(); }
  bool key(std::string& name) {
    keys_.back() = std::move(name);
    return true;
  }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::json::exception& e) {
    error_at = position;
    error = e.what();
    return false;
  }

  Json result;
  std::string error;
  size_t error_at = 0;

 private:
  bool put(Json value) {
    if (open_.empty()) {
      result = std::move(value);
    } else if (open_.back().is_array()) {
      open_.back().as_array().push_back(std::move(value));
    } else {
      open_.back().as_object().emplace_back(std::move(keys_.back()), std::move(value));
    }
    return true;
  }
  bool open(Json value) {
    if (open_.size() == kMaxDepth) {
      error = "nested more than " + std::to_string(kMaxDepth) + " levels deep";
      return false;
    }
    open_.push_back(std::move(value));
    keys_.emplace_back();
    return true;
  }
  bool close() {
    Json value = std::move(open_.back());
    open_.pop_back();
    keys_.pop_back();
    return put(std::move(value));
  }

  std::vector<Json> open_;         // arrays and objects not closed yet, outermost first
  std::vector<std::string> keys_;  // for each of them, the key that waits for its value
};

// nlohmann's "[json.exception.parse_error.101] parse error at line 1, column 5: syntax error while
// parsing value - invalid literal; last read: 'x'" without what we say ourselves.
std::string plain_reason(const std::string& what) {
  size_t at = what.find("column ");
  at = at == std::string::npos ? at : what.find(": ", at);
  std::string reason = at == std::string::npos ? what : what.substr(at + 2);
  return shorten_utf8(to_valid_utf8(reason), 200);
}

}  // namespace

Json parse_json(std::string_view text, const std::string& name) {
  Builder builder;
  std::string_view body = text;
  if (body.substr(0, 3) == "\xEF\xBB\xBF") body.remove_prefix(3);
  if (nlohmann::json::sax_parse(body.begin(), body.end(), &builder))
    return std::move(builder.result);
  std::string message = "not valid JSON";
  if (builder.error_at > 0) {
    const std::string_view before = body.substr(0, std::min(builder.error_at - 1, body.size()));
    const size_t lines = static_cast<size_t>(std::count(before.begin(), before.end(), '\n'));
    const size_t line_start =
        before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
    message += " at line " + std::to_string(lines + 1) + ", column " +
               std::to_string(before.size() - line_start + 1);
  }
  message += ": " + plain_reason(builder.error);
  const bool not_a_number =
      body.find("NaN") != std::string_view::npos || body.find("Infinity") != std::string_view::npos;
  throw Error(ErrorCategory::kBadInput, message,
              not_a_number ? "JSON has no NaN or Infinity: write null" : "", name);
}

Json read_json_file(const std::string& path, uint64_t max_bytes) {
  return parse_json(read_text_file(path, max_bytes), path);
}

void write_json_file(const std::string& path, const Json& value, int indent) {
  write_file_atomic(path, value.dump(indent) + "\n");
}

JsonLinesReader::JsonLinesReader(const std::string& path)
    : JsonLinesReader(open_byte_source(path), path) {}

JsonLinesReader::JsonLinesReader(std::unique_ptr<ByteSource> source, std::string name)
    : source_(decode_to_utf8(std::move(source))), name_(std::move(name)) {}

bool JsonLinesReader::next_line(std::string& line) {
  line.clear();
  while (true) {
    const size_t feed = buffer_.find('\n', position_);
    if (feed != std::string::npos) {
      line.append(buffer_, position_, feed - position_);
      position_ = feed + 1;
      ++line_;
      return true;
    }
    line.append(buffer_, position_);
    position_ = 0;
    constexpr size_t kPiece = 256 * 1024;
    buffer_.resize(kPiece);
    buffer_.resize(at_end_ ? 0 : source_->read(buffer_.data(), kPiece));
    if (buffer_.empty()) {
      at_end_ = true;
      if (line.empty()) return false;
      ++line_;
      return true;
    }
  }
}

bool JsonLinesReader::next(Json& value, std::string& error) {
  std::string line;
  error.clear();
  value = Json();
  while (next_line(line)) {
    if (trim(line).empty()) continue;
    try {
      value = parse_json(line, name_);
    } catch (const Error& e) {
      error = e.what();
    }
    return true;
  }
  return false;
}

void append_json_line(std::string& to, const Json& value) {
  to += value.dump();
  to += '\n';
}

}  // namespace errata::text
