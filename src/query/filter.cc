#include "query/filter.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/text.h"
#include "query/lexer.h"

namespace errata::query {

namespace {

size_t count_characters(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

// Moves `at` to the start of the character it is in.
size_t character_start(std::string_view text, size_t at) {
  while (at > 0 && at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) --at;
  return at;
}

// The part of the text around [begin, end) on one line, and a line with ^^^ below it.
std::string caret_lines(std::string_view text, size_t begin, size_t end) {
  constexpr size_t kBefore = 60;
  constexpr size_t kAfter = 40;
  begin = character_start(text, std::min(begin, text.size()));
  end = std::clamp(end, begin, text.size());
  const size_t from = begin > kBefore ? character_start(text, begin - kBefore) : 0;
  const size_t to = end + kAfter < text.size()
                        ? character_start(text, std::max(end, begin) + kAfter)
                        : text.size();
  const auto line_of = [](std::string_view part) {
    std::string line = to_valid_utf8(part);
    for (char& c : line) {
      if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = ' ';
    }
    return line;
  };
  const std::string head = (from > 0 ? "…" : "") + line_of(text.substr(from, begin - from));
  const std::string marked = line_of(text.substr(begin, std::min(end, to) - begin));
  const std::string tail = line_of(text.substr(std::min(end, to), to - std::min(end, to))) +
                           (to < text.size() ? "…" : "");
  const size_t carets = std::max<size_t>(1, count_characters(marked));
  return head + marked + tail + "\n" + std::string(count_characters(head), ' ') +
         std::string(std::min<size_t>(carets, 60), '^');
}

std::string error_hint(std::string_view text, size_t begin, size_t end,
                       const std::vector<std::string>& suggestions, const std::string& advice) {
  std::string hint = caret_lines(text, begin, end);
  if (!suggestions.empty()) {
    hint += fmt::format("\nDid you mean {}?", fmt::join(suggestions, ", "));
  }
  if (!advice.empty()) hint += "\n" + advice;
  return hint;
}

// Strength of binding, as in the parser: an operand weaker than its place stands in ( ).
enum Strength {
  kOrStrength,
  kAndStrength,
  kNotStrength,
  kPredicate,
  kSum,
  kProduct,
  kSign,
  kPrimary
};

Strength strength_of(const Expr& expr) {
  switch (expr.kind) {
    case ExprKind::kOr: return kOrStrength;
    case ExprKind::kAnd: return kAndStrength;
    case ExprKind::kNot: return kNotStrength;
    case ExprKind::kArithmetic:
      return expr.arithmetic == ArithmeticOp::kAdd || expr.arithmetic == ArithmeticOp::kSubtract
                 ? kSum
                 : kProduct;
    case ExprKind::kNegate: return kSign;
    case ExprKind::kColumn: return kPrimary;
    case ExprKind::kLiteral: {
      const auto* whole = std::get_if<int64_t>(&expr.value);
      const auto* real = std::get_if<double>(&expr.value);
      return (whole != nullptr && *whole < 0) || (real != nullptr && std::signbit(*real))
                 ? kSign
                 : kPrimary;
    }
    default: return kPredicate;
  }
}

std::string_view compare_text(CompareOp op) {
  constexpr std::string_view kTexts[] = {"=", "!=", "<", "<=", ">", ">="};
  return kTexts[static_cast<size_t>(op)];
}

char arithmetic_text(ArithmeticOp op) {
  return "+-*/%"[static_cast<size_t>(op)];
}

class Printer {
 public:
  std::string take() { return std::move(out_); }

  void print(const Expr& expr, Strength least) {
    const bool parenthesis = strength_of(expr) < least;
    if (parenthesis) out_ += '(';
    print_bare(expr);
    if (parenthesis) out_ += ')';
  }

 private:
  void print_bare(const Expr& expr) {
    switch (expr.kind) {
      case ExprKind::kLiteral: print_literal(expr.value); break;
      case ExprKind::kColumn:
        if (expr.has_run) out_ += "run(" + quote_text(expr.run) + ").";
        out_ += quote_column(expr.column);
        break;
      case ExprKind::kAnd: print_joined(expr, 0, " and ", kNotStrength); break;
      case ExprKind::kOr: print_joined(expr, 0, " or ", kAndStrength); break;
      case ExprKind::kNot:
        out_ += "not ";
        print(*expr.children[0], kNotStrength);
        break;
      case ExprKind::kNegate:
        out_ += '-';
        print(*expr.children[0], kPrimary);
        break;
      case ExprKind::kArithmetic: {
        const Strength strength = strength_of(expr);
        print(*expr.children[0], strength);
        out_ += fmt::format(" {} ", arithmetic_text(expr.arithmetic));
        print(*expr.children[1], static_cast<Strength>(strength + 1));
        break;
      }
      default: print_predicate(expr);
    }
  }

  void print_predicate(const Expr& expr) {
    print(*expr.children[0], kSum);
    const char* maybe_not = expr.negated ? " not" : "";
    switch (expr.kind) {
      case ExprKind::kCompare:
        out_ += fmt::format(" {} ", compare_text(expr.compare));
        print(*expr.children[1], kSum);
        break;
      case ExprKind::kIn:
        out_ += fmt::format("{} in (", maybe_not);
        print_joined(expr, 1, ", ", kSum);
        out_ += ')';
        break;
      case ExprKind::kBetween:
        out_ += fmt::format("{} between ", maybe_not);
        print_joined(expr, 1, " and ", kSum);
        break;
      case ExprKind::kIsNull: out_ += fmt::format(" is{} null", maybe_not); break;
      case ExprKind::kIsTruth: out_ += fmt::format(" is{} {}", maybe_not, expr.truth); break;
      case ExprKind::kIs:
        out_ += fmt::format(" is{} ", maybe_not);
        print_is_operand(*expr.children[1]);
        break;
      case ExprKind::kLike:
        out_ += fmt::format("{} like ", maybe_not);
        print(*expr.children[1], kSum);
        if (!expr.escape.empty()) out_ += " escape " + quote_text(expr.escape);
        break;
      default: break;
    }
  }

  // `is null` and `is true` have nodes of their own: the literals stand in ( ) here.
  void print_is_operand(const Expr& operand) {
    const bool word = operand.kind == ExprKind::kLiteral &&
                      (std::holds_alternative<std::monostate>(operand.value) ||
                       std::holds_alternative<bool>(operand.value));
    if (word) out_ += '(';
    print(operand, kSum);
    if (word) out_ += ')';
  }

  void print_joined(const Expr& expr, size_t first, std::string_view separator, Strength least) {
    for (size_t i = first; i < expr.children.size(); ++i) {
      if (i > first) out_ += separator;
      print(*expr.children[i], least);
    }
  }

  void print_literal(const Literal& value) {
    if (std::holds_alternative<std::monostate>(value)) {
      out_ += "null";
    } else if (const auto* truth = std::get_if<bool>(&value)) {
      out_ += *truth ? "true" : "false";
    } else if (const auto* whole = std::get_if<int64_t>(&value)) {
      out_ += fmt::format("{}", *whole);
    } else if (const auto* real = std::get_if<double>(&value)) {
      out_ += quote_number(*real);
    } else {
      out_ += quote_text(std::get<std::string>(value));
    }
  }

  std::string out_;
};

std::string print_expr(const Expr& expr) {
  Printer printer;
  printer.print(expr, kOrStrength);
  return printer.take();
}

void collect_columns(const Expr& expr, std::vector<std::string>& names) {
  if (expr.kind == ExprKind::kColumn) {
    std::string name = expr.has_run ? fmt::format("{}@{}", expr.column, expr.run) : expr.column;
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      names.push_back(std::move(name));
    }
  }
  for (const ExprPtr& child : expr.children) collect_columns(*child, names);
}

}  // namespace

FilterError::FilterError(std::string message, std::string_view text, size_t begin, size_t end,
                         std::vector<std::string> suggestions, std::string advice)
    : Error(ErrorCategory::kUsage,
            fmt::format("filter, character {}: {}",
                        count_characters(text.substr(0, std::min(begin, text.size()))) + 1,
                        to_valid_utf8(message)),
            error_hint(text, begin, end, suggestions, to_valid_utf8(advice))),
      begin_(begin),
      end_(end),
      reason_(std::move(message)),
      suggestions_(std::move(suggestions)) {}

std::string Filter::to_string() const {
  return root_ == nullptr ? "" : print_expr(*root_);
}

bool Filter::operator==(const Filter& other) const {
  if (root_ == nullptr || other.root_ == nullptr) return root_ == other.root_;
  return same_expr(*root_, *other.root_);
}

std::vector<std::string> Filter::columns() const {
  std::vector<std::string> names;
  if (root_ != nullptr) collect_columns(*root_, names);
  return names;
}

Filter both(const Filter& a, const Filter& b) {
  if (a.passes_all()) return b;
  if (b.passes_all()) return a;
  Expr joined;
  joined.kind = ExprKind::kAnd;
  for (const Filter* part : {&a, &b}) {
    if (part->root_->kind == ExprKind::kAnd) {
      joined.children.insert(joined.children.end(), part->root_->children.begin(),
                             part->root_->children.end());
    } else {
      joined.children.push_back(part->root_);
    }
  }
  // Parsed again, so that the places in it fit its text.
  return parse_filter(print_expr(joined));
}

Filter negation(const Filter& a) {
  Expr expr;
  if (a.passes_all()) {
    expr.value = false;
  } else {
    expr.kind = ExprKind::kNot;
    expr.children.push_back(a.root_);
  }
  return parse_filter(print_expr(expr));
}

std::string quote_text(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'') quoted += '\'';
    quoted += c;
  }
  return quoted + "'";
}

