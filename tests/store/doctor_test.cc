#include "store/doctor.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <filesystem>
#include <functional>
#include <numeric>
#include <set>

#include "base/files.h"
#include "base/hash.h"
#include "store/score_columns.h"
#include "store/versions.h"
#include "tests/store/raw_sql.h"
#include "tests/store/store_kit.h"
#include "tests/support/temp_dir.h"

using namespace errata;
using namespace errata::test;

namespace {

constexpr int64_t kSamples = 30;

// A store with something of everything over real files.
struct Project {
  TempDir dir;
  std::string path = dir / "errata.db";
  std::string root = dir / "images";

  Project() {
    auto store = store::Store::create(path);
    std::vector<SampleRecord> records = make_records(kSamples, 3);
    for (SampleRecord& record : records) {
      const std::string bytes = "bytes of " + record.path;
      const std::string file = dir.write("images/" + record.path, bytes);
      FileStat stat;
      REQUIRE(stat_file(file, stat));
      record.size_bytes = stat.size_bytes;
      record.mtime_ns = stat.mtime_ns;
      record.xxh3 = xxh3_64(bytes);
      record.attributes = {{"night", true}};
    }
    import_records(store, records, make_classes(3), root);
    std::vector<SampleId> plan(kSamples);
    std::iota(plan.begin(), plan.end(), 1);
    const RunId run = make_run(store, "r", plan, 3, 1, 2, 4);
    store::put_score_column(store, {run, "loss", plan, std::vector<float>(kSamples, 1), 1});
    const std::vector<store::Edit> edits{
        set_label(1, {2}), make_edit(2, store::EditKind::kTag, "t"),
        make_edit(3, store::EditKind::kSetSplit, "s"), make_edit(4, store::EditKind::kExclude)};
    store::apply_edits(store, edits, "me", "");
    store::apply_edits(store, std::vector<store::Edit>{set_label(5, {1})}, "me", "");
    store::undo(store, "me");
    insert_version(store);
  }

  void insert_version(store::Store& store) {
    store::VersionInfo info;
    info.name = "v1";
    info.hash = "errata1:" + std::string(64, 'a');
    info.samples = 1;
    info.classes = {"class 0"};
    info.class_ids = {1};
    store::VersionColumns columns;
    columns.ids = {1};
    columns.content = {Sha256Digest{}};
    columns.paths = {"a"};
    columns.raw_ids = {""};
    columns.sources = {0};
    columns.source_names = {"data"};
    columns.label_offsets = {0, 1};
    columns.labels = {0};
    columns.splits = {-1};
    store::insert_version(store, info, columns);
  }

  std::set<std::string> findings(store::DoctorLevel level = store::DoctorLevel::kContent) {
    auto store = store::Store::open(path, store::Access::kRead);
    Progress progress;
    const CancelToken cancel;
    store::DoctorOptions options;
    options.level = level;
    std::set<std::string> names;
    for (const auto& finding : store::check_store(store, options, serial_for, progress, cancel)) {
      names.insert(std::string(finding.check));
      INFO(finding.check << ": " << finding.where << ": " << finding.message);
      CHECK_FALSE(finding.message.empty());
      CHECK_FALSE(finding.fix.empty());
      CHECK_FALSE(finding.where.empty());
    }
    return names;
  }
};

std::string chunk_of(std::string_view owner, std::string_view name) {
  return fmt::format(
      "id = (SELECT min(chunk.id) FROM chunk JOIN stream ON stream.id = chunk.id / 16777216 "
      "WHERE owner = '{}' AND name = '{}')",
      owner, name);
}

}  // namespace

TEST_CASE("a sound store has no findings") {
  Project project;
  CHECK(project.findings().empty());
}

