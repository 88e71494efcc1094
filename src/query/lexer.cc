#include "query/lexer.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

#include "base/text.h"

namespace errata::query {

namespace {

constexpr std::array<std::string_view, 13> kKeywords{
    "and",  "between", "escape",  "false", "in", "is",  "isnull",
    "like", "not",     "notnull", "null",  "or", "true"};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_hex_digit(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
bool is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

// Digits that do not fit an int64 are a double, as in SQLite.
void set_decimal(std::string_view digits, bool is_whole, Token& token) {
  if (is_whole) {
    uint64_t magnitude = 0;
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), magnitude);
    if (error == std::errc() && magnitude <= uint64_t{std::numeric_limits<int64_t>::max()}) {
      token.number = static_cast<int64_t>(magnitude);
      return;
    }
    token.is_two_to_63 = error == std::errc() && magnitude == uint64_t{1} << 63;
  }
  double value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error == std::errc::result_out_of_range) {
    // from_chars does not say which end: a huge value has a positive exponent or many digits.
    const size_t exponent = digits.find_first_of("eE");
    const bool tiny = (exponent != std::string_view::npos && exponent + 1 < digits.size() &&
                       digits[exponent + 1] == '-') ||
                      (exponent == std::string_view::npos &&
                       digits.find_first_of("123456789") > digits.find('.'));
    value = tiny ? 0.0 : std::numeric_limits<double>::infinity();
  }
  token.number = value;
}

}  // namespace

bool starts_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

bool continues_name(char c) {
  return starts_name(c) || is_digit(c);
}

bool is_keyword(std::string_view word) {
  if (word.size() > 7) return false;
  const std::string lower = to_lower_ascii(word);
  return std::find(kKeywords.begin(), kKeywords.end(), lower) != kKeywords.end();
}

Token Lexer::next() {
  while (at_ < text_.size() && is_space(text_[at_])) ++at_;
  const size_t begin = at_;
  Token token;
  token.begin = begin;
  token.end = begin;
  if (begin == text_.size()) return token;
  const char c = text_[begin];
  if (c == '\'' || c == '"') {
    token = quoted(begin, c);
  } else if (is_digit(c) || (c == '.' && begin + 1 < text_.size() && is_digit(text_[begin + 1]))) {
    token = number(begin);
  } else if (starts_name(c)) {
    size_t end = begin + 1;
    while (end < text_.size() && continues_name(text_[end])) ++end;
    token.kind = TokenKind::kWord;
    token.end = end;
    token.text = text_.substr(begin, end - begin);
  } else {
    token = symbol(begin);
  }
  at_ = token.end;
  return token;
}

Token Lexer::quoted(size_t begin, char quote) {
  Token token;
  token.begin = begin;
  size_t at = begin + 1;
  while (at < text_.size()) {
    const size_t close = text_.find(quote, at);
    if (close == std::string_view::npos) break;
    token.text += text_.substr(at, close - at);
    at = close + 1;
    if (at >= text_.size() || text_[at] != quote) {
      token.kind = quote == '\'' ? TokenKind::kText : TokenKind::kQuotedName;
      token.end = at;
      return token;
    }
    token.text += quote;
    ++at;
  }
  if (at < text_.size()) token.text += text_.substr(at);
  token.kind = TokenKind::kBadText;
  token.end = text_.size();
  return token;
}

Token Lexer::number(size_t begin) {
  Token token;
  token.begin = begin;
  token.kind = TokenKind::kNumber;
  size_t at = begin;
  const auto skip_digits = [&] {
    const size_t from = at;
    while (at < text_.size() && is_digit(text_[at])) ++at;
    return at > from;
  };
  const bool is_hex = text_[at] == '0' && at + 1 < text_.size() && (text_[at + 1] | 0x20) == 'x';
  if (is_hex) {
    at += 2;
    uint64_t value = 0;
    const size_t first = at;
    while (at < text_.size() && is_hex_digit(text_[at])) ++at;
    const auto [end, error] = std::from_chars(text_.data() + first, text_.data() + at, value, 16);
    if (at == first || error != std::errc()) token.kind = TokenKind::kBadNumber;
    token.number = static_cast<int64_t>(value);
  } else {
    bool is_whole = true;
    skip_digits();
    if (at < text_.size() && text_[at] == '.') {
      is_whole = false;
      ++at;
      skip_digits();
    }
    if (at < text_.size() && (text_[at] | 0x20) == 'e') {
      is_whole = false;
      ++at;
      if (at < text_.size() && (text_[at] == '+' || text_[at] == '-')) ++at;
      if (!skip_digits()) token.kind = TokenKind::kBadNumber;
    }
    if (token.kind == TokenKind::kNumber) {
      set_decimal(text_.substr(begin, at - begin), is_whole, token);
    }
  }
  if (at < text_.size() && continues_name(text_[at])) {
    token.kind = TokenKind::kBadNumber;
    while (at < text_.size() && continues_name(text_[at])) ++at;
  }
  token.end = at;
  token.text = text_.substr(begin, at - begin);
  return token;
}

Token Lexer::symbol(size_t begin) {
  constexpr std::array<std::string_view, 5> kTwo{"==", "!=", "<>", "<=", ">="};
  constexpr std::string_view kOne = "=<>+-*/%(),.";
  Token token;
  token.begin = begin;
  token.kind = TokenKind::kSymbol;
  const std::string_view two = text_.substr(begin, 2);
  if (two == "&&" || two == "||") {
    token.kind = TokenKind::kBadCharacter;
    token.text = two;
  } else if (std::find(kTwo.begin(), kTwo.end(), two) != kTwo.end()) {
    token.text = two == "==" ? "=" : two == "<>" ? "!=" : two;
    token.end = begin + 2;
    return token;
  } else {
    token.text = text_.substr(begin, 1);
    if (kOne.find(token.text[0]) == std::string_view::npos) token.kind = TokenKind::kBadCharacter;
  }
  token.end = begin + token.text.size();
  return token;
}

}  // namespace errata::query
