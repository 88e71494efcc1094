#include "query/bind.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "query/column_names.h"
#include "query/numbers.h"
#include "query/texts.h"

namespace errata::query {

namespace {

bool is_number_type(ColumnType type) {
  return type == ColumnType::kBool || type == ColumnType::kInt || type == ColumnType::kFloat ||
         type == ColumnType::kDouble;
}

bool is_text_type(ColumnType type) {
  return type == ColumnType::kCategory || type == ColumnType::kText;
}

// One side of a comparison, sorted by what may be done with it.
struct Operand {
  enum class Kind : uint8_t {
    kNull,
    kNumber,  // constant
    kText,    // constant
    kNumberColumn,
    kTextColumn,
    kSetColumn,
    kComputed  // arithmetic or a condition: a number without a column's affinity
  };
  Kind kind = Kind::kNull;
  const Expr* expr = nullptr;
  const Column* column = nullptr;
  NumberConstant number;
  bool is_bool = false;

  const std::string& text() const { return std::get<std::string>(expr->value); }
  bool is_constant() const {
    return kind == Kind::kNull || kind == Kind::kNumber || kind == Kind::kText;
  }
};

using Kind = Operand::Kind;

class Binder {
 public:
  Binder(const Filter& filter, const Table& table, std::vector<FilterNote>* notes)
      : filter_(filter), table_(table), notes_(notes) {}

  PredicatePtr condition(const Expr& expr) {
    switch (expr.kind) {
      case ExprKind::kLiteral:
      case ExprKind::kColumn:
      case ExprKind::kArithmetic:
      case ExprKind::kNegate: return value_condition(expr);
      case ExprKind::kAnd:
      case ExprKind::kOr: {
        std::vector<PredicatePtr> parts;
        for (const ExprPtr& child : expr.children) parts.push_back(condition(*child));
        return make_chain(expr.kind == ExprKind::kAnd, std::move(parts));
      }
      case ExprKind::kNot: return make_not(condition(*expr.children[0]));
      case ExprKind::kCompare:
        refuse_bare_text(expr);
        return compare(expr, expr.compare, operand(*expr.children[0]), operand(*expr.children[1]));
      case ExprKind::kIn: return in(expr);
      case ExprKind::kBetween: return between(expr);
      case ExprKind::kIsNull: return is_null(operand(*expr.children[0]), expr.negated);
      case ExprKind::kIsTruth:
        return make_is_truth(condition(*expr.children[0]), expr.truth, expr.negated);
      case ExprKind::kIs: return is(expr);
      case ExprKind::kLike: return like(expr);
    }
    fail(expr, "this is not a condition");
  }

 private:
  [[noreturn]] void fail(const Expr& expr, std::string message,
                         std::vector<std::string> suggestions = {}, std::string advice = {}) const {
    throw FilterError(std::move(message), filter_.text(), expr.begin, expr.end,
                      std::move(suggestions), std::move(advice));
  }

  void note(const Expr& expr, std::string message, std::vector<std::string> suggestions = {}) {
    if (notes_ == nullptr) return;
    notes_->push_back({expr.begin, expr.end, std::move(message), std::move(suggestions)});
  }

  std::string source_of(const Expr& expr) const {
    return shorten_utf8(std::string_view(filter_.text()).substr(expr.begin, expr.end - expr.begin),
                        60);
  }

  const Column& column_of(const Expr& expr) const {
    const Column* column = expr.has_run ? find_column(table_, expr.column, expr.run)
                                        : find_column(table_, expr.column);
    if (column != nullptr) return *column;
    fail_unknown_column(expr);
  }

