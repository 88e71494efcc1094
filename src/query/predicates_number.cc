// Comparisons of a number column with constants, and NULL tests: the loops over plain arrays.
#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "query/numbers.h"
#include "query/simd.h"

namespace errata::query {

namespace {

// A comparison brought into the column's own type, so that the loop needs no conversion: either one
// outcome for all values, or `value op bound`.
template <typename T>
struct Bound {
  enum class Outcome : uint8_t { kNever, kAlways, kCompare };
  Outcome outcome = Outcome::kCompare;
  CompareOp op = CompareOp::kEq;
  T value = 0;
};

// The constant lies strictly between the neighbours `below` and `above` of the type T.
template <typename T>
Bound<T> between_neighbours(CompareOp op, T below, T above) {
  using Outcome = typename Bound<T>::Outcome;
  switch (op) {
    case CompareOp::kEq: return {Outcome::kNever, op, 0};
    case CompareOp::kNe: return {Outcome::kAlways, op, 0};
    case CompareOp::kLt:
    case CompareOp::kLe: return {Outcome::kCompare, CompareOp::kLe, below};
    default: return {Outcome::kCompare, CompareOp::kGe, above};
  }
}

template <typename T>
Bound<T> bound_real(CompareOp op, const NumberConstant& constant) {
  const T near = constant.is_real ? static_cast<T>(constant.real) : static_cast<T>(constant.whole);
  NumberConstant rounded;
  rounded.is_real = true;
  rounded.real = near;
  const int order = compare_exactly(rounded, constant);
  constexpr T kInfinity = std::numeric_limits<T>::infinity();
  if (order == 0) return {Bound<T>::Outcome::kCompare, op, near};
  const T below = order < 0 ? near : std::nextafter(near, -kInfinity);
  const T above = order > 0 ? near : std::nextafter(near, kInfinity);
  return between_neighbours(op, below, above);
}

Bound<int64_t> bound_whole(CompareOp op, const NumberConstant& constant) {
  using Outcome = Bound<int64_t>::Outcome;
  if (!constant.is_real) return {Outcome::kCompare, op, constant.whole};
  const bool too_low = constant.real < -9223372036854775808.0;
  if (too_low || constant.real >= 9223372036854775808.0) {
    return {holds(op, too_low ? 1 : -1) ? Outcome::kAlways : Outcome::kNever, op, 0};
  }
  const double floor = std::floor(constant.real);
  const auto below = static_cast<int64_t>(floor);
  if (floor == constant.real) return {Outcome::kCompare, op, below};
  return between_neighbours(op, below, below + 1);
}

template <typename T>
void compare_rows(const T* values, size_t rows, CompareOp op, T bound, uint64_t* words) {
  const auto fill = [&](auto test) ERRATA_INLINE {
    vectorised([&]() ERRATA_INLINE {
      const T b = bound;
      const T* v = values;
      fill_bits(rows, words, [=](size_t i) ERRATA_INLINE { return test(v[i], b); });
    });
  };
  switch (op) {
    case CompareOp::kEq: fill([](T a, T b) ERRATA_INLINE { return a == b; }); break;
    case CompareOp::kNe: fill([](T a, T b) ERRATA_INLINE { return a != b; }); break;
    case CompareOp::kLt: fill([](T a, T b) ERRATA_INLINE { return a < b; }); break;
    case CompareOp::kLe: fill([](T a, T b) ERRATA_INLINE { return a <= b; }); break;
    case CompareOp::kGt: fill([](T a, T b) ERRATA_INLINE { return a > b; }); break;
    case CompareOp::kGe: fill([](T a, T b) ERRATA_INLINE { return a >= b; }); break;
  }
}

template <typename T>
const T* values_of(const Column& column);
template <>
const float* values_of<float>(const Column& column) {
  return column.floats.data();
}
template <>
const double* values_of<double>(const Column& column) {
  return column.doubles.data();
}
template <>
const int64_t* values_of<int64_t>(const Column& column) {
  return column.ints.data();
}

template <typename T>
void find_nan(const T* values, size_t rows, uint64_t* words) {
  vectorised([&]() ERRATA_INLINE {
    const T* v = values;
    fill_bits(rows, words, [=](size_t i) ERRATA_INLINE { return v[i] != v[i]; });
  });
}

template <typename T>
class CompareConstant final : public Predicate {
 public:
  CompareConstant(const Column& column, Bound<T> bound) : column_(column), bound_(bound) {}

