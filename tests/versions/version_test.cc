#include "versions/version.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "store/doctor.h"
#include "store/object_texts.h"
#include "store/objects.h"
#include "store/splits.h"
#include "tests/store/raw_sql.h"
#include "tests/versions/version_kit.h"
#include "versions/hash.h"

using namespace errata;
using namespace errata::versions;
using errata::test::FileSpec;
using errata::test::VersionKit;

namespace {

const std::vector<FileSpec> kFiles{{"cat/a.jpg", "aaa", 0, "train"},
                                   {"cat/b.jpg", "bbb", 0, "test"},
                                   {"dog/c.jpg", "ccc", 1, "train"},
                                   {"loose.jpg", "ddd", kNoClass, ""}};

ErrorCategory category_of(const std::function<void()>& fn) {
  try {
    fn();
  } catch (const Error& error) {
    return error.category();
  }
  return ErrorCategory::kInternal;
}

std::string hash_by_hand(const std::vector<HashEntry>& entries) {
  return canonical_hash(entries, serial_for);
}

ObjectRecord make_object(uint32_t sample, ClassIndex index, std::array<double, 4> box) {
  ObjectRecord object;
  object.sample = sample;
  object.class_index = index;
  object.box_xywh_px = box;
  object.area_px = box[2] * box[3];
  return object;
}

std::string stored_hash(VersionKit& kit, const std::string& name) {
  const store::VersionInfo info = store::read_version(kit.db, name);
  return hash_of(state_of(info, store::read_version_columns(kit.db, info.id)), serial_for);
}

}  // namespace

TEST_CASE("a version holds labels, splits and contents, and its hash is the documented one") {
  VersionKit kit;
  kit.import(kFiles);
  const CreatedVersion created = kit.create("v1");
  CHECK(created.info.samples == 4);
  CHECK(created.unlabelled == 1);
  CHECK(created.info.parent == 0);
  CHECK(created.info.hash == hash_by_hand({{sha256("ddd"), {}, ""},
                                           {sha256("aaa"), {"cat"}, "train"},
                                           {sha256("bbb"), {"cat"}, "test"},
                                           {sha256("ccc"), {"dog"}, "train"}}));
  const store::VersionInfo stored = store::read_version(kit.db, "v1");
  CHECK(stored.hash == created.info.hash);
  CHECK(stored.message == "why");
  CHECK(stored.classes == kit.class_names);
  const DatasetState state = state_of(stored, store::read_version_columns(kit.db, stored.id));
  CHECK(hash_of(state, serial_for) == stored.hash);
  const VersionSummary summary = summarise(state);
  CHECK(summary.class_names == std::vector<std::string>{"cat", "dog", "T-shirt/top", ""});
  CHECK(summary.split_names == std::vector<std::string>{"train", "test", ""});
  CHECK(summary.counts[0] == std::vector<uint64_t>{1, 1, 0});
  CHECK(summary.counts[3] == std::vector<uint64_t>{0, 0, 1});
  CHECK(summary.split_totals == std::vector<uint64_t>{2, 1, 1});
}

TEST_CASE("the same content in other files, in another order, has the same hash") {
  VersionKit one;
  one.import(kFiles);
  VersionKit two;
  two.class_names = {"bird", "dog", "cat"};
  two.import({{"x/4.png", "ddd", kNoClass, ""}, {"x/1.png", "ccc", 1, "train"}}, "first");
  two.import({{"y/2.png", "bbb", 2, "test"}, {"y/3.png", "aaa", 2, "train"}}, "second");
  CHECK(one.create("v").info.hash == two.create("w").info.hash);
}

TEST_CASE("corrections and exclusions are what a version holds; the next has the first as parent") {
  VersionKit kit;
  kit.import(kFiles);
  const store::VersionInfo first = kit.create("v1").info;
  const ClassId dog = store::require_class(kit.db, "dog");
  kit.edit(kit.id_of("cat/a.jpg"), store::EditKind::kSetLabel, {dog});
  kit.edit(kit.id_of("cat/b.jpg"), store::EditKind::kExclude);
  kit.edit(kit.id_of("loose.jpg"), store::EditKind::kSetSplit, {}, "test");
  const CreatedVersion second = kit.create("v2");
  CHECK(second.excluded == 1);
  CHECK(second.info.parent == first.id);
  CHECK(second.same_content.empty());
  CHECK(second.info.hash == hash_by_hand({{sha256("aaa"), {"dog"}, "train"},
                                          {sha256("ccc"), {"dog"}, "train"},
                                          {sha256("ddd"), {}, "test"}}));
  const StateDiff diff = diff_versions(kit.db, "v1", "v2", kit.context());
  CHECK(diff.relabelled_by_pair.at({"cat", "dog"}) == 1);
  REQUIRE(diff.removed.size() == 1);
  CHECK(diff.removed[0].path == "cat/b.jpg");
  CHECK(diff.moved_by_pair.at({"", "test"}) == 1);
  CHECK(diff.unchanged == 1);
  CHECK(diff_versions(kit.db, "v2", "", kit.context()).empty());
  // Undone, the content is the first version's again.
  for (int i = 0; i < 3; ++i) store::undo(kit.db, "me");
  const CreatedVersion third = kit.create("v3");
  CHECK(third.info.hash == first.hash);
  CHECK(third.same_content == std::vector<std::string>{"v1"});
}

