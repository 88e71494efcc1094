#include "query/texts.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "query/like.h"
#include "query/simd.h"

namespace errata::query {

namespace {

class TextCompare final : public TextTest {
 public:
  TextCompare(CompareOp op, std::string constant) : op_(op), constant_(std::move(constant)) {}
  Tri test(std::string_view text) const override {
    if (op_ == CompareOp::kEq) return tri_of(text == constant_);
    return tri_of(holds(op_, text.compare(constant_)));
  }

 private:
  CompareOp op_;
  std::string constant_;
};

class TextIn final : public TextTest {
 public:
  TextIn(std::vector<std::string> constants, bool has_null)
      : constants_(std::move(constants)),
        found_(constants_.begin(), constants_.end()),
        missing_(has_null ? Tri::kUnknown : Tri::kFalse) {}
  Tri test(std::string_view text) const override {
    return found_.contains(text) ? Tri::kTrue : missing_;
  }

 private:
  std::vector<std::string> constants_;
  std::unordered_set<std::string_view> found_;
  Tri missing_;
};

class TextBetween final : public TextTest {
 public:
  TextBetween(std::unique_ptr<std::string> low, std::unique_ptr<std::string> high)
      : low_(std::move(low)), high_(std::move(high)) {}
  Tri test(std::string_view text) const override {
    const Tri above = low_ ? tri_of(text >= *low_) : Tri::kUnknown;
    const Tri below = high_ ? tri_of(text <= *high_) : Tri::kUnknown;
    if (above == Tri::kFalse || below == Tri::kFalse) return Tri::kFalse;
    return above == Tri::kUnknown ? above : below;
  }

 private:
  std::unique_ptr<std::string> low_;
  std::unique_ptr<std::string> high_;
};

class TextLike final : public TextTest {
 public:
  TextLike(std::string_view pattern, std::string_view escape) : pattern_(pattern, escape) {}
  Tri test(std::string_view text) const override { return tri_of(pattern_.matches(text)); }

 private:
  LikePattern pattern_;
};

const std::vector<std::string>& texts_of(const Column& column) {
  static const std::vector<std::string> kNone;
  return column.dictionary == nullptr ? kNone : column.dictionary->texts();
}

// Outcomes of each code; entry 0 is that of NULL, entry c + 1 that of code c.
class CategoryPredicate final : public Predicate {
 public:
  CategoryPredicate(const Column& column, const TextTest& test, bool negated) : column_(column) {
    const std::vector<std::string>& texts = texts_of(column);
    is_true_.assign(texts.size() + 1, 0);
    is_unknown_.assign(texts.size() + 1, 0);
    is_unknown_[0] = 1;
    size_t trues = 0;
    for (size_t code = 0; code < texts.size(); ++code) {
      Tri outcome = test.test(texts[code]);
      if (negated) outcome = negate(outcome);
      is_true_[code + 1] = outcome == Tri::kTrue;
      is_unknown_[code + 1] = outcome == Tri::kUnknown;
      knows_all_ = knows_all_ && outcome != Tri::kUnknown;
      if (outcome == Tri::kTrue) {
        ++trues;
        only_true_ = static_cast<int32_t>(code);
      } else {
        only_false_ = static_cast<int32_t>(code);
      }
    }
    if (trues == 0) shape_ = Shape::kNone;
    if (trues == 1) shape_ = Shape::kOne;
    if (trues + 1 == texts.size()) shape_ = Shape::kAllButOne;
    if (trues == texts.size()) shape_ = Shape::kAll;
  }

  void eval(const RowRange& range, EvalContext&, Truths& out) const override {
    const int32_t* codes = column_.codes.data() + range.first;
    fill_true(codes, range, out.is_true);
    if (knows_all_) {
      vectorised([&]() ERRATA_INLINE {
        fill_bits(range.rows, out.is_unknown, [=](size_t i) ERRATA_INLINE { return codes[i] < 0; });
      });
    } else {
      const uint8_t* table = is_unknown_.data() + 1;
      fill_bits(range.rows, out.is_unknown, [=](size_t i) { return table[codes[i]]; });
    }
    apply_validity(column_, range, out);
  }

 private:
  enum class Shape : uint8_t { kTable, kNone, kOne, kAllButOne, kAll };

  void fill_true(const int32_t* codes, const RowRange& range, uint64_t* words) const {
    const int32_t one = shape_ == Shape::kOne ? only_true_ : only_false_;
    switch (shape_) {
      case Shape::kNone: std::fill_n(words, range.words(), 0); break;
      case Shape::kOne:
        vectorised([&]() ERRATA_INLINE {
          const int32_t code = one;
          fill_bits(range.rows, words, [=](size_t i) ERRATA_INLINE { return codes[i] == code; });
        });
        break;
      case Shape::kAllButOne:
        vectorised([&]() ERRATA_INLINE {
          const int32_t code = one;
          fill_bits(range.rows, words,
                    [=](size_t i) ERRATA_INLINE { return (codes[i] != code) & (codes[i] >= 0); });
        });
        break;
      case Shape::kAll:
        vectorised([&]() ERRATA_INLINE {
          fill_bits(range.rows, words, [=](size_t i) ERRATA_INLINE { return codes[i] >= 0; });
        });
        break;
      case Shape::kTable: {
        const uint8_t* table = is_true_.data() + 1;
        fill_bits(range.rows, words, [=](size_t i) { return table[codes[i]]; });
        break;
      }
    }
  }

