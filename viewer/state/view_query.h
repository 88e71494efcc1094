// What the grid, the facets and the histogram show, computed off the window's thread from a copy of
// the snapshot's table (cheap: columns are shared).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "model/columns.h"
#include "query/rank.h"
#include "query/selection.h"

namespace errata::viewer {

struct FacetValue {
  std::string text;   // as stored; valid UTF-8 is not promised
  bool null = false;  // the samples without a value
  uint64_t count = 0;
};

struct FacetView {
  std::string column;
  std::string title;
  std::vector<FacetValue> values;  // every value of the column, those with count 0 too
};

struct HistogramView {
  std::string column;
  std::string title;
  double low = 0;
  double high = 1;
  std::vector<uint64_t> bins;
  uint64_t largest = 0;
  uint64_t total = 0;
};

struct SortChoice {
  std::string column = "confident_mistake";
  bool descending = true;

  bool operator==(const SortChoice&) const = default;
};

struct ViewQuestion {
  Table samples;
  std::string filter;  // as typed
  SortChoice sort;
};

// The answer. `order` stays as it is while a person reviews; only the counts follow the edits.
struct ViewAnswer {
  std::vector<RowIndex> order;  // rows that pass, sorted; rows without a sort value last
  uint64_t total = 0;           // rows of the table
  double elapsed_ms = 0;
  std::vector<FacetView> facets;
  std::vector<HistogramView> histograms;

  // What is counted over, kept so that edits can be recounted over the same samples: all that
  // pass, then the filter less one column's own term for each column that has one.
  struct Base {
    std::string column;  // empty for the first
    query::Selection rows;
  };
  std::vector<Base> bases;
};

// Throws Error(kUsage) for a filter that does not parse or names what is not there.
std::shared_ptr<const ViewAnswer> answer_view(const ViewQuestion& question);

// The same order and bases, counted again over changed columns.
std::shared_ptr<const ViewAnswer> recount_view(const ViewAnswer& answer, const Table& samples);

// One line for the sort button: "confident mistake, high first".
std::string sort_text(const SortChoice& sort);
// Underscores as spaces: how a column is called in menus and headings.
std::string column_title(std::string_view column);

}  // namespace errata::viewer
