#include "viewer/state/view_query.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>

#include "model/scores.h"
#include "query/facet.h"
#include "query/filter.h"
#include "viewer/state/filter_text.h"

namespace errata::viewer {

namespace {

constexpr size_t kHistogramBins = 50;
// A facet with more values than a person reads at a glance shows the most frequent first.
constexpr size_t kSortedAbove = 20;

struct Named {
  std::string_view column;
  std::string_view title;
};

constexpr std::array kFacets{Named{"split", "Split"}, Named{"outcome", "Outcome"},
                             Named{"review", "Review"}, Named{"label", "Label"},
                             Named{"prediction", "Prediction"}};
constexpr std::array kHistograms{Named{"confidence", "Confidence"},
                                 Named{"self_confidence", "Probability of the label"}};

FacetView facet_view(const Named& named, const Column& column, const query::FacetCounts& counts) {
  FacetView view{std::string(named.column), std::string(named.title), {}};
  for (size_t code = 0; code < counts.counts.size(); ++code) {
    view.values.push_back(
        {(*column.dictionary)[static_cast<int32_t>(code)], false, counts.counts[code]});
  }
  if (view.values.size() > kSortedAbove) {
    std::stable_sort(view.values.begin(), view.values.end(),
                     [](const FacetValue& a, const FacetValue& b) { return a.count > b.count; });
  }
  if (counts.nulls > 0) view.values.push_back({"none", true, counts.nulls});
  return view;
}

HistogramView histogram_view(const Named& named, const query::Histogram& histogram) {
  HistogramView view;
  view.column = named.column;
  view.title = named.title;
  view.low = histogram.spec.low;
  view.high = histogram.spec.high;
  view.bins = histogram.counts;
  for (const uint64_t count : view.bins) {
    view.largest = std::max(view.largest, count);
    view.total += count;
  }
  return view;
}

bool is_facet_column(const Column* column) {
  return column != nullptr && column->type == ColumnType::kCategory && column->dictionary;
}

bool is_number_column(const Column* column) {
  return column != nullptr &&
         (column->type == ColumnType::kFloat || column->type == ColumnType::kDouble);
}

// Fills answer.facets and answer.histograms: one walk for each base.
void count_all(ViewAnswer& answer, const Table& samples) {
  answer.facets.clear();
  answer.histograms.clear();
  std::vector<std::pair<const Named*, FacetView>> facets;
  std::vector<std::pair<const Named*, HistogramView>> histograms;
  const auto has_own_base = [&](std::string_view column) {
    return std::any_of(answer.bases.begin(), answer.bases.end(),
                       [&](const ViewAnswer::Base& base) { return base.column == column; });
  };
  for (const ViewAnswer::Base& base : answer.bases) {
    query::SummaryRequest request;
    std::vector<const Named*> facet_names;
    std::vector<const Named*> histogram_names;
    for (const Named& named : kFacets) {
      const Column* column = samples.find(named.column);
      const bool here =
          base.column.empty() ? !has_own_base(named.column) : base.column == named.column;
      if (!here || !is_facet_column(column)) continue;
      request.facets.push_back(column);
      facet_names.push_back(&named);
    }
    for (const Named& named : kHistograms) {
      const Column* column = samples.find(named.column);
      const bool here =
          base.column.empty() ? !has_own_base(named.column) : base.column == named.column;
      if (!here || !is_number_column(column)) continue;
      request.histograms.push_back({column, {0, 1, kHistogramBins}});
      histogram_names.push_back(&named);
    }
    const query::Summary summary = query::summarise(request, base.rows);
    for (size_t i = 0; i < facet_names.size(); ++i) {
      facets.emplace_back(facet_names[i],
                          facet_view(*facet_names[i], *request.facets[i], summary.facets[i]));
    }
    for (size_t i = 0; i < histogram_names.size(); ++i) {
      histograms.emplace_back(histogram_names[i],
                              histogram_view(*histogram_names[i], summary.histograms[i]));
    }
  }
  const auto by_place = [](const auto& a, const auto& b) { return a.first < b.first; };
  std::sort(facets.begin(), facets.end(), by_place);
  std::sort(histograms.begin(), histograms.end(), by_place);
  for (auto& [named, view] : facets) answer.facets.push_back(std::move(view));
  for (auto& [named, view] : histograms) answer.histograms.push_back(std::move(view));
}

template <typename Names>
void add_bases(ViewAnswer& answer, const ViewQuestion& question, const Names& names) {
  for (const Named& named : names) {
    const std::string without = without_column_terms(question.filter, named.column);
    if (without == question.filter || question.samples.find(named.column) == nullptr) continue;
    if (split_terms(without).size() == split_terms(question.filter).size()) continue;
    answer.bases.push_back({std::string(named.column),
                            query::evaluate(query::parse_filter(without), question.samples)});
  }
}

}  // namespace

std::shared_ptr<const ViewAnswer> answer_view(const ViewQuestion& question) {
  const auto started = std::chrono::steady_clock::now();
  auto answer = std::make_shared<ViewAnswer>();
  answer->total = question.samples.rows();
  const query::Filter filter = query::parse_typed_filter(question.filter, question.samples);
  answer->bases.push_back({"", query::evaluate(filter, question.samples)});
  std::vector<query::SortKey> keys;
  if (question.samples.find(question.sort.column) != nullptr) {
    keys.push_back({question.sort.column, question.sort.descending});
  }
  answer->order = query::order_rows(question.samples, answer->bases[0].rows, keys);
  add_bases(*answer, question, kFacets);
  add_bases(*answer, question, kHistograms);
  count_all(*answer, question.samples);
  const std::chrono::duration<double, std::milli> elapsed =
      std::chrono::steady_clock::now() - started;
  answer->elapsed_ms = elapsed.count();
  return answer;
}

std::shared_ptr<const ViewAnswer> recount_view(const ViewAnswer& answer, const Table& samples) {
  auto counted = std::make_shared<ViewAnswer>(answer);
  count_all(*counted, samples);
  return counted;
}

std::string column_title(std::string_view column) {
  std::string title(column);
  std::replace(title.begin(), title.end(), '_', ' ');
  return title;
}

std::string sort_text(const SortChoice& sort) {
  const ColumnInfo* text_column = nullptr;
  for (const ColumnInfo& info : sample_columns()) {
    if (info.name == sort.column &&
        (info.type == ColumnType::kText || info.type == ColumnType::kCategory)) {
      text_column = &info;
    }
  }
  if (text_column != nullptr) {
    return fmt::format("{}, {}", column_title(sort.column), sort.descending ? "Z to A" : "A to Z");
  }
  return fmt::format("{}, {} first", column_title(sort.column), sort.descending ? "high" : "low");
}

}  // namespace errata::viewer
