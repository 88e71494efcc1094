#include "query/binning.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>

#include "base/error.h"
#include "query/simd.h"

namespace errata::query {

namespace {

// Bins must fit 16 bits with the three slots beside them.
constexpr size_t kMaxBins = 65'000;

// The smallest value of type T that is not below `edge`, the smallest above it, the neighbour
// below.
template <typename T>
T first_not_below(double edge) {
  if constexpr (std::is_floating_point_v<T>) {
    const T near = static_cast<T>(edge);
    return static_cast<double>(near) < edge
               ? std::nextafter(near, std::numeric_limits<T>::infinity())
               : near;
  } else {
    return static_cast<T>(std::ceil(edge));
  }
}
template <typename T>
T last_not_above(double edge) {
  if constexpr (std::is_floating_point_v<T>) {
    const T near = static_cast<T>(edge);
    return static_cast<double>(near) > edge
               ? std::nextafter(near, -std::numeric_limits<T>::infinity())
               : near;
  } else {
    return static_cast<T>(std::floor(edge));
  }
}
template <typename T>
T last_below(T value) {
  if constexpr (std::is_floating_point_v<T>) {
    return std::nextafter(value, -std::numeric_limits<T>::infinity());
  } else {
    return static_cast<T>(value - 1);
  }
}

[[gnu::always_inline]] inline int32_t formula(double value, double low, double bins_per_unit) {
  return static_cast<int32_t>((value - low) * bins_per_unit);
}

}  // namespace

Binning::Binning(ColumnType type, const HistogramSpec& spec) : spec_(spec) {
  if (!std::isfinite(spec.low) || !std::isfinite(spec.high) || !(spec.low < spec.high) ||
      !std::isfinite(spec.high - spec.low) || spec.bins < 1 || spec.bins > kMaxBins) {
    throw Error(ErrorCategory::kInternal, fmt::format("a histogram of {} bins from {} to {}",
                                                      spec.bins, spec.low, spec.high));
  }
  bins_per_unit_ = static_cast<double>(spec.bins) / (spec.high - spec.low);
  for (size_t i = 0; i <= spec.bins; ++i) edges_.push_back(Histogram::histogram_edge(spec, i));
  switch (type) {
    case ColumnType::kFloat: exact_ = formula_is_exact<float>(); break;
    case ColumnType::kDouble: exact_ = formula_is_exact<double>(); break;
    default:
      // Beyond 2^53 neighbours share a double: too far for the proof at the edges.
      exact_ = std::abs(spec.low) < 0x1p53 && std::abs(spec.high) < 0x1p53 &&
               formula_is_exact<int64_t>();
  }
}

// The formula never falls when the value rises; so when it is right on both sides of each edge, it
// is right everywhere.
template <typename T>
bool Binning::formula_is_exact() const {
  const T first = first_not_below<T>(spec_.low);
  const T top = last_not_above<T>(spec_.high);
  if (!std::isfinite(bins_per_unit_) || first > top) return false;
  // What lies outside is held at these two, and counts on the bins at the ends.
  const auto last = static_cast<int32_t>(spec_.bins) - 1;
  if (formula(static_cast<double>(first), spec_.low, bins_per_unit_) != 0 ||
      formula(static_cast<double>(top), spec_.low, bins_per_unit_) < last) {
    return false;
  }
  for (size_t i = 1; i < spec_.bins; ++i) {
    const T at = first_not_below<T>(edges_[i]);
    const T before = last_below<T>(at);
    const auto bin = static_cast<int32_t>(i);
    if (static_cast<double>(at) < edges_[i + 1] &&
        formula(static_cast<double>(at), spec_.low, bins_per_unit_) != bin) {
      return false;
    }
    if (static_cast<double>(before) >= edges_[i - 1] &&
        formula(static_cast<double>(before), spec_.low, bins_per_unit_) != bin - 1) {
      return false;
    }
  }
  return true;
}

size_t Binning::bin_by_edges(double value, size_t guess) const {
  size_t bin = std::min(guess, spec_.bins - 1);
  while (bin > 0 && value < edges_[bin]) --bin;
  while (bin + 1 < spec_.bins && value >= edges_[bin + 1]) ++bin;
  return bin;
}

// Compared in the column's own type; only the formula needs doubles. What lies outside is held at
// the nearest end and then moved by sums of masks: choices would become branches, and the loop
// would no longer be made of vectors.
template <typename T>
void Binning::fill_by_formula(const T* values, size_t n, uint16_t* slots) const {
  using Wide = std::conditional_t<std::is_floating_point_v<T>, T, int64_t>;
  const auto first = first_not_below<Wide>(spec_.low);
  const auto top = last_not_above<Wide>(spec_.high);
  const double low = spec_.low;
  const double bins_per_unit = bins_per_unit_;
  const auto last = static_cast<int32_t>(spec_.bins) - 1;
  vectorised([&]() ERRATA_INLINE {
    for (size_t i = 0; i < n; ++i) {
      const Wide value = values[i];
      Wide held = value >= first ? value : first;  // NaN too
      held = held <= top ? held : top;
      int32_t slot = formula(static_cast<double>(held), low, bins_per_unit);
      slot = std::min(slot, last);
      slot += -static_cast<int32_t>(value < first) & (last + 1);  // it was 0
      slot += -static_cast<int32_t>(value > top) & 2;             // it was last
      slot += -static_cast<int32_t>(value != value) & (last + 3);
      slots[i] = static_cast<uint16_t>(slot);
    }
  });
}

template <typename T>
void Binning::fill_values(const T* values, size_t n, uint16_t* slots) const {
  if (exact_) return fill_by_formula(values, n, slots);
  const double low = spec_.low;
  const double high = spec_.high;
  const auto last = static_cast<double>(spec_.bins - 1);
  for (size_t i = 0; i < n; ++i) {
    const auto value = static_cast<double>(values[i]);
    if (!(value >= low && value <= high)) {
      slots[i] = static_cast<uint16_t>(value < low    ? below_slot()
                                       : value > high ? above_slot()
                                                      : null_slot());
      continue;
    }
    const double guess = std::min((value - low) * bins_per_unit_, last);
    slots[i] = static_cast<uint16_t>(bin_by_edges(value, static_cast<size_t>(guess)));
  }
}

template <typename T>
void Binning::fill_selected(const T* column, const SelectedBlock& block, uint16_t* slots) const {
  alignas(64) T room[kBlockRows];
  fill_values(selected_values(block, column, room), block.selected(), slots);
}

void Binning::fill(const Column& column, const SelectedBlock& block, uint16_t* slots) const {
  switch (column.type) {
    case ColumnType::kFloat: fill_selected(column.floats.data(), block, slots); break;
    case ColumnType::kDouble: fill_selected(column.doubles.data(), block, slots); break;
    case ColumnType::kInt: fill_selected(column.ints.data(), block, slots); break;
    default: fill_selected(column.bytes.data(), block, slots);
  }
  clear_missing(column, block, slots, null_slot());
}

void clear_missing(const Column& column, const SelectedBlock& block, uint16_t* slots,
                   size_t null_slot) {
  if (column.validity.empty()) return;
  const uint64_t* valid = column.validity.data() + block.range.first / 64;
  const auto missing_slot = static_cast<uint16_t>(null_slot);
  if (!block.all) {
    for (size_t i = 0; i < block.positions.size(); ++i) {
      const uint16_t at = block.positions[i];
      if ((valid[at / 64] >> (at % 64) & 1) == 0) slots[i] = missing_slot;
    }
    return;
  }
  for (size_t w = 0; w < block.range.words(); ++w) {
    uint64_t missing = ~valid[w];
    if (w + 1 == block.range.words()) missing &= block.range.last_mask();
    for (; missing != 0; missing &= missing - 1) {
      slots[w * 64 + static_cast<size_t>(std::countr_zero(missing))] = missing_slot;
    }
  }
}

}  // namespace errata::query
