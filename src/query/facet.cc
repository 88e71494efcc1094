#include "query/facet.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <numeric>

#include "base/error.h"
#include "query/binning.h"
#include "query/counters.h"
#include "query/simd.h"
#include "query/sort_keys.h"

namespace errata::query {

namespace {

// Counts one column block by block.
class Counter {
 public:
  virtual ~Counter() = default;
  virtual void add(const SelectedBlock& block) = 0;
};

class CategoryCounter final : public Counter {
 public:
  explicit CategoryCounter(const Column& column)
      : column_(column),
        size_(column.dictionary == nullptr ? 0 : column.dictionary->size()),
        slots_(size_ + 1) {}

  void add(const SelectedBlock& block) override {
    alignas(64) int32_t room[kBlockRows];
    const int32_t* codes = selected_values(block, column_.codes.data(), room);
    const size_t n = block.selected();
    if (column_.validity.empty() && size_ >= SlotCounter::kMaxPairedSlots) {
      return slots_.add_codes(codes, n);
    }
    if (size_ >= std::numeric_limits<uint16_t>::max()) return add_slowly(block, codes);
    alignas(64) uint16_t slots[kBlockRows];
    vectorised([&]() ERRATA_INLINE {
      for (size_t i = 0; i < n; ++i) slots[i] = static_cast<uint16_t>(codes[i] + 1);
    });
    clear_missing(column_, block, slots, 0);
    slots_.add(slots, n);
  }

  FacetCounts finish() const {
    std::vector<uint64_t> totals = slots_.totals();
    FacetCounts counts;
    counts.nulls = totals[0];
    counts.counts.assign(totals.begin() + 1, totals.end());
    return counts;
  }

 private:
  // Validity bits and a dictionary too large for 16 bits: rare enough.
  void add_slowly(const SelectedBlock& block, const int32_t* codes) {
    for (size_t i = 0; i < block.selected(); ++i) {
      const size_t at = block.range.first + (block.all ? i : block.positions[i]);
      const int32_t code = column_.is_null(static_cast<RowIndex>(at)) ? -1 : codes[i];
      slots_.add_codes(&code, 1);
    }
  }

  const Column& column_;
  size_t size_;
  SlotCounter slots_;
};

class BoolCounter final : public Counter {
 public:
  explicit BoolCounter(const Column& column) : column_(column) {}

  void add(const SelectedBlock& block) override {
    const uint8_t* bytes = column_.bytes.data() + block.range.first;
    uint64_t on[kBlockWords];
    vectorised([&]() ERRATA_INLINE {
      fill_bits(block.range.rows, on, [=](size_t i) ERRATA_INLINE { return bytes[i] != 0; });
    });
    for (size_t w = 0; w < block.range.words(); ++w) {
      const uint64_t selected = block.words[w];
      const uint64_t valid =
          column_.validity.empty() ? ~uint64_t{0} : column_.validity[block.range.first / 64 + w];
      trues_ += static_cast<uint64_t>(std::popcount(selected & valid & on[w]));
      falses_ += static_cast<uint64_t>(std::popcount(selected & valid & ~on[w]));
      nulls_ += static_cast<uint64_t>(std::popcount(selected & ~valid));
    }
  }

  FacetCounts finish() const { return {{falses_, trues_}, nulls_}; }

 private:
  const Column& column_;
  uint64_t falses_ = 0;
  uint64_t trues_ = 0;
  uint64_t nulls_ = 0;
};

class SetCounter final : public Counter {
 public:
  explicit SetCounter(const Column& column)
      : column_(column),
        slots_((column.dictionary == nullptr ? 0 : column.dictionary->size()) + 1) {}

  void add(const SelectedBlock& block) override {
    const uint64_t* offsets = column_.offsets.data() + block.range.first;
    const int32_t* codes = column_.codes.data();
    prefetch_next(block, column_.offsets.data());
    if (block.all) {
      slots_.add_codes(codes + offsets[0], offsets[block.range.rows] - offsets[0]);
      uint64_t empty = 0;
      vectorised([&]() ERRATA_INLINE {
        for (size_t i = 0; i < block.range.rows; ++i) empty += offsets[i] == offsets[i + 1] ? 1 : 0;
      });
      empty_ += empty;
      return;
    }
    for (const uint16_t position : block.positions) {
      const uint64_t begin = offsets[position];
      const uint64_t end = offsets[position + 1];
      empty_ += begin == end ? 1 : 0;
      for (uint64_t at = begin; at < end; ++at) slots_.add_codes(codes + at, 1);
    }
  }

  FacetCounts finish() const {
    std::vector<uint64_t> totals = slots_.totals();
    return {std::vector<uint64_t>(totals.begin() + 1, totals.end()), empty_};
  }

