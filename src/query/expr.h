// The tree behind a filter. Immutable once parsed; its height is bounded (kMaxFilterDepth), so
// recursion over it is safe.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace errata::query {

enum class ExprKind : uint8_t {
  kLiteral,     // value
  kColumn,      // column, and run when run('x').column was written
  kAnd,         // two or more children
  kOr,          // two or more children
  kNot,         // one child
  kCompare,     // two children, compare
  kIn,          // children[0] in the others; negated
  kBetween,     // children[0] between [1] and [2]; negated
  kIsNull,      // one child; negated
  kIsTruth,     // one child is `truth`; negated
  kIs,          // two children: equal, or both NULL; negated
  kLike,        // children[0] like children[1]; escape or empty; negated
  kArithmetic,  // two children, arithmetic
  kNegate       // one child
};

enum class CompareOp : uint8_t { kEq, kNe, kLt, kLe, kGt, kGe };
enum class ArithmeticOp : uint8_t { kAdd, kSubtract, kMultiply, kDivide, kRemainder };

// monostate is NULL.
using Literal = std::variant<std::monostate, bool, int64_t, double, std::string>;

struct Expr;
using ExprPtr = std::shared_ptr<const Expr>;

struct Expr {
  ExprKind kind = ExprKind::kLiteral;
  CompareOp compare = CompareOp::kEq;
  ArithmeticOp arithmetic = ArithmeticOp::kAdd;
  bool negated = false;
  bool truth = false;
  bool has_run = false;
  Literal value;
  std::string column;  // parts joined by '.': "attr.weather"
  std::string run;
  std::string escape;
  std::vector<ExprPtr> children;

  // Where it stands in the text it was parsed from, in bytes: [begin, end). Not part of equality.
  uint32_t begin = 0;
  uint32_t end = 0;
  uint32_t depth = 1;
};

// Same tree, places aside.
bool same_expr(const Expr& a, const Expr& b);

}  // namespace errata::query
