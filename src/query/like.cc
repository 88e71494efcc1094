#include "query/like.h"

#include <algorithm>

#include "base/text.h"

namespace errata::query {

namespace {

uint32_t lower(uint32_t character) {
  return character >= 'A' && character <= 'Z' ? character + ('a' - 'A') : character;
}

bool is_continuation(char c) {
  return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

// Reads one character as SQLite does: lenient with what is not UTF-8.
uint32_t read_character(std::string_view text, size_t& at) {
  const auto lead = static_cast<unsigned char>(text[at++]);
  if (lead < 0xC0) return lead;
  uint32_t code = lead < 0xE0 ? lead & 0x1F : lead < 0xF0 ? lead & 0x0F : lead & 0x07;
  if (lead >= 0xF8) code = lead < 0xFC ? lead & 0x03 : lead & 0x01;
  if (lead >= 0xFE) code = 0;
  while (at < text.size() && is_continuation(text[at])) {
    code = (code << 6) + (static_cast<unsigned char>(text[at++]) & 0x3F);
  }
  if (code < 0x80 || (code & 0xFFFFF800) == 0xD800 || (code & 0xFFFFFFFE) == 0xFFFE) return 0xFFFD;
  return code;
}

char lower_byte(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

bool equal_lower(const char* text, std::string_view lowered) {
  for (size_t i = 0; i < lowered.size(); ++i) {
    if (lower_byte(text[i]) != lowered[i]) return false;
  }
  return true;
}

// Where `lowered` (not empty) first stands in `text` at or after `from`, case aside.
size_t find_lower(std::string_view text, std::string_view lowered, size_t from) {
  if (lowered.size() > text.size()) return std::string_view::npos;
  const size_t last = text.size() - lowered.size();
  const char first = lowered[0];
  const char upper = first >= 'a' && first <= 'z' ? static_cast<char>(first - ('a' - 'A')) : first;
  for (size_t at = from; at <= last; ++at) {
    const char c = text[at];
    if ((c == first || c == upper) && equal_lower(text.data() + at, lowered)) return at;
  }
  return std::string_view::npos;
}

}  // namespace

LikePattern::LikePattern(std::string_view pattern, std::string_view escape) {
  size_t escape_end = 0;
  const uint32_t escape_code = escape.empty() ? kAnyOne : read_character(escape, escape_end);
  bool simple = true;
  parts_.emplace_back();
  for (size_t at = 0; at < pattern.size();) {
    uint32_t character = read_character(pattern, at);
    if (character == escape_code) {
      if (at == pattern.size()) {
        impossible_ = true;
        return;
      }
      character = read_character(pattern, at);
    } else if (character == '%') {
      if (elements_.empty() || elements_.back() != kAnyRun) {
        elements_.push_back(kAnyRun);
        parts_.emplace_back();
      }
      continue;
    } else if (character == '_') {
      elements_.push_back(kAnyOne);
      simple = false;
      continue;
    }
    elements_.push_back(lower(character));
    simple = simple && character < 0x80;
    if (simple) parts_.back() += static_cast<char>(lower(character));
  }
  has_parts_ = simple;
}

bool LikePattern::matches(std::string_view text) const {
  if (impossible_) return false;
  if (!has_parts_) return matches_characters(text);
  const std::string& head = parts_.front();
  if (text.size() < head.size() || !equal_lower(text.data(), head)) return false;
  if (parts_.size() == 1) return text.size() == head.size();
  const std::string& tail = parts_.back();
  if (text.size() < head.size() + tail.size()) return false;
  const std::string_view middle = text.substr(0, text.size() - tail.size());
  if (!equal_lower(text.data() + middle.size(), tail)) return false;
  size_t at = head.size();
  for (size_t p = 1; p + 1 < parts_.size(); ++p) {
    const size_t found = find_lower(middle, parts_[p], at);
    if (found == std::string_view::npos) return false;
    at = found + parts_[p].size();
  }
  return true;
}

// Greedy, going back only to the last run: enough, since an earlier run could only match more.
bool LikePattern::matches_characters(std::string_view text) const {
  size_t element = 0;
  size_t at = 0;
  size_t run_element = 0;
  size_t run_at = std::string_view::npos;
  while (at < text.size()) {
    if (element < elements_.size() && elements_[element] == kAnyRun) {
      run_element = ++element;
      run_at = at;
      continue;
    }
    size_t next = at;
    const uint32_t character = lower(read_character(text, next));
    if (element < elements_.size() &&
        (elements_[element] == kAnyOne || elements_[element] == character)) {
      ++element;
      at = next;
      continue;
    }
    if (run_at == std::string_view::npos) return false;
    read_character(text, run_at);
    element = run_element;
    at = run_at;
  }
  while (element < elements_.size() && elements_[element] == kAnyRun) ++element;
  return element == elements_.size();
}

}  // namespace errata::query
