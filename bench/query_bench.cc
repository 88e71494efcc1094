// What a click in the viewer costs: filter + full order + all facets and histograms over a
// synthetic store, every row passing, on one core.
//
//   bin/bench_query [ROWS] [REPEATS]      default: 1,000,000 rows, 21 repeats; medians are printed
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <random>

#include "query/confusion.h"
#include "query/facet.h"
#include "query/filter.h"
#include "query/rank.h"

using namespace errata;
using namespace errata::query;

namespace {

std::shared_ptr<Dictionary> classes(size_t n, const char* prefix) {
  auto dictionary = std::make_shared<Dictionary>();
  for (size_t i = 0; i < n; ++i) dictionary->add(fmt::format("{}{}", prefix, i * 7919 % n));
  return dictionary;
}

Column random_codes(std::mt19937_64& random, const char* name, size_t rows, size_t n,
                    size_t null_percent, const std::shared_ptr<Dictionary>& dictionary) {
  std::vector<int32_t> codes(rows);
  for (int32_t& code : codes) {
    code = random() % 100 < null_percent ? -1 : static_cast<int32_t>(random() % n);
  }
  return make_category_column(name, std::move(codes), dictionary);
}

Column random_tags(std::mt19937_64& random, size_t rows) {
  Column tags;
  tags.name = "tags";
  tags.type = ColumnType::kSet;
  tags.rows = rows;
  tags.dictionary = classes(12, "tag");
  tags.offsets.push_back(0);
  for (size_t i = 0; i < rows; ++i) {
    if (random() % 10 == 0) tags.codes.push_back(static_cast<int32_t>(random() % 12));
    if (random() % 50 == 0) tags.codes.push_back(static_cast<int32_t>(random() % 12));
    tags.offsets.push_back(tags.codes.size());
  }
  return tags;
}

// Shaped like a good model: most confidences near 1, 5 % NULL.
std::vector<float> random_confidences(std::mt19937_64& random, size_t rows) {
  std::vector<float> values(rows);
  std::uniform_real_distribution<double> uniform;
  for (float& value : values) {
    value = random() % 20 == 0 ? std::nanf("")
                               : static_cast<float>(1.0 - 0.999 * std::pow(uniform(random), 3.0));
  }
  return values;
}

Table synthetic_table(size_t rows) {
  std::mt19937_64 random(42);
  std::uniform_real_distribution<double> uniform;
  Table table(rows);
  table.active_run = "r";
  const auto names = classes(1'000, "class ");
  table.add(random_codes(random, "split", rows, 3, 0, classes(3, "split")));
  table.add(random_codes(random, "label", rows, 1'000, 1, names));
  Column prediction =
      random_codes(random, "prediction@r", rows, 1'000, 5, classes(1'000, "class "));
  for (size_t i = 0; i < rows; ++i) {
    // Nine of ten agree with the label.
    const int32_t label = table.find("label")->codes[i];
    if (random() % 10 != 0 && label >= 0 && prediction.codes[i] >= 0) prediction.codes[i] = label;
  }
  table.add(std::move(prediction));
  table.add(random_codes(random, "outcome@r", rows, 2, 5, classes(2, "outcome")));
  table.add(random_codes(random, "review", rows, 5, 0, classes(5, "review")));
  table.add(random_tags(random, rows));
  table.add(make_float_column("confidence@r", random_confidences(random, rows)));
  for (const char* name : {"margin@r", "entropy@r", "loss@r", "self_confidence@r"}) {
    std::vector<float> values(rows);
    for (float& value : values) {
      value = random() % 20 == 0 ? std::nanf("") : static_cast<float>(std::sqrt(uniform(random)));
    }
    table.add(make_float_column(name, std::move(values)));
  }
  std::vector<std::string> paths;
  for (size_t i = 0; i < rows; ++i) {
    const int32_t label = table.find("label")->codes[i];
    paths.push_back(fmt::format("train/{}/img_{:08}.jpg", label < 0 ? "none" : (*names)[label], i));
  }
  table.add(make_text_column("path", paths));
  std::sort(paths.begin(), paths.end());
  table.add(make_text_column("attr.imported", paths));
  return table;
}

// Processor time: one thread works and never waits, so on an idle machine it is the time that
// passes, and on a busy one it is not the others' time.
double median_ms(size_t repeats, const std::function<void()>& work) {
  std::vector<double> times;
  for (size_t i = 0; i < repeats; ++i) {
    const std::clock_t start = std::clock();
    work();
    times.push_back(static_cast<double>(std::clock() - start) * 1e3 / CLOCKS_PER_SEC);
  }
  std::sort(times.begin(), times.end());
  return times[times.size() / 2];
}

SummaryRequest visible_panels(const Table& table) {
  SummaryRequest request;
  for (const char* name : {"split", "label", "prediction", "outcome", "review", "tags"}) {
    request.facets.push_back(table.find(name));
  }
  for (const char* name : {"confidence", "margin", "entropy", "loss", "self_confidence"}) {
    request.histograms.push_back({table.find(name), {0, 1, 50}});
  }
  return request;
}

void print_other_parts(const Table& table, size_t repeats) {
  RankScratch scratch;
  std::vector<RowIndex> order;
  const Selection all = Selection::all(table.rows());
  const auto row = [](const char* what, double ms) {
    fmt::print("  {:<58}{:9.2f} ms\n", what, ms);
  };
  fmt::print("beside it:\n");
  const auto filter = [&](const char* text) {
    const Filter parsed = parse_filter(text);
    row(text, median_ms(repeats, [&] { evaluate(parsed, table); }));
  };
  filter("label != prediction and confidence > 0.9");
  filter("label in ('class 1', 'class 2', 'class 3') or tags = 'tag1'");
  filter("label like '%9%'");
  filter("confidence * 2 - margin > 0.5");
  filter("path like '%class 12/%9.jpg'");
  filter("path = 'train/class 7/img_00000012.jpg'");
  const auto sorted = [&](const char* what, std::vector<SortKey> keys, size_t limit) {
    row(what,
        median_ms(repeats, [&] { order_rows_into(table, all, keys, limit, scratch, order); }));
  };
  sorted("order by confidence desc, first 1,000", {{"confidence", true}}, 1'000);
  sorted("order by path, rows in no order", {{"path", false}}, kNoLimit);
  sorted("order by path, rows as imported", {{"attr.imported", true}}, kNoLimit);
  sorted("order by label", {{"label", false}}, kNoLimit);
  sorted("order by label, confidence desc", {{"label", false}, {"confidence", true}}, kNoLimit);
  const SummaryRequest panels = visible_panels(table);
  for (const char* name : {"split", "label", "tags"}) {
    row(fmt::format("facet of {}", name).c_str(),
        median_ms(repeats, [&] { count_facet(*table.find(name), all); }));
  }
  row("histogram of confidence", median_ms(repeats, [&] {
        histogram(*table.find("confidence"), all, {0, 1, 50});
      }));
  row("confusion of 1,000 classes",
      median_ms(repeats, [&] { confusion(*table.find("label"), *table.find("prediction"), all); }));
  const Selection wrong = evaluate(parse_filter("label != prediction"), table);
  row(fmt::format("facets and histograms of {} wrong rows", wrong.count()).c_str(),
      median_ms(repeats, [&] { summarise(panels, wrong); }));
}

}  // namespace

int main(int argc, char** argv) {
  const size_t rows = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1'000'000;
  const size_t repeats = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 21;
  const Table table = synthetic_table(rows);
  const char* text =
      "(confidence >= 0 or confidence is null) and split in ('split0', 'split1', 'split2')";
  const SummaryRequest panels = visible_panels(table);
  const std::vector<SortKey> by_confidence{{"confidence", true}};
  RankScratch scratch;
  std::vector<RowIndex> order;
  Selection selection;

  const double filter_ms =
      median_ms(repeats, [&] { selection = evaluate(parse_filter(text), table); });
  const double order_ms = median_ms(
      repeats, [&] { order_rows_into(table, selection, by_confidence, kNoLimit, scratch, order); });
  const double panels_ms = median_ms(repeats, [&] { summarise(panels, selection); });
  const double all_ms = median_ms(repeats, [&] {
    selection = evaluate(parse_filter(text), table);
    order_rows_into(table, selection, by_confidence, kNoLimit, scratch, order);
    summarise(panels, selection);
  });
  fmt::print("{} samples, {} pass, one core, median of {}\n", rows, selection.count(), repeats);
  fmt::print("  filter: {:<50}{:9.2f} ms\n", "parse and evaluate", filter_ms);
  fmt::print("  order: {:<51}{:9.2f} ms\n", "all rows by confidence, highest first", order_ms);
  fmt::print("  counts: {:<50}{:9.2f} ms\n", "6 facets (two of 1,000 classes), 5 histograms",
             panels_ms);
  fmt::print("  all three in one go{:<39}{:9.2f} ms\n", "", all_ms);
  print_other_parts(table, std::max<size_t>(3, repeats / 3));
  return 0;
}
