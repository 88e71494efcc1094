#include "jobs/find_outliers_job.h"

#include <fmt/format.h>

#include <algorithm>

#include "analysis/outliers.h"
#include "jobs/edit_job.h"
#include "query/filter.h"
#include "store/saved_views.h"

namespace errata::jobs {

namespace {

constexpr size_t kOutlierNeighbours = 10;  // Datalab's
constexpr size_t kUniqueNeighbours = 3;    // FiftyOne's
constexpr size_t kTypicalClusters = 20;    // FiftyOne's

// The scores as they are stored.
store::SavedView view_of(const FindOutliersReport& report) {
  if (report.found.empty()) return {kOutliersView, "id is null", "outlier", ""};
  std::vector<uint8_t> found(report.rows.size(), 0);
  for (const size_t each : report.found) found[each] = 1;
  float below = 0;
  float to = 2;  // above all scores
  for (size_t i = 0; i < report.rows.size(); ++i) {
    const auto score = static_cast<float>(report.outlier[i]);
    if (found[i] != 0) {
      below = std::max(below, score);
    } else {
      to = std::min(to, score);
    }
  }
  const std::string filter = below < to
                                 ? fmt::format("outlier < {}", query::quote_threshold(below, to))
                                 : fmt::format("outlier <= {}", query::quote_number(below));
  return {kOutliersView, filter, "outlier", ""};
}

}  // namespace

FindOutliersReport find_outliers(const FindOutliersOptions& options, JobContext& context) {
  bring_up_to_date(options.store_path);
  FindOutliersReport report{.state = load_state({options.store_path, "", options.where, false})};
  const Snapshot& snapshot = report.state.snapshot;
  report.excluded = leave_out_excluded(report.state, options.where);
  report.warnings = narrowing_warnings(report.state, options.where, "outlier");
  const Embeddings embeddings = load_embeddings(report.state, options.embeddings, context);
  report.run = embeddings.run;
  report.run_choice = embeddings.choice;
  report.rows = embeddings.rows;
  report.without = embeddings.without;

  const ParallelFor parallel_for = watched(context, "finding neighbours");
  analysis::OutlierScores outliers = analysis::find_outliers(
      embeddings.view(), kOutlierNeighbours, analysis::datalab_distance(embeddings.columns),
      options.compat ? analysis::Copies::kCompat : analysis::Copies::kOnce, parallel_for);
  report.outlier = std::move(outliers.scores);
  report.farthest_usual = outliers.farthest_usual;
  for (size_t i = 0; i < report.rows.size(); ++i) {
    if (outliers.outlier[i] != 0) report.found.push_back(i);
  }
  std::stable_sort(report.found.begin(), report.found.end(),
                   [&](size_t a, size_t b) { return report.outlier[a] < report.outlier[b]; });
  report.uniqueness = analysis::uniqueness_scores(
      analysis::find_neighbours(
          embeddings.view(),
          {kUniqueNeighbours + (options.compat ? 1 : 0), analysis::Distance::kCentredCosine},
          parallel_for),
      options.compat);
  report.representativeness = analysis::representativeness_scores(
      analysis::find_clusters(embeddings.view(), {kTypicalClusters}, parallel_for), options.compat);

  store::Store writer = store::Store::open(options.store_path, store::Access::kWrite);
  store_scores(writer, snapshot, "outlier", report.rows, report.outlier);
  store::put_saved_view(writer, view_of(report));
  store_scores(writer, snapshot, "uniqueness", report.rows, report.uniqueness);
  store_scores(writer, snapshot, "representativeness", report.rows, report.representativeness);
  std::vector<RowIndex> tagged;
  for (const size_t each : report.found) tagged.push_back(report.rows[each]);
  report.tagged = tag_rows(writer, snapshot, tagged, options.tag, options.who, "outliers");
  return report;
}

}  // namespace errata::jobs
