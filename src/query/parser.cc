// Recursive descent, one function a level of precedence; see filter.h for the language.
#include <fmt/format.h>

#include <limits>
#include <optional>

#include "base/text.h"
#include "query/filter.h"
#include "query/lexer.h"

namespace errata::query {

namespace {

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text), lexer_(text) { advance(); }

  ExprPtr parse() {
    if (token_.kind == TokenKind::kEnd) return nullptr;
    ExprPtr root = parse_or();
    if (token_.kind != TokenKind::kEnd) fail_after_expression();
    return root;
  }

 private:
  // Counts the levels that recursion goes down; ~8 stack frames each.
  class Level {
   public:
    explicit Level(Parser& parser) : parser_(parser) {
      if (++parser_.levels_ > kMaxFilterDepth) parser_.fail_too_deep();
    }
    ~Level() { --parser_.levels_; }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;

   private:
    Parser& parser_;
  };

  void advance() {
    last_end_ = token_.end;
    token_ = lexer_.next();
  }

  bool at_symbol(std::string_view symbol) const {
    return token_.kind == TokenKind::kSymbol && token_.text == symbol;
  }
  bool at_word(std::string_view word) const {
    return token_.kind == TokenKind::kWord && token_.text.size() == word.size() &&
           to_lower_ascii(token_.text) == word;
  }
  bool take_symbol(std::string_view symbol) {
    if (!at_symbol(symbol)) return false;
    advance();
    return true;
  }
  bool take_word(std::string_view word) {
    if (!at_word(word)) return false;
    advance();
    return true;
  }

  ExprPtr finish(Expr expr, size_t begin) {
    expr.begin = static_cast<uint32_t>(begin);
    expr.end = static_cast<uint32_t>(last_end_);
    for (const ExprPtr& child : expr.children) expr.depth = std::max(expr.depth, child->depth + 1);
    if (expr.depth > kMaxFilterDepth) fail_too_deep();
    return std::make_shared<const Expr>(std::move(expr));
  }

  ExprPtr parse_or() { return parse_chain(ExprKind::kOr, "or", &Parser::parse_and); }
  ExprPtr parse_and() { return parse_chain(ExprKind::kAnd, "and", &Parser::parse_not); }

  ExprPtr parse_chain(ExprKind kind, std::string_view word, ExprPtr (Parser::*parse_part)()) {
    const size_t begin = token_.begin;
    ExprPtr first = (this->*parse_part)();
    if (!at_word(word)) return first;
    Expr chain;
    chain.kind = kind;
    chain.children.push_back(std::move(first));
    while (take_word(word)) chain.children.push_back((this->*parse_part)());
    return finish(std::move(chain), begin);
  }

  ExprPtr parse_not() {
    const size_t begin = token_.begin;
    if (!take_word("not")) return parse_predicate();
    const Level level(*this);
    Expr expr;
    expr.kind = ExprKind::kNot;
    expr.children.push_back(parse_not());
    return finish(std::move(expr), begin);
  }

  ExprPtr parse_predicate() {
    const size_t begin = token_.begin;
    ExprPtr left = parse_sum();
    ExprPtr predicate = parse_predicate_tail(left, begin);
    if (predicate == nullptr) return left;
    if (const auto op = compare_op(); op.has_value() && predicate->kind == ExprKind::kCompare) {
      fail(token_, "comparisons do not chain", {}, "Write: a < x and x < b, or x between a and b.");
    }
    return predicate;
  }

  std::optional<CompareOp> compare_op() const {
    if (token_.kind != TokenKind::kSymbol) return std::nullopt;
    const std::string& text = token_.text;
    if (text == "=") return CompareOp::kEq;
    if (text == "!=") return CompareOp::kNe;
    if (text == "<") return CompareOp::kLt;
    if (text == "<=") return CompareOp::kLe;
    if (text == ">") return CompareOp::kGt;
    if (text == ">=") return CompareOp::kGe;
    return std::nullopt;
  }

