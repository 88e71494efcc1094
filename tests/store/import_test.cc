#include <doctest/doctest.h>
#include <fmt/format.h>

#include "base/error.h"
#include "store/classes.h"
#include "store/import_writer.h"
#include "store/issues.h"
#include "store/roots.h"
#include "store/sample_files.h"
#include "store/snapshot_loader.h"
#include "tests/store/store_kit.h"
#include "tests/support/temp_dir.h"

using namespace errata;
using namespace errata::test;

namespace {

struct Project {
  TempDir dir;
  store::Store store = store::Store::create(dir / "errata.db");
};

std::string path_of(store::Store& store, SampleId id) {
  return store::sample_files(store, std::span(&id, 1)).front().path;
}

std::string label_of(store::Store& store, SampleId id) {
  const Snapshot snapshot = store::load_snapshot(store);
  return snapshot.samples.find("label")->display(static_cast<RowIndex>(snapshot.row_of(id)));
}

}  // namespace

TEST_CASE("an import of nothing new changes nothing") {
  Project project;
  const auto first = import_records(project.store, make_records(1000, 3), make_classes(3));
  CHECK(first.added == 1000);
  CHECK(first.new_classes.size() == 3);
  const std::string before = snapshot_text(store::load_snapshot(project.store));
  const auto second = import_records(project.store, make_records(1000, 3), make_classes(3));
  CHECK(second.unchanged == 1000);
  CHECK(second.added + second.changed + second.moved + second.vanished == 0);
  CHECK(second.source == first.source);
  CHECK(snapshot_text(store::load_snapshot(project.store)) == before);
}

TEST_CASE("new, changed, moved, vanished and returned samples are told apart") {
  Project project;
  import_records(project.store, make_records(20, 2), make_classes(2));
  std::vector<SampleRecord> records = make_records(20, 2);
  records[2].xxh3 ^= 1;                     // changed
  records[4].path = "class 0/renamed.png";  // moved
  records.erase(records.begin() + 7);       // vanished
  records.push_back(make_record(100, 2));   // new
  const auto report = import_records(project.store, records, make_classes(2));
  CHECK(report.added == 1);
  CHECK(report.changed == 1);
  CHECK(report.moved == 1);
  CHECK(report.vanished == 1);
  CHECK(report.unchanged == 17);
  CHECK(path_of(project.store, 5) == "class 0/renamed.png");
  CHECK(store::load_snapshot(project.store).samples.rows() == 20);
  const auto again = import_records(project.store, make_records(20, 2), make_classes(2));
  CHECK(again.returned == 1);
  CHECK(again.changed == 1);
  CHECK(again.moved == 1);
  CHECK(again.vanished == 1);
  CHECK(path_of(project.store, 5) == "class 0/0000004.png");
}

TEST_CASE("a sample moved to another class follows the source, and keeps its id and tags") {
  Project project;
  import_records(project.store, make_records(10, 2), make_classes(2));
  const auto tag = make_edit(1, store::EditKind::kTag, "seen");
  store::apply_edits(project.store, std::span(&tag, 1), "me", "");
  std::vector<SampleRecord> records = make_records(10, 2);
  records[0].path = "class 1/0000000.png";
  records[0].labels = {1};
  const auto report = import_records(project.store, records, make_classes(2));
  CHECK(report.moved == 1);
  CHECK(report.labels_changed == 1);
  CHECK(report.conflicts.empty());
  CHECK(label_of(project.store, 1) == "class 1");
  CHECK(store::read_states(project.store, std::vector<SampleId>{1}).front().tags.size() == 1);
}

TEST_CASE("edits survive a re-import, and a label that both changed is a listed conflict") {
  Project project;
  import_records(project.store, make_records(10, 3), make_classes(3));
  const std::vector<store::Edit> edits{set_label(1, {2}), set_label(2, {3}),
                                       make_edit(4, store::EditKind::kKeep),
                                       make_edit(5, store::EditKind::kSetSplit, "mine")};
  store::apply_edits(project.store, edits, "me", "");
  std::vector<SampleRecord> records = make_records(10, 3);
  records[0].labels = {2};  // was 0, edited to 1: conflict
  records[1].labels = {2};  // was 1, edited to 2: agrees
  records[3].labels = {1};  // was 0, kept: conflict
  records[5].labels = {0};  // nobody decided: follows
  records[4].split = "other";
  records[6].split = "other";
  const auto report = import_records(project.store, records, make_classes(3));
  REQUIRE(report.conflicts.size() == 2);
  CHECK(report.conflicts[0].sample == 1);
  CHECK(report.conflicts[0].edited == "class 1");
  CHECK(report.conflicts[0].imported == "class 2");
  CHECK(report.conflicts[1].sample == 4);
  CHECK(report.labels_changed == 1);
  CHECK(label_of(project.store, 1) == "class 1");
  CHECK(label_of(project.store, 4) == "class 0");
  CHECK(label_of(project.store, 6) == "class 0");
  CHECK(store::read_states(project.store, std::vector<SampleId>{5}).front().split == "mine");
  CHECK(store::read_states(project.store, std::vector<SampleId>{7}).front().split == "other");
  CHECK(store::count_issues_by_kind(project.store)["label-conflict"] == 2);
  // Undoing the person's edit after the import still works.
  store::undo(project.store, "me");
  CHECK(label_of(project.store, 1) == "class 0");
}