TEST_CASE("versions do not change with what comes later") {
  VersionKit kit;
  kit.import(kFiles);
  const std::string hash = kit.create("v1").info.hash;
  store::rename_class(kit.db, "cat", "feline", "me");
  kit.import({{"cat/a.jpg", "changed!", 0, "train"}});
  const store::VersionInfo info = store::read_version(kit.db, "v1");
  const DatasetState state = state_of(info, store::read_version_columns(kit.db, info.id));
  CHECK(hash_of(state, serial_for) == hash);
  CHECK(state.class_names[0] == "cat");
}

TEST_CASE("names that exist or cannot be, and unknown parents, are refused") {
  VersionKit kit;
  kit.import(kFiles);
  kit.create("v1");
  CHECK(category_of([&] { kit.create("v1"); }) == ErrorCategory::kConflict);
  for (const std::string& bad : {std::string(), std::string("a\nb"), std::string(" a"),
                                 std::string(201, 'x'), std::string("\xff")}) {
    CHECK(category_of([&] { kit.create(bad); }) == ErrorCategory::kUsage);
  }
  CHECK(category_of([&] {
          create_version(kit.db, {"v2", "", "", "nobody"}, kit.context());
        }) == ErrorCategory::kNotFound);
  CHECK(store::list_versions(kit.db).size() == 1);
}

TEST_CASE("a file that is gone or changed stops a version, and is named") {
  VersionKit kit;
  kit.import(kFiles);
  kit.dir.write("data/cat/a.jpg", "axa");  // same size, other bytes
  remove_all(kit.dir / "data/dog/c.jpg");
  CHECK(category_of([&] { kit.create("v1"); }) == ErrorCategory::kBadInput);
  const auto counts = kit.issues.count_by_kind();
  CHECK(counts.at("changed-file") == 1);
  CHECK(counts.at("missing-file") == 1);
  CHECK(store::list_versions(kit.db).empty());
  // Excluding them is a way out.
  kit.edit(kit.id_of("cat/a.jpg"), store::EditKind::kExclude);
  kit.edit(kit.id_of("dog/c.jpg"), store::EditKind::kExclude);
  CHECK(kit.create("v1").info.samples == 2);
}

TEST_CASE("contents are hashed once, and a stopped run keeps what it had") {
  VersionKit kit;
  kit.import(kFiles);
  kit.create("v1");
  // The files may go: their contents are known.
  remove_all(kit.dir / "data");
  CHECK(kit.create("v2").info.hash == store::read_version(kit.db, "v1").hash);
  VersionKit other;
  other.import(kFiles);
  other.cancel.cancel();
  CHECK(category_of([&] { other.create("v1"); }) == ErrorCategory::kInterrupted);
  CHECK(store::list_versions(other.db).empty());
}

TEST_CASE("a member of a container counts as the PNG it is exported as") {
  VersionKit kit;
  SampleRecord record = kit.record({"box.idx", "whatever", 1, "train"});
  record.member = 5;
  kit.import_records({record});
  std::vector<uint8_t> png;
  write_canonical_png({2, 2, 1, {9, 8, 7, 5}}, png);
  const Sha256Digest content =
      sha256(std::string_view(reinterpret_cast<const char*>(png.data()), png.size()));
  CHECK(kit.create("v1").info.hash == hash_by_hand({{content, {"dog"}, "train"}}));
  const store::VersionInfo info = store::read_version(kit.db, "v1");
  CHECK(store::read_version_columns(kit.db, info.id).paths[0] == "box.idx#5");
}

