// Older stores: the stored sample of each schema becomes one of today.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <numeric>

#include "base/error.h"
#include "base/files.h"
#include "store/doctor.h"
#include "store/objects.h"
#include "store/runs.h"
#include "store/saved_views.h"
#include "store/snapshot_loader.h"
#include "store/store.h"
#include "tests/store/raw_sql.h"
#include "tests/store/store_kit.h"
#include "tests/support/temp_dir.h"

using namespace errata;
using namespace errata::test;
using store::Access;
using store::Store;

TEST_CASE("a store of schema 1 is migrated when it is opened to write, and only then") {
  const TempDir dir;
  const std::string path = dir / "errata.db";
  raw_sql(path, read_text_file(source_dir() + "/tests/store/data/schema1.sql"));
  try {
    Store::open(path, Access::kRead);
    FAIL("read without migrating");
  } catch (const Error& error) {
    CHECK(error.category() == ErrorCategory::kUnsupported);
    CHECK(error.hint().find("writes") != std::string::npos);
  }
  {
    Store store = Store::open(path, Access::kWrite);
    CHECK(store::read_info(store).schema_version == store::current_schema_version());
    store::put_saved_view(store, {"all", "", "", "{}"});
  }
  Store store = Store::open(path, Access::kRead);
  const Snapshot snapshot = store::load_snapshot(store);
  REQUIRE(snapshot.samples.rows() == 12);
  CHECK(snapshot.samples.find("label")->text(0) == "class 1");
  CHECK(snapshot.samples.find("label_given")->text(0) == "class 0");
  CHECK(snapshot.samples.find("review")->text(2) == "excluded");
  CHECK(snapshot.samples.find("confidence", "old run") != nullptr);
  // Schema 3 made the table of runs again: classes, order and ids went with it.
  REQUIRE(snapshot.runs.size() == 1);
  CHECK(snapshot.runs[0].classes.size() == 3);
  CHECK(store::read_run(store, "old run").spec.stage_columns == 0);
  CHECK(snapshot.objects == 0);
  Progress progress;
  const CancelToken cancel;
  store::DoctorOptions options;
  options.level = store::DoctorLevel::kStore;
  for (const auto& finding : store::check_store(store, options, serial_for, progress, cancel)) {
    FAIL_CHECK(finding.check << ": " << finding.where << ": " << finding.message);
  }
}

TEST_CASE("a run of a migrated store can be one of detections, and no run id is given twice") {
  const TempDir dir;
  const std::string path = dir / "errata.db";
  raw_sql(path, read_text_file(source_dir() + "/tests/store/data/schema1.sql"));
  Store store = Store::open(path, Access::kWrite);
  const RunId old = store::read_run(store, "old run").summary.id;
  store::delete_run(store, "old run");
  store::RunSpec spec;
  spec.name = "boxes";
  spec.kind = "detections";
  spec.classes = make_classes(3);
  store::RunWriter writer(store, spec, {1, 2}, store::OnExistingRun::kRefuse);
  CHECK(writer.id() > old);
  const std::vector<uint32_t> counts{0, 1};
  const std::vector<ClassIndex> classes{2};
  const std::vector<std::array<double, 4>> boxes{{1, 2, 3, 4}};
  const std::vector<double> confidence{0.25};
  store::RunRows rows;
  rows.detection_counts = counts;
  rows.detections = {classes, boxes, confidence, {}};
  writer.write(0, rows);
  writer.finish();
  const Snapshot snapshot = store::load_snapshot(store);
  const ObjectTable objects = store::load_objects(store, snapshot);
  REQUIRE(objects.rows() == 1);
  CHECK(objects.table.find("label")->text(0) == "class 2");
}