  [[noreturn]] void fail_unknown_column(const Expr& expr) const {
    const std::vector<std::string> runs = run_names(table_);
    if (expr.has_run) {
      if (std::find(runs.begin(), runs.end(), expr.run) == runs.end()) {
        std::vector<std::string> near;
        for (const std::string& name : nearest_words(expr.run, runs)) {
          near.push_back(fmt::format("run({}).{}", quote_text(name), quote_column(expr.column)));
        }
        fail(expr, fmt::format("there is no run '{}'", expr.run), std::move(near),
             runs.empty() ? "There are no runs yet."
                          : fmt::format("Runs: {}.", fmt::join(runs, ", ")));
      }
      fail(expr, fmt::format("run '{}' has no column {}", expr.run, expr.column));
    }
    std::string advice;
    for (const std::string& run : runs) {
      if (table_.find(expr.column, run) == nullptr) continue;
      advice = fmt::format("No run is active. Write: run({}).{}.", quote_text(run),
                           quote_column(expr.column));
      break;
    }
    const char first = filter_.text().size() > expr.begin ? filter_.text()[expr.begin] : ' ';
    if (first == '"')
      advice = fmt::format("A text takes single quotes: {}.", quote_text(expr.column));
    std::vector<std::string> near = nearest_words(expr.column, column_candidates(table_));
    for (std::string& name : near) name = quote_column(name);
    fail(expr, fmt::format("there is no column {}", shorten_utf8(expr.column, 60)), std::move(near),
         std::move(advice));
  }

  const Column* plain_column(const Expr& expr) const {
    if (expr.kind != ExprKind::kColumn) return nullptr;
    return expr.has_run ? find_column(table_, expr.column, expr.run)
                        : find_column(table_, expr.column);
  }

  // `split = train` for `split = 'train'`: a word that is no column, compared with a text.
  void refuse_bare_text(const Expr& expr) const {
    const Column* text = nullptr;
    for (const ExprPtr& side : expr.children) {
      const Column* column = plain_column(*side);
      if (column != nullptr && !is_number_type(column->type)) text = column;
    }
    if (text == nullptr) return;
    for (const ExprPtr& side : expr.children) {
      if (side->kind != ExprKind::kColumn || side->has_run || plain_column(*side) != nullptr) {
        continue;
      }
      const std::string quoted = quote_text(side->column);
      std::vector<std::string> near = nearest_words(side->column, column_candidates(table_));
      for (std::string& name : near) name = quote_column(name);
      const bool is_value =
          text->dictionary != nullptr && text->dictionary->find(side->column) >= 0;
      near.insert(is_value ? near.begin() : near.end(), quoted);
      fail(*side, fmt::format("there is no column {}", shorten_utf8(side->column, 60)),
           std::move(near), fmt::format("A text takes single quotes: {}.", quoted));
    }
  }

  Operand operand(const Expr& expr) const {
    Operand operand;
    operand.expr = &expr;
    if (expr.kind == ExprKind::kColumn) {
      operand.column = &column_of(expr);
      operand.kind = is_number_type(operand.column->type) ? Kind::kNumberColumn
                     : is_text_type(operand.column->type) ? Kind::kTextColumn
                                                          : Kind::kSetColumn;
    } else if (expr.kind != ExprKind::kLiteral) {
      operand.kind = Kind::kComputed;
    } else if (const auto* truth = std::get_if<bool>(&expr.value)) {
      operand.kind = Kind::kNumber;
      operand.is_bool = true;
      operand.number.whole = *truth ? 1 : 0;
    } else if (const auto* whole = std::get_if<int64_t>(&expr.value)) {
      operand.kind = Kind::kNumber;
      operand.number.whole = *whole;
    } else if (const auto* real = std::get_if<double>(&expr.value)) {
      operand.kind = Kind::kNumber;
      operand.number.is_real = true;
      operand.number.real = *real;
    } else if (std::holds_alternative<std::string>(expr.value)) {
      operand.kind = Kind::kText;
    }
    return operand;
  }

  NumberSourcePtr source(const Expr& expr) { return source(operand(expr)); }

  NumberSourcePtr source(const Operand& operand) {
    switch (operand.kind) {
      case Kind::kNull: return make_constant_source(std::nullopt);
      case Kind::kNumber: return make_constant_source(operand.number);
      case Kind::kNumberColumn: return make_column_source(*operand.column);
      case Kind::kComputed: break;
      default: fail(*operand.expr, fmt::format("{} is not a number", source_of(*operand.expr)));
    }
    const Expr& expr = *operand.expr;
    if (expr.kind == ExprKind::kArithmetic) {
      NumberSourcePtr left = source(*expr.children[0]);
      return make_arithmetic_source(expr.arithmetic, std::move(left), source(*expr.children[1]));
    }
    if (expr.kind == ExprKind::kNegate) {
      // 0 - x, as SQLite does.
      return make_arithmetic_source(ArithmeticOp::kSubtract, make_constant_source(NumberConstant{}),
                                    source(*expr.children[0]));
    }
    return make_condition_source(condition(expr));
  }