TEST_CASE("the same locator twice counts once and is told") {
  Project project;
  std::vector<SampleRecord> records = make_records(10, 2);
  records.push_back(records[3]);
  const auto report = import_records(project.store, records, make_classes(2));
  CHECK(report.added == 10);
  CHECK(report.duplicates == 1);
  CHECK(store::count_issues_by_kind(project.store)["duplicate-sample"] == 1);
}

TEST_CASE("paths may hold any bytes") {
  Project project;
  const std::vector<std::string> paths{
      "a b/\"quoted\".png",     "new\nline.png",         "b\\c.png",
      "not utf-8 \xff\xfe.png", "\xC3\xA9t\xC3\xA9.png", std::string(255, 'x')};
  std::vector<SampleRecord> records = make_records(6, 2);
  for (size_t i = 0; i < paths.size(); ++i) records[i].path = paths[i];
  import_records(project.store, records, make_classes(2), "/da\xff ta");
  const auto files = store::all_sample_files(project.store);
  REQUIRE(files.size() == 6);
  for (size_t i = 0; i < paths.size(); ++i) {
    CHECK(files[i].path == paths[i]);
    CHECK(files[i].absolute_path == "/da\xff ta/" + paths[i]);
  }
  CHECK(import_records(project.store, records, make_classes(2), "/da\xff ta").unchanged == 6);
  CHECK(store::list_roots(project.store).front().path == "/da\xff ta");
}

TEST_CASE("an import that ended half way is gone on with") {
  Project project;
  const ClassMap classes = make_classes(2);
  {
    store::ImportOptions options;
    options.source_name = "data";
    store::ImportWriter writer(project.store, options);
    writer.begin({"imagefolder", "/data", classes});
    // More than one transaction's worth.
    writer.samples(make_records(70'000, 2));
  }
  CHECK(store::load_snapshot(project.store).samples.rows() == 70'000);
  CHECK(store::list_sources(project.store).front().interrupted);
  const auto report =
      import_records(project.store, make_records(71'000, 2), classes, "/data", 7000);
  CHECK(report.resumed);
  CHECK(report.added == 71'000);
  CHECK(report.unchanged == 0);
  CHECK_FALSE(store::list_sources(project.store).front().interrupted);
  TempDir other_dir;
  auto other = store::Store::create(other_dir / "errata.db");
  import_records(other, make_records(71'000, 2), classes);
  // How many transactions it took is no part of what it means.
  Snapshot resumed = store::load_snapshot(project.store);
  Snapshot straight = store::load_snapshot(other);
  resumed.label_revision = straight.label_revision;
  CHECK((snapshot_text(resumed) == snapshot_text(straight)));
}

TEST_CASE("classes map by name, by a given map, and by what they meant before") {
  Project project;
  const auto first = import_records(project.store, make_records(4, 2), make_classes(2));
  CHECK(first.new_classes.size() == 2);
  store::rename_class(project.store, "class 0", "nought", "me");
  const auto second = import_records(project.store, make_records(4, 2), make_classes(2));
  CHECK(second.new_classes.empty());
  CHECK(second.labels_changed == 0);
  CHECK(label_of(project.store, 1) == "nought");
  store::ImportOptions options;
  options.source_name = "more";
  options.class_names = {{"zero", "nought"}};
  store::ImportWriter writer(project.store, options);
  writer.begin({"csv", "/more", ClassMap({"zero", "class 1", "new"})});
  std::vector<SampleRecord> records = make_records(3, 3);
  writer.samples(std::move(records));
  writer.end(3);
  const auto third = writer.finish(IssueLog());
  CHECK(third.new_classes == std::vector<std::string>{"new"});
  CHECK(label_of(project.store, 5) == "nought");
  CHECK(label_of(project.store, 6) == "class 1");
  CHECK(label_of(project.store, 7) == "new");
}

TEST_CASE("another source over the same root labels the same samples") {
  Project project;
  std::vector<SampleRecord> records = make_records(4, 2);
  records[0].labels.clear();
  import_records(project.store, records, make_classes(2));
  std::vector<SampleRecord> labels = make_records(5, 2);
  labels[1].labels = {0};
  const auto report =
      import_records(project.store, labels, make_classes(2), "/data", 500, "labels");
  CHECK(report.added == 1);
  CHECK(report.unchanged == 4);
  CHECK(report.labels_changed == 1);
  CHECK(label_of(project.store, 1) == "class 0");
  CHECK(label_of(project.store, 2) == "class 1");
  CHECK(store::load_snapshot(project.store).samples.rows() == 5);
}

TEST_CASE("a source of the same name elsewhere is refused") {
  Project project;
  import_records(project.store, make_records(4, 2), make_classes(2));
  CHECK_THROWS_AS(import_records(project.store, make_records(4, 2), make_classes(2), "/elsewhere"),
                  Error);
}

TEST_CASE("two imports of one source do not run at once; those of two sources do") {
  Project project;
  const std::string path = project.store.path();
  store::ImportOptions options;
  options.source_name = "data";
  store::ImportWriter writer(project.store, options);
  writer.begin({"imagefolder", "/data", make_classes(2)});
  auto second = store::Store::open(path, store::Access::kWrite);
  try {
    import_records(second, make_records(4, 2), make_classes(2));
    FAIL("not refused");
  } catch (const Error& error) {
    CHECK(error.category() == ErrorCategory::kBusy);
    CHECK(std::string(error.what()).find("process") != std::string::npos);
  }
  import_records(second, make_records(4, 2), make_classes(2), "/other", 500, "other");
  writer.samples(make_records(40'000, 2));
  writer.end(40'000);
  writer.finish(IssueLog());
  CHECK(store::load_snapshot(project.store).samples.rows() == 40'004);
}
