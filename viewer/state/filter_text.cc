#include "viewer/state/filter_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

#include "base/text.h"
#include "query/filter.h"

namespace errata::viewer {

namespace {

bool is_name_start(char c) {
  return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_';
}

bool is_name_part(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '.' || c == '@';
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// One past the closing quote; the end of the text when there is none.
size_t skip_quoted(std::string_view text, size_t at) {
  const char quote = text[at++];
  while (at < text.size()) {
    if (text[at] == quote) {
      if (at + 1 >= text.size() || text[at + 1] != quote) return at + 1;
      ++at;
    }
    ++at;
  }
  return at;
}

size_t skip_number(std::string_view text, size_t at) {
  while (at < text.size()) {
    const char c = text[at];
    const bool exponent_sign =
        (c == '+' || c == '-') && at > 0 && (text[at - 1] == 'e' || text[at - 1] == 'E');
    if (!is_digit(c) && c != '.' && c != 'e' && c != 'E' && !exponent_sign) break;
    ++at;
  }
  return at;
}

struct Token {
  FilterSpanKind kind;
  std::string_view text;
  size_t begin;
};

bool is_keyword(std::string_view word) {
  constexpr std::array<std::string_view, 10> kWords{"and",  "or",   "not",     "in",   "is",
                                                    "null", "like", "between", "true", "false"};
  return std::find(kWords.begin(), kWords.end(), to_lower_ascii(word)) != kWords.end();
}

std::vector<Token> tokens_of(std::string_view text) {
  std::vector<Token> tokens;
  size_t at = 0;
  while (at < text.size()) {
    const char c = text[at];
    const size_t begin = at;
    FilterSpanKind kind = FilterSpanKind::kOperator;
    if (std::isspace(static_cast<unsigned char>(c)) != 0) {
      ++at;
      continue;
    }
    if (c == '\'' || c == '"') {
      at = skip_quoted(text, at);
      kind = FilterSpanKind::kString;
    } else if (is_name_start(c)) {
      while (at < text.size() && is_name_part(text[at])) ++at;
      kind = is_keyword(text.substr(begin, at - begin)) ? FilterSpanKind::kKeyword
                                                        : FilterSpanKind::kName;
    } else if (is_digit(c) || (c == '.' && at + 1 < text.size() && is_digit(text[at + 1]))) {
      at = skip_number(text, at);
      kind = FilterSpanKind::kNumber;
    } else {
      const std::string_view pair = text.substr(at, 2);
      const bool two = pair == "!=" || pair == "<=" || pair == ">=" || pair == "<>" || pair == "==";
      at += two ? 2 : 1;
    }
    tokens.push_back({kind, text.substr(begin, at - begin), begin});
  }
  return tokens;
}

bool is_word(const Token& token, std::string_view word) {
  return token.kind == FilterSpanKind::kKeyword && to_lower_ascii(token.text) == word;
}

// Calls `on_word` for each `and` (that is not `between`'s) and `or` outside parentheses.
template <typename OnWord>
void for_each_top_level_word(const std::vector<Token>& tokens, OnWord&& on_word) {
  int depth = 0;
  int betweens = 0;
  for (const Token& token : tokens) {
    if (token.text == "(") ++depth;
    if (token.text == ")") --depth;
    if (depth != 0) continue;
    if (is_word(token, "between")) {
      ++betweens;
    } else if (is_word(token, "and") && betweens > 0) {
      --betweens;
    } else if (is_word(token, "and") || is_word(token, "or")) {
      on_word(token);
    }
  }
}

bool has_top_level_or(std::string_view text) {
  bool found = false;
  const std::vector<Token> tokens = tokens_of(text);
  for_each_top_level_word(tokens, [&](const Token& token) { found |= is_word(token, "or"); });
  return found;
}

std::string unquote(std::string_view quoted) {
  std::string value;
  if (quoted.size() < 2) return value;
  const char quote = quoted.front();
  for (size_t i = 1; i + 1 < quoted.size(); ++i) {
    value += quoted[i];
    if (quoted[i] == quote && quoted[i + 1] == quote) ++i;
  }
  return value;
}

using Tokens = std::vector<Token>;

bool name_is(const Token& token, std::string_view column) {
  if (token.kind == FilterSpanKind::kName) return token.text == column;
  return token.text.starts_with('"') && unquote(token.text) == column;
}

// A text, true and false for a bool column, or a whole number.
bool parse_value(const Token& token, std::vector<std::string>& values) {
  if (token.kind == FilterSpanKind::kNumber &&
      std::all_of(token.text.begin(), token.text.end(), is_digit)) {
    values.emplace_back(token.text);
    return true;
  }
  if (token.kind == FilterSpanKind::kString) {
    values.push_back(unquote(token.text));
    return true;
  }
  if (!is_word(token, "true") && !is_word(token, "false")) return false;
  values.push_back(to_lower_ascii(token.text));
  return true;
}

// `('x', 'y')` at tokens[at...]; one past its end, or 0.
size_t parse_list(const Tokens& tokens, size_t at, std::vector<std::string>& values) {
  if (at >= tokens.size() || tokens[at].text != "(") return 0;
  for (size_t i = at + 1; i + 1 < tokens.size(); i += 2) {
    if (!parse_value(tokens[i], values)) return 0;
    if (tokens[i + 1].text == ")") return i + 2;
    if (tokens[i + 1].text != ",") return 0;
  }
  return 0;
}

// `c = 'x'`, `c in (...)` or `c is null` at tokens[at...]; one past its end, or 0.
size_t parse_choice(const Tokens& tokens, size_t at, std::string_view column, FacetChoice& choice) {
  if (at + 2 >= tokens.size() || !name_is(tokens[at], column)) return 0;
  const Token& second = tokens[at + 1];
  if ((second.text == "=" || second.text == "==") && parse_value(tokens[at + 2], choice.values)) {
    return at + 3;
  }
  if (is_word(second, "is") && is_word(tokens[at + 2], "null")) {
    choice.null = true;
    return at + 3;
  }
  return is_word(second, "in") ? parse_list(tokens, at + 2, choice.values) : 0;
}

// The values of `c != 'x'` or `c not in (...)`.
std::optional<std::vector<std::string>> term_exclusion(std::string_view term,
                                                       std::string_view column) {
  const Tokens tokens = tokens_of(term);
  if (tokens.size() < 3 || !name_is(tokens[0], column)) return std::nullopt;
  std::vector<std::string> values;
  if (tokens[1].text == "!=" || tokens[1].text == "<>") {
    if (tokens.size() != 3 || !parse_value(tokens[2], values)) return std::nullopt;
    return values;
  }
  if (!is_word(tokens[1], "not") || !is_word(tokens[2], "in")) return std::nullopt;
  if (parse_list(tokens, 3, values) != tokens.size()) return std::nullopt;
  return values;
}

std::optional<FacetChoice> term_choice(std::string_view term, std::string_view column) {
  Tokens tokens = tokens_of(term);
  if (tokens.size() >= 2 && tokens.front().text == "(" && tokens.back().text == ")") {
    tokens.erase(tokens.begin());
    tokens.pop_back();
  }
  FacetChoice choice;
  size_t at = parse_choice(tokens, 0, column, choice);
  while (at != 0 && at < tokens.size()) {
    if (!is_word(tokens[at], "or")) return std::nullopt;
    at = parse_choice(tokens, at + 1, column, choice);
  }
  if (at == 0) return std::nullopt;
  return choice;
}

// A number with an optional sign at tokens[at]; advances.
std::optional<double> parse_number(const Tokens& tokens, size_t& at) {
  double sign = 1;
  if (at < tokens.size() && (tokens[at].text == "-" || tokens[at].text == "+")) {
    sign = tokens[at++].text == "-" ? -1 : 1;
  }
  if (at >= tokens.size() || tokens[at].kind != FilterSpanKind::kNumber) return std::nullopt;
  double value = 0;
  const std::string_view text = tokens[at++].text;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  if (parsed.ec != std::errc()) return std::nullopt;
  return sign * value;
}

std::optional<NumberRange> term_range(std::string_view term, std::string_view column) {
  const Tokens tokens = tokens_of(term);
  if (tokens.size() < 3 || !name_is(tokens[0], column)) return std::nullopt;
  const std::string_view what = tokens[1].text;
  const bool between = is_word(tokens[1], "between");
  if (!between && what != ">" && what != ">=" && what != "<" && what != "<=") return std::nullopt;
  NumberRange range;
  size_t at = 2;
  const std::optional<double> first = parse_number(tokens, at);
  if (!first) return std::nullopt;
  if (between) {
    if (at >= tokens.size() || !is_word(tokens[at++], "and")) return std::nullopt;
    range.low = first;
    range.high = parse_number(tokens, at);
    if (!range.high) return std::nullopt;
  } else {
    (what[0] == '>' ? range.low : range.high) = first;
  }
  if (at != tokens.size()) return std::nullopt;
  return range;
}

std::string value_list(const std::vector<std::string>& values, ValueForm form) {
  std::string list;
  for (const std::string& value : values) {
    list += (list.empty() ? "" : ", ") + (form == ValueForm::kWord ? value : quote_value(value));
  }
  return list;
}

// Rebuilds the text with `replacement` (may be empty) where the first dropped term stood.
template <typename Drop>
std::string replace_terms(std::string_view text, const std::string& replacement, Drop&& drop) {
  std::vector<std::string> kept;
  bool placed = replacement.empty();
  for (std::string& term : split_terms(text)) {
    if (!drop(term)) {
      kept.push_back(std::move(term));
    } else if (!placed) {
      kept.push_back(replacement);
      placed = true;
    }
  }
  if (!placed) kept.push_back(replacement);
  return join_terms(kept);
}

}  // namespace

std::vector<std::string> split_terms(std::string_view text) {
  std::vector<std::string> terms;
  if (trim(text).empty()) return terms;
  const Tokens tokens = tokens_of(text);
  size_t begin = 0;
  bool has_or = false;
  for_each_top_level_word(tokens, [&](const Token& token) {
    if (is_word(token, "or")) {
      has_or = true;
      return;
    }
    terms.emplace_back(trim(text.substr(begin, token.begin - begin)));
    begin = token.begin + token.text.size();
  });
  if (has_or) return {std::string(trim(text))};
  terms.emplace_back(trim(text.substr(begin)));
  return terms;
}

std::string join_terms(const std::vector<std::string>& terms) {
  std::string text;
  for (const std::string& term : terms) {
    if (!text.empty()) text += " and ";
    const bool wrap = terms.size() > 1 && has_top_level_or(term);
    text += wrap ? "(" + term + ")" : term;
  }
  return text;
}

std::string quote_value(std::string_view value) {
  std::string quoted = "'";
  for (const char c : value) {
    quoted += c;
    if (c == '\'') quoted += c;
  }
  return quoted + "'";
}

bool FacetChoice::has(std::string_view value) const {
  return std::find(values.begin(), values.end(), value) != values.end();
}

FacetChoice facet_choice(std::string_view text, std::string_view column) {
  for (const std::string& term : split_terms(text)) {
    if (const std::optional<FacetChoice> choice = term_choice(term, column)) return *choice;
  }
  return {};
}

std::string with_facet_choice(std::string_view text, std::string_view column,
                              const FacetChoice& choice, ValueForm form) {
  const std::string name = query::quote_column(column);
  std::string term;
  if (choice.values.size() == 1) {
    term = fmt::format("{} = {}", name, value_list(choice.values, form));
  } else if (choice.values.size() > 1) {
    term = fmt::format("{} in ({})", name, value_list(choice.values, form));
  }
  if (choice.null) {
    const std::string is_null = fmt::format("{} is null", name);
    term = term.empty() ? is_null : fmt::format("({} or {})", term, is_null);
  }
  return replace_terms(
      text, term, [&](const std::string& each) { return term_choice(each, column).has_value(); });
}

std::vector<std::string> facet_exclusions(std::string_view text, std::string_view column) {
  std::vector<std::string> all;
  for (const std::string& term : split_terms(text)) {
    const auto values = term_exclusion(term, column);
    if (values) all.insert(all.end(), values->begin(), values->end());
  }
  return all;
}

std::string with_facet_exclusions(std::string_view text, std::string_view column,
                                  const std::vector<std::string>& values, ValueForm form) {
  const std::string name = query::quote_column(column);
  std::string term;
  if (values.size() == 1) term = fmt::format("{} != {}", name, value_list(values, form));
  if (values.size() > 1) term = fmt::format("{} not in ({})", name, value_list(values, form));
  return replace_terms(text, term, [&](const std::string& each) {
    return term_exclusion(each, column).has_value();
  });
}

NumberRange number_range(std::string_view text, std::string_view column) {
  NumberRange all;
  for (const std::string& term : split_terms(text)) {
    const std::optional<NumberRange> range = term_range(term, column);
    if (!range) continue;
    if (range->low) all.low = std::max(all.low.value_or(*range->low), *range->low);
    if (range->high) all.high = std::min(all.high.value_or(*range->high), *range->high);
  }
  return all;
}

std::string with_number_range(std::string_view text, std::string_view column,
                              const NumberRange& range) {
  const std::string name = query::quote_column(column);
  std::string term;
  if (range.low && range.high) {
    term = fmt::format("{} between {} and {}", name, *range.low, *range.high);
  } else if (range.low) {
    term = fmt::format("{} >= {}", name, *range.low);
  } else if (range.high) {
    term = fmt::format("{} <= {}", name, *range.high);
  }
  return replace_terms(
      text, term, [&](const std::string& each) { return term_range(each, column).has_value(); });
}

std::string without_column_terms(std::string_view text, std::string_view column) {
  return replace_terms(text, {}, [&](const std::string& each) {
    return term_choice(each, column).has_value() || term_range(each, column).has_value() ||
           term_exclusion(each, column).has_value();
  });
}

std::vector<FilterSpan> filter_spans(std::string_view text) {
  std::vector<FilterSpan> spans;
  size_t at = 0;
  for (const Token& token : tokens_of(text)) {
    if (token.begin > at) spans.push_back({FilterSpanKind::kPlain, at, token.begin});
    at = token.begin + token.text.size();
    spans.push_back({token.kind, token.begin, at});
  }
  if (at < text.size()) spans.push_back({FilterSpanKind::kPlain, at, text.size()});
  return spans;
}

}  // namespace errata::viewer