  PredicatePtr value_condition(const Expr& expr) {
    const Operand value = operand(expr);
    switch (value.kind) {
      case Kind::kNull: return make_constant(Tri::kUnknown);
      case Kind::kNumber:
        return make_constant(tri_of(compare_exactly(value.number, NumberConstant{}) != 0));
      case Kind::kNumberColumn:
        return make_compare_constant(*value.column, CompareOp::kNe, NumberConstant{});
      case Kind::kComputed: return make_source_condition(source(value));
      default:
        fail(expr, fmt::format("{} is not a condition", source_of(expr)), {},
             fmt::format("Write: {0} = 'text', or {0} is not null.",
                         value.column == nullptr ? "column" : source_of(expr)));
    }
  }

  // The constant as the number a number column compares with.
  NumberConstant number_for(const Operand& left, const Operand& constant) const {
    if (constant.kind == Kind::kNumber) return constant.number;
    const std::optional<NumberConstant> number = number_of_text(constant.text());
    if (number.has_value()) return *number;
    fail(*constant.expr,
         fmt::format("{} is a number, {} is not", source_of(*left.expr), source_of(*constant.expr)),
         {}, left.column->type == ColumnType::kBool ? "Write true or false." : "");
  }

  // The constant as the text a text column compares with; notes a value that no row has when
  // `expect_known`.
  std::string text_for(const Operand& left, const Operand& constant, bool expect_known) {
    if (constant.is_bool) {
      fail(*constant.expr,
           fmt::format("{} is text, {} is not", source_of(*left.expr), source_of(*constant.expr)));
    }
    std::string text =
        constant.kind == Kind::kText ? constant.text() : text_of_number(constant.number);
    if (expect_known && notes_ != nullptr) note_unknown_value(left, *constant.expr, text);
    return text;
  }

  void note_unknown_value(const Operand& left, const Expr& expr, const std::string& text) {
    const Column& column = *left.column;
    // Beyond this, looking for near values costs more than it helps.
    constexpr size_t kMostCandidates = 50'000;
    if (column.type == ColumnType::kText || column.dictionary == nullptr) return;
    if (column.dictionary->find(text) >= 0) return;
    std::vector<std::string> near;
    if (column.dictionary->size() <= kMostCandidates) {
      near = nearest_words(text, column.dictionary->texts());
    }
    for (std::string& value : near) value = quote_text(value);
    note(expr,
         fmt::format("no {} is {}", source_of(*left.expr), quote_text(shorten_utf8(text, 60))),
         std::move(near));
  }

  PredicatePtr compare(const Expr& expr, CompareOp op, const Operand& left, const Operand& right) {
    if (left.kind == Kind::kNull || right.kind == Kind::kNull) {
      if (notes_ != nullptr) {
        const Expr& other = left.kind == Kind::kNull ? *right.expr : *left.expr;
        note(expr, "a comparison with null is never true",
             {fmt::format("{} is {}null", source_of(other), op == CompareOp::kNe ? "not " : "")});
      }
      return make_constant(Tri::kUnknown);
    }
    if (left.is_constant() && !right.is_constant()) {
      return compare(expr, mirrored(op), right, left);
    }
    if (left.kind == Kind::kSetColumn || left.kind == Kind::kTextColumn) {
      if (right.kind == Kind::kText || right.kind == Kind::kNumber) {
        return compare_text_constant(expr, op, left, right);
      }
      if (left.kind == Kind::kTextColumn && right.kind == Kind::kTextColumn) {
        return make_compare_texts(op, *left.column, *right.column);
      }
      fail_mismatch(expr, left, right);
    }
    if (left.kind == Kind::kText) {
      if (right.kind != Kind::kText) fail_mismatch(expr, left, right);
      return make_constant(tri_of(holds(op, left.text().compare(right.text()))));
    }
    if (left.kind == Kind::kNumberColumn &&
        (right.kind == Kind::kNumber || right.kind == Kind::kText)) {
      return make_compare_constant(*left.column, op, number_for(left, right));
    }
    if (right.kind == Kind::kText || right.kind == Kind::kTextColumn ||
        right.kind == Kind::kSetColumn) {
      fail_mismatch(expr, left, right);
    }
    NumberSourcePtr first = source(left);
    return make_compare_sources(op, std::move(first), source(right));
  }

