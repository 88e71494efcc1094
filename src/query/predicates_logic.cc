#include <algorithm>

#include "query/predicate.h"

namespace errata::query {

namespace {

void fill(const RowRange& range, Tri truth, Truths& out) {
  for (size_t w = 0; w < range.words(); ++w) {
    const uint64_t mask = w + 1 == range.words() ? range.last_mask() : ~uint64_t{0};
    out.is_true[w] = truth == Tri::kTrue ? mask : 0;
    out.is_unknown[w] = truth == Tri::kUnknown ? mask : 0;
  }
}

class Constant final : public Predicate {
 public:
  explicit Constant(Tri truth) : truth_(truth) {}
  void eval(const RowRange& range, EvalContext&, Truths& out) const override {
    fill(range, truth_, out);
  }

 private:
  Tri truth_;
};

class And final : public Predicate {
 public:
  explicit And(std::vector<PredicatePtr> parts) : parts_(std::move(parts)) {}

  void eval(const RowRange& range, EvalContext& context, Truths& out) const override {
    parts_[0]->eval(range, context, out);
    Truths next;
    for (size_t p = 1; p < parts_.size(); ++p) {
      uint64_t open = 0;
      for (size_t w = 0; w < range.words(); ++w) open |= out.is_true[w] | out.is_unknown[w];
      if (open == 0) return;
      parts_[p]->eval(range, context, next);
      for (size_t w = 0; w < range.words(); ++w) {
        const uint64_t not_false =
            (out.is_true[w] | out.is_unknown[w]) & (next.is_true[w] | next.is_unknown[w]);
        out.is_true[w] &= next.is_true[w];
        out.is_unknown[w] = not_false & ~out.is_true[w];
      }
    }
  }

 private:
  std::vector<PredicatePtr> parts_;
};

class Or final : public Predicate {
 public:
  explicit Or(std::vector<PredicatePtr> parts) : parts_(std::move(parts)) {}

  void eval(const RowRange& range, EvalContext& context, Truths& out) const override {
    parts_[0]->eval(range, context, out);
    Truths next;
    for (size_t p = 1; p < parts_.size(); ++p) {
      if (all_true(range, out)) return;
      parts_[p]->eval(range, context, next);
      for (size_t w = 0; w < range.words(); ++w) {
        out.is_true[w] |= next.is_true[w];
        out.is_unknown[w] = (out.is_unknown[w] | next.is_unknown[w]) & ~out.is_true[w];
      }
    }
  }

 private:
  static bool all_true(const RowRange& range, const Truths& truths) {
    uint64_t all = ~uint64_t{0};
    for (size_t w = 0; w + 1 < range.words(); ++w) all &= truths.is_true[w];
    return all == ~uint64_t{0} && truths.is_true[range.words() - 1] == range.last_mask();
  }

  std::vector<PredicatePtr> parts_;
};

class Not final : public Predicate {
 public:
  explicit Not(PredicatePtr part) : part_(std::move(part)) {}

  void eval(const RowRange& range, EvalContext& context, Truths& out) const override {
    part_->eval(range, context, out);
    for (size_t w = 0; w < range.words(); ++w) {
      out.is_true[w] = ~(out.is_true[w] | out.is_unknown[w]);
    }
    out.is_true[range.words() - 1] &= range.last_mask();
  }

 private:
  PredicatePtr part_;
};

class IsTruth final : public Predicate {
 public:
  IsTruth(PredicatePtr part, bool truth, bool negated)
      : part_(std::move(part)), truth_(truth), negated_(negated) {}

  void eval(const RowRange& range, EvalContext& context, Truths& out) const override {
    part_->eval(range, context, out);
    for (size_t w = 0; w < range.words(); ++w) {
      const uint64_t is = truth_ ? out.is_true[w] : ~(out.is_true[w] | out.is_unknown[w]);
      out.is_true[w] = negated_ ? ~is : is;
      out.is_unknown[w] = 0;
    }
    out.is_true[range.words() - 1] &= range.last_mask();
  }

 private:
  PredicatePtr part_;
  bool truth_;
  bool negated_;
};

class NullSafeEqual final : public Predicate {
 public:
  NullSafeEqual(PredicatePtr equal, PredicatePtr left_null, PredicatePtr right_null, bool negated)
      : equal_(std::move(equal)),
        left_null_(std::move(left_null)),
        right_null_(std::move(right_null)),
        negated_(negated) {}

  void eval(const RowRange& range, EvalContext& context, Truths& out) const override {
    Truths left;
    Truths right;
    equal_->eval(range, context, out);
    left_null_->eval(range, context, left);
    right_null_->eval(range, context, right);
    for (size_t w = 0; w < range.words(); ++w) {
      const uint64_t is = out.is_true[w] | (left.is_true[w] & right.is_true[w]);
      out.is_true[w] = negated_ ? ~is : is;
      out.is_unknown[w] = 0;
    }
    out.is_true[range.words() - 1] &= range.last_mask();
  }

 private:
  PredicatePtr equal_;
  PredicatePtr left_null_;
  PredicatePtr right_null_;
  bool negated_;
};

}  // namespace

EvalContext::Lease::Lease(EvalContext& context) : context_(context) {
  if (context_.free_.empty()) {
    block_ = std::make_unique_for_overwrite<NumberBlock>();
  } else {
    block_ = std::move(context_.free_.back());
    context_.free_.pop_back();
  }
}

EvalContext::Lease::~Lease() {
  context_.free_.push_back(std::move(block_));
}

void apply_validity(const Column& column, const RowRange& range, Truths& out) {
  if (column.validity.empty()) return;
  const uint64_t* valid = column.validity.data() + range.first / 64;
  for (size_t w = 0; w < range.words(); ++w) {
    out.is_true[w] &= valid[w];
    out.is_unknown[w] |= ~valid[w];
  }
  out.is_unknown[range.words() - 1] &= range.last_mask();
}

void set_words(const RowRange& range, uint64_t* words, bool on) {
  std::fill_n(words, range.words(), on ? ~uint64_t{0} : 0);
  words[range.words() - 1] &= range.last_mask();
}

CompareOp mirrored(CompareOp op) {
  switch (op) {
    case CompareOp::kLt: return CompareOp::kGt;
    case CompareOp::kLe: return CompareOp::kGe;
    case CompareOp::kGt: return CompareOp::kLt;
    case CompareOp::kGe: return CompareOp::kLe;
    default: return op;
  }
}

PredicatePtr make_constant(Tri truth) {
  return std::make_unique<Constant>(truth);
}

PredicatePtr make_chain(bool is_and, std::vector<PredicatePtr> parts) {
  if (parts.size() == 1) return std::move(parts[0]);
  if (is_and) return std::make_unique<And>(std::move(parts));
  return std::make_unique<Or>(std::move(parts));
}

PredicatePtr make_not(PredicatePtr part) {
  return std::make_unique<Not>(std::move(part));
}

PredicatePtr make_is_truth(PredicatePtr part, bool truth, bool negated) {
  return std::make_unique<IsTruth>(std::move(part), truth, negated);
}

PredicatePtr make_null_safe_equal(PredicatePtr equal, PredicatePtr left_null,
                                  PredicatePtr right_null, bool negated) {
  return std::make_unique<NullSafeEqual>(std::move(equal), std::move(left_null),
                                         std::move(right_null), negated);
}

}  // namespace errata::query