 private:
  const Column& column_;
  SlotCounter slots_;
  uint64_t empty_ = 0;
};

class HistogramCounter final : public Counter {
 public:
  HistogramCounter(const Column& column, const HistogramSpec& spec)
      : column_(column), binning_(column.type, spec), slots_(binning_.slots()) {}

  void add(const SelectedBlock& block) override {
    alignas(64) uint16_t slots[kBlockRows];
    binning_.fill(column_, block, slots);
    slots_.add(slots, block.selected());
  }

  Histogram finish() const {
    Histogram histogram;
    histogram.spec = binning_.spec();
    histogram.counts = slots_.totals();
    histogram.below = histogram.counts[binning_.below_slot()];
    histogram.above = histogram.counts[binning_.above_slot()];
    histogram.nulls = histogram.counts[binning_.null_slot()];
    histogram.counts.resize(histogram.spec.bins);
    return histogram;
  }

 private:
  const Column& column_;
  Binning binning_;
  SlotCounter slots_;
};

void require_number(const Column& column) {
  switch (column.type) {
    case ColumnType::kBool:
    case ColumnType::kInt:
    case ColumnType::kFloat:
    case ColumnType::kDouble: return;
    default:
      throw Error(ErrorCategory::kInternal,
                  fmt::format("{} is a {} column, not a number", column.name,
                              column_type_name(column.type)));
  }
}

// How many blocks one counter does before the next takes over: the tables of a counter fill the
// first-level cache, so each change costs; and what was decoded of the selection must stay at hand.
constexpr size_t kBlocksAtOnce = 16;

SelectedBlock decode_block(const Selection& selection, size_t first, uint16_t* positions) {
  SelectedBlock block;
  block.range = {first, std::min(kBlockRows, selection.rows() - first)};
  block.words = selection.words().data() + first / 64;
  uint64_t all = ~uint64_t{0};
  for (size_t w = 0; w + 1 < block.range.words(); ++w) all &= block.words[w];
  block.all =
      all == ~uint64_t{0} && block.words[block.range.words() - 1] == block.range.last_mask();
  if (block.all) {
    block.rows_after = std::min(kBlockRows, selection.rows() - first - block.range.rows);
    return block;
  }
  size_t n = 0;
  for (size_t w = 0; w < block.range.words(); ++w) {
    for (uint64_t bits = block.words[w]; bits != 0; bits &= bits - 1) {
      positions[n++] = static_cast<uint16_t>(w * 64 + static_cast<size_t>(std::countr_zero(bits)));
    }
  }
  block.positions = {positions, n};
  return block;
}

void count_blocks(const Selection& selection, std::span<Counter* const> counters) {
  std::vector<uint16_t> positions(kBlockRows * kBlocksAtOnce);
  std::vector<SelectedBlock> blocks;
  for (size_t first = 0; first < selection.rows();) {
    blocks.clear();
    for (size_t b = 0; b < kBlocksAtOnce && first < selection.rows(); ++b, first += kBlockRows) {
      const SelectedBlock block = decode_block(selection, first, &positions[b * kBlockRows]);
      if (block.selected() > 0) blocks.push_back(block);
    }
    for (Counter* counter : counters) {
      for (const SelectedBlock& block : blocks) counter->add(block);
    }
  }
}

// The facet counter of a column, and what makes the counts of it in the end.
struct FacetSlot {
  std::unique_ptr<CategoryCounter> category;
  std::unique_ptr<BoolCounter> boolean;
  std::unique_ptr<SetCounter> set;