  // nullptr when no operator of a predicate follows.
  ExprPtr parse_predicate_tail(ExprPtr left, size_t begin) {
    Expr expr;
    expr.children.push_back(std::move(left));
    if (const auto op = compare_op()) {
      advance();
      expr.kind = ExprKind::kCompare;
      expr.compare = *op;
      expr.children.push_back(parse_sum());
      return finish(std::move(expr), begin);
    }
    if (take_word("is")) return parse_is(std::move(expr), begin);
    if (at_word("isnull") || at_word("notnull")) {
      expr.kind = ExprKind::kIsNull;
      expr.negated = at_word("notnull");
      advance();
      return finish(std::move(expr), begin);
    }
    const bool has_not = at_word("not");
    if (has_not) {
      advance();
      expr.negated = true;
      if (take_word("null")) {
        expr.kind = ExprKind::kIsNull;
        return finish(std::move(expr), begin);
      }
    }
    if (take_word("in")) return parse_in(std::move(expr), begin);
    if (take_word("between")) return parse_between(std::move(expr), begin);
    if (take_word("like")) return parse_like(std::move(expr), begin);
    if (has_not) fail(token_, "in, like or between is missing after not");
    return nullptr;
  }

  ExprPtr parse_is(Expr expr, size_t begin) {
    expr.negated = take_word("not");
    if (take_word("null")) {
      expr.kind = ExprKind::kIsNull;
    } else if (at_word("true") || at_word("false")) {
      expr.kind = ExprKind::kIsTruth;
      expr.truth = at_word("true");
      advance();
    } else {
      expr.kind = ExprKind::kIs;
      expr.children.push_back(parse_sum());
    }
    return finish(std::move(expr), begin);
  }

  ExprPtr parse_in(Expr expr, size_t begin) {
    expr.kind = ExprKind::kIn;
    if (!take_symbol("(")) {
      fail(token_, "a list is missing after in", {}, "Write: label in ('cat', 'dog').");
    }
    const Level level(*this);
    if (take_symbol(")")) return finish(std::move(expr), begin);
    do {
      expr.children.push_back(parse_sum());
    } while (take_symbol(","));
    expect_closing("the list after in is not closed");
    return finish(std::move(expr), begin);
  }

  ExprPtr parse_between(Expr expr, size_t begin) {
    expr.kind = ExprKind::kBetween;
    expr.children.push_back(parse_sum());
    if (!take_word("and")) {
      fail(token_, "and is missing after between", {}, "Write: confidence between 0.5 and 0.9.");
    }
    expr.children.push_back(parse_sum());
    return finish(std::move(expr), begin);
  }

  ExprPtr parse_like(Expr expr, size_t begin) {
    expr.kind = ExprKind::kLike;
    expr.children.push_back(parse_sum());
    if (take_word("escape")) {
      if (token_.kind != TokenKind::kText || !is_one_character(token_.text)) {
        fail(token_, "escape wants one character", {}, "Write: path like '50!%' escape '!'.");
      }
      expr.escape = token_.text;
      advance();
    }
    return finish(std::move(expr), begin);
  }

  static bool is_one_character(std::string_view text) {
    if (text.empty() || !is_valid_utf8(text)) return false;
    size_t starts = 0;
    for (const char c : text) starts += (static_cast<unsigned char>(c) & 0xC0) != 0x80 ? 1 : 0;
    return starts == 1;
  }

  ExprPtr parse_sum() {
    const size_t begin = token_.begin;
    ExprPtr left = parse_product();
    while (at_symbol("+") || at_symbol("-")) {
      const ArithmeticOp op = at_symbol("+") ? ArithmeticOp::kAdd : ArithmeticOp::kSubtract;
      advance();
      left = arithmetic(op, std::move(left), parse_product(), begin);
    }
    return left;
  }

