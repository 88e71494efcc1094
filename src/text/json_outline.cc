#include "text/json_outline.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/error.h"
#include "text/csv.h"
#include "text/json.h"

namespace errata::text {

namespace {

bool is_space(char c) {
  return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

enum Mark : uint8_t { kOther, kQuote, kOpen, kClose };

constexpr std::array<uint8_t, 256> make_marks() {
  std::array<uint8_t, 256> marks{};
  marks['"'] = kQuote;
  marks['['] = marks['{'] = kOpen;
  marks[']'] = marks['}'] = kClose;
  return marks;
}
constexpr std::array<uint8_t, 256> kMarks = make_marks();

class Scanner {
 public:
  Scanner(std::string_view text, const std::string& name) : text_(text), name_(name) {}

  [[noreturn]] void fail(uint64_t at, const std::string& what) const {
    throw Error(ErrorCategory::kBadInput, fmt::format("{} at byte {}", what, at),
                at >= text_.size() ? "the file is cut off: copy it again" : "", name_);
  }
  uint64_t skip_space(uint64_t at) const {
    while (at < text_.size() && is_space(text_[at])) ++at;
    return at;
  }
  char at(uint64_t place) const {
    if (place >= text_.size()) fail(text_.size(), "the JSON ends in the middle");
    return text_[place];
  }
  // Behind the string whose opening quote is at `at`.
  uint64_t skip_string(uint64_t at) const {
    uint64_t place = at + 1;
    while (true) {
      const size_t quote = text_.find('"', place);
      if (quote == std::string_view::npos)
        fail(text_.size(), "the JSON ends in the middle of a text");
      size_t backslashes = 0;
      while (quote - backslashes > at + 1 && text_[quote - backslashes - 1] == '\\') ++backslashes;
      place = quote + 1;
      if (backslashes % 2 == 0) return place;
    }
  }
  // Behind the value that begins at `at`.
  uint64_t skip_value(uint64_t at) const {
    const char first = this->at(at);
    if (first == '"') return skip_string(at);
    if (first != '{' && first != '[') {
      uint64_t end = at;
      while (end < text_.size() && !is_space(text_[end]) && text_[end] != ',' &&
             kMarks[static_cast<uint8_t>(text_[end])] != kClose) {
        if (kMarks[static_cast<uint8_t>(text_[end])] != kOther) fail(end, "no JSON");
        ++end;
      }
      if (end == at) fail(at, fmt::format("a value is missing before '{}'", first));
      return end;
    }
    return skip_brackets(at);
  }

 private:
  uint64_t skip_brackets(uint64_t at) const {
    std::string open;
    uint64_t place = at;
    const char* data = text_.data();
    const uint64_t size = text_.size();
    while (place < size) {
      switch (kMarks[static_cast<uint8_t>(data[place])]) {
        case kOther: ++place; break;
        case kQuote: place = skip_string(place); break;
        case kOpen:
          open += data[place] == '[' ? ']' : '}';
          if (open.size() > 512) fail(place, "the JSON is nested more than 512 deep");
          ++place;
          break;
        default:
          if (open.back() != data[place]) {
            fail(place, fmt::format("'{}' where '{}' was due", data[place], open.back()));
          }
          open.pop_back();
          ++place;
          if (open.empty()) return place;
      }
    }
    fail(size, "the JSON ends in the middle");
  }

  std::string_view text_;
  const std::string& name_;
};

// From behind the bracket; returns the place behind the closing one.
uint64_t outline_array(const Scanner& scan, uint64_t begin, const JsonCut& cut,
                       const std::function<void(uint64_t)>& passed, JsonArrayOutline& array) {
  array.begin = begin;
  uint64_t at = scan.skip_space(begin);
  if (scan.at(at) == ']') return at + 1;
  JsonSpan span{begin, begin, 0};
  while (true) {
    span.end = scan.skip_value(at);
    ++span.elements;
    ++array.elements;
    at = scan.skip_space(span.end);
    const bool last = scan.at(at) == ']';
    if (last || span.end - span.begin >= cut.span_bytes || span.elements >= cut.span_elements) {
      array.spans.push_back(span);
      if (passed) passed(span.end);
      span = {span.end, span.end, 0};
    }
    if (last) return at + 1;
    if (scan.at(at) != ',') scan.fail(at, "a comma is missing");
    at = scan.skip_space(at + 1);
  }
}

}  // namespace

uint64_t JsonArrayOutline::spans_end() const {
  return spans.empty() ? begin : spans.back().end;
}

const JsonArrayOutline* JsonOutline::array(std::string_view key) const {
  for (const JsonArrayOutline& array : arrays) {
    if (array.key == key) return &array;
  }
  return nullptr;
}

const JsonMemberOutline* JsonOutline::member(std::string_view key) const {
  for (const JsonMemberOutline& member : members) {
    if (member.key == key) return &member;
  }
  return nullptr;
}

JsonOutline outline_json(std::string_view text, std::span<const JsonCut> arrays,
                         const std::string& name, const std::function<void(uint64_t)>& passed) {
  const Scanner scan(text, name);
  JsonOutline outline;
  uint64_t at = scan.skip_space(text.starts_with("\xEF\xBB\xBF") ? 3 : 0);
  if (at >= text.size()) scan.fail(at, "the file is empty");
  if (scan.at(at) == '[') {
    outline.is_array = true;
    const auto cut = std::find_if(arrays.begin(), arrays.end(),
                                  [](const JsonCut& each) { return each.key.empty(); });
    at = outline_array(scan, at + 1, cut == arrays.end() ? JsonCut{} : *cut, passed,
                       outline.arrays.emplace_back());
  } else if (scan.at(at) == '{') {
    at = scan.skip_space(at + 1);
    while (scan.at(at) != '}') {
      if (scan.at(at) != '"') scan.fail(at, "a key is missing");
      const uint64_t key_end = scan.skip_string(at);
      JsonMemberOutline member;
      member.key = parse_json(text.substr(at, key_end - at), name).as_string();
      at = scan.skip_space(key_end);
      if (scan.at(at) != ':') scan.fail(at, "a colon is missing");
      at = scan.skip_space(at + 1);
      member.begin = at;
      const auto cut = std::find_if(arrays.begin(), arrays.end(), [&](const JsonCut& each) {
        return !each.key.empty() && each.key == member.key;
      });
      const bool wanted = cut != arrays.end();
      if (wanted && outline.member(member.key) != nullptr) {
        scan.fail(at, fmt::format("a second \"{}\"", member.key));
      }
      if (wanted && scan.at(at) == '[') {
        JsonArrayOutline& array = outline.arrays.emplace_back();
        array.key = member.key;
        at = outline_array(scan, at + 1, *cut, passed, array);
      } else {
        at = scan.skip_value(at);
      }
      member.end = at;
      outline.members.push_back(std::move(member));
      at = scan.skip_space(at);
      if (scan.at(at) == ',') {
        at = scan.skip_space(at + 1);
        if (scan.at(at) == '}') scan.fail(at, "a key is missing");
      } else if (scan.at(at) != '}') {
        scan.fail(at, "a comma is missing");
      }
    }
    ++at;
  } else {
    scan.fail(at, "no JSON object or array");
  }
  at = scan.skip_space(at);
  if (at < text.size()) scan.fail(at, "something stands behind the JSON");
  return outline;
}

char JsonCursor::peek() {
  size_t at = 0;
  while (at < rest_.size() && is_space(rest_[at])) ++at;
  rest_.remove_prefix(at);
  return rest_.empty() ? '\0' : rest_.front();
}

bool JsonCursor::accept(char mark) {
  if (peek() != mark) return false;
  rest_.remove_prefix(1);
  return true;
}

bool JsonCursor::literal(std::string_view word) {
  peek();
  if (!rest_.starts_with(word)) return false;
  rest_.remove_prefix(word.size());
  return true;
}

bool JsonCursor::number(double& value) {
  const char first = peek();
  if (first != '-' && (first < '0' || first > '9')) return false;
  size_t end = 1;
  while (end < rest_.size()) {
    const char c = rest_[end];
    const bool part =
        (c >= '0' && c <= '9') || c == '.' || c == 'e' || c == 'E' || c == '+' || c == '-';
    if (!part) break;
    ++end;
  }
  if (!parse_double(rest_.substr(0, end), value)) return false;
  rest_.remove_prefix(end);
  return true;
}

bool JsonCursor::string(std::string_view& value, std::string& storage) {
  if (peek() != '"') return false;
  size_t end = 1;
  bool escaped = false;
  while (end < rest_.size() && rest_[end] != '"') {
    if (rest_[end] == '\\') {
      escaped = true;
      ++end;
    }
    ++end;
  }
  if (end >= rest_.size()) return false;
  value = rest_.substr(1, end - 1);
  if (escaped) {
    try {
      storage = parse_json(rest_.substr(0, end + 1)).as_string();
    } catch (const Error&) {
      return false;
    }
    value = storage;
  }
  rest_.remove_prefix(end + 1);
  return true;
}

bool JsonCursor::skip(std::string_view& raw) {
  if (peek() == 0) return false;
  static const std::string kNoName;
  try {
    const uint64_t end = Scanner(rest_, kNoName).skip_value(0);
    raw = rest_.substr(0, end);
    rest_.remove_prefix(end);
    return true;
  } catch (const Error&) {
    return false;
  }
}

}  // namespace errata::text
