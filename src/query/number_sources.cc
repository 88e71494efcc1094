// Numbers computed row by row: arithmetic, columns against columns, conditions as numbers.
#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "query/numbers.h"

namespace errata::query {

namespace {

using Mix = NumberBlock::Mix;

void set_all_valid(const RowRange& range, NumberBlock& out) {
  std::fill_n(out.valid, range.words(), ~uint64_t{0});
  out.valid[range.words() - 1] &= range.last_mask();
}

class ColumnSource final : public NumberSource {
 public:
  explicit ColumnSource(const Column& column) : column_(column) {}

  void load(const RowRange& range, EvalContext&, NumberBlock& out) const override {
    set_all_valid(range, out);
    switch (column_.type) {
      case ColumnType::kBool:
        for (size_t i = 0; i < range.rows; ++i) out.bits[i] = column_.bytes[range.first + i] != 0;
        out.mix = Mix::kInts;
        break;
      case ColumnType::kInt:
        std::copy_n(column_.ints.data() + range.first, range.rows, out.bits);
        out.mix = Mix::kInts;
        break;
      case ColumnType::kFloat: load_reals(column_.floats.data() + range.first, range, out); break;
      case ColumnType::kDouble: load_reals(column_.doubles.data() + range.first, range, out); break;
      default: throw Error(ErrorCategory::kInternal, "not a number column: " + column_.name);
    }
    if (!column_.validity.empty()) {
      const uint64_t* valid = column_.validity.data() + range.first / 64;
      for (size_t w = 0; w < range.words(); ++w) out.valid[w] &= valid[w];
    }
  }

 private:
  template <typename T>
  static void load_reals(const T* values, const RowRange& range, NumberBlock& out) {
    for (size_t i = 0; i < range.rows; ++i) {
      out.bits[i] = std::bit_cast<int64_t>(static_cast<double>(values[i]));
    }
    fill_bits(range.rows, out.valid, [=](size_t i) { return values[i] == values[i]; });
    out.mix = Mix::kReals;
  }

  const Column& column_;
};

class ConstantSource final : public NumberSource {
 public:
  explicit ConstantSource(std::optional<NumberConstant> constant) : constant_(constant) {}

  void load(const RowRange& range, EvalContext&, NumberBlock& out) const override {
    if (!constant_.has_value()) {
      std::fill_n(out.valid, range.words(), 0);
      std::fill_n(out.bits, range.rows, 0);
      out.mix = Mix::kInts;
      return;
    }
    set_all_valid(range, out);
    out.mix = constant_->is_real ? Mix::kReals : Mix::kInts;
    std::fill_n(out.bits, range.rows,
                constant_->is_real ? std::bit_cast<int64_t>(constant_->real) : constant_->whole);
  }

 private:
  std::optional<NumberConstant> constant_;
};

class ConditionSource final : public NumberSource {
 public:
  explicit ConditionSource(PredicatePtr condition) : condition_(std::move(condition)) {}

  void load(const RowRange& range, EvalContext& context, NumberBlock& out) const override {
    Truths truths;
    condition_->eval(range, context, truths);
    for (size_t i = 0; i < range.rows; ++i) {
      out.bits[i] = static_cast<int64_t>(truths.is_true[i / 64] >> (i % 64) & 1);
    }
    set_all_valid(range, out);
    for (size_t w = 0; w < range.words(); ++w) out.valid[w] &= ~truths.is_unknown[w];
    out.mix = Mix::kInts;
  }

 private:
  PredicatePtr condition_;
};

// What one row's operation gives; SQLite's rules.
struct RowResult {
  enum class Kind : uint8_t { kNull, kWhole, kReal };
  Kind kind;
  int64_t bits;
};

RowResult null_result() {
  return {RowResult::Kind::kNull, 0};
}
RowResult whole_result(int64_t value) {
  return {RowResult::Kind::kWhole, value};
}
RowResult real_result(double value) {
  if (std::isnan(value)) return null_result();
  return {RowResult::Kind::kReal, std::bit_cast<int64_t>(value)};
}

// Towards zero, held within int64.
int64_t to_whole(double value) {
  if (value <= -9223372036854775808.0) return std::numeric_limits<int64_t>::min();
  if (value >= 9223372036854775808.0) return std::numeric_limits<int64_t>::max();
  return static_cast<int64_t>(value);
}

RowResult real_operation(ArithmeticOp op, double a, double b) {
  switch (op) {
    case ArithmeticOp::kAdd: return real_result(a + b);
    case ArithmeticOp::kSubtract: return real_result(a - b);
    case ArithmeticOp::kMultiply: return real_result(a * b);
    case ArithmeticOp::kDivide: return b == 0 ? null_result() : real_result(a / b);
    case ArithmeticOp::kRemainder: break;  // always on whole numbers
  }
  return null_result();
}

RowResult whole_operation(ArithmeticOp op, int64_t a, int64_t b) {
  int64_t result = 0;
  bool overflow = false;
  switch (op) {
    case ArithmeticOp::kAdd: overflow = __builtin_add_overflow(a, b, &result); break;
    case ArithmeticOp::kSubtract: overflow = __builtin_sub_overflow(a, b, &result); break;
    case ArithmeticOp::kMultiply: overflow = __builtin_mul_overflow(a, b, &result); break;
    case ArithmeticOp::kDivide:
      if (b == 0) return null_result();
      overflow = b == -1 && a == std::numeric_limits<int64_t>::min();
      if (!overflow) result = a / b;
      break;
    case ArithmeticOp::kRemainder:
      if (b == 0) return null_result();
      result = b == -1 ? 0 : a % b;
      break;
  }
  if (!overflow) return whole_result(result);
  return real_operation(op, static_cast<double>(a), static_cast<double>(b));
}

class Arithmetic final : public NumberSource {
 public:
  Arithmetic(ArithmeticOp op, NumberSourcePtr left, NumberSourcePtr right)
      : op_(op), left_(std::move(left)), right_(std::move(right)) {}

