// Counts over a selection: values of a category, bool or set, histograms of numbers, extremes,
// distinct values.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "model/columns.h"
#include "query/selection.h"

namespace errata::query {

struct FacetCounts {
  // One per dictionary code; {false, true} for a bool. A set's row counts once for each member.
  std::vector<uint64_t> counts;
  uint64_t nulls = 0;  // rows without a value; for a set, rows with no member
};

// kCategory, kBool or kSet; throws Error(kInternal) for others.
FacetCounts count_facet(const Column& column, const Selection& selection);

struct HistogramSpec {
  double low = 0;
  double high = 1;
  size_t bins = 32;
};

// Bin i holds the values v with edge(i) <= v < edge(i + 1), compared as doubles; the last one holds
// `high` too. So `x >= edge(i) and x < edge(i + 1)` as a filter finds exactly the rows of a bin.
struct Histogram {
  HistogramSpec spec;
  std::vector<uint64_t> counts;
  uint64_t below = 0;  // v < low
  uint64_t above = 0;  // v > high
  uint64_t nulls = 0;

  double edge(size_t i) const { return histogram_edge(spec, i); }
  static double histogram_edge(const HistogramSpec& spec, size_t i);
};

// kBool, kInt, kFloat or kDouble; throws Error(kInternal) for others and for a spec that is not
// low < high, both finite, with 1 to 65,000 bins.
Histogram histogram(const Column& column, const Selection& selection, const HistogramSpec& spec);

// Everything a side panel shows, in one walk over the selection, which is decoded once.
struct SummaryRequest {
  std::vector<const Column*> facets;
  struct HistogramRequest {
    const Column* column = nullptr;
    HistogramSpec spec;
  };
  std::vector<HistogramRequest> histograms;
};
struct Summary {
  std::vector<FacetCounts> facets;    // of request.facets
  std::vector<Histogram> histograms;  // of request.histograms
};
Summary summarise(const SummaryRequest& request, const Selection& selection);

struct NumberRange {
  double min = 0;  // both 0 when values is 0
  double max = 0;
  uint64_t values = 0;  // rows with a value
};
// kBool, kInt, kFloat or kDouble; throws Error(kInternal) for others.
NumberRange number_range(const Column& column, const Selection& selection);

// Number of different values, NULL not among them; for a set, of different members.
uint64_t count_distinct(const Column& column, const Selection& selection);

}  // namespace errata::query
