#include "viewer/state/side_sections.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "viewer/state/view_query.h"

namespace errata::viewer {

namespace {

constexpr size_t kShareBins = 50;
// An attribute with more values names its samples rather than sorting them into groups.
constexpr size_t kMostAttributeValues = 20'000;

enum class Range : uint8_t { kShare, kData };  // 0..1, or what the column holds

struct Named {
  SectionKind kind;
  std::string_view column;
  std::string_view title;
  bool folded = false;
  Range range = Range::kShare;
};

constexpr std::array kFirst{
    Named{SectionKind::kFacet, "split", "Split"},
    Named{SectionKind::kFacet, "outcome", "Outcome"},
    Named{SectionKind::kFacet, "verdict", "Verdict"},
    Named{SectionKind::kHistogram, "confidence", "Confidence"},
    Named{SectionKind::kHistogram, "self_confidence", "Probability of the label"},
    Named{SectionKind::kFacet, "label", "Label"},
    Named{SectionKind::kFacet, "prediction", "Predicted class"},
    Named{SectionKind::kFacet, "review", "Review"},
    Named{SectionKind::kFacet, "tags", "Tags"},
    Named{SectionKind::kFacet, "source", "Source"},
};
constexpr std::array kScores{
    Named{SectionKind::kHistogram, "label_error", "Label error"},
    Named{SectionKind::kHistogram, "confident_mistake", "Confident mistake"},
    Named{SectionKind::kHistogram, "margin", "Margin to the second class"},
    Named{SectionKind::kHistogram, "entropy", "Entropy", false, Range::kData},
    Named{SectionKind::kHistogram, "loss", "Loss", false, Range::kData},
};
constexpr std::array kSizes{
    Named{SectionKind::kHistogram, "width", "Width", true, Range::kData},
    Named{SectionKind::kHistogram, "height", "Height", true, Range::kData},
    Named{SectionKind::kHistogram, "size_bytes", "File size", true, Range::kData},
};

// Of a table of objects.
constexpr std::array kObjects{
    Named{SectionKind::kFacet, "error", "Error kind"},
    Named{SectionKind::kFacet, "verdict", "Is it the label?"},
    Named{SectionKind::kFacet, "doubt", "What of it is in doubt"},
    Named{SectionKind::kHistogram, "label_doubt", "Doubt about the label"},
    Named{SectionKind::kHistogram, "confidence", "Confidence"},
    Named{SectionKind::kHistogram, "iou", "IoU of the match"},
    Named{SectionKind::kFacet, "label", "Class"},
    Named{SectionKind::kFacet, "kind", "Given or predicted"},
    Named{SectionKind::kFacet, "split", "Split"},
    Named{SectionKind::kFacet, "review", "Review"},
};
constexpr std::array kObjectSizes{
    Named{SectionKind::kHistogram, "area_px", "Area in pixels", true, Range::kData},
    Named{SectionKind::kHistogram, "width", "Width", true, Range::kData},
    Named{SectionKind::kHistogram, "height", "Height", true, Range::kData},
    Named{SectionKind::kFacet, "crowd", "Crowd", true},
    Named{SectionKind::kFacet, "difficult", "Difficult", true},
    Named{SectionKind::kFacet, "truncated", "Truncated", true},
};

bool is_number(const Column& column) {
  return column.type == ColumnType::kInt || column.type == ColumnType::kFloat ||
         column.type == ColumnType::kDouble;
}

bool has_no_value(const Column& column) {
  return std::all_of(column.codes.begin(), column.codes.end(), [](int32_t c) { return c < 0; });
}

class Collector {
 public:
  Collector(const Table& samples, ColumnRanges& ranges) : samples_(samples), ranges_(ranges) {}

  template <typename Names>
  void add(const Names& names) {
    for (const Named& named : names) add_one(named);
  }

  void add_attributes(SectionKind kind) {
    constexpr std::string_view kPrefix = "attr.";
    for (const auto& column : samples_.columns()) {
      const std::string_view name = column->name;
      if (!name.starts_with(kPrefix)) continue;
      const std::string title = column_title(name.substr(kPrefix.size()));
      const bool counts = column->type == ColumnType::kBool ||
                          (column->dictionary && column->dictionary->size() > 1 &&
                           column->dictionary->size() <= kMostAttributeValues);
      const std::shared_ptr<const Column> numbers = ranges_.as_category(column);
      if (kind == SectionKind::kFacet && (counts || numbers)) {
        sections_.push_back({kind, std::string(name), title, false, {}, false, numbers});
      } else if (kind == SectionKind::kHistogram && is_number(*column) && !numbers) {
        add_histogram(*column, {kind, std::string(name), title, true, {}, true});
      }
    }
  }

  // What is measured of objects: every number besides the documented columns.
  void add_scores() {
    for (const auto& column : samples_.columns()) {
      if (column->type != ColumnType::kFloat || column->name == "label_doubt") continue;
      add_histogram(
          *column,
          {SectionKind::kHistogram, column->name, column_title(column->name), true, {}, true});
    }
  }