  void eval(const RowRange& range, EvalContext&, Truths& out) const override {
    const T* values = values_of<T>(column_) + range.first;
    if (bound_.outcome == Bound<T>::Outcome::kCompare) {
      compare_rows<T>(values, range.rows, bound_.op, bound_.value, out.is_true);
    } else {
      set_words(range, out.is_true, bound_.outcome == Bound<T>::Outcome::kAlways);
    }
    if constexpr (std::is_floating_point_v<T>) {
      find_nan(values, range.rows, out.is_unknown);
      for (size_t w = 0; w < range.words(); ++w) out.is_true[w] &= ~out.is_unknown[w];
    } else {
      set_words(range, out.is_unknown, false);
    }
    apply_validity(column_, range, out);
  }

 private:
  const Column& column_;
  Bound<T> bound_;
};

// Any test of a bool column: its outcome for false and for true.
class BoolTest final : public Predicate {
 public:
  BoolTest(const Column& column, Tri if_false, Tri if_true)
      : column_(column), if_false_(if_false), if_true_(if_true) {}

  void eval(const RowRange& range, EvalContext&, Truths& out) const override {
    const uint8_t* bytes = column_.bytes.data() + range.first;
    uint64_t on[kBlockWords];
    fill_bits(range.rows, on, [=](size_t i) { return bytes[i] != 0; });
    for (size_t w = 0; w < range.words(); ++w) {
      out.is_true[w] = select(on[w], Tri::kTrue);
      out.is_unknown[w] = select(on[w], Tri::kUnknown);
    }
    out.is_true[range.words() - 1] &= range.last_mask();
    out.is_unknown[range.words() - 1] &= range.last_mask();
    apply_validity(column_, range, out);
  }

 private:
  uint64_t select(uint64_t on, Tri wanted) const {
    return (if_true_ == wanted ? on : 0) | (if_false_ == wanted ? ~on : 0);
  }

  const Column& column_;
  Tri if_false_;
  Tri if_true_;
};

// The constants that a column of type T can hold exactly, sorted.
template <typename T>
std::vector<T> exact_values(const std::vector<NumberConstant>& constants) {
  std::vector<T> values;
  for (const NumberConstant& constant : constants) {
    Bound<T> bound;
    if constexpr (std::is_floating_point_v<T>) {
      bound = bound_real<T>(CompareOp::kEq, constant);
    } else {
      bound = bound_whole(CompareOp::kEq, constant);
    }
    if (bound.outcome == Bound<T>::Outcome::kCompare) values.push_back(bound.value);
  }
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  return values;
}

template <typename T>
class NumberIn final : public Predicate {
 public:
  NumberIn(const Column& column, std::vector<T> values, bool has_null, bool negated)
      : column_(column), values_(std::move(values)), has_null_(has_null), negated_(negated) {}

  void eval(const RowRange& range, EvalContext&, Truths& out) const override {
    const T* values = values_of<T>(column_) + range.first;
    uint64_t found[kBlockWords];
    if (values_.size() <= kFewValues) {
      set_words(range, found, false);
      for (const T value : values_) {
        compare_rows<T>(values, range.rows, CompareOp::kEq, value, out.is_true);
        for (size_t w = 0; w < range.words(); ++w) found[w] |= out.is_true[w];
      }
    } else {
      fill_bits(range.rows, found, [&](size_t i) {
        return std::binary_search(values_.begin(), values_.end(), values[i]);
      });
    }
    if constexpr (std::is_floating_point_v<T>) {
      find_nan(values, range.rows, out.is_unknown);
    } else {
      set_words(range, out.is_unknown, false);
    }
    for (size_t w = 0; w < range.words(); ++w) {
      const uint64_t valid = ~out.is_unknown[w];
      const uint64_t missed = ~found[w];
      out.is_true[w] = negated_ ? (has_null_ ? 0 : missed & valid) : found[w] & valid;
      if (has_null_) out.is_unknown[w] |= missed;
    }
    out.is_true[range.words() - 1] &= range.last_mask();
    out.is_unknown[range.words() - 1] &= range.last_mask();
    apply_validity(column_, range, out);
  }

 private:
  // Up to here, a vector pass for each value is faster than a search for each row.
  static constexpr size_t kFewValues = 12;

