// The left side and the order, over a table with known answers.
#include "viewer/state/view_query.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "viewer/state/filter_text.h"
#include "viewer/state/table_layout.h"

namespace errata::viewer {

namespace {

constexpr size_t kRows = 1000;

std::shared_ptr<Dictionary> names(std::initializer_list<const char*> list) {
  auto dictionary = std::make_shared<Dictionary>();
  for (const char* name : list) dictionary->add(name);
  return dictionary;
}

Column codes(const char* name, size_t n, const std::shared_ptr<Dictionary>& dictionary) {
  std::vector<int32_t> values(kRows);
  for (size_t i = 0; i < kRows; ++i) values[i] = static_cast<int32_t>(i % n);
  return make_category_column(name, std::move(values), dictionary);
}

// Row i has tag "odd" when i is odd, and "tenth" when 10 divides it.
Column tags() {
  Column column;
  column.name = "tags";
  column.type = ColumnType::kSet;
  column.rows = kRows;
  column.dictionary = names({"odd", "tenth"});
  column.offsets.push_back(0);
  for (size_t i = 0; i < kRows; ++i) {
    if (i % 2 == 1) column.codes.push_back(0);
    if (i % 10 == 0) column.codes.push_back(1);
    column.offsets.push_back(column.codes.size());
  }
  return column;
}

Column floats(const char* name, double factor, double offset = 0) {
  std::vector<float> values(kRows);
  for (size_t i = 0; i < kRows; ++i) {
    values[i] = static_cast<float>(offset + factor * static_cast<double>(i) / kRows);
  }
  return make_float_column(name, std::move(values));
}

Table table() {
  Table samples(kRows);
  samples.active_run = "r";
  samples.add(codes("split", 2, names({"train", "test"})));
  samples.add(codes("label", 4, names({"a", "b", "c", "d"})));
  samples.add(codes("prediction@r", 5, names({"a", "b", "c", "d", "e"})));
  samples.add(codes("source", 1, names({"one"})));
  samples.add(tags());
  samples.add(floats("confidence@r", 1));
  samples.add(floats("loss@r", 13.2));
  samples.add(codes("attr.weather", 3, names({"rain", "sun", "it's \"odd\""})));
  std::vector<uint8_t> night(kRows);
  std::vector<int64_t> year(kRows);
  for (size_t i = 0; i < kRows; ++i) {
    night[i] = i % 4 == 0 ? 1 : 0;
    year[i] = 2001 + static_cast<int64_t>(i % 60);
  }
  samples.add(make_bool_column("attr.night", std::move(night)));
  samples.add(make_int_column("attr.year", std::move(year)));
  samples.add(make_int_column("width", std::vector<int64_t>(kRows, 32)));
  return samples;
}

struct Asked {
  QueryMemory memory;
  Table samples = table();
  Folds folds;
  std::shared_ptr<const ViewAnswer> answer;

