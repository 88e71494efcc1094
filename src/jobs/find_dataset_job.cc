#include "jobs/find_dataset_job.h"

#include <fmt/format.h>

#include <algorithm>

#include "analysis/image_quality.h"
#include "analysis/outliers.h"
#include "analysis/row_geometry.h"
#include "jobs/score_job.h"

namespace errata::jobs {

namespace {

constexpr size_t kNeighbours = 10;  // Datalab's
constexpr size_t kOrders = 99;
constexpr uint64_t kSeed = 1;
constexpr double kSignificant = 0.05;

void check_classes(std::span<const ClassIndex> labels, FindDatasetReport& report) {
  report.labelled =
      labels.size() - static_cast<size_t>(std::count(labels.begin(), labels.end(), kNoClass));
  if (report.labelled == 0) {
    report.rare_lacks = "no sample has a label: import a folder per class, or a CSV with labels";
    return;
  }
  report.rare = analysis::rare_classes(labels, report.state.snapshot.classes.size());
}

// Each class is one run of rows, or two.
bool in_order_of_classes(std::span<const ClassIndex> labels, size_t classes) {
  size_t runs = 0;
  std::vector<uint8_t> occurs(classes, 0);
  ClassIndex before = kNoClass;
  for (const ClassIndex label : labels) {
    if (label == kNoClass) continue;
    runs += label != before;
    before = label;
    occurs[static_cast<size_t>(label)] = 1;
  }
  const auto occurring = static_cast<size_t>(std::count(occurs.begin(), occurs.end(), 1));
  return occurring > 1 && runs <= 2 * occurring;
}

void check_order(const FindDatasetOptions& options, std::span<const ClassIndex> all_labels,
                 FindDatasetReport& report, JobContext& context) {
  Embeddings embeddings;
  try {
    embeddings = load_embeddings(report.state, options.embeddings, context);
  } catch (const Error& error) {
    if (error.category() != ErrorCategory::kNotFound || !options.embeddings.empty()) throw;
    report.order_lacks = fmt::format("{}. {}", error.what(), error.hint());
    return;
  }
  report.order_run = embeddings.run;
  const ParallelFor parallel_for = watched(context, "finding neighbours");
  const analysis::EqualRows equal = analysis::find_equal_rows(embeddings.view());
  const analysis::Neighbours neighbours = analysis::neighbours_of_firsts(
      embeddings.view(), equal, {kNeighbours, analysis::datalab_distance(embeddings.columns)},
      parallel_for);
  report.order = analysis::check_order(neighbours, kOrders, kSeed, watched(context, "shuffling"));
  const std::vector<double> of_firsts = std::move(report.order.scores);
  report.order.scores.clear();
  for (const uint32_t group : equal.group) report.order.scores.push_back(of_firsts[group]);
  report.order_is_random = report.order.p_value >= kSignificant;
  std::vector<ClassIndex> labels;
  for (const RowIndex row : embeddings.rows) labels.push_back(all_labels[row]);
  report.sorted_by_label = in_order_of_classes(labels, report.state.snapshot.classes.size());
  store::Store writer = store::Store::open(options.store_path, store::Access::kWrite);
  store_scores(writer, report.state.snapshot, "row_order", embeddings.rows, report.order.scores);
}

void check_correlations(const FindDatasetOptions& options, std::span<const RowIndex> rows,
                        std::span<const ClassIndex> labels, FindDatasetReport& report) {
  if (report.labelled == 0) {
    report.correlations_lack = report.rare_lacks;
    return;
  }
  for (const analysis::QualityIssueInfo& info : analysis::quality_issues()) {
    const Column* column = report.state.snapshot.samples.find(info.name);
    if (column == nullptr || column->type != ColumnType::kFloat) continue;
    std::vector<float> values;
    for (const RowIndex row : rows) values.push_back(column->floats[row]);
    report.correlations.push_back(
        {std::string(info.name), analysis::property_label_score(values, labels, options.compat)});
  }
  std::stable_sort(report.correlations.begin(), report.correlations.end(),
                   [](const auto& a, const auto& b) { return a.score < b.score; });
  if (report.correlations.empty()) {
    report.correlations_lack = "no property was measured yet: run `errata find quality` first";
  }
}

}  // namespace

FindDatasetReport find_dataset(const FindDatasetOptions& options, JobContext& context) {
  bring_up_to_date(options.store_path);
  FindDatasetReport report{.state = load_state({options.store_path, "", options.where, false})};
  report.excluded = leave_out_excluded(report.state, options.where);
  const std::vector<ClassIndex> all_labels = project_labels(report.state.snapshot);
  const std::vector<RowIndex> rows = report.state.selection.to_rows();
  std::vector<ClassIndex> labels;
  for (const RowIndex row : rows) labels.push_back(all_labels[row]);
  check_classes(labels, report);
  check_correlations(options, rows, labels, report);
  check_order(options, all_labels, report, context);
  return report;
}

}  // namespace errata::jobs