TEST_CASE("restore brings labels, exclusions and splits back as one batch that undo takes back") {
  VersionKit kit;
  kit.import(kFiles);
  const std::string hash = kit.create("v1").info.hash;
  const ClassId dog = store::require_class(kit.db, "dog");
  kit.edit(kit.id_of("cat/a.jpg"), store::EditKind::kSetLabel, {dog});
  kit.edit(kit.id_of("loose.jpg"), store::EditKind::kSetLabel, {dog});
  kit.edit(kit.id_of("cat/b.jpg"), store::EditKind::kExclude);
  kit.edit(kit.id_of("dog/c.jpg"), store::EditKind::kSetSplit, {}, "val");
  kit.import({{"more/e.jpg", "eee", 1, "train"}}, "more");
  const std::string messy = kit.create("v2").info.hash;

  const RestoreReport report = restore_version(kit.db, "v1", "me", "", kit.context());
  CHECK(report.relabelled == 2);
  CHECK(report.included == 1);
  CHECK(report.moved == 1);
  CHECK(report.excluded == 1);
  CHECK(report.missing == 0);
  CHECK(kit.create("v3").info.hash == hash);
  CHECK(diff_versions(kit.db, "v1", "", kit.context()).empty());
  CHECK(restore_version(kit.db, "v1", "me", "", kit.context()).batch.batch == 0);
  store::undo(kit.db, "me");
  CHECK(kit.create("v4").info.hash == messy);
}

TEST_CASE("restore finds samples by content when their ids are new, and names those it lacks") {
  VersionKit kit;
  kit.import(kFiles);
  kit.create("v1");
  const ClassId dog = store::require_class(kit.db, "dog");
  // The same pictures come again under other names with other labels; one is gone.
  kit.import(
      {{"new/1.jpg", "aaa", 1, ""}, {"new/2.jpg", "ccc", 0, ""}, {"loose.jpg", "ddd", 0, ""}});
  kit.edit(kit.id_of("loose.jpg"), store::EditKind::kSetLabel, {dog});
  const RestoreReport report = restore_version(kit.db, "v1", "me", "", kit.context());
  CHECK(report.missing == 1);
  CHECK(kit.issues.count_by_kind().at("missing-sample") == 1);
  const StateDiff diff = diff_versions(kit.db, "v1", "", kit.context());
  CHECK(diff.relabelled.empty());
  CHECK(diff.moved.empty());
  CHECK(diff.added.empty());
  REQUIRE(diff.removed.size() == 1);
  CHECK(diff.removed[0].path == "cat/b.jpg");
}

TEST_CASE("restore follows a renamed class, and wants a merge taken back first") {
  VersionKit kit;
  kit.import(kFiles);
  kit.create("v1");
  store::rename_class(kit.db, "dog", "hound", "me");
  const ClassId hound = store::require_class(kit.db, "hound");
  kit.edit(kit.id_of("dog/c.jpg"), store::EditKind::kSetLabel, {});
  store::merge_class(kit.db, "cat", "hound", "me", "");
  CHECK(category_of([&] { restore_version(kit.db, "v1", "me", "", kit.context()); }) ==
        ErrorCategory::kConflict);
  store::undo(kit.db, "me");
  const RestoreReport report = restore_version(kit.db, "v1", "me", "", kit.context());
  CHECK(report.relabelled == 1);
  CHECK(store::read_states(kit.db, std::vector{kit.id_of("dog/c.jpg")})[0].labels ==
        std::vector{hound});
  const StateDiff diff = diff_versions(kit.db, "v1", "", kit.context());
  CHECK(diff.relabelled_by_pair.size() == 1);  // only the new name
  CHECK(diff.relabelled_by_pair.at({"dog", "hound"}) == 1);
}

