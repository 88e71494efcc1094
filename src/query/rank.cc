#include "query/rank.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <numeric>

#include "base/error.h"
#include "base/text.h"
#include "query/column_names.h"
#include "query/narrow.h"
#include "query/radix.h"
#include "query/sort_keys.h"
#include "query/texts.h"

namespace errata::query {

struct RankScratch::Buffers {
  RadixScratch radix;
  ScratchArray<RowIndex> rows[3];
  ScratchArray<uint32_t> keys;
  ScratchArray<uint64_t> composed;
  size_t table_rows = 0;
  std::vector<uint32_t> table;
};

RankScratch::RankScratch() : buffers_(std::make_unique<Buffers>()) {}
RankScratch::~RankScratch() = default;
RankScratch::RankScratch(RankScratch&&) noexcept = default;
RankScratch& RankScratch::operator=(RankScratch&&) noexcept = default;

namespace {

template <typename U>
struct Range {
  U low = std::numeric_limits<U>::max();
  U high = 0;
  bool empty() const { return low > high; }
};

Validity validity_of(const Column& column) {
  return {column.validity.empty() ? nullptr : column.validity.data()};
}

// The range of ordered bits over the rows, or over more than them: it only bounds the keys.
template <typename U, typename T>
Range<U> bits_range(const std::vector<T>& values, const Rows& rows) {
  Range<U> range;
  if (rows.count * 4 >= values.size()) {
    const T* data = values.data();
    const size_t n = values.size();
    vectorised([&]() ERRATA_INLINE {
      // Held in registers, and without a branch: else this loop does not become vectors.
      U low = std::numeric_limits<U>::max();
      U high = 0;
      for (size_t i = 0; i < n; ++i) {
        const U bits = ordered_bits(data[i]);
        const U missing = missing_mask(data[i]);
        low = std::min<U>(low, bits | missing);
        high = std::max<U>(high, bits & ~missing);
      }
      range = {low, high};
    });
    return range;
  }
  for (size_t i = 0; i < rows.count; ++i) {
    const T value = values[rows[i]];
    if (is_missing(value)) continue;
    range.low = std::min(range.low, ordered_bits(value));
    range.high = std::max(range.high, ordered_bits(value));
  }
  return range;
}

unsigned bits_for(uint32_t largest_key) {
  return static_cast<unsigned>(std::bit_width(largest_key));
}

// Calls use(key_of, key_bits) with the keys of a float column.
template <typename Use>
void with_float_keys(const Column& column, bool descending, const Rows& rows, const Use& use) {
  Range<uint32_t> range = bits_range<uint32_t>(column.floats, rows);
  if (range.empty()) range = {0, 0};
  const unsigned bits = bits_for(range.high - range.low + 1);
  const Validity validity = validity_of(column);
  const auto call = [&]<bool kDescending, bool kHasValidity>() {
    use(FloatKey<kDescending, kHasValidity>{column.floats.data(), validity, range.low, range.high},
        bits);
  };
  if (validity.words == nullptr) {
    descending ? call.template operator()<true, false>() : call.template operator()<false, false>();
  } else {
    descending ? call.template operator()<true, true>() : call.template operator()<false, true>();
  }
}

template <typename T>
WideKey<T> make_wide_key(const Column& column, const std::vector<T>& values, bool descending,
                         const Rows& rows) {
  Range<uint64_t> range = bits_range<uint64_t>(values, rows);
  if (range.empty()) range = {0, 0};
  const auto bits = static_cast<unsigned>(std::bit_width(range.high - range.low));
  const unsigned shift = bits > 31 ? bits - 31 : 0;
  const auto null_key = static_cast<uint32_t>((range.high - range.low) >> shift) + 1;
  return {values.data(), validity_of(column), range.low, range.high, shift, null_key, descending};
}

// Rows with equal short keys may still differ in the bits that the shift cut off.
template <typename T>
void settle_runs(const WideKey<T>& key_of, RowIndex* rows, size_t n) {
  if (key_of.shift == 0) return;
  for (size_t begin = 0; begin < n;) {
    const uint32_t key = key_of(rows[begin]);
    size_t end = begin + 1;
    while (end < n && key_of(rows[end]) == key) ++end;
    if (end - begin > 1 && key != key_of.null_key) {
      std::stable_sort(rows + begin, rows + end,
                       [&](RowIndex a, RowIndex b) { return key_of.full(a) < key_of.full(b); });
    }
    begin = end;
  }
}

TableKey make_table_key(const Column& column, bool descending, std::vector<uint32_t>& table) {
  const std::vector<int32_t> ranks = text_ranks({column.dictionary.get()})[0];
  const auto size = static_cast<uint32_t>(ranks.size());
  table.resize(ranks.size() + 1);
  table[0] = size;
  for (size_t code = 0; code < ranks.size(); ++code) {
    const auto rank = static_cast<uint32_t>(ranks[code]);
    table[code + 1] = descending ? size - 1 - rank : rank;
  }
  return {column.codes.data(), validity_of(column), table.data()};
}

uint64_t prefix_of(std::string_view text) {
  unsigned char bytes[8] = {};
  std::memcpy(bytes, text.data(), std::min<size_t>(8, text.size()));
  uint64_t prefix = 0;
  for (const unsigned char byte : bytes) prefix = prefix << 8 | byte;
  return prefix;
}

struct TextEntry {
  uint64_t prefix;  // the first bytes of rest, so that most comparisons need not follow it
  std::string_view rest;
  RowIndex row;

