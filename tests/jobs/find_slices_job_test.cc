#include "jobs/find_slices_job.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <numeric>

#include "jobs/job_runner.h"
#include "query/filter.h"
#include "store/saved_views.h"
#include "store/score_columns.h"
#include "store/snapshot_loader.h"
#include "tests/store/store_kit.h"
#include "tests/support/temp_dir.h"

namespace errata::jobs {

TEST_CASE("stopped while it compares groups, it has stored nothing, not even the clusters") {
  constexpr int64_t kSamples = 400;
  const test::TempDir dir;
  const std::string path = dir / "s.db";
  {
    std::vector<SampleRecord> records = test::make_records(kSamples, 3);
    for (size_t i = 0; i < records.size(); ++i) {
      // Many groups to compare: there is time to stop.
      for (size_t a = 0; a < 150; ++a) {
        records[i].attributes.emplace_back(fmt::format("a{}", a),
                                           fmt::format("v{}", (i * (a + 3) / 7) % 4));
      }
    }
    store::Store store = store::Store::create(path);
    test::import_records(store, std::move(records), test::make_classes(3));
    std::vector<SampleId> plan(kSamples);
    std::iota(plan.begin(), plan.end(), 1);
    test::make_run(store, "model", plan, 3, 1, 8);
  }
  FindSlicesOptions options;
  const auto stored = [&] {
    store::Store store = store::Store::open(options.store_path, store::Access::kRead);
    size_t clusters = 0;
    for (const auto& each : store::list_score_columns(store)) clusters += each.name == "cluster";
    return std::pair(clusters, store::list_saved_views(store).size());
  };
  JobRunner runner(1);
  const auto find = [&](JobContext& context) {
    find_slices(options, context);
    return std::string();
  };
  // On a busy machine a job may be over before it is seen at its last stage: then once more, with a
  // store of its own.
  JobId stopped = 0;
  for (int attempt = 0; attempt < 50; ++attempt) {
    options.store_path = fmt::format("{}.{}", path, attempt);
    std::filesystem::copy_file(path, options.store_path);
    stopped = runner.start("slices", find);
    while (runner.busy() && runner.status(stopped)->stage != "comparing groups") {
    }
    runner.cancel(stopped);
    runner.wait_idle();
    if (runner.status(stopped)->state == JobState::kCancelled) break;
  }
  REQUIRE(runner.status(stopped)->state == JobState::kCancelled);
  CHECK(stored() == std::pair<size_t, size_t>(0, 0));
  runner.start("slices", find);
  runner.wait_idle();
  CHECK(stored() == std::pair<size_t, size_t>(1, 1));
}

TEST_CASE("a condition on a score is short, and selects the samples that were counted") {
  constexpr int64_t kSamples = 400;
  const test::TempDir dir;
  const std::string path = dir / "s.db";
  // Mistakes get the highest values. The first of them, 0.8123457, is as a float a little less than
  // its own shortest text; a sample that no run knows lies above what the run's others have.
  constexpr float kFirst = 0.8123457F;
  constexpr float kUnknown = 0.807F;
  {
    store::Store store = store::Store::create(path);
    test::import_records(store, test::make_records(kSamples + 1, 3), test::make_classes(3));
    std::vector<SampleId> plan(kSamples);
    std::iota(plan.begin(), plan.end(), 1);
    test::make_run(store, "model", plan, 3, 1);
    const Snapshot snapshot = store::load_snapshot(store);
    std::vector<size_t> order(kSamples);
    std::iota(order.begin(), order.end(), 0);
    const Column& outcome = *snapshot.samples.find("outcome");
    std::stable_partition(order.begin(), order.end(), [&](size_t i) {
      return outcome.text(static_cast<RowIndex>(i)) == "right";
    });
    store::ScoreColumn column;
    column.name = "uniqueness";
    column.samples = snapshot.ids;
    column.values.assign(kSamples + 1, kUnknown);
    for (size_t i = 0; i < order.size(); ++i) {
      const auto step = static_cast<float>(i);
      column.values[order[i]] =
          i < 320 ? 0.0024987F * step + 0.00013F : kFirst + 0.0011239F * (step - 320);
    }
    store::put_score_column(store, column);
  }
  FindSlicesOptions options;
  options.store_path = path;
  JobRunner runner(1);
  FindSlicesReport report{.state = load_state({path, "", "", true})};
  runner.start("slices", [&](JobContext& context) {
    report = find_slices(options, context);
    return std::string();
  });
  runner.wait_idle();
  REQUIRE(report.slices.size() == 1);
  CHECK(report.slices.front().filter == "uniqueness >= 0.81");
  const query::Filter filter = query::parse_filter(report.slices.front().filter);
  CHECK(query::evaluate(filter, report.state.snapshot.samples).count() ==
        report.slices.front().slice.rows);
}

}  // namespace errata::jobs