  void load(const RowRange& range, EvalContext& context, NumberBlock& out) const override {
    EvalContext::Lease right(context);
    left_->load(range, context, out);
    right_->load(range, context, *right);
    const bool both_real = out.mix == Mix::kReals && right->mix == Mix::kReals;
    for (size_t w = 0; w < range.words(); ++w) out.valid[w] &= right->valid[w];
    if (both_real && op_ != ArithmeticOp::kDivide && op_ != ArithmeticOp::kRemainder) {
      combine_reals(range, *right, out);
    } else {
      combine_rows(range, *right, out);
    }
  }

 private:
  void combine_reals(const RowRange& range, const NumberBlock& right, NumberBlock& out) const {
    const auto run = [&](auto operation) {
      for (size_t i = 0; i < range.rows; ++i) {
        out.bits[i] = std::bit_cast<int64_t>(operation(out.real(i), right.real(i)));
      }
    };
    if (op_ == ArithmeticOp::kAdd) run([](double a, double b) { return a + b; });
    if (op_ == ArithmeticOp::kSubtract) run([](double a, double b) { return a - b; });
    if (op_ == ArithmeticOp::kMultiply) run([](double a, double b) { return a * b; });
    uint64_t is_number[kBlockWords];
    fill_bits(range.rows, is_number, [&](size_t i) { return out.real(i) == out.real(i); });
    for (size_t w = 0; w < range.words(); ++w) out.valid[w] &= is_number[w];
  }

  void combine_rows(const RowRange& range, const NumberBlock& right, NumberBlock& out) const {
    uint64_t any_real = 0;
    uint64_t any_whole = 0;
    for (size_t w = 0; w < range.words(); ++w) {
      uint64_t reals = 0;
      uint64_t nulls = 0;
      for (uint64_t bits = out.valid[w]; bits != 0; bits &= bits - 1) {
        const auto bit = static_cast<size_t>(std::countr_zero(bits));
        const RowResult result = combine(out, right, w * 64 + bit);
        out.bits[w * 64 + bit] = result.bits;
        reals |= uint64_t{result.kind == RowResult::Kind::kReal} << bit;
        nulls |= uint64_t{result.kind == RowResult::Kind::kNull} << bit;
      }
      out.valid[w] &= ~nulls;
      out.is_real[w] = reals;
      any_real |= reals;
      any_whole |= out.valid[w] & ~reals;
    }
    out.mix = any_real == 0 ? Mix::kInts : any_whole == 0 ? Mix::kReals : Mix::kBoth;
  }

  // Reads `left` at `row` before the caller overwrites it; is_real words are replaced after.
  RowResult combine(const NumberBlock& left, const NumberBlock& right, size_t row) const {
    const bool left_real = left.real_at(row);
    const bool right_real = right.real_at(row);
    if (!left_real && !right_real) return whole_operation(op_, left.bits[row], right.bits[row]);
    if (op_ == ArithmeticOp::kRemainder) {
      const RowResult whole =
          whole_operation(op_, left_real ? to_whole(left.real(row)) : left.bits[row],
                          right_real ? to_whole(right.real(row)) : right.bits[row]);
      if (whole.kind == RowResult::Kind::kNull) return whole;
      return real_result(static_cast<double>(whole.bits));
    }
    const double a = left_real ? left.real(row) : static_cast<double>(left.bits[row]);
    const double b = right_real ? right.real(row) : static_cast<double>(right.bits[row]);
    return real_operation(op_, a, b);
  }