  const Column& column_;
  std::vector<uint8_t> is_true_;
  std::vector<uint8_t> is_unknown_;
  Shape shape_ = Shape::kTable;
  bool knows_all_ = true;
  int32_t only_true_ = 0;
  int32_t only_false_ = 0;
};

class TextPredicate final : public Predicate {
 public:
  TextPredicate(const Column& column, TextTestPtr test, bool negated)
      : column_(column), test_(std::move(test)), negated_(negated) {}

  void eval(const RowRange& range, EvalContext&, Truths& out) const override {
    for (size_t w = 0; w < range.words(); ++w) {
      uint64_t valid = w + 1 == range.words() ? range.last_mask() : ~uint64_t{0};
      out.is_unknown[w] = valid;
      if (!column_.validity.empty()) valid &= column_.validity[range.first / 64 + w];
      uint64_t is_true = 0;
      uint64_t is_false = 0;
      for (uint64_t bits = valid; bits != 0; bits &= bits - 1) {
        const uint64_t bit = bits & -bits;
        const size_t row = range.first + w * 64 + static_cast<size_t>(std::countr_zero(bits));
        const Tri outcome = test_->test(column_.text(static_cast<RowIndex>(row)));
        is_true |= outcome == Tri::kTrue ? bit : 0;
        is_false |= outcome == Tri::kFalse ? bit : 0;
      }
      out.is_true[w] = negated_ ? is_false : is_true;
      out.is_unknown[w] &= ~(is_true | is_false);
    }
  }

 private:
  const Column& column_;
  TextTestPtr test_;
  bool negated_;
};

class SetPredicate final : public Predicate {
 public:
  SetPredicate(const Column& column, const TextTest& test, bool negated)
      : column_(column), negated_(negated) {
    for (const std::string& text : texts_of(column)) {
      outcomes_.push_back(test.test(text) == Tri::kTrue);
    }
  }

  void eval(const RowRange& range, EvalContext&, Truths& out) const override {
    std::fill_n(out.is_true, range.words(), 0);
    std::fill_n(out.is_unknown, range.words(), 0);
    const uint64_t* offsets = column_.offsets.data() + range.first;
    uint64_t at = offsets[0];
    for (size_t i = 0; i < range.rows; ++i) {
      uint8_t any = 0;
      for (; at < offsets[i + 1]; ++at) {
        any |= outcomes_[static_cast<size_t>(column_.codes[at])];
      }
      out.is_true[i / 64] |= uint64_t{any} << (i % 64);
    }
    if (!negated_) return;
    for (size_t w = 0; w < range.words(); ++w) out.is_true[w] = ~out.is_true[w];
    out.is_true[range.words() - 1] &= range.last_mask();
  }

 private:
  const Column& column_;
  std::vector<uint8_t> outcomes_;
  bool negated_;
};

// Two category columns: by code where they share a dictionary and the order does not matter, else
// by rank.
class CompareCategories final : public Predicate {
 public:
  CompareCategories(CompareOp op, const Column& left, const Column& right)
      : op_(op), left_(left), right_(right) {
    const bool by_code =
        left.dictionary == right.dictionary && (op == CompareOp::kEq || op == CompareOp::kNe);
    if (by_code) return;
    ranks_ = text_ranks({left.dictionary.get(), right.dictionary.get()});
    // Entry 0 stands for NULL.
    for (std::vector<int32_t>& ranks : ranks_) ranks.insert(ranks.begin(), -1);
  }

  void eval(const RowRange& range, EvalContext&, Truths& out) const override {
    const int32_t* a = left_.codes.data() + range.first;
    const int32_t* b = right_.codes.data() + range.first;
    vectorised([&]() ERRATA_INLINE {
      fill_bits(range.rows, out.is_unknown,
                [=](size_t i) ERRATA_INLINE { return (a[i] | b[i]) < 0; });
    });
    if (ranks_.empty()) {
      vectorised([&]() ERRATA_INLINE {
        fill_bits(range.rows, out.is_true, [=](size_t i) ERRATA_INLINE { return a[i] == b[i]; });
      });
      if (op_ == CompareOp::kNe) {
        for (size_t w = 0; w < range.words(); ++w) out.is_true[w] = ~out.is_true[w];
        out.is_true[range.words() - 1] &= range.last_mask();
      }
    } else {
      compare_ranks(a, b, range, out.is_true);
    }
    apply_validity(left_, range, out);
    apply_validity(right_, range, out);
    for (size_t w = 0; w < range.words(); ++w) out.is_true[w] &= ~out.is_unknown[w];
  }

