// A filter bound to a table: a tree of these, evaluated block by block. Immutable once bound, so
// blocks may be evaluated on several threads, each with a context of its own.
#pragma once

#include <bit>
#include <memory>
#include <vector>

#include "model/columns.h"
#include "query/block.h"
#include "query/expr.h"

namespace errata::query {

// One number a row: bits is an int64, or a double where the row's bit of is_real is set.
struct NumberBlock {
  enum class Mix : uint8_t { kInts, kReals, kBoth };

  alignas(64) int64_t bits[kBlockRows];
  uint64_t valid[kBlockWords];
  uint64_t is_real[kBlockWords];  // defined for kBoth only
  Mix mix;

  bool real_at(size_t row) const {
    return mix == Mix::kReals || (mix == Mix::kBoth && (is_real[row / 64] >> (row % 64) & 1) != 0);
  }
  double real(size_t row) const { return std::bit_cast<double>(bits[row]); }
};

// Scratch blocks of one thread, handed out and taken back as a stack.
class EvalContext {
 public:
  class Lease {
   public:
    explicit Lease(EvalContext& context);
    ~Lease();
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    NumberBlock& operator*() { return *block_; }
    NumberBlock* operator->() { return block_.get(); }

   private:
    EvalContext& context_;
    std::unique_ptr<NumberBlock> block_;
  };

 private:
  std::vector<std::unique_ptr<NumberBlock>> free_;
};

class NumberSource {
 public:
  virtual ~NumberSource() = default;
  virtual void load(const RowRange& range, EvalContext& context, NumberBlock& out) const = 0;
};

class Predicate {
 public:
  virtual ~Predicate() = default;
  virtual void eval(const RowRange& range, EvalContext& context, Truths& out) const = 0;
};

using PredicatePtr = std::unique_ptr<Predicate>;
using NumberSourcePtr = std::unique_ptr<NumberSource>;

enum class Tri : uint8_t { kFalse, kTrue, kUnknown };

inline Tri tri_of(bool truth) {
  return truth ? Tri::kTrue : Tri::kFalse;
}
inline Tri negate(Tri truth) {
  return truth == Tri::kUnknown ? truth : tri_of(truth == Tri::kFalse);
}

// Writes 0 for false, 1 for true of `a op b`, with `order` = sign of a - b.
inline bool holds(CompareOp op, int order) {
  switch (op) {
    case CompareOp::kEq: return order == 0;
    case CompareOp::kNe: return order != 0;
    case CompareOp::kLt: return order < 0;
    case CompareOp::kLe: return order <= 0;
    case CompareOp::kGt: return order > 0;
    case CompareOp::kGe: return order >= 0;
  }
  return false;
}

// a op b  ->  b mirrored(op) a
CompareOp mirrored(CompareOp op);

// Clears is_true where the column's validity bits say that a value is missing, and sets is_unknown.
void apply_validity(const Column& column, const RowRange& range, Truths& out);
// All rows of the range 0 or 1.
void set_words(const RowRange& range, uint64_t* words, bool on);

// Makers, grouped by the file they are in.
// predicates_logic.cc
PredicatePtr make_constant(Tri truth);
PredicatePtr make_chain(bool is_and, std::vector<PredicatePtr> parts);
PredicatePtr make_not(PredicatePtr part);
// part is `truth` (true or false), or is not; never unknown.
PredicatePtr make_is_truth(PredicatePtr part, bool truth, bool negated);
// (a = b) or both NULL, given the three as predicates; never unknown.
PredicatePtr make_null_safe_equal(PredicatePtr equal, PredicatePtr left_null,
                                  PredicatePtr right_null, bool negated);

}  // namespace errata::query
