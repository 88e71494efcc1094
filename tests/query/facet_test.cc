#include "query/facet.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cmath>
#include <random>
#include <set>

#include "base/error.h"
#include "query/confusion.h"
#include "query/filter.h"
#include "query/simd.h"
#include "tests/query/random_filters.h"

using namespace errata;
using namespace errata::query;

namespace {

FacetCounts slow_facet(const Column& column, const Selection& selection) {
  FacetCounts facet;
  facet.counts.assign(column.type == ColumnType::kBool ? 2 : column.dictionary->size(), 0);
  selection.for_each([&](RowIndex row) {
    if (column.type == ColumnType::kSet) {
      facet.nulls += column.offsets[row] == column.offsets[row + 1];
      for (uint64_t i = column.offsets[row]; i < column.offsets[row + 1]; ++i) {
        ++facet.counts[static_cast<size_t>(column.codes[i])];
      }
    } else if (column.is_null(row)) {
      ++facet.nulls;
    } else {
      ++facet.counts[column.type == ColumnType::kBool ? column.bytes[row] != 0
                                                      : static_cast<size_t>(column.codes[row])];
    }
  });
  return facet;
}

Histogram slow_histogram(const Column& column, const Selection& selection,
                         const HistogramSpec& spec) {
  Histogram histogram;
  histogram.spec = spec;
  histogram.counts.assign(spec.bins, 0);
  selection.for_each([&](RowIndex row) {
    if (column.is_null(row)) {
      ++histogram.nulls;
      return;
    }
    const double value = column.number(row);
    if (value < spec.low) {
      ++histogram.below;
    } else if (value > spec.high) {
      ++histogram.above;
    } else {
      size_t bin = spec.bins - 1;
      while (bin > 0 && value < histogram.edge(bin)) --bin;
      ++histogram.counts[bin];
    }
  });
  return histogram;
}

std::vector<Selection> some_selections(size_t rows) {
  std::mt19937_64 random(5);
  std::vector<Selection> selections{Selection::all(rows), Selection(rows)};
  for (const size_t one_in : {2, 10, 300}) {
    Selection selection(rows);
    for (RowIndex row = 0; row < rows; ++row) {
      if (random() % one_in == 0) selection.set(row);
    }
    selections.push_back(std::move(selection));
  }
  return selections;
}

Column many_classes(size_t rows, size_t classes) {
  std::mt19937_64 random(9);
  auto dictionary = std::make_shared<Dictionary>();
  for (size_t i = 0; i < classes; ++i) dictionary->add(fmt::format("class {}", i));
  std::vector<int32_t> codes;
  for (size_t i = 0; i < rows; ++i) {
    codes.push_back(static_cast<int32_t>(random() % (classes + 1)) - 1);
  }
  return make_category_column(fmt::format("c{}", classes), std::move(codes), dictionary);
}

}  // namespace