 private:
  void compare_ranks(const int32_t* a, const int32_t* b, const RowRange& range,
                     uint64_t* words) const {
    const int32_t* x = ranks_[0].data() + 1;
    const int32_t* y = ranks_[1].data() + 1;
    const auto fill = [&](auto test) {
      fill_bits(range.rows, words, [=](size_t i) { return test(x[a[i]], y[b[i]]); });
    };
    switch (op_) {
      case CompareOp::kEq: fill([](int32_t p, int32_t q) { return p == q; }); break;
      case CompareOp::kNe: fill([](int32_t p, int32_t q) { return p != q; }); break;
      case CompareOp::kLt: fill([](int32_t p, int32_t q) { return p < q; }); break;
      case CompareOp::kLe: fill([](int32_t p, int32_t q) { return p <= q; }); break;
      case CompareOp::kGt: fill([](int32_t p, int32_t q) { return p > q; }); break;
      case CompareOp::kGe: fill([](int32_t p, int32_t q) { return p >= q; }); break;
    }
  }

  CompareOp op_;
  const Column& left_;
  const Column& right_;
  std::vector<std::vector<int32_t>> ranks_;
};

class CompareTexts final : public Predicate {
 public:
  CompareTexts(CompareOp op, const Column& left, const Column& right)
      : op_(op), left_(left), right_(right) {}

  void eval(const RowRange& range, EvalContext&, Truths& out) const override {
    for (size_t w = 0; w < range.words(); ++w) {
      const size_t bits = std::min<size_t>(64, range.rows - w * 64);
      out.is_true[w] = 0;
      out.is_unknown[w] = 0;
      for (size_t bit = 0; bit < bits; ++bit) {
        const auto row = static_cast<RowIndex>(range.first + w * 64 + bit);
        if (left_.is_null(row) || right_.is_null(row)) {
          out.is_unknown[w] |= uint64_t{1} << bit;
        } else if (holds(op_, left_.text(row).compare(right_.text(row)))) {
          out.is_true[w] |= uint64_t{1} << bit;
        }
      }
    }
  }

 private:
  CompareOp op_;
  const Column& left_;
  const Column& right_;
};

}  // namespace

TextTestPtr make_text_compare(CompareOp op, std::string constant) {
  return std::make_unique<TextCompare>(op, std::move(constant));
}

TextTestPtr make_text_in(std::vector<std::string> constants, bool has_null) {
  return std::make_unique<TextIn>(std::move(constants), has_null);
}

TextTestPtr make_text_between(std::unique_ptr<std::string> low, std::unique_ptr<std::string> high) {
  return std::make_unique<TextBetween>(std::move(low), std::move(high));
}

TextTestPtr make_text_like(std::string_view pattern, std::string_view escape) {
  return std::make_unique<TextLike>(pattern, escape);
}

PredicatePtr make_text_predicate(const Column& column, TextTestPtr test, bool negated) {
  switch (column.type) {
    case ColumnType::kCategory: return std::make_unique<CategoryPredicate>(column, *test, negated);
    case ColumnType::kSet: return std::make_unique<SetPredicate>(column, *test, negated);
    default: return std::make_unique<TextPredicate>(column, std::move(test), negated);
  }
}

PredicatePtr make_compare_texts(CompareOp op, const Column& left, const Column& right) {
  if (left.type == ColumnType::kCategory && right.type == ColumnType::kCategory) {
    return std::make_unique<CompareCategories>(op, left, right);
  }
  return std::make_unique<CompareTexts>(op, left, right);
}

std::vector<std::vector<int32_t>> text_ranks(const std::vector<const Dictionary*>& dictionaries) {
  struct Entry {
    std::string_view text;
    size_t dictionary;
    size_t code;
  };
  std::vector<Entry> entries;
  std::vector<std::vector<int32_t>> ranks(dictionaries.size());
  for (size_t d = 0; d < dictionaries.size(); ++d) {
    if (dictionaries[d] == nullptr) continue;
    ranks[d].resize(dictionaries[d]->size());
    for (size_t code = 0; code < ranks[d].size(); ++code) {
      entries.push_back({dictionaries[d]->texts()[code], d, code});
    }
  }
  std::sort(entries.begin(), entries.end(),
            [](const Entry& a, const Entry& b) { return a.text < b.text; });
  int32_t rank = -1;
  for (size_t i = 0; i < entries.size(); ++i) {
    if (i == 0 || entries[i].text != entries[i - 1].text) ++rank;
    ranks[entries[i].dictionary][entries[i].code] = rank;
  }
  return ranks;
}

}  // namespace errata::query
