// What the left side offers: which facets and histograms a table has, and in which order.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/columns.h"
#include "query/facet.h"

namespace errata::viewer {

enum class SectionKind : uint8_t { kFacet, kHistogram };

struct SideSection {
  SectionKind kind = SectionKind::kFacet;
  std::string column;
  std::string title;
  bool folded_by_default = false;
  query::HistogramSpec spec;     // of a histogram
  bool range_from_data = false;  // of a histogram: a changed column may reach beyond it
  // Of a facet of whole numbers: the same rows as a category, whose texts are the numbers.
  std::shared_ptr<const Column> as_category = nullptr;
};

// Extremes of whole columns, found once for each column. One thread at a time.
class ColumnRanges {
 public:
  const query::NumberRange& of(const std::shared_ptr<Column>& column);
  // A column of few whole numbers, none below 0, as a category in rising order; null for others.
  std::shared_ptr<const Column> as_category(const std::shared_ptr<Column>& column);
  // After values were seen to have left their range.
  void forget() { ranges_.clear(); }

 private:
  struct Known {
    std::weak_ptr<Column> column;
    query::NumberRange range;
  };
  struct KnownCategory {
    std::weak_ptr<Column> column;
    std::shared_ptr<const Column> category;
  };
  std::map<std::string, Known> ranges_;
  std::map<std::string, KnownCategory> categories_;
};

// Only what can tell samples apart: no histogram of a column with one value, no facet of one source
// or of a column that no sample has a value of.
std::vector<SideSection> side_sections(const Table& samples, ColumnRanges& ranges);

// Bins with edges that a person would write, over [min, max]; nullopt when there is no width. Whole
// numbers get bins of whole width.
std::optional<query::HistogramSpec> readable_bins(double min, double max, bool whole_numbers);

}  // namespace errata::viewer