  ExprPtr parse_product() {
    const size_t begin = token_.begin;
    ExprPtr left = parse_sign();
    while (at_symbol("*") || at_symbol("/") || at_symbol("%")) {
      const ArithmeticOp op = at_symbol("*")   ? ArithmeticOp::kMultiply
                              : at_symbol("/") ? ArithmeticOp::kDivide
                                               : ArithmeticOp::kRemainder;
      advance();
      left = arithmetic(op, std::move(left), parse_sign(), begin);
    }
    return left;
  }

  ExprPtr arithmetic(ArithmeticOp op, ExprPtr left, ExprPtr right, size_t begin) {
    Expr expr;
    expr.kind = ExprKind::kArithmetic;
    expr.arithmetic = op;
    expr.children = {std::move(left), std::move(right)};
    return finish(std::move(expr), begin);
  }

  ExprPtr parse_sign() {
    const size_t begin = token_.begin;
    const bool minus = at_symbol("-");
    if (!minus && !at_symbol("+")) return parse_primary();
    const Level level(*this);
    advance();
    if (minus && token_.is_two_to_63) {
      advance();
      return literal(std::numeric_limits<int64_t>::min(), begin);
    }
    ExprPtr operand = parse_sign();
    if (!minus) return operand;
    if (operand->kind == ExprKind::kLiteral) {
      if (const auto* whole = std::get_if<int64_t>(&operand->value)) {
        if (*whole == std::numeric_limits<int64_t>::min()) {
          return literal(-static_cast<double>(*whole), begin);
        }
        return literal(-*whole, begin);
      }
      if (const auto* real = std::get_if<double>(&operand->value)) return literal(-*real, begin);
    }
    Expr expr;
    expr.kind = ExprKind::kNegate;
    expr.children.push_back(std::move(operand));
    return finish(std::move(expr), begin);
  }

  ExprPtr literal(Literal value, size_t begin) {
    Expr expr;
    expr.value = std::move(value);
    return finish(std::move(expr), begin);
  }

  ExprPtr parse_primary() {
    const size_t begin = token_.begin;
    switch (token_.kind) {
      case TokenKind::kNumber:
      case TokenKind::kText: {
        Literal value = token_.kind == TokenKind::kNumber ? token_.number : Literal(token_.text);
        advance();
        return literal(std::move(value), begin);
      }
      case TokenKind::kQuotedName: return parse_column(begin);
      case TokenKind::kWord: return parse_word(begin);
      case TokenKind::kSymbol:
        if (at_symbol("(")) return parse_parenthesis();
        break;
      default: break;
    }
    fail_no_value();
  }

  ExprPtr parse_parenthesis() {
    const Level level(*this);
    advance();
    ExprPtr inner = parse_or();
    expect_closing("a parenthesis is not closed");
    return inner;
  }

  ExprPtr parse_word(size_t begin) {
    if (take_word("null")) return literal(std::monostate{}, begin);
    if (take_word("true")) return literal(true, begin);
    if (take_word("false")) return literal(false, begin);
    if (is_keyword(token_.text)) fail_no_value();
    return parse_column(begin);
  }

  ExprPtr parse_column(size_t begin) {
    Expr expr;
    expr.kind = ExprKind::kColumn;
    const bool may_be_run = at_word("run");
    expr.column = token_.text;
    advance();
    if (may_be_run && take_symbol("(")) {
      parse_run(expr);
    } else if (at_symbol("(")) {
      fail(token_, fmt::format("'{}' is not a function", expr.column), {},
           "There is one: run('name').column.");
    }
    while (take_symbol(".")) {
      expr.column += '.';
      expr.column += name_part();
    }
    return finish(std::move(expr), begin);
  }

  // After `run(`: 'name').column
  void parse_run(Expr& expr) {
    constexpr const char* kAdvice = "Write: run('name').confidence.";
    if (token_.kind != TokenKind::kText) fail(token_, "run() wants a name in quotes", {}, kAdvice);
    expr.has_run = true;
    expr.run = token_.text;
    advance();
    expect_closing("a parenthesis is not closed");
    if (!take_symbol(".")) fail(token_, "a column is missing after run(...)", {}, kAdvice);
    expr.column = name_part();
  }

