#include <charconv>
#include <cstdint>
#include <string_view>

#include "base/text.h"
#include "text/csv.h"

namespace errata::text {

namespace {

template <typename Number>
bool parse_whole(std::string_view text, Number& value) {
  text = trim(text);
  if (!text.empty() && text.front() == '+') {
    text.remove_prefix(1);
    if (!text.empty() && text.front() == '-') return false;
  }
  if (text.empty()) return false;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

// Most numbers in prediction files are a few digits around one point: up to 15 digits and a power
// of ten up to 10^15 both are exact doubles, so one division rounds correctly. from_chars of g++ 12
// takes 60 ns and more for the same.
bool parse_short_decimal(std::string_view text, double& value) {
  constexpr double kPowers[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
  const bool negative = !text.empty() && text.front() == '-';
  if (negative) text.remove_prefix(1);
  if (text.empty() || text.size() > 16) return false;
  uint64_t digits = 0;
  size_t digit_count = 0;
  size_t after_point = 0;
  bool point = false;
  for (const char c : text) {
    if (c >= '0' && c <= '9') {
      digits = digits * 10 + static_cast<uint64_t>(c - '0');
      ++digit_count;
      after_point += point ? 1 : 0;
    } else if (c == '.' && !point) {
      point = true;
    } else {
      return false;
    }
  }
  if (digit_count == 0 || digit_count > 15) return false;
  value = static_cast<double>(digits) / kPowers[after_point];
  if (negative) value = -value;
  return true;
}

}  // namespace

bool parse_double(std::string_view text, double& value) {
  return parse_short_decimal(text, value) || parse_whole(text, value);
}

// Through double: rounding twice could differ from the nearest float only for texts of more than
// 15 digits placed on a tie; those go to from_chars<float>.
bool parse_float(std::string_view text, float& value) {
  double exact = 0;
  if (parse_short_decimal(text, exact)) {
    value = static_cast<float>(exact);
    return true;
  }
  return parse_whole(text, value);
}

bool parse_int(std::string_view text, int64_t& value) {
  return parse_whole(text, value);
}

}  // namespace errata::text