  void note_no_order(const Expr& expr, const Operand& left, const Operand& right) {
    if (notes_ == nullptr) return;
    const std::string name = source_of(*left.expr);
    const bool free_column = to_lower_ascii(left.column->name).starts_with("attr.");
    if (left.column->type == ColumnType::kCategory && !free_column) {
      notes_->push_back(
          {expr.begin,
           expr.end,
           fmt::format("{} is a category, which has no order", name),
           {},
           fmt::format("Write: {0} = 'text', {0} != 'text', {0} in ('a', 'b'), {0} like 'a%' or "
                       "{0} is null.",
                       name)});
    } else if (right.kind == Kind::kNumber) {
      notes_->push_back({expr.begin,
                         expr.end,
                         fmt::format("{} is text, {} is a number: they have no order", name,
                                     source_of(*right.expr)),
                         {},
                         fmt::format("Texts have the order of their bytes: write {} to have that.",
                                     quote_text(text_of_number(right.number)))});
    }
  }

  PredicatePtr compare_text_constant(const Expr& expr, CompareOp op, const Operand& left,
                                     const Operand& right) {
    const bool is_equality = op == CompareOp::kEq || op == CompareOp::kNe;
    if (!is_equality) note_no_order(expr, left, right);
    std::string text = text_for(left, right, is_equality);
    // For sets `!=` is the negation of `=`: none of the members is.
    const bool negated = op == CompareOp::kNe;
    return make_text_predicate(
        *left.column, make_text_compare(negated ? CompareOp::kEq : op, std::move(text)), negated);
  }

  [[noreturn]] void fail_mismatch(const Expr& expr, const Operand& left,
                                  const Operand& right) const {
    for (const Operand* side : {&left, &right}) {
      if (side->kind == Kind::kSetColumn) {
        fail(expr,
             fmt::format("{} is a set, and compares with a text only", source_of(*side->expr)), {},
             fmt::format("Write: {} = 'text'.", source_of(*side->expr)));
      }
    }
    const auto describe = [&](const Operand& side) {
      const bool text = side.kind == Kind::kText || side.kind == Kind::kTextColumn;
      return fmt::format("{} is a {}", source_of(*side.expr), text ? "text" : "number");
    };
    fail(expr, fmt::format("{}, {}: they do not compare", describe(left), describe(right)));
  }

  PredicatePtr in(const Expr& expr) {
    refuse_bare_text(expr);
    const Operand left = operand(*expr.children[0]);
    std::vector<Operand> items;
    bool constants = true;
    for (size_t i = 1; i < expr.children.size(); ++i) {
      items.push_back(operand(*expr.children[i]));
      constants = constants && items.back().is_constant();
    }
    if (items.empty()) return make_constant(tri_of(expr.negated));
    if (left.kind == Kind::kNull) return make_constant(Tri::kUnknown);
    if (constants && left.column != nullptr) return in_constants(left, items, expr.negated);
    if (left.kind == Kind::kSetColumn) {
      fail(expr,
           fmt::format("{} is a set, and compares with constants only", source_of(*left.expr)));
    }
    std::vector<PredicatePtr> parts;
    for (const Operand& item : items) {
      // The list takes its affinity from the left side alone.
      const bool number_left = left.kind == Kind::kNumber || left.kind == Kind::kComputed;
      if ((number_left && item.kind == Kind::kTextColumn) ||
          (left.kind == Kind::kText && item.kind == Kind::kNumberColumn)) {
        fail_mismatch(expr, left, item);
      }
      parts.push_back(item.kind == Kind::kNull ? make_constant(Tri::kUnknown)
                                               : compare(expr, CompareOp::kEq, left, item));
    }
    PredicatePtr any = make_chain(false, std::move(parts));
    return expr.negated ? make_not(std::move(any)) : std::move(any);
  }