  std::string name_part() {
    if (token_.kind != TokenKind::kWord && token_.kind != TokenKind::kQuotedName) {
      fail(token_, "a name is missing after the dot");
    }
    std::string part = token_.text;
    advance();
    return part;
  }

  void expect_closing(const char* message) {
    if (take_symbol(")")) return;
    if (token_.kind == TokenKind::kEnd) fail(token_, message);
    fail_after_expression();
  }

  [[noreturn]] void fail(const Token& token, std::string message,
                         std::vector<std::string> suggestions = {}, std::string advice = {}) const {
    throw FilterError(std::move(message), text_, token.begin, token.end, std::move(suggestions),
                      std::move(advice));
  }

  [[noreturn]] void fail_too_deep() const {
    fail(token_, fmt::format("it is nested deeper than {} levels", kMaxFilterDepth));
  }

  // A token that can stand nowhere.
  void fail_bad_token() const {
    if (token_.kind == TokenKind::kBadText) {
      const char quote = text_[token_.begin];
      fail(token_, fmt::format("the quote {} is not closed", quote), {},
           quote == '\'' ? "Inside a text, '' stands for one quote." : "");
    }
    if (token_.kind == TokenKind::kBadNumber) {
      fail(token_, fmt::format("'{}' is not a number", shorten_utf8(token_.text, 40)), {},
           "Names that begin with a digit are written in \"\".");
    }
    if (token_.kind == TokenKind::kBadCharacter) {
      const std::string& text = token_.text;
      std::vector<std::string> instead;
      if (text == "&&" || text == "&") instead = {"and"};
      if (text == "||" || text == "|") instead = {"or"};
      if (text == "!") instead = {"not"};
      fail(token_, fmt::format("'{}' means nothing here", escape_bytes(text)), std::move(instead));
    }
  }

  [[noreturn]] void fail_no_value() const {
    fail_bad_token();
    const std::string before(trim(text_.substr(0, token_.begin)));
    const std::string found =
        token_.kind == TokenKind::kEnd
            ? "the end"
            : fmt::format("'{}'",
                          shorten_utf8(text_.substr(token_.begin, token_.end - token_.begin), 40));
    std::string advice;
    if (token_.kind == TokenKind::kWord) {
      advice = fmt::format("A column of that name is written \"{}\".", token_.text);
    }
    fail(token_, fmt::format("a column or a value is expected, found {}", found), {},
         std::move(advice));
  }

  [[noreturn]] void fail_after_expression() const {
    fail_bad_token();
    const std::string_view found = text_.substr(token_.begin, token_.end - token_.begin);
    std::vector<std::string> near;
    if (token_.kind == TokenKind::kWord) {
      near = nearest_words(found, {"and", "or", "in", "not", "is", "like", "between"});
    }
    std::string advice;
    if (at_symbol(")")) {
      fail(token_, "there is no ( for this )");
    } else if (near.empty()) {
      advice = "Join conditions with and, or.";
    }
    fail(token_, fmt::format("an operator is expected, found '{}'", shorten_utf8(found, 40)),
         std::move(near), std::move(advice));
  }

  std::string_view text_;
  Lexer lexer_;
  Token token_;
  size_t last_end_ = 0;
  uint32_t levels_ = 0;
};

}  // namespace

Filter parse_filter(std::string_view text) {
  if (text.size() > kMaxFilterBytes) {
    throw FilterError(fmt::format("it is {} long, the limit is {}", human_bytes(text.size()),
                                  human_bytes(kMaxFilterBytes)),
                      text.substr(0, 60), 0, 0);
  }
  Filter filter;
  filter.root_ = Parser(text).parse();
  filter.text_ = text;
  return filter;
}

}  // namespace errata::query
