#include "viewer/state/view_query.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>

#include "base/priority.h"
#include "model/scores.h"
#include "query/facet.h"
#include "query/filter.h"
#include "viewer/state/filter_text.h"

namespace errata::viewer {

namespace {

// A facet with more values than a person reads at a glance shows the most frequent first.
constexpr size_t kSortedAbove = 20;

// `in_order`: the values have an order of their own, as numbers do.
void fill_facet(FacetView& view, const Column& column, const query::FacetCounts& counts,
                bool in_order, const ClassMap* classes) {
  const bool is_bool = column.type == ColumnType::kBool;
  for (size_t code = 0; code < counts.counts.size(); ++code) {
    std::string text =
        is_bool ? (code == 0 ? "false" : "true") : (*column.dictionary)[static_cast<int32_t>(code)];
    if (classes != nullptr && counts.counts[code] == 0 && classes->find(text) == kNoClass) continue;
    view.values.push_back({std::move(text), false, counts.counts[code]});
  }
  if (view.values.size() > kSortedAbove && !in_order) {
    std::stable_sort(view.values.begin(), view.values.end(),
                     [](const FacetValue& a, const FacetValue& b) { return a.count > b.count; });
  }
  if (counts.nulls > 0) view.values.push_back({"none", true, counts.nulls});
}

void fill_histogram(HistogramView& view, const query::Histogram& histogram) {
  view.low = histogram.spec.low;
  view.high = histogram.spec.high;
  view.bins = histogram.counts;
  for (const uint64_t count : view.bins) {
    view.largest = std::max(view.largest, count);
    view.total += count;
  }
}

// Columns counted in one walk over one base, and where their counts belong.
struct Walk {
  const query::Selection* rows = nullptr;
  std::vector<const SideSection*> sections;
  std::vector<ViewAnswer::Entry> places;
};

const query::Selection& base_of(const ViewAnswer& answer, std::string_view column) {
  for (const ViewAnswer::Base& base : answer.bases) {
    if (base.column == column) return base.rows;
  }
  return answer.bases[0].rows;
}

// Lays out answer.side and shares the work that is to be done out among at least `ways` walks.
std::vector<Walk> plan_walks(ViewAnswer& answer, const std::vector<SideSection>& sections,
                             const Folds& folds, size_t ways) {
  answer.facets.clear();
  answer.histograms.clear();
  answer.side.clear();
  std::vector<Walk> walks;
  std::vector<Walk> common(ways);
  size_t turn = 0;
  for (const SideSection& section : sections) {
    const bool folded = folds.is_folded(section);
    const bool is_facet = section.kind == SectionKind::kFacet;
    const ViewAnswer::Entry place{section.kind,
                                  is_facet ? answer.facets.size() : answer.histograms.size()};
    answer.side.push_back(place);
    if (is_facet) {
      answer.facets.push_back(
          {section.column, section.title, section.folded_by_default, folded, {}});
    } else {
      answer.histograms.push_back({section.column,
                                   section.title,
                                   section.folded_by_default,
                                   folded,
                                   section.spec.low,
                                   section.spec.high,
                                   {},
                                   0,
                                   0});
    }
    if (folded) continue;
    const query::Selection& rows = base_of(answer, section.column);
    if (&rows == &answer.bases[0].rows) {
      Walk& walk = common[turn++ % ways];
      walk.rows = &rows;
      walk.sections.push_back(&section);
      walk.places.push_back(place);
    } else {
      walks.push_back({&rows, {&section}, {place}});
    }
  }
  for (Walk& walk : common) {
    if (!walk.sections.empty()) walks.push_back(std::move(walk));
  }
  return walks;
}

// True when a value lay outside of a range that was taken from the data: the column has changed.
bool do_walk(ViewAnswer& answer, const Table& samples, const Walk& walk) {
  query::SummaryRequest request;
  for (const SideSection* section : walk.sections) {
    const Column* column =
        section->as_category ? section->as_category.get() : samples.find(section->column);
    if (section->kind == SectionKind::kFacet) {
      request.facets.push_back(column);
    } else {
      request.histograms.push_back({column, section->spec});
    }
  }
  const query::Summary summary = query::summarise(request, *walk.rows);
  bool left_range = false;
  size_t facet = 0;
  size_t histogram = 0;
  for (size_t i = 0; i < walk.sections.size(); ++i) {
    if (walk.sections[i]->kind == SectionKind::kFacet) {
      fill_facet(answer.facets[walk.places[i].index], *request.facets[facet], summary.facets[facet],
                 walk.sections[i]->as_category != nullptr,
                 walk.sections[i]->column == "label" ? answer.classes.get() : nullptr);
      ++facet;
      continue;
    }
    const query::Histogram& counts = summary.histograms[histogram++];
    left_range |= walk.sections[i]->range_from_data && counts.below + counts.above > 0;
    fill_histogram(answer.histograms[walk.places[i].index], counts);
  }
  return left_range;
}

// Fills the left side; `also` is done beside it.
void count_all(ViewAnswer& answer, const Table& samples, const Folds& folds, QueryMemory& memory,
               const std::function<void()>& also) {
  constexpr size_t kWays = 4;
  std::vector<SideSection> sections = side_sections(samples, memory.ranges);
  std::vector<Walk> walks = plan_walks(answer, sections, folds, kWays);
  std::atomic<bool> left_range{false};
  memory.parallel(walks.size() + 1, 1, [&](size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) {
      if (i == 0) {
        also();
      } else if (do_walk(answer, samples, walks[i - 1])) {
        left_range = true;
      }
    }
  });
  if (!left_range) return;
  memory.ranges.forget();
  sections = side_sections(samples, memory.ranges);
  for (const Walk& walk : plan_walks(answer, sections, folds, 1)) do_walk(answer, samples, walk);
}

void add_bases(ViewAnswer& answer, const ViewQuestion& question, QueryMemory& memory) {
  if (question.filter.empty()) return;
  const size_t terms = split_terms(question.filter).size();
  for (const SideSection& section : side_sections(question.samples, memory.ranges)) {
    const std::string without = without_column_terms(question.filter, section.column);
    if (without == question.filter || split_terms(without).size() == terms) continue;
    answer.bases.push_back({section.column, query::evaluate(query::parse_filter(without),
                                                            question.samples, &memory.parallel)});
  }
}

size_t helper_threads() {
  constexpr size_t kMostHelpers = 3;
  return std::clamp<size_t>(hardware_threads() - 1, 1, kMostHelpers);
}

}  // namespace