  std::vector<SideSection> take() { return std::move(sections_); }

 private:
  void add_one(const Named& named) {
    const Column* column = samples_.find(named.column);
    if (column == nullptr) return;
    SideSection section{named.kind,   std::string(named.column), std::string(named.title),
                        named.folded, {0, 1, kShareBins},        named.range == Range::kData};
    if (named.kind == SectionKind::kHistogram) {
      if (is_number(*column)) add_histogram(*column, std::move(section));
      return;
    }
    const bool is_bool = column->type == ColumnType::kBool;
    if (!is_bool && (!column->dictionary || column->dictionary->size() == 0)) return;
    if (named.column == "source" && column->dictionary->size() < 2) return;
    // As `label` is where all labels are of boxes.
    if (column->type == ColumnType::kCategory && has_no_value(*column)) return;
    sections_.push_back(std::move(section));
  }

  void add_histogram(const Column& column, SideSection section) {
    if (section.range_from_data) {
      const auto shared =
          std::find_if(samples_.columns().begin(), samples_.columns().end(),
                       [&](const std::shared_ptr<Column>& each) { return each.get() == &column; });
      const query::NumberRange& range = ranges_.of(*shared);
      const std::optional<query::HistogramSpec> spec =
          readable_bins(range.min, range.max, column.type == ColumnType::kInt);
      if (!spec) return;
      section.spec = *spec;
    }
    sections_.push_back(std::move(section));
  }

  const Table& samples_;
  ColumnRanges& ranges_;
  std::vector<SideSection> sections_;
};

}  // namespace

const query::NumberRange& ColumnRanges::of(const std::shared_ptr<Column>& column) {
  Known& known = ranges_[column->name];
  // The weak pointer tells a new column at an old address apart.
  if (known.column.lock() != column) {
    known.column = column;
    known.range = query::number_range(*column, query::Selection::all(column->rows));
  }
  return known.range;
}

std::shared_ptr<const Column> ColumnRanges::as_category(const std::shared_ptr<Column>& column) {
  constexpr size_t kMostNumbers = 50;
  if (column->type != ColumnType::kInt) return nullptr;
  KnownCategory& known = categories_[column->name];
  if (known.column.lock() == column) return known.category;
  known = {column, nullptr};
  std::map<int64_t, int32_t> codes;
  for (size_t row = 0; row < column->rows; ++row) {
    if (column->is_null(static_cast<RowIndex>(row))) continue;
    const int64_t value = column->ints[row];
    if (value < 0) return nullptr;
    if (codes.emplace(value, 0).second && codes.size() > kMostNumbers) return nullptr;
  }
  if (codes.size() < 2) return nullptr;
  const auto dictionary = std::make_shared<Dictionary>();
  for (auto& [value, code] : codes) code = dictionary->add(std::to_string(value));
  std::vector<int32_t> of_row(column->rows, -1);
  for (size_t row = 0; row < column->rows; ++row) {
    if (!column->is_null(static_cast<RowIndex>(row))) of_row[row] = codes.at(column->ints[row]);
  }
  known.category = std::make_shared<const Column>(
      make_category_column(column->name, std::move(of_row), dictionary));
  return known.category;
}

std::optional<query::HistogramSpec> readable_bins(double min, double max, bool whole_numbers) {
  if (!std::isfinite(min) || !std::isfinite(max) || !(min < max)) return std::nullopt;
  constexpr double kWantedBins = 50;
  const double least = (max - min) / kWantedBins;
  const double power = std::pow(10.0, std::floor(std::log10(least)));
  double step = power * 10;
  for (const double factor : {5.0, 2.0, 1.0}) {
    if (power * factor >= least) step = power * factor;
  }
  if (whole_numbers) step = std::max(1.0, std::round(step));
  query::HistogramSpec spec;
  spec.low = std::floor(min / step) * step;
  spec.bins = static_cast<size_t>(std::floor((max - spec.low) / step)) + 1;
  spec.high = spec.low + step * static_cast<double>(spec.bins);
  // Beyond what doubles can tell apart.
  if (!(spec.low < spec.high) || !std::isfinite(spec.high)) return std::nullopt;
  return spec;
}

std::vector<SideSection> side_sections(const Table& samples, ColumnRanges& ranges) {
  Collector collector(samples, ranges);
  if (samples.find("object_id") != nullptr) {
    collector.add(kObjects);
    collector.add_scores();
    collector.add(kObjectSizes);
    return collector.take();
  }
  collector.add(kFirst);
  collector.add_attributes(SectionKind::kFacet);
  collector.add(kScores);
  collector.add_attributes(SectionKind::kHistogram);
  collector.add(kSizes);
  return collector.take();
}

}  // namespace errata::viewer
