#include "query/numbers.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "query/lexer.h"

namespace errata::query {

int compare_exactly(int64_t a, double b) {
  if (b < -9223372036854775808.0) return 1;
  if (b >= 9223372036854775808.0) return -1;
  const auto whole = static_cast<int64_t>(b);
  if (a != whole) return a < whole ? -1 : 1;
  const double fraction = b - static_cast<double>(whole);
  return fraction > 0 ? -1 : fraction < 0 ? 1 : 0;
}

int compare_exactly(const NumberConstant& a, const NumberConstant& b) {
  if (a.is_real && b.is_real) return a.real < b.real ? -1 : a.real > b.real ? 1 : 0;
  if (a.is_real) return -compare_exactly(b.whole, a.real);
  if (b.is_real) return compare_exactly(a.whole, b.real);
  return a.whole < b.whole ? -1 : a.whole > b.whole ? 1 : 0;
}

std::optional<NumberConstant> number_of_text(std::string_view text) {
  const auto is_space = [](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  const bool minus = !text.empty() && text.front() == '-';
  if (minus || (!text.empty() && text.front() == '+')) text.remove_prefix(1);
  if (text.size() > 1 && (text[1] | 0x20) == 'x') return std::nullopt;
  Lexer lexer(text);
  const Token token = lexer.next();
  if (token.kind != TokenKind::kNumber || token.begin != 0 || token.end != text.size()) {
    return std::nullopt;
  }
  NumberConstant number;
  if (const auto* whole = std::get_if<int64_t>(&token.number)) {
    number.whole = minus ? -*whole : *whole;
  } else if (minus && token.is_two_to_63) {
    number.whole = std::numeric_limits<int64_t>::min();
  } else {
    number.is_real = true;
    number.real = std::get<double>(token.number);
    if (minus) number.real = -number.real;
  }
  return number;
}

std::string text_of_number(const NumberConstant& number) {
  if (!number.is_real) return fmt::format("{}", number.whole);
  if (std::isinf(number.real)) return number.real > 0 ? "Inf" : "-Inf";
  // SQLite's "%!.15g": as C's, with at least one digit after a point.
  std::string text = fmt::format("{:.15g}", number.real + 0.0);
  if (text.find('.') == std::string::npos) {
    text.insert(std::min(text.find('e'), text.size()), ".0");
  }
  return text;
}

}  // namespace errata::query
