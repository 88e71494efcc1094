// What the grid, the facets and the histogram show, computed off the window's thread from a copy of
// the snapshot's table (cheap: columns are shared).
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/workers.h"
#include "model/class_map.h"
#include "model/columns.h"
#include "query/rank.h"
#include "query/selection.h"
#include "viewer/state/side_sections.h"

namespace errata::viewer {

struct FacetValue {
  std::string text;   // as stored; valid UTF-8 is not promised
  bool null = false;  // the samples without a value
  uint64_t count = 0;
};

struct FacetView {
  std::string column;
  std::string title;
  bool folds_by_default = false;
  bool folded = false;             // not counted: no values
  std::vector<FacetValue> values;  // every value of the column, those with count 0 too; of labels
                                   // only the project's classes
};

struct HistogramView {
  std::string column;
  std::string title;
  bool folds_by_default = false;
  bool folded = false;  // not counted: no bins
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

// Which headings a person has folded, and which of those that begin folded were opened.
struct Folds {
  std::set<std::string> folded;
  std::set<std::string> opened;

  bool is_folded(const SideSection& section) const;
};

struct ViewQuestion {
  Table samples;
  std::string filter;  // as typed
  SortChoice sort;
  Folds folds;
  // The project's where the labels' dictionary has others, which only a run knows and which are no
  // label to filter by; else null.
  std::shared_ptr<const ClassMap> classes = nullptr;
};

// What is kept from one question to the next, so that each costs only what is new: threads, the
// memory of the sort, the extremes of columns. One question at a time.
class QueryMemory {
 public:
  QueryMemory();

  query::RankScratch scratch;
  ColumnRanges ranges;
  ParallelFor parallel;

 private:
  WorkerGroup workers_;
};

// The answer. `order` stays as it is while a person reviews; only the counts follow the edits.
struct ViewAnswer {
  std::vector<RowIndex> order;  // rows that pass, sorted; rows without a sort value last
  uint64_t total = 0;           // rows of the table
  double elapsed_ms = 0;
  std::vector<FacetView> facets;
  std::vector<HistogramView> histograms;
  // The left side from top to bottom; `index` is into facets or histograms.
  struct Entry {
    SectionKind kind;
    size_t index;
  };
  std::vector<Entry> side;

  // What is counted over, kept so that edits can be recounted over the same samples: all that
  // pass, then the filter less one column's own term for each column that has one.
  struct Base {
    std::string column;  // empty for the first
    query::Selection rows;
  };
  std::vector<Base> bases;
  std::shared_ptr<const ClassMap> classes;  // the question's
};

// Throws Error(kUsage) for a filter that does not parse or names what is not there.
std::shared_ptr<const ViewAnswer> answer_view(const ViewQuestion& question, QueryMemory& memory);

// The same order and bases, counted again over changed columns or for other folds.
std::shared_ptr<const ViewAnswer> recount_view(const ViewAnswer& answer, const Table& samples,
                                               const Folds& folds, QueryMemory& memory);

// One line for the sort button: "confident mistake, high first".
std::string sort_text(const SortChoice& sort);
// Underscores as spaces: how a column is called in menus and headings.
std::string column_title(std::string_view column);

}  // namespace errata::viewer
