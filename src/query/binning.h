// From values to bins of a histogram, exactly by the edges of its spec.
#pragma once

#include <cstdint>
#include <vector>

#include "model/columns.h"
#include "query/counters.h"
#include "query/facet.h"

namespace errata::query {

class Binning {
 public:
  // Throws Error(kInternal) for a spec that is not one (facet.h).
  Binning(ColumnType type, const HistogramSpec& spec);

  const HistogramSpec& spec() const { return spec_; }
  size_t below_slot() const { return spec_.bins; }
  size_t above_slot() const { return spec_.bins + 1; }
  size_t null_slot() const { return spec_.bins + 2; }
  size_t slots() const { return spec_.bins + 3; }

  // slots[i] is the bin, or one of the slots above, of the i-th selected row.
  void fill(const Column& column, const SelectedBlock& block, uint16_t* slots) const;

 private:
  template <typename T>
  bool formula_is_exact() const;
  template <typename T>
  void fill_selected(const T* column, const SelectedBlock& block, uint16_t* slots) const;
  template <typename T>
  void fill_by_formula(const T* values, size_t n, uint16_t* slots) const;
  template <typename T>
  void fill_values(const T* values, size_t n, uint16_t* slots) const;
  size_t bin_by_edges(double value, size_t guess) const;

  HistogramSpec spec_;
  double bins_per_unit_;
  std::vector<double> edges_;
  bool exact_;  // the formula alone gives every value of the column's type its bin
};

// slots[i] = null_slot where the column's validity bits say so of the i-th selected row.
void clear_missing(const Column& column, const SelectedBlock& block, uint16_t* slots,
                   size_t null_slot);

}  // namespace errata::query