  const ViewAnswer& ask(const std::string& filter, const SortChoice& sort = {"confidence", true}) {
    answer = answer_view({samples, filter, sort, folds}, memory);
    return *answer;
  }
};

const FacetView* facet(const ViewAnswer& answer, std::string_view column) {
  for (const FacetView& each : answer.facets) {
    if (each.column == column) return &each;
  }
  return nullptr;
}

const HistogramView* histogram(const ViewAnswer& answer, std::string_view column) {
  for (const HistogramView& each : answer.histograms) {
    if (each.column == column) return &each;
  }
  return nullptr;
}

uint64_t count(const ViewAnswer& answer, std::string_view column, std::string_view value) {
  const FacetView* found = facet(answer, column);
  REQUIRE(found != nullptr);
  for (const FacetValue& each : found->values) {
    if (each.text == value) return each.count;
  }
  return UINT64_MAX;
}

std::vector<std::string> side(const ViewAnswer& answer) {
  std::vector<std::string> columns;
  for (const ViewAnswer::Entry& entry : answer.side) {
    columns.push_back(entry.kind == SectionKind::kFacet ? answer.facets[entry.index].column
                                                        : answer.histograms[entry.index].column);
  }
  return columns;
}

}  // namespace

TEST_CASE("a column that no sample has a value of is no facet, one that a filter empties is") {
  Asked asked;
  CHECK(facet(asked.ask("label = 'a' and label = 'b'"), "label") != nullptr);
  CHECK(facet(asked.ask(""), "prediction") != nullptr);
  // Boxes only: the project has classes, and no sample a label of its own.
  asked.samples.add(
      make_category_column("label", std::vector<int32_t>(kRows, -1), names({"a", "b"})));
  CHECK(facet(asked.ask(""), "label") == nullptr);
  std::vector<int32_t> one(kRows, -1);
  one[kRows - 1] = 1;
  asked.samples.add(make_category_column("label", one, names({"a", "b"})));
  CHECK(count(asked.ask(""), "label", "b") == 1);
}

TEST_CASE("an attribute of few whole numbers is a facet in their order, of many a histogram") {
  Table samples = table();
  std::vector<int64_t> few(kRows);
  std::vector<int64_t> many(kRows);
  for (size_t i = 0; i < kRows; ++i) {
    few[i] = static_cast<int64_t>(i % 3 == 0 ? 10 : i % 3 + 1);
    many[i] = static_cast<int64_t>(i);
  }
  Column with_null = make_int_column("attr.few", few);
  with_null.set_null(7);
  samples.add(with_null);
  samples.add(make_int_column("attr.many", many));
  QueryMemory memory;
  ViewQuestion question{samples, "attr.few in (2, 10)", {"id", false}, {}};
  const auto answer = answer_view(question, memory);
  const FacetView* facet = nullptr;
  for (const FacetView& each : answer->facets) {
    if (each.column == "attr.few") facet = &each;
  }
  REQUIRE(facet != nullptr);
  REQUIRE(facet->values.size() == 4);
  CHECK(facet->values[0].text == "2");
  CHECK(facet->values[0].count == 332);
  CHECK(facet->values[1].text == "3");
  CHECK(facet->values[1].count == 333);  // though the filter leaves it out
  CHECK(facet->values[2].text == "10");
  CHECK(facet->values[2].count == 334);
  CHECK(facet->values[3].null);
  CHECK(answer->order.size() == 666);
  CHECK(facet_choice(question.filter, "attr.few").values == std::vector<std::string>{"2", "10"});
  CHECK(with_facet_choice("", "attr.few", {{"2", "3"}, false}, ValueForm::kWord) ==
        "attr.few in (2, 3)");
  CHECK(std::any_of(answer->histograms.begin(), answer->histograms.end(),
                    [](const HistogramView& each) { return each.column == "attr.many"; }));
  CHECK(std::none_of(answer->histograms.begin(), answer->histograms.end(),
                     [](const HistogramView& each) { return each.column == "attr.few"; }));
}

TEST_CASE("the left side has what the columns can tell apart, from top to bottom") {
  Asked asked;
  // Not source, of which there is one, nor width, which is the same for all.
  CHECK(side(asked.ask("")) == std::vector<std::string>{"split", "confidence", "label",
                                                        "prediction", "tags", "attr.weather",
                                                        "attr.night", "loss", "attr.year"});
  CHECK(facet(*asked.answer, "prediction")->title == "Predicted class");
  CHECK(facet(*asked.answer, "attr.weather")->title == "weather");
}

TEST_CASE("sets, bools and texts are counted, and their terms are what the language reads") {
  Asked asked;
  asked.ask("");
  CHECK(count(*asked.answer, "tags", "odd") == 500);
  CHECK(count(*asked.answer, "tags", "tenth") == 100);
  CHECK(count(*asked.answer, "tags", "none") == 400);
  CHECK(count(*asked.answer, "attr.night", "true") == 250);
  CHECK(count(*asked.answer, "attr.night", "false") == 750);

  const std::string tag = with_facet_choice("", "tags", {{"tenth"}, false});
  CHECK(tag == "tags = 'tenth'");
  CHECK(asked.ask(tag).order.size() == 100);
  CHECK(count(*asked.answer, "tags", "odd") == 500);  // over all but its own term

  const std::string night =
      with_facet_choice("", "attr.night", {{"true"}, false}, ValueForm::kWord);
  CHECK(night == "attr.night = true");
  CHECK(facet_choice(night, "attr.night").has("true"));
  CHECK(asked.ask(night).order.size() == 250);
  CHECK(count(*asked.answer, "attr.night", "false") == 750);

  const std::string quoted = with_facet_choice("", "attr.weather", {{"it's \"odd\""}, false});
  CHECK(facet_choice(quoted, "attr.weather").has("it's \"odd\""));
  CHECK(asked.ask(quoted).order.size() == 333);
}

TEST_CASE("a value is left out and let in again") {
  Asked asked;
  std::string text = with_facet_exclusions("confidence > 0.5", "label", {"a"});
  CHECK(text == "confidence > 0.5 and label != 'a'");
  CHECK(asked.ask(text).order.size() == 375);
  CHECK(count(*asked.answer, "label", "a") == 124);  // its count stays to be seen
  text = with_facet_exclusions(text, "label", {"a", "b"});
  CHECK(text == "confidence > 0.5 and label not in ('a', 'b')");
  CHECK(facet_exclusions(text, "label") == std::vector<std::string>{"a", "b"});
  CHECK(asked.ask(text).order.size() == 250);
  CHECK(with_facet_exclusions(text, "label", {}) == "confidence > 0.5");
  CHECK(without_column_terms(text, "label") == "confidence > 0.5");
  // A comparison of two columns is no exclusion of a value.
  CHECK(facet_exclusions("label != prediction", "label").empty());
}

TEST_CASE("columns whose names need quotes are written and read with them") {
  const std::string text = with_facet_choice("", "attr.two words", {{"x"}, false});
  CHECK(text == "\"attr.two words\" = 'x'");
  CHECK(facet_choice(text, "attr.two words").has("x"));
  CHECK(without_column_terms(text, "attr.two words").empty());
  const std::string range = with_number_range("", "attr.two words", {1, 2});
  CHECK(number_range(range, "attr.two words").low == 1);
}

TEST_CASE("a histogram reaches over its column, with edges that a person would write") {
  Asked asked;
  asked.ask("");
  const HistogramView* loss = histogram(*asked.answer, "loss");
  REQUIRE(loss != nullptr);
  CHECK(loss->low == 0);
  CHECK(loss->high >= 13.1);
  CHECK(loss->high <= 14);
  CHECK(loss->total == kRows);
  const double step = (loss->high - loss->low) / static_cast<double>(loss->bins.size());
  CHECK(step == doctest::Approx(0.5));
  CHECK(histogram(*asked.answer, "confidence")->high == 1);

  CHECK_FALSE(readable_bins(5, 5, true).has_value());
  CHECK_FALSE(readable_bins(0, HUGE_VAL, false).has_value());
  const auto whole = readable_bins(24, 4032, true);
  REQUIRE(whole.has_value());
  CHECK(whole->low == 0);
  CHECK(whole->high > 4032);
  CHECK((whole->high - whole->low) / static_cast<double>(whole->bins) == 100);
  const auto few = readable_bins(2001, 2020, true);
  REQUIRE(few.has_value());
  CHECK(few->bins == 20);
  const auto small = readable_bins(-0.003, 0.0021, false);
  REQUIRE(small.has_value());
  CHECK(small->low <= -0.003);
  CHECK(small->high >= 0.0021);
  CHECK(small->bins <= 60);
}

TEST_CASE("what is folded is not counted, and opening it counts over the same samples") {
  Asked asked;
  asked.folds.folded = {"label"};
  asked.ask("split = 'test'");
  CHECK(facet(*asked.answer, "label")->folded);
  CHECK(facet(*asked.answer, "label")->values.empty());
  CHECK(histogram(*asked.answer, "attr.year")->folded);  // numbers of attributes begin folded
  CHECK(histogram(*asked.answer, "attr.year")->bins.empty());

  asked.folds.folded.clear();
  asked.folds.opened = {"attr.year"};
  const auto counted = recount_view(*asked.answer, asked.samples, asked.folds, asked.memory);
  CHECK(counted->order == asked.answer->order);
  CHECK(count(*counted, "label", "b") == 250);
  CHECK(count(*counted, "label", "a") == 0);
  CHECK(histogram(*counted, "attr.year")->total == 500);
  CHECK(histogram(*counted, "attr.year")->bins.size() == 31);
}

TEST_CASE("a value beyond the range that was seen widens it") {
  Asked asked;
  asked.ask("");
  asked.answer.reset();
  asked.samples.find_mutable("loss@r")->floats[7] = 500;  // in place: the same column
  const ViewAnswer& again = asked.ask("");
  CHECK(histogram(again, "loss")->total == kRows);
  CHECK(histogram(again, "loss")->high >= 500);
}

TEST_CASE("the answer is the same whether counted alone or with several terms on several columns") {
  Asked asked;
  const ViewAnswer& answer =
      asked.ask("label in ('a', 'b') and split = 'test' and loss between 2 and 8");
  size_t expected = 0;
  size_t b_of_test = 0;
  for (size_t i = 0; i < kRows; ++i) {
    const auto row = static_cast<RowIndex>(i);
    const double loss = asked.samples.find("loss")->number(row);
    const bool in_range = loss >= 2 && loss <= 8;
    const bool is_test = i % 2 == 1;
    if (i % 4 < 2 && is_test && in_range) ++expected;
    if (i % 4 == 3 && is_test && in_range) ++b_of_test;
  }
  CHECK(answer.order.size() == expected);
  CHECK(count(answer, "label", "d") == b_of_test);
  CHECK(histogram(answer, "loss")->total == 250);  // without its own range
  const Column* confidence = asked.samples.find("confidence");
  CHECK(std::is_sorted(answer.order.begin(), answer.order.end(), [&](RowIndex a, RowIndex b) {
    return confidence->number(a) > confidence->number(b);
  }));
}

TEST_CASE("an unknown column in the filter is told, an unknown sort leaves the order of the rows") {
  Asked asked;
  CHECK_THROWS_AS(asked.ask("nothing = 1"), Error);
  CHECK(asked.ask("", {"nothing", true}).order[5] == 5);
}

TEST_CASE("the table shows the known columns first and remembers what was changed") {
  const Table samples = table();
  std::vector<TableColumn> changed;
  std::vector<TableColumn> columns = table_columns(samples, changed);
  REQUIRE(columns.size() > 8);
  CHECK(columns[0].column == "label");
  CHECK(columns[1].column == "prediction");
  CHECK(std::any_of(columns.begin(), columns.end(),
                    [](const TableColumn& each) { return each.column == "attr.weather"; }));
  columns[1].shown = false;
  remember_column(changed, columns[1]);
  columns[1].width = 77;
  remember_column(changed, columns[1]);
  CHECK(changed.size() == 1);
  CHECK(table_columns(samples, changed)[1] == columns[1]);

  CHECK(next_sort({"label", false}, "loss") == SortChoice{"loss", true});
  CHECK(next_sort({"loss", true}, "loss") == SortChoice{"loss", false});
  CHECK(next_sort({"loss", true}, "margin") == SortChoice{"margin", false});
  CHECK(next_sort({"loss", true}, "label") == SortChoice{"label", false});
  CHECK(cell_text(*samples.find("confidence"), 500) == "0.500");
  CHECK(cell_text(*samples.find("tags"), 10) == "tenth");
  CHECK_FALSE(is_sortable(*samples.find("tags")));
}

}  // namespace errata::viewer