TEST_CASE("restore brings objects back as one batch that undo takes back") {
  VersionKit kit;
  kit.import_objects(kFiles, {make_object(0, 0, {1, 1, 2, 2}), make_object(2, 1, {3, 3, 4, 4}),
                              make_object(2, 1, {5, 5, 1, 1})});
  using enum store::ObjectEditKind;
  const SampleId first = kit.ids()[0];
  const auto apply = [&](const std::vector<store::ObjectEdit>& edits) {
    return store::apply_object_edits(kit.db, edits, "me", "");
  };
  // The version has one edited and one drawn object already.
  apply({{.kind = kSetBox, .object = 1, .box_xywh_px = {1, 1, 2, 3}},
         {.kind = kAdd, .sample = first, .class_id = 1, .box_xywh_px = {0, 0, 9, 9}}});
  const std::string hash = kit.create("v1").info.hash;
  const auto restore = [&] { return restore_version(kit.db, "v1", "me", "", kit.context()); };
  CHECK(restore().batch.batch == 0);

  apply({{.kind = kSetBox, .object = 1, .box_xywh_px = {7, 7, 2, 3}},
         {.kind = kSetDifficult, .object = 1, .flag = true},
         {.kind = kDelete, .object = 2},
         {.kind = kSetClass, .object = 3, .class_id = 1},
         {.kind = kDelete, .object = 4},
         {.kind = kAdd, .sample = first, .class_id = 2, .box_xywh_px = {1, 2, 3, 4}}});
  kit.edit(first, store::EditKind::kSetSplit, {}, "odd");
  const std::string edited = kit.create("v2").info.hash;
  const RestoreReport report = restore();
  CHECK(report.objects_changed == 2);
  CHECK(report.objects_returned == 2);
  CHECK(report.objects_deleted == 1);
  CHECK(report.moved == 1);
  CHECK(report.batch.objects.size() == 5);
  CHECK(kit.issues.warned() == 0);
  CHECK(kit.create("v3").info.hash == hash);
  CHECK(store::read_object(kit.db, 1)->box_xywh_px == std::array<double, 4>{1, 1, 2, 3});
  CHECK(store::read_object(kit.db, 4)->review == ObjectReview::kAdded);
  CHECK(restore().batch.batch == 0);
  // One step back, labels and objects alike, and forward again.
  store::undo(kit.db, "me");
  CHECK(kit.create("v4").info.hash == edited);
  store::redo(kit.db, "me");
  CHECK(kit.create("v5").info.hash == hash);
  CHECK(
      store::check_store(kit.db, {store::DoctorLevel::kStore}, serial_for, kit.progress, kit.cancel)
          .empty());
}

TEST_CASE("restore is refused when an import changes the samples while contents are hashed") {
  VersionKit kit;
  kit.import(kFiles);
  kit.create("v1");
  std::vector<FileSpec> more(kFiles.begin(), kFiles.end());
  more.push_back({"late.png", "late bytes", 0, ""});
  kit.import(more);  // what has no hash yet
  VersionContext context = kit.context();
  bool imported = false;
  context.parallel_for = [&](size_t n, size_t grain, const RangeFn& fn) {
    serial_for(n, grain, fn);
    if (std::exchange(imported, true)) return;
    more.push_back({"later.png", "later bytes", 0, ""});
    kit.import(more);
  };
  CHECK(category_of([&] { restore_version(kit.db, "v1", "me", "", context); }) ==
        ErrorCategory::kConflict);
  CHECK(imported);
  CHECK(restore_version(kit.db, "v1", "me", "", kit.context()).excluded == 2);
}

TEST_CASE("restore finds the same objects under other ids, and brings back what a source dropped") {
  VersionKit kit;
  kit.import_objects(kFiles, {make_object(0, 0, {1, 1, 2, 2}), make_object(2, 1, {3, 3, 4, 4})});
  const std::string hash = kit.create("v1").info.hash;
  // The source no longer has the second, moved the first and has another.
  kit.import_objects(kFiles, {make_object(0, 0, {1, 1, 2, 9}), make_object(1, 0, {8, 8, 1, 1})});
  CHECK(kit.create("v2").info.hash != hash);
  const RestoreReport report = restore_version(kit.db, "v1", "me", "", kit.context());
  CHECK(report.objects_returned == 2);
  CHECK(report.objects_deleted == 2);
  CHECK(kit.create("v3").info.hash == hash);
  // The source has them again, under new ids: each is there once.
  kit.import_objects(kFiles, {make_object(0, 0, {1, 1, 2, 2}), make_object(2, 1, {3, 3, 4, 4})});
  CHECK(restore_version(kit.db, "v1", "me", "", kit.context()).objects_deleted == 2);
  CHECK(kit.create("v4").info.hash == hash);
}