bool Folds::is_folded(const SideSection& section) const {
  return section.folded_by_default ? !opened.contains(section.column)
                                   : folded.contains(section.column);
}

QueryMemory::QueryMemory() : parallel(nullptr), workers_(helper_threads(), "errata-query") {
  parallel = [this](size_t n, size_t grain, const RangeFn& fn) {
    workers_.parallel_for(n, grain, [&](size_t begin, size_t end) {
      give_way();
      fn(begin, end);
    });
  };
}

std::shared_ptr<const ViewAnswer> answer_view(const ViewQuestion& question, QueryMemory& memory) {
  const auto started = std::chrono::steady_clock::now();
  auto answer = std::make_shared<ViewAnswer>();
  answer->total = question.samples.rows();
  answer->classes = question.classes;
  const query::Filter filter = query::parse_typed_filter(question.filter, question.samples);
  answer->bases.push_back({"", query::evaluate(filter, question.samples, &memory.parallel)});
  add_bases(*answer, question, memory);
  std::vector<query::SortKey> keys;
  if (question.samples.find(question.sort.column) != nullptr) {
    keys.push_back({question.sort.column, question.sort.descending});
  }
  count_all(*answer, question.samples, question.folds, memory, [&] {
    query::order_rows_into(question.samples, answer->bases[0].rows, keys, query::kNoLimit,
                           memory.scratch, answer->order);
  });
  const std::chrono::duration<double, std::milli> elapsed =
      std::chrono::steady_clock::now() - started;
  answer->elapsed_ms = elapsed.count();
  return answer;
}

std::shared_ptr<const ViewAnswer> recount_view(const ViewAnswer& answer, const Table& samples,
                                               const Folds& folds, QueryMemory& memory) {
  auto counted = std::make_shared<ViewAnswer>(answer);
  count_all(*counted, samples, folds, memory, [] {});
  return counted;
}

std::string column_title(std::string_view column) {
  std::string title(column);
  std::replace(title.begin(), title.end(), '_', ' ');
  return title;
}

std::string sort_text(const SortChoice& sort) {
  const ColumnInfo* text_column = nullptr;
  for (const std::span<const ColumnInfo> columns : {sample_columns(), object_columns()}) {
    for (const ColumnInfo& info : columns) {
      if (info.name == sort.column &&
          (info.type == ColumnType::kText || info.type == ColumnType::kCategory)) {
        text_column = &info;
      }
    }
  }
  if (text_column != nullptr) {
    return fmt::format("{}, {}", column_title(sort.column), sort.descending ? "Z to A" : "A to Z");
  }
  return fmt::format("{}, {} first", column_title(sort.column), sort.descending ? "high" : "low");
}

}  // namespace errata::viewer