  ArithmeticOp op_;
  NumberSourcePtr left_;
  NumberSourcePtr right_;
};

template <typename Get>
void compare_all(size_t rows, CompareOp op, const Get& get_a, const Get& get_b, uint64_t* words) {
  switch (op) {
    case CompareOp::kEq:
      fill_bits(rows, words, [&](size_t i) { return get_a(i) == get_b(i); });
      break;
    case CompareOp::kNe:
      fill_bits(rows, words, [&](size_t i) { return get_a(i) != get_b(i); });
      break;
    case CompareOp::kLt:
      fill_bits(rows, words, [&](size_t i) { return get_a(i) < get_b(i); });
      break;
    case CompareOp::kLe:
      fill_bits(rows, words, [&](size_t i) { return get_a(i) <= get_b(i); });
      break;
    case CompareOp::kGt:
      fill_bits(rows, words, [&](size_t i) { return get_a(i) > get_b(i); });
      break;
    case CompareOp::kGe:
      fill_bits(rows, words, [&](size_t i) { return get_a(i) >= get_b(i); });
      break;
  }
}

NumberConstant constant_at(const NumberBlock& block, size_t row) {
  NumberConstant constant;
  constant.is_real = block.real_at(row);
  if (constant.is_real) {
    constant.real = block.real(row);
  } else {
    constant.whole = block.bits[row];
  }
  return constant;
}

class CompareSources final : public Predicate {
 public:
  CompareSources(CompareOp op, NumberSourcePtr left, NumberSourcePtr right)
      : op_(op), left_(std::move(left)), right_(std::move(right)) {}

  void eval(const RowRange& range, EvalContext& context, Truths& out) const override {
    EvalContext::Lease left(context);
    EvalContext::Lease right(context);
    left_->load(range, context, *left);
    right_->load(range, context, *right);
    const NumberBlock& a = *left;
    const NumberBlock& b = *right;
    if (a.mix == Mix::kInts && b.mix == Mix::kInts) {
      struct Whole {
        const NumberBlock& block;
        int64_t operator()(size_t i) const { return block.bits[i]; }
      };
      compare_all(range.rows, op_, Whole{a}, Whole{b}, out.is_true);
    } else if (a.mix == Mix::kReals && b.mix == Mix::kReals) {
      struct Real {
        const NumberBlock& block;
        double operator()(size_t i) const { return block.real(i); }
      };
      compare_all(range.rows, op_, Real{a}, Real{b}, out.is_true);
    } else {
      fill_bits(range.rows, out.is_true, [&](size_t i) {
        return (a.valid[i / 64] & b.valid[i / 64]) >> (i % 64) & 1
                   ? holds(op_, compare_exactly(constant_at(a, i), constant_at(b, i)))
                   : false;
      });
    }
    for (size_t w = 0; w < range.words(); ++w) {
      const uint64_t valid = a.valid[w] & b.valid[w];
      out.is_true[w] &= valid;
      out.is_unknown[w] = ~valid;
    }
    out.is_unknown[range.words() - 1] &= range.last_mask();
  }

 private:
  CompareOp op_;
  NumberSourcePtr left_;
  NumberSourcePtr right_;
};

class SourceIsNull final : public Predicate {
 public:
  SourceIsNull(NumberSourcePtr source, bool negated)
      : source_(std::move(source)), negated_(negated) {}

  void eval(const RowRange& range, EvalContext& context, Truths& out) const override {
    EvalContext::Lease block(context);
    source_->load(range, context, *block);
    for (size_t w = 0; w < range.words(); ++w) {
      out.is_true[w] = negated_ ? block->valid[w] : ~block->valid[w];
      out.is_unknown[w] = 0;
    }
    out.is_true[range.words() - 1] &= range.last_mask();
  }

 private:
  NumberSourcePtr source_;
  bool negated_;
};

}  // namespace

NumberSourcePtr make_column_source(const Column& column) {
  return std::make_unique<ColumnSource>(column);
}

NumberSourcePtr make_constant_source(std::optional<NumberConstant> constant) {
  return std::make_unique<ConstantSource>(constant);
}

NumberSourcePtr make_condition_source(PredicatePtr condition) {
  return std::make_unique<ConditionSource>(std::move(condition));
}

NumberSourcePtr make_arithmetic_source(ArithmeticOp op, NumberSourcePtr left,
                                       NumberSourcePtr right) {
  return std::make_unique<Arithmetic>(op, std::move(left), std::move(right));
}

PredicatePtr make_compare_sources(CompareOp op, NumberSourcePtr left, NumberSourcePtr right) {
  return std::make_unique<CompareSources>(op, std::move(left), std::move(right));
}

PredicatePtr make_source_is_null(NumberSourcePtr source, bool negated) {
  return std::make_unique<SourceIsNull>(std::move(source), negated);
}

PredicatePtr make_source_condition(NumberSourcePtr source) {
  return make_compare_sources(CompareOp::kNe, std::move(source),
                              make_constant_source(NumberConstant{}));
}

}  // namespace errata::query
