#include "jobs/find_slices_job.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <filesystem>
#include <numeric>

#include "jobs/job_runner.h"
#include "store/saved_views.h"
#include "store/score_columns.h"
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

}  // namespace errata::jobs