std::string quote_column(std::string_view name) {
  bool plain = true;
  for (const std::string_view part : split_view(name, '.')) {
    plain = plain && !part.empty() && starts_name(part[0]) &&
            std::all_of(part.begin(), part.end(), continues_name);
  }
  // Only the first part could be read as a keyword.
  if (plain && !is_keyword(name.substr(0, name.find('.')))) return std::string(name);
  std::string quoted = "\"";
  for (const char c : name) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + "\"";
}

std::string quote_number(double value) {
  if (std::isnan(value)) return "null";
  if (std::isinf(value)) return value > 0 ? "9e999" : "-9e999";
  std::string text = fmt::format("{}", value);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

std::string quote_threshold(double below, double to) {
  if (!std::isfinite(below) || !std::isfinite(to)) return quote_number(to);
  if (below < 0 && to >= 0) return "0";
  // Of the decimals of so many digits, one lies between when the nearest to the middle does; or
  // `to` is one itself and `below` another, as near to the middle.
  constexpr int kAlwaysEnough = 17;
  for (int digits = 1; digits < kAlwaysEnough; ++digits) {
    for (const double aim : {below / 2 + to / 2, to}) {
      const std::string text = fmt::format("{:.{}e}", aim, digits - 1);
      double rounded = to;
      std::from_chars(text.data(), text.data() + text.size(), rounded);
      if (below < rounded && rounded <= to) return fmt::format("{}", rounded);
    }
  }
  return fmt::format("{}", to);
}

}  // namespace errata::query