TEST_CASE("restore gives objects under other ids their areas back, each its own") {
  VersionKit kit;
  const auto objects = [&](const std::string& ids, std::array<double, 3> areas) {
    std::vector<ObjectRecord> records{make_object(0, 0, {1, 1, 9, 9}),
                                      make_object(0, 0, {1, 1, 9, 9}),
                                      make_object(2, 1, {3, 3, 4, 4})};
    for (size_t i = 0; i < records.size(); ++i) {
      records[i].area_px = areas[i];
      records[i].raw_id = ids + std::to_string(i);
    }
    return records;
  };
  const auto areas = [&] {
    std::vector<double> found;
    for (const auto& object : store::read_object_texts(kit.db, 0).objects) {
      found.push_back(object.area_px);
    }
    std::sort(found.begin(), found.end());
    return found;
  };
  kit.import_objects(kFiles, objects("1", {60, 70, 16}));
  kit.create("v1");
  // The same boxes; one of the two alike has its area still.
  kit.import_objects(kFiles, objects("10", {55, 60, 16}));
  const RestoreReport report = restore_version(kit.db, "v1", "me", "", kit.context());
  CHECK(report.objects_changed == 1);
  CHECK(report.objects_returned + report.objects_deleted == 0);
  CHECK(areas() == std::vector<double>{16, 60, 70});
  CHECK(restore_version(kit.db, "v1", "me", "", kit.context()).batch.batch == 0);
  store::undo(kit.db, "me");
  CHECK(areas() == std::vector<double>{16, 55, 60});
}

TEST_CASE("restore of objects follows a renamed class, and wants a merge taken back first") {
  VersionKit kit;
  kit.import_objects(kFiles, {make_object(0, 0, {1, 1, 2, 2}), make_object(1, 2, {3, 3, 4, 4})});
  kit.create("v1");
  // Only an object is of the class.
  store::merge_class(kit.db, "T-shirt/top", "cat", "me", "");
  CHECK(category_of([&] { restore_version(kit.db, "v1", "me", "", kit.context()); }) ==
        ErrorCategory::kConflict);
  store::undo(kit.db, "me");
  store::rename_class(kit.db, "T-shirt/top", "shirt", "me");
  const store::ObjectEdit gone{.kind = store::ObjectEditKind::kDelete, .object = 2};
  store::apply_object_edits(kit.db, std::vector{gone}, "me", "");
  CHECK(restore_version(kit.db, "v1", "me", "", kit.context()).objects_returned == 1);
  CHECK(store::read_object(kit.db, 2)->class_id == store::require_class(kit.db, "shirt"));
}

TEST_CASE(
    "a version's objects keep their classes when a merge before it is undone or one follows") {
  VersionKit kit;
  kit.import_objects(kFiles, {make_object(0, 0, {1, 1, 2, 2}), make_object(2, 1, {3, 3, 4, 4})});
  store::merge_class(kit.db, "dog", "cat", "me", "");
  const std::string hash = kit.create("v1").info.hash;
  CHECK(stored_hash(kit, "v1") == hash);
  store::undo(kit.db, "me");
  CHECK(stored_hash(kit, "v1") == hash);
  const StateDiff diff = diff_versions(kit.db, "v1", "", kit.context());
  REQUIRE(diff.redrawn.size() == 1);
  CHECK(diff.redrawn[0].sample == kit.id_of("dog/c.jpg"));
  store::merge_class(kit.db, "dog", "T-shirt/top", "me", "");
  CHECK(stored_hash(kit, "v1") == hash);
}

TEST_CASE("a version of an older Errata whose merge was undone is an error, not a crash") {
  VersionKit kit;
  kit.import_objects(kFiles, {make_object(2, 1, {3, 3, 4, 4})});
  store::merge_class(kit.db, "dog", "cat", "me", "");
  const std::string hash = kit.create("v1").info.hash;
  kit.db.close();
  errata::test::raw_sql(kit.dir / "errata.db",
                        "DELETE FROM chunk WHERE id / 16777216 IN (SELECT id FROM stream WHERE "
                        "name = 'object_classes'); DELETE FROM stream WHERE name = "
                        "'object_classes'");
  kit.db = store::Store::open(kit.dir / "errata.db", store::Access::kWrite);
  CHECK(stored_hash(kit, "v1") == hash);
  store::undo(kit.db, "me");
  CHECK(category_of([&] { stored_hash(kit, "v1"); }) == ErrorCategory::kCorrupt);
}

TEST_CASE("the recipe of the split is part of the version") {
  VersionKit kit;
  kit.import(kFiles);
  const std::vector<SampleId> ids = kit.ids();
  const std::vector<int32_t> codes{0, 0, 1, 1};
  store::assign_splits(kit.db, ids, codes, {"train", "test"}, "{\"seed\": 7}", "me", "");
  CHECK(kit.create("v1").info.recipe_json == "{\"seed\": 7}");
}

TEST_CASE("an empty store has a version of nothing") {
  VersionKit kit;
  const CreatedVersion created = kit.create("v0");
  CHECK(created.info.samples == 0);
  CHECK(created.info.hash == hash_by_hand({}));
}