  bool operator<(const TextEntry& other) const {
    return prefix != other.prefix ? prefix < other.prefix : rest < other.rest;
  }
};

// Imports come in the order of their paths: a column of a few sources is a few rising runs, and
// merging those is much cheaper than sorting.
void sort_texts(std::vector<TextEntry>& entries) {
  constexpr size_t kMaxRuns = 64;
  std::vector<size_t> starts{0};
  for (size_t i = 1; i < entries.size() && starts.size() <= kMaxRuns; ++i) {
    if (entries[i] < entries[i - 1]) starts.push_back(i);
  }
  if (starts.size() > kMaxRuns) {
    std::sort(entries.begin(), entries.end());
    return;
  }
  starts.push_back(entries.size());
  const auto at = [&](size_t i) { return entries.begin() + static_cast<std::ptrdiff_t>(i); };
  while (starts.size() > 2) {
    std::vector<size_t> merged;
    for (size_t r = 0; r + 2 < starts.size(); r += 2) {
      std::inplace_merge(at(starts[r]), at(starts[r + 1]), at(starts[r + 2]));
    }
    for (size_t r = 0; r < starts.size(); r += 2) merged.push_back(starts[r]);
    if (merged.back() != entries.size()) merged.push_back(entries.size());
    starts = std::move(merged);
  }
}

// The texts of the rows that have one, without what all of them begin with.
std::vector<TextEntry> text_entries(const Column& column, const Rows& rows) {
  std::vector<TextEntry> entries;
  entries.reserve(rows.count);
  std::string_view common;
  for (size_t i = 0; i < rows.count; ++i) {
    if (column.is_null(rows[i])) continue;
    const std::string_view text = column.text(rows[i]);
    if (entries.empty()) common = text;
    size_t same = 0;
    const size_t length = std::min(common.size(), text.size());
    while (same < length && common[same] == text[same]) ++same;
    common = common.substr(0, same);
    entries.push_back({0, text, rows[i]});
  }
  for (TextEntry& entry : entries) {
    entry.rest.remove_prefix(common.size());
    entry.prefix = prefix_of(entry.rest);
  }
  return entries;
}

// A text column sorts by ranks made for the rows at hand. Returns the largest key.
uint32_t make_text_keys(const Column& column, bool descending, const Rows& rows, uint32_t* keys) {
  std::vector<TextEntry> entries = text_entries(column, rows);
  sort_texts(entries);
  uint32_t rank = 0;
  for (size_t i = 0; i < entries.size(); ++i) {
    if (i > 0 && entries[i - 1] < entries[i]) ++rank;
    keys[entries[i].row] = rank;
  }
  for (size_t i = 0; i < rows.count; ++i) {
    if (column.is_null(rows[i])) {
      keys[rows[i]] = rank + 1;
    } else if (descending) {
      keys[rows[i]] = rank - keys[rows[i]];
    }
  }
  return rank + 1;
}

// Sorts rows into out by one key.
class OneKey {
 public:
  OneKey(const Column& column, bool descending, RankScratch::Buffers& buffers)
      : column_(column), descending_(descending), buffers_(buffers) {}