  const Column& column_;
  std::vector<T> values_;
  bool has_null_;
  bool negated_;
};

class IsNull final : public Predicate {
 public:
  IsNull(const Column& column, bool negated) : column_(column), negated_(negated) {}

  void eval(const RowRange& range, EvalContext&, Truths& out) const override {
    find_null(range, out.is_true);
    const bool has_words = !column_.validity.empty();
    for (size_t w = 0; w < range.words(); ++w) {
      uint64_t null = out.is_true[w];
      if (has_words) null |= ~column_.validity[range.first / 64 + w];
      out.is_true[w] = negated_ ? ~null : null;
      out.is_unknown[w] = 0;
    }
    out.is_true[range.words() - 1] &= range.last_mask();
  }

 private:
  void find_null(const RowRange& range, uint64_t* words) const {
    switch (column_.type) {
      case ColumnType::kFloat:
        find_nan(column_.floats.data() + range.first, range.rows, words);
        break;
      case ColumnType::kDouble:
        find_nan(column_.doubles.data() + range.first, range.rows, words);
        break;
      case ColumnType::kCategory:
        compare_rows<int32_t>(column_.codes.data() + range.first, range.rows, CompareOp::kLt, 0,
                              words);
        break;
      default: set_words(range, words, false);
    }
  }

  const Column& column_;
  bool negated_;
};

class SetIsEmpty final : public Predicate {
 public:
  SetIsEmpty(const Column& column, bool negated) : column_(column), negated_(negated) {}

  void eval(const RowRange& range, EvalContext&, Truths& out) const override {
    set_words(range, out.is_unknown, false);
    const uint64_t* offsets = column_.offsets.data() + range.first;
    const bool negated = negated_;
    vectorised([&]() ERRATA_INLINE {
      fill_bits(range.rows, out.is_true,
                [=](size_t i) ERRATA_INLINE { return (offsets[i] == offsets[i + 1]) != negated; });
    });
  }

 private:
  const Column& column_;
  bool negated_;
};

NumberConstant whole_constant(int64_t value) {
  NumberConstant constant;
  constant.whole = value;
  return constant;
}

}  // namespace

PredicatePtr make_compare_constant(const Column& column, CompareOp op,
                                   const NumberConstant& constant) {
  switch (column.type) {
    case ColumnType::kFloat:
      return std::make_unique<CompareConstant<float>>(column, bound_real<float>(op, constant));
    case ColumnType::kDouble:
      return std::make_unique<CompareConstant<double>>(column, bound_real<double>(op, constant));
    case ColumnType::kInt:
      return std::make_unique<CompareConstant<int64_t>>(column, bound_whole(op, constant));
    case ColumnType::kBool: {
      const auto outcome = [&](int64_t value) {
        return tri_of(holds(op, compare_exactly(whole_constant(value), constant)));
      };
      return std::make_unique<BoolTest>(column, outcome(0), outcome(1));
    }
    default: throw Error(ErrorCategory::kInternal, "not a number column: " + column.name);
  }
}

PredicatePtr make_number_in(const Column& column, std::vector<NumberConstant> constants,
                            bool has_null, bool negated) {
  switch (column.type) {
    case ColumnType::kFloat:
      return std::make_unique<NumberIn<float>>(column, exact_values<float>(constants), has_null,
                                               negated);
    case ColumnType::kDouble:
      return std::make_unique<NumberIn<double>>(column, exact_values<double>(constants), has_null,
                                                negated);
    case ColumnType::kInt:
      return std::make_unique<NumberIn<int64_t>>(column, exact_values<int64_t>(constants), has_null,
                                                 negated);
    case ColumnType::kBool: {
      const auto outcome = [&](int64_t value) {
        const bool found = std::any_of(constants.begin(), constants.end(), [&](const auto& other) {
          return compare_exactly(whole_constant(value), other) == 0;
        });
        if (!found && has_null) return Tri::kUnknown;
        return tri_of(found != negated);
      };
      return std::make_unique<BoolTest>(column, outcome(0), outcome(1));
    }
    default: throw Error(ErrorCategory::kInternal, "not a number column: " + column.name);
  }
}

PredicatePtr make_is_null(const Column& column, bool negated) {
  return std::make_unique<IsNull>(column, negated);
}

PredicatePtr make_set_is_empty(const Column& column, bool negated) {
  return std::make_unique<SetIsEmpty>(column, negated);
}

}  // namespace errata::query