  PredicatePtr in_constants(const Operand& left, const std::vector<Operand>& items, bool negated) {
    const Column& column = *left.column;
    bool has_null = false;
    std::vector<NumberConstant> numbers;
    std::vector<std::string> texts;
    for (const Operand& item : items) {
      if (item.kind == Kind::kNull) {
        has_null = true;
      } else if (left.kind == Kind::kNumberColumn) {
        numbers.push_back(number_for(left, item));
      } else {
        texts.push_back(text_for(left, item, true));
      }
    }
    if (left.kind == Kind::kNumberColumn) {
      return make_number_in(column, std::move(numbers), has_null, negated);
    }
    return make_text_predicate(column, make_text_in(std::move(texts), has_null), negated);
  }

  PredicatePtr between(const Expr& expr) {
    const Operand value = operand(*expr.children[0]);
    const Operand low = operand(*expr.children[1]);
    const Operand high = operand(*expr.children[2]);
    const bool text_column = value.kind == Kind::kTextColumn || value.kind == Kind::kSetColumn;
    if (text_column && low.is_constant() && high.is_constant()) {
      const auto bound = [&](const Operand& side) -> std::unique_ptr<std::string> {
        if (side.kind == Kind::kNull) return nullptr;
        return std::make_unique<std::string>(text_for(value, side, false));
      };
      return make_text_predicate(*value.column, make_text_between(bound(low), bound(high)),
                                 expr.negated);
    }
    std::vector<PredicatePtr> parts;
    parts.push_back(compare(expr, CompareOp::kGe, value, low));
    parts.push_back(compare(expr, CompareOp::kLe, value, high));
    PredicatePtr both = make_chain(true, std::move(parts));
    return expr.negated ? make_not(std::move(both)) : std::move(both);
  }

  PredicatePtr is_null(const Operand& operand, bool negated) {
    switch (operand.kind) {
      case Kind::kNull: return make_constant(tri_of(!negated));
      case Kind::kNumber:
      case Kind::kText: return make_constant(tri_of(negated));
      case Kind::kNumberColumn:
      case Kind::kTextColumn: return make_is_null(*operand.column, negated);
      case Kind::kSetColumn: return make_set_is_empty(*operand.column, negated);
      case Kind::kComputed: return make_source_is_null(source(operand), negated);
    }
    return nullptr;
  }

  PredicatePtr is(const Expr& expr) {
    const Operand left = operand(*expr.children[0]);
    const Operand right = operand(*expr.children[1]);
    if (left.kind == Kind::kNull) return is_null(right, expr.negated);
    if (right.kind == Kind::kNull) return is_null(left, expr.negated);
    if (left.kind == Kind::kSetColumn || right.kind == Kind::kSetColumn) {
      fail_mismatch(expr, left, right);
    }
    return make_null_safe_equal(compare(expr, CompareOp::kEq, left, right), is_null(left, false),
                                is_null(right, false), expr.negated);
  }

  PredicatePtr like(const Expr& expr) {
    const Operand value = operand(*expr.children[0]);
    const Operand pattern = operand(*expr.children[1]);
    if (value.kind == Kind::kNull || pattern.kind == Kind::kNull) {
      return make_constant(Tri::kUnknown);
    }
    if (pattern.kind != Kind::kText) {
      fail(*pattern.expr, "like wants a pattern in quotes", {},
           "Write: path like '%/night/%'. % is any text, _ any one character.");
    }
    TextTestPtr test = make_text_like(pattern.text(), expr.escape);
    if (value.kind == Kind::kText) {
      const Tri outcome = test->test(value.text());
      return make_constant(expr.negated ? negate(outcome) : outcome);
    }
    if (value.kind != Kind::kTextColumn && value.kind != Kind::kSetColumn) {
      fail(*value.expr, fmt::format("{} is a number, like wants a text", source_of(*value.expr)));
    }
    return make_text_predicate(*value.column, std::move(test), expr.negated);
  }

  const Filter& filter_;
  const Table& table_;
  std::vector<FilterNote>* notes_;
};

}  // namespace

PredicatePtr bind_filter(const Filter& filter, const Table& table, std::vector<FilterNote>* notes) {
  if (filter.passes_all()) return make_constant(Tri::kTrue);
  return Binder(filter, table, notes).condition(*filter.root());
}

}  // namespace errata::query