  void sort(const Rows& rows, RowIndex* out) {
    with_keys(
        rows,
        [&](const auto& key_of, unsigned bits) {
          radix_sort(rows.data, rows.count, key_of, bits, buffers_.radix, out);
        },
        [&](const auto& wide) { settle_runs(wide, out, rows.count); });
  }

  // See narrow_rows; `only_key`: there is no other.
  Rows narrow(const Rows& rows, size_t limit, bool only_key, ScratchArray<RowIndex>& memory) {
    Rows narrowed = rows;
    with_keys(
        rows,
        [&](const auto& key_of, unsigned bits) {
          const bool is_exact = only_key && !loses_bits(key_of);
          narrowed = narrow_rows(rows, limit, key_of, bits, is_exact, memory);
        },
        [](const auto&) {});
    return narrowed;
  }

  // Appends this key below the ones in keys[row]; `bits` grows. False, with nothing written, when
  // they do not fit kMaxKeyBits together.
  bool append(const Rows& rows, uint64_t* keys, unsigned& bits) {
    bool fits = false;
    with_keys(
        rows,
        [&](const auto& key_of, unsigned own_bits) {
          fits = bits + own_bits <= kMaxKeyBits && !loses_bits(key_of);
          if (!fits) return;
          const bool first = bits == 0;
          bits += own_bits;
          vectorised([&]() ERRATA_INLINE {
            for_each_key_chunk(rows.data, rows.count, key_of,
                               [&](size_t begin, size_t count, const uint32_t* own) ERRATA_INLINE {
                                 for (size_t i = 0; i < count; ++i) {
                                   uint64_t& key = keys[rows[begin + i]];
                                   key = (first ? 0 : key << own_bits) | own[i];
                                 }
                               });
          });
        },
        [](const auto&) {});
    return fits;
  }

 private:
  template <typename KeyOf>
  static bool loses_bits(const KeyOf&) {
    return false;
  }
  template <typename T>
  static bool loses_bits(const WideKey<T>& key) {
    return key.shift > 0;
  }

  template <typename Use, typename Settle>
  void with_keys(const Rows& rows, const Use& use, const Settle& settle) {
    switch (column_.type) {
      case ColumnType::kFloat: with_float_keys(column_, descending_, rows, use); break;
      case ColumnType::kInt: with_wide_keys(column_.ints, rows, use, settle); break;
      case ColumnType::kDouble: with_wide_keys(column_.doubles, rows, use, settle); break;
      case ColumnType::kBool:
        use(BoolKey{column_.bytes.data(), validity_of(column_), descending_}, 2u);
        break;
      case ColumnType::kCategory: {
        const TableKey key = make_table_key(column_, descending_, buffers_.table);
        use(key, bits_for(key.table[0]));
        break;
      }
      default: {
        uint32_t* keys = buffers_.keys.need(column_.rows);
        use(ReadyKey<uint32_t>{keys}, bits_for(make_text_keys(column_, descending_, rows, keys)));
      }
    }
  }

  template <typename T, typename Use, typename Settle>
  void with_wide_keys(const std::vector<T>& values, const Rows& rows, const Use& use,
                      const Settle& settle) {
    const WideKey<T> key = make_wide_key(column_, values, descending_, rows);
    use(key, bits_for(key.null_key));
    settle(key);
  }