TEST_CASE("facets and histograms equal a count row by row") {
  for (const size_t rows : {1, 70, 4'096, 10'001}) {
    Table table = test::random_table(rows, rows + 7);
    for (const size_t classes : {62, 63, 64, 65, 1'000, 3'000, 70'000}) {
      table.add(many_classes(rows, classes));
    }
    Column punched = many_classes(rows, 66'000);
    punched.name = "punched";
    punched.validity.assign((rows + 63) / 64, 0x5555555555555555);
    table.add(std::move(punched));
    SummaryRequest request;
    for (const auto& column : table.columns()) {
      if (column->dictionary != nullptr || column->type == ColumnType::kBool) {
        request.facets.push_back(column.get());
      }
      if (column->dictionary == nullptr && column->type != ColumnType::kText) {
        for (const HistogramSpec& spec :
             {HistogramSpec{0, 1, 32}, HistogramSpec{0, 1, 20}, HistogramSpec{0.1, 0.9, 77},
              HistogramSpec{-1e300, 1e300, 10}, HistogramSpec{0, 1e-320, 3},
              HistogramSpec{-5, 700, 1'000}, HistogramSpec{0.3, 0.30000000000000004, 5},
              HistogramSpec{1, 1 + 1e-7, 13}, HistogramSpec{0, 1e16, 50}}) {
          request.histograms.push_back({column.get(), spec});
        }
      }
    }
    for (const Selection& selection : some_selections(rows)) {
      const Summary summary = summarise(request, selection);
      for (size_t i = 0; i < request.facets.size(); ++i) {
        const FacetCounts expected = slow_facet(*request.facets[i], selection);
        REQUIRE_MESSAGE(summary.facets[i].counts == expected.counts, request.facets[i]->name);
        REQUIRE(summary.facets[i].nulls == expected.nulls);
      }
      for (size_t i = 0; i < request.histograms.size(); ++i) {
        const auto& wanted = request.histograms[i];
        const Histogram expected = slow_histogram(*wanted.column, selection, wanted.spec);
        REQUIRE_MESSAGE(summary.histograms[i].counts == expected.counts,
                        fmt::format("{} {}", wanted.column->name, wanted.spec.bins));
        REQUIRE(summary.histograms[i].below == expected.below);
        REQUIRE(summary.histograms[i].above == expected.above);
        REQUIRE(summary.histograms[i].nulls == expected.nulls);
      }
    }
  }
}

TEST_CASE("a bin holds what the filter of its edges finds") {
  for (const Isa isa : {Isa::kBaseline, Isa::kAvx2, Isa::kAvx512}) {
    limit_isa(isa);
    Table table(20'000);
    std::mt19937_64 random(1);
    std::vector<float> values;
    for (size_t i = 0; i < table.rows(); ++i) {
      // Many values stand exactly at an edge of twentieths.
      const auto twentieths = static_cast<float>(static_cast<double>(random() % 22) / 20.0);
      values.push_back(random() % 2 == 0 ? twentieths : static_cast<float>(random() % 997) / 997.f);
    }
    table.add(make_float_column("confidence", values));
    const Selection all = Selection::all(table.rows());
    const Histogram bins = histogram(*table.find("confidence"), all, {0, 1, 20});
    for (size_t i = 0; i < 20; ++i) {
      const Filter filter = parse_filter(
          fmt::format("confidence >= {} and confidence {} {}", quote_number(bins.edge(i)),
                      i == 19 ? "<=" : "<", quote_number(bins.edge(i + 1))));
      CHECK(evaluate(filter, table).count() == bins.counts[i]);
    }
  }
  limit_isa(Isa::kAvx512);
}

TEST_CASE("ranges, distinct values and confusion") {
  const Table table = test::random_table(3'000, 8);
  for (const Selection& selection : some_selections(3'000)) {
    for (const auto& column : table.columns()) {
      std::set<std::string> distinct;
      double low = INFINITY;
      double high = -INFINITY;
      uint64_t values = 0;
      selection.for_each([&](RowIndex row) {
        if (column->type == ColumnType::kSet) {
          for (uint64_t i = column->offsets[row]; i < column->offsets[row + 1]; ++i) {
            distinct.insert((*column->dictionary)[column->codes[i]]);
          }
        } else if (!column->is_null(row)) {
          std::string shown = column->display(row);
          distinct.insert(shown == "-0" ? "0" : shown);
          low = std::min(low, column->number(row));
          high = std::max(high, column->number(row));
          ++values;
        }
      });
      CHECK_MESSAGE(count_distinct(*column, selection) == distinct.size(), column->name);
      if (column->type > ColumnType::kDouble) continue;
      const NumberRange range = number_range(*column, selection);
      CHECK(range.values == values);
      if (values > 0) CHECK(range.min == low);
      if (values > 0) CHECK(range.max == high);
    }
    const Column& label = *table.find("label");
    const Column& prediction = *table.find("prediction");
    const ConfusionMatrix matrix = confusion(label, prediction, selection);
    uint64_t total = matrix.without_given + matrix.without_predicted;
    for (size_t g = 0; g < matrix.classes.size(); ++g) {
      for (size_t p = 0; p < matrix.classes.size(); ++p) {
        total += matrix.at(g, p);
        uint64_t expected = 0;
        selection.for_each([&](RowIndex row) {
          expected += !label.is_null(row) && !prediction.is_null(row) &&
                      label.text(row) == matrix.classes[g] &&
                      prediction.text(row) == matrix.classes[p];
        });
        CHECK(matrix.at(g, p) == expected);
      }
    }
    CHECK(total == selection.count());
  }
  CHECK_THROWS_AS(histogram(*table.find("label"), Selection::all(3'000), {}), Error);
  CHECK_THROWS_AS(histogram(*table.find("id"), Selection::all(3'000), {1, 1, 5}), Error);
  CHECK_THROWS_AS(count_facet(*table.find("id"), Selection::all(3'000)), Error);
  // A selection of another table.
  CHECK_THROWS_AS(count_facet(*table.find("label"), Selection::all(3'001)), Error);
  CHECK_THROWS_AS(number_range(*table.find("id"), Selection::all(2'999)), Error);
  CHECK_THROWS_AS(histogram(*table.find("id"), Selection::all(9'000), {}), Error);
  CHECK_THROWS_AS(count_distinct(*table.find("id"), Selection::all(9'000)), Error);
  CHECK_THROWS_AS(confusion(*table.find("label"), *table.find("label"), Selection(1)), Error);
}