TEST_CASE("each planted damage of the store is named") {
  struct Damage {
    std::string sql;
    std::string check;
  };
  const std::vector<Damage> damages{
      {"UPDATE label SET current = 1 WHERE sample_id = 1", "log-labels"},
      {"UPDATE label SET class_id = 3 WHERE sample_id = 10 AND class_id <> 3", "log-labels"},
      {"DELETE FROM event WHERE what = 'label' AND sample_id = 1", "log-labels"},
      {"UPDATE sample SET review = 1 WHERE id = 9", "log-review"},
      {"DELETE FROM sample_tag", "log-review"},
      {"UPDATE sample SET split_id = NULL WHERE id = 3", "log-review"},
      {"UPDATE meta SET value = 0 WHERE key = 'label_revision'", "label-revision"},
      {"UPDATE chunk SET raw_bytes = raw_bytes + 4 WHERE " + chunk_of("run", "probabilities"),
       "chunk-length"},
      {"UPDATE chunk SET raw_bytes = 4000000 WHERE " + chunk_of("run", "confidence"),
       "chunk-length"},
      {"UPDATE chunk SET data = zeroblob(length(data)) WHERE " + chunk_of("run", "probabilities"),
       "chunk-checksum"},
      {"UPDATE chunk SET checksum = checksum + 1 WHERE " + chunk_of("score", "values"),
       "chunk-checksum"},
      {"DELETE FROM stream WHERE name = 'margin'", "orphan-chunk"},
      {"DELETE FROM score", "orphan-chunk"},
      {"DELETE FROM chunk WHERE " + chunk_of("run", "embeddings"), "run-rows"},
      {"DELETE FROM chunk WHERE " + chunk_of("run", "stages"), "run-rows"},
      {"UPDATE chunk SET checksum = checksum + 1 WHERE " + chunk_of("run", "stages"),
       "chunk-checksum"},
      {"UPDATE run SET stage_columns = 8", "run-rows"},
      {"UPDATE run SET embedding_columns = 1", "run-rows"},
      {"UPDATE run SET rows_done = 29", "run-rows"},
      {"UPDATE version SET hash = 'errata1:zz'", "version-hash"},
      {"UPDATE version SET samples = 2", "version-hash"},
      {"UPDATE chunk SET checksum = 1 WHERE " + chunk_of("version", "content"), "version-hash"},
      {"PRAGMA foreign_keys = OFF; DELETE FROM root", "orphan-row"},
      {"PRAGMA foreign_keys = OFF; INSERT INTO sample_tag VALUES (999, 1)", "orphan-row"},
      {"PRAGMA foreign_keys = OFF; DELETE FROM run", "orphan-row"},
      {"PRAGMA foreign_keys = OFF; DELETE FROM sample WHERE id = 20", "sample-gap"},
      {"DELETE FROM source_class WHERE position = 1", "class-map-gap"},
      {"UPDATE source_class SET class_id = NULL WHERE position = 1", "class-map-gap"},
      {"DELETE FROM run_class", "class-map-gap"},
      {"UPDATE batch SET undone_by = NULL WHERE undone_by IS NOT NULL", "undo-chain"},
      {"UPDATE sample SET size_bytes = 5 WHERE id = 7", "snapshot-rows"},
      {"UPDATE sample SET path = 'x' WHERE id = 7", "snapshot-rows"},
      {"DELETE FROM chunk WHERE " + chunk_of("sample", "width"), "snapshot-rows"},
      {"UPDATE sample SET attributes = NULL WHERE id = 7", "snapshot-rows"},
      {"DROP INDEX event_by_sample", "schema"},
      {"DROP VIEW v_runs; CREATE VIEW v_runs AS SELECT 1 AS one", "schema"},
      {"CREATE TABLE mine(a)", "schema"},
      {"INSERT INTO lease VALUES ('run ''x''', (SELECT host FROM (SELECT '' AS host)), 1, 1, 1, "
       "'2020-01-01T00:00:00.000Z')",
       "stale-lease"},
      {"UPDATE batch SET finished = 0 WHERE kind = 'import'", "interrupted-import"},
      {"UPDATE run SET complete = 0", "interrupted-run"},
  };
  for (const Damage& damage : damages) {
    CAPTURE(damage.sql);
    Project project;
    raw_sql(project.path, damage.sql);
    CHECK(project.findings().contains(damage.check));
  }
}

TEST_CASE("a damaged page is named") {
  Project project;
  const std::string bytes = read_text_file(project.path);
  std::string broken = bytes;
  // The middle of the second half of the file: some table's page.
  for (size_t i = 0; i < 2000; ++i) broken[bytes.size() / 32768 / 2 * 32768 + i] = '\x5a';
  write_file_atomic(project.path, broken);
  CHECK_FALSE(project.findings().empty());
}

TEST_CASE("each planted damage of the files is named") {
  struct Damage {
    std::function<void(Project&)> plant;
    std::string check;
    store::DoctorLevel level;
  };
  const auto file = [](Project& project) { return project.root + "/class 1/0000004.png"; };
  const std::vector<Damage> damages{
      {[](Project& project) { std::filesystem::rename(project.root, project.root + " elsewhere"); },
       "missing-root", store::DoctorLevel::kFiles},
      {[&](Project& project) { std::filesystem::remove(file(project)); }, "vanished-file",
       store::DoctorLevel::kFiles},
      {[&](Project& project) {
         std::filesystem::rename(file(project), project.root + "/class 2/new name.png");
       },
       "moved-file", store::DoctorLevel::kFiles},
      {[&](Project& project) { project.dir.write("images/class 1/0000004.png", "longer by far"); },
       "changed-file", store::DoctorLevel::kFiles},
      {[&](Project& project) {
         const auto time = std::filesystem::last_write_time(file(project));
         project.dir.write("images/class 1/0000004.png", "BYTES of class 1/0000004.png");
         std::filesystem::last_write_time(file(project), time);
       },
       "changed-file", store::DoctorLevel::kContent},
  };
  for (const Damage& damage : damages) {
    CAPTURE(damage.check);
    Project project;
    damage.plant(project);
    CHECK(project.findings(damage.level) == std::set<std::string>{damage.check});
    CHECK(project.findings(store::DoctorLevel::kStore).empty());
  }
}

TEST_CASE("a new time alone is no change, and findings are bounded") {
  Project project;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(project.root)) {
    if (entry.is_regular_file()) {
      std::filesystem::last_write_time(entry, std::filesystem::file_time_type::clock::now());
    }
  }
  CHECK(project.findings().empty());
  std::filesystem::remove_all(project.root + "/class 0");
  auto store = store::Store::open(project.path, store::Access::kRead);
  Progress progress;
  const CancelToken cancel;
  store::DoctorOptions options;
  options.keep_per_check = 3;
  const auto findings = store::check_store(store, options, serial_for, progress, cancel);
  REQUIRE(findings.size() == 3);
  CHECK(findings.back().message.find("7 more") != std::string::npos);
}