  const Column& column_;
  bool descending_;
  RankScratch::Buffers& buffers_;
};

const Column& sortable_column(const Table& table, const std::string& name) {
  const Column* column = find_column(table, name);
  if (column == nullptr) {
    std::string hint;
    std::vector<std::string> near = nearest_words(name, column_candidates(table));
    if (!near.empty()) hint = fmt::format("Did you mean {}?", fmt::join(near, ", "));
    throw Error(ErrorCategory::kUsage, fmt::format("cannot sort: there is no column {}", name),
                hint);
  }
  if (column->type == ColumnType::kSet) {
    throw Error(ErrorCategory::kUsage, fmt::format("cannot sort by {}: it is a set", name));
  }
  return *column;
}

void copy_rows(const Rows& rows, size_t limit, std::vector<RowIndex>& out) {
  out.resize(std::min(rows.count, limit));
  if (rows.data != nullptr) {
    std::copy_n(rows.data, out.size(), out.begin());
  } else {
    std::iota(out.begin(), out.end(), RowIndex{0});
  }
}

// All keys as one number a row, where they fit: columns are then read in order, once. False when
// they do not fit. `rows` becomes the sorted ones, in `straight_out` when that is given.
bool sort_composed(std::vector<OneKey>& columns, Rows& rows, RankScratch::Buffers& buffers,
                   RowIndex* straight_out) {
  if (columns.size() == 1) return false;
  uint64_t* keys = buffers.composed.need(buffers.table_rows);
  unsigned bits = 0;
  for (OneKey& column : columns) {
    if (!column.append(rows, keys, bits)) return false;
  }
  RowIndex* sorted = straight_out != nullptr ? straight_out : buffers.rows[2].need(rows.count);
  radix_sort(rows.data, rows.count, ReadyKey<uint64_t>{keys}, bits, buffers.radix, sorted);
  rows.data = sorted;
  return true;
}

// The last key first; each sort keeps the order of the one before among equals.
void sort_key_by_key(std::vector<OneKey>& columns, Rows& rows, RankScratch::Buffers& buffers,
                     RowIndex* straight_out) {
  size_t spare = rows.data == buffers.rows[1].data() ? 0 : 1;
  for (size_t k = columns.size(); k-- > 0;) {
    const bool is_last = k == 0 && straight_out != nullptr;
    RowIndex* sorted = is_last ? straight_out : buffers.rows[spare].need(rows.count);
    columns[k].sort(rows, sorted);
    rows.data = sorted;
    spare = spare == 1 ? 2 : 1;
  }
}

}  // namespace

void order_rows_into(const Table& table, const Selection& selection, std::span<const SortKey> keys,
                     size_t limit, RankScratch& scratch, std::vector<RowIndex>& out) {
  require_rows(selection, table.rows());
  std::vector<OneKey> columns;
  RankScratch::Buffers& buffers = scratch.buffers();
  for (const SortKey& key : keys) {
    columns.emplace_back(sortable_column(table, key.column), key.descending, buffers);
  }
  buffers.table_rows = table.rows();
  Rows rows{nullptr, selection.count()};
  limit = std::min(limit, rows.count);
  if (rows.count < selection.rows()) {
    RowIndex* selected = buffers.rows[0].need(rows.count);
    size_t n = 0;
    selection.for_each([&](RowIndex row) { selected[n++] = row; });
    rows.data = selected;
  }
  if (columns.empty() || limit == 0) return copy_rows(rows, limit, out);
  // Below this share, a few light passes for the candidates cost less than sorting all.
  if (limit < rows.count / 4) {
    rows = columns[0].narrow(rows, limit, columns.size() == 1, buffers.rows[1]);
  }
  RowIndex* straight_out = nullptr;
  if (limit == rows.count) {
    out.resize(limit);
    straight_out = out.data();
  }
  if (!sort_composed(columns, rows, buffers, straight_out)) {
    sort_key_by_key(columns, rows, buffers, straight_out);
  }
  if (straight_out == nullptr) copy_rows(rows, limit, out);
}

std::vector<RowIndex> order_rows(const Table& table, const Selection& selection,
                                 std::span<const SortKey> keys, size_t limit,
                                 RankScratch* scratch) {
  RankScratch own;
  std::vector<RowIndex> out;
  order_rows_into(table, selection, keys, limit, scratch != nullptr ? *scratch : own, out);
  return out;
}

}  // namespace errata::query