  explicit FacetSlot(const Column& column) {
    switch (column.type) {
      case ColumnType::kCategory: category = std::make_unique<CategoryCounter>(column); break;
      case ColumnType::kBool: boolean = std::make_unique<BoolCounter>(column); break;
      case ColumnType::kSet: set = std::make_unique<SetCounter>(column); break;
      default:
        throw Error(ErrorCategory::kInternal,
                    fmt::format("{} is a {} column, it has no facet", column.name,
                                column_type_name(column.type)));
    }
  }
  Counter* counter() const {
    if (category) return category.get();
    if (boolean) return boolean.get();
    return set.get();
  }
  FacetCounts finish() const {
    return category ? category->finish() : boolean ? boolean->finish() : set->finish();
  }
};

template <typename T>
void extend_range(const T* values, const Column& column, const Selection& selection,
                  NumberRange& range) {
  double low = std::numeric_limits<double>::infinity();
  double high = -low;
  const Validity validity{column.validity.empty() ? nullptr : column.validity.data()};
  uint64_t count = 0;
  for (size_t w = 0; w < selection.words().size(); ++w) {
    uint64_t bits = selection.words()[w];
    if (validity.words != nullptr) bits &= validity.words[w];
    const T* at = values + w * 64;
    if (bits == ~uint64_t{0}) {
      T word_low = std::numeric_limits<T>::max();
      T word_high = std::numeric_limits<T>::lowest();
      if constexpr (std::numeric_limits<T>::has_infinity) {
        word_low = std::numeric_limits<T>::infinity();
        word_high = -word_low;
      }
      uint32_t present = 0;
      for (size_t i = 0; i < 64; ++i) {
        word_low = at[i] < word_low ? at[i] : word_low;
        word_high = at[i] > word_high ? at[i] : word_high;
        present += at[i] == at[i] ? 1 : 0;
      }
      low = std::min(low, present == 0 ? low : static_cast<double>(word_low));
      high = std::max(high, present == 0 ? high : static_cast<double>(word_high));
      count += present;
      continue;
    }
    for (; bits != 0; bits &= bits - 1) {
      const T value = at[std::countr_zero(bits)];
      if (value != value) continue;
      low = std::min(low, static_cast<double>(value));
      high = std::max(high, static_cast<double>(value));
      ++count;
    }
  }
  if (count > 0) range = {low, high, count};
}

}  // namespace

double Histogram::histogram_edge(const HistogramSpec& spec, size_t i) {
  if (i >= spec.bins) return spec.high;
  return spec.low +
         (spec.high - spec.low) * static_cast<double>(i) / static_cast<double>(spec.bins);
}

Summary summarise(const SummaryRequest& request, const Selection& selection) {
  std::vector<FacetSlot> facets;
  std::vector<HistogramCounter> histograms;
  std::vector<Counter*> counters;
  histograms.reserve(request.histograms.size());
  for (const Column* column : request.facets) {
    require_rows(selection, column->rows);
    facets.emplace_back(*column);
  }
  for (const auto& wanted : request.histograms) {
    require_number(*wanted.column);
    require_rows(selection, wanted.column->rows);
    histograms.emplace_back(*wanted.column, wanted.spec);
  }
  for (const FacetSlot& facet : facets) counters.push_back(facet.counter());
  for (HistogramCounter& histogram : histograms) counters.push_back(&histogram);
  count_blocks(selection, counters);
  Summary summary;
  for (const FacetSlot& facet : facets) summary.facets.push_back(facet.finish());
  for (const HistogramCounter& histogram : histograms) {
    summary.histograms.push_back(histogram.finish());
  }
  return summary;
}

FacetCounts count_facet(const Column& column, const Selection& selection) {
  SummaryRequest request;
  request.facets = {&column};
  return std::move(summarise(request, selection).facets[0]);
}

Histogram histogram(const Column& column, const Selection& selection, const HistogramSpec& spec) {
  SummaryRequest request;
  request.histograms = {{&column, spec}};
  return std::move(summarise(request, selection).histograms[0]);
}

NumberRange number_range(const Column& column, const Selection& selection) {
  require_number(column);
  require_rows(selection, column.rows);
  NumberRange range;
  switch (column.type) {
    case ColumnType::kFloat: extend_range(column.floats.data(), column, selection, range); break;
    case ColumnType::kDouble: extend_range(column.doubles.data(), column, selection, range); break;
    case ColumnType::kInt: extend_range(column.ints.data(), column, selection, range); break;
    default: extend_range(column.bytes.data(), column, selection, range);
  }
  return range;
}

uint64_t count_distinct(const Column& column, const Selection& selection) {
  require_rows(selection, column.rows);
  switch (column.type) {
    case ColumnType::kBool:
    case ColumnType::kCategory:
    case ColumnType::kSet: {
      const FacetCounts facet = count_facet(column, selection);
      return static_cast<uint64_t>(std::count_if(facet.counts.begin(), facet.counts.end(),
                                                 [](uint64_t count) { return count > 0; }));
    }
    case ColumnType::kText: {
      std::vector<std::string_view> texts;
      selection.for_each([&](RowIndex row) {
        if (!column.is_null(row)) texts.push_back(column.text(row));
      });
      std::sort(texts.begin(), texts.end());
      return static_cast<uint64_t>(std::unique(texts.begin(), texts.end()) - texts.begin());
    }
    default: break;
  }
  std::vector<uint64_t> values;
  selection.for_each([&](RowIndex row) {
    if (column.is_null(row)) return;
    values.push_back(column.type == ColumnType::kInt     ? ordered_bits(column.ints[row])
                     : column.type == ColumnType::kFloat ? ordered_bits(column.floats[row])
                                                         : ordered_bits(column.doubles[row]));
  });
  std::sort(values.begin(), values.end());
  return static_cast<uint64_t>(std::unique(values.begin(), values.end()) - values.begin());
}

}  // namespace errata::query
