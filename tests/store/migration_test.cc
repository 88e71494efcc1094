// Older stores: the stored sample of each schema becomes one of today.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <numeric>

#include "base/error.h"
#include "base/files.h"
#include "store/doctor.h"
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
  Progress progress;
  const CancelToken cancel;
  store::DoctorOptions options;
  options.level = store::DoctorLevel::kStore;
  for (const auto& finding : store::check_store(store, options, serial_for, progress, cancel)) {
    FAIL_CHECK(finding.check << ": " << finding.where << ": " << finding.message);
  }
}
