#include "store/objects.h"

#include <doctest/doctest.h>

#include <chrono>
#include <thread>

#include "base/error.h"
#include "store/doctor.h"
#include "store/dump.h"
#include "store/history.h"
#include "store/imported_objects.h"
#include "store/sql.h"
#include "tests/store/object_kit.h"
#include "tests/store/raw_sql.h"

using namespace errata;
using namespace errata::test;
using store::ObjectEdit;
using store::ObjectEditKind;

TEST_CASE("objects come in the order of the samples, and within one in that of the file") {
  ObjectProject project;
  CHECK(project.report.objects == 4);
  CHECK(project.report.objects_added == 4);
  CHECK(project.snapshot.objects == 4);
  const ObjectTable objects = project.load(true);
  REQUIRE(objects.rows() == 4);
  CHECK(objects.offsets == std::vector<uint64_t>{0, 1, 2, 4, 4});
  CHECK(objects.given_end == std::vector<uint64_t>{1, 2, 4, 4});
  const Table& table = objects.table;
  CHECK(table.find("object_id")->ints == std::vector<int64_t>{2, 4, 1, 3});
  CHECK(table.find("sample")->ints == std::vector<int64_t>{0, 1, 2, 2});
  CHECK(table.find("label")->text(1) == "class 2");
  CHECK(table.find("height")->doubles[0] == 10.25);
  const Column* split = project.snapshot.samples.find("split");
  for (const RowIndex row : {0, 1, 2, 3}) {
    CHECK(table.find("split")->text(row) ==
          split->text(static_cast<RowIndex>(table.find("sample")->ints[row])));
  }
  CHECK(table.find("x")->doubles[3] == 0.1);
  CHECK(table.find("area_px")->doubles[1] == 85);
  CHECK(table.find("crowd")->bytes == std::vector<uint8_t>{1, 0, 0, 0});
  CHECK(table.find("difficult")->bytes == std::vector<uint8_t>{0, 0, 0, 1});
  CHECK(table.find("confidence")->is_null(0));
  CHECK(decode_shape(objects.shape_bytes(1)).polygons.size() == 1);
  CHECK(objects.shape_bytes(0).empty());
  CHECK(objects.row_of(3) == 3);
  CHECK(objects.row_of(9) == SIZE_MAX);
  project.check_sound();
}

TEST_CASE("each edit of an object does what it says, and is taken back and done again") {
  ObjectProject project;
  const std::string before = table_text(project.load());
  ObjectEdit move = edit_of(4, ObjectEditKind::kSetBox);
  move.box_xywh_px = {17, 8, 18, 10};
  ObjectEdit relabel = edit_of(2, ObjectEditKind::kSetClass);
  relabel.class_id = 3;
  ObjectEdit add;
  add.kind = ObjectEditKind::kAdd;
  add.sample = 4;
  add.class_id = 1;
  add.box_xywh_px = {1, 1, 2, 2};
  ObjectEdit crowd = edit_of(3, ObjectEditKind::kSetCrowd);
  crowd.flag = true;
  const store::AppliedBatch batch =
      project.apply({move, relabel, add, crowd, edit_of(1, ObjectEditKind::kDelete)});
  CHECK(batch.objects.size() == 5);
  CHECK(batch.object_revision == store::object_revision(project.store));
  ObjectTable objects = project.load(true);
  CHECK(objects.table.find("object_id")->ints == std::vector<int64_t>{2, 4, 3, 5});
  CHECK(objects.table.find("label")->text(0) == "class 2");
  CHECK(objects.table.find("review")->text(0) == "changed");
  CHECK(objects.table.find("review")->text(3) == "added");
  CHECK(objects.table.find("crowd")->bytes[2] == 1);
  // The polygon went with its box, and its area with that.
  CHECK(decode_shape(objects.shape_bytes(1)).polygons[0] ==
        std::vector<double>{17, 8, 35, 8, 35, 18, 17, 18});
  CHECK(objects.table.find("area_px")->doubles[1] == 170);
  CHECK(store::load_snapshot(project.store).objects == 4);
  project.check_sound();
  const std::string after = table_text(objects);
  store::undo(project.store, "me");
  CHECK(table_text(project.load()) == before);
  project.check_sound();
  const store::AppliedBatch redone = store::redo(project.store, "me");
  CHECK(redone.objects.size() == 5);
  CHECK(table_text(project.load()) == after);
  project.check_sound();
  CHECK_THROWS_AS(project.apply({edit_of(1, ObjectEditKind::kKeep)}), Error);
  CHECK(store::read_object(project.store, 5)->review == ObjectReview::kAdded);
}

TEST_CASE("a batch over many blocks of two sources reads of each object what it reads alone") {
  constexpr size_t kMany = 30'000;
  ObjectProject project;
  for (const char* source : {"one", "two"}) {
    std::vector<ObjectRecord> objects;
    for (size_t i = 0; i < kMany; ++i) {
      const double x = static_cast<double>(i);
      objects.push_back(make_object(static_cast<uint32_t>(i * 4 / kMany),
                                    static_cast<ClassIndex>(i % 2),
                                    {x, 1, 2, source[0] == 'o' ? 1.0 : 0.0}));
      objects.back().box_xywh_px[3] += 3;
      objects.back().difficult = i % 5 == 0;
      if (i % 3 != 0) continue;
      std::vector<double> ring{x, 1, x + 2, 1, x + 2, 3};
      for (size_t more = 0; more < i % 4; ++more) ring.insert(ring.end(), {x, 2});
      objects.back().shape = encode_shape({.polygons = {ring}});
    }
    import_objects(project.store, std::move(objects), source);
  }
  // Every 97th, from the last to the first and back again: no order that suits blocks.
  std::vector<ObjectEdit> edits;
  std::vector<store::ObjectState> before;
  for (size_t i = 0; i < 2 * kMany; i += 97) {
    const size_t at = edits.size() % 2 == 0 ? i : 2 * kMany - 1 - i;
    ObjectEdit edit = edit_of(static_cast<ObjectId>(at + 5), ObjectEditKind::kSetClass);
    edit.class_id = 3;
    edits.push_back(edit);
    const std::optional<store::ObjectState> state = store::read_object(project.store, edit.object);
    REQUIRE(state.has_value());
    before.push_back(*state);
  }
  const store::AppliedBatch batch = project.apply(edits);
  CHECK(batch.objects.size() == edits.size());
  size_t with_shape = 0;
  for (size_t i = 0; i < edits.size(); ++i) {
    store::ObjectState expected = before[i];
    with_shape += !expected.shape.empty();
    expected.class_id = 3;
    expected.review = ObjectReview::kChanged;
    CHECK(store::read_object(project.store, edits[i].object) == expected);
  }
  CHECK(with_shape > edits.size() / 4);
  project.check_sound();
  store::undo(project.store, "me");
  for (size_t i = 0; i < edits.size(); ++i) {
    CHECK(store::read_object(project.store, edits[i].object) == before[i]);
  }
  project.check_sound();
}

TEST_CASE("an edit that cannot be changes nothing") {
  ObjectProject project;
  const std::string before = store::dump_store(project.store);
  ObjectEdit good = edit_of(1, ObjectEditKind::kSetClass);
  good.class_id = 2;
  ObjectEdit flat = edit_of(1, ObjectEditKind::kSetBox);
  flat.box_xywh_px = {1, 1, 0, 5};
  ObjectEdit nowhere;
  nowhere.kind = ObjectEditKind::kAdd;
  nowhere.sample = 77;
  nowhere.class_id = 1;
  nowhere.box_xywh_px = {1, 1, 5, 5};
  ObjectEdit unknown = good;
  unknown.class_id = 99;
  ObjectEdit vast = edit_of(1, ObjectEditKind::kSetBox);
  vast.box_xywh_px = {1, 1, 1e200, 1e200};
  for (const ObjectEdit& bad : {flat, vast, nowhere, unknown, edit_of(99, ObjectEditKind::kKeep)}) {
    CHECK_THROWS_AS(project.apply({good, bad}), Error);
    CHECK(store::dump_store(project.store) == before);
  }
}

TEST_CASE("a loaded table follows edits in place") {
  ObjectProject project;
  ObjectTable objects = project.load();
  objects.table.add(make_double_column("iou", {0.5, 0.5, 0.5, 0.5}));
  ObjectEdit relabel = edit_of(2, ObjectEditKind::kSetClass);
  relabel.class_id = 3;
  const auto batch = project.apply({relabel, edit_of(3, ObjectEditKind::kKeep)});
  REQUIRE(store::apply_to_objects(objects, project.snapshot, batch));
  // What matching said of the changed object holds no longer; a review changes nothing of that.
  CHECK(objects.table.find("iou")->is_null(0));
  CHECK_FALSE(objects.table.find("iou")->is_null(3));
  objects.table.remove("iou");
  CHECK(table_text(objects) == table_text(project.load()));
  const auto deleted = project.apply({edit_of(3, ObjectEditKind::kDelete)});
  CHECK_FALSE(store::apply_to_objects(objects, project.snapshot, deleted));
}

TEST_CASE("an import again keeps the ids of objects, and lists what a person had changed") {
  ObjectProject project;
  ObjectEdit relabel = edit_of(1, ObjectEditKind::kSetClass);
  relabel.class_id = 2;
  project.apply({relabel});
  const auto same = import_objects(project.store, make_objects());
  CHECK(same.objects_added == 0);
  CHECK(same.objects_changed == 0);
  std::vector<ObjectRecord> changed = make_objects();
  changed.erase(changed.begin() + 3);
  changed[0].box_xywh_px[0] = 2;                            // "a", which a person relabelled
  changed.push_back(make_object(3, 0, {1, 1, 1, 1}, "e"));  // new
  std::swap(changed[1], changed[2]);                        // order is no identity
  const auto report = import_objects(project.store, changed);
  CHECK(report.objects_added == 1);
  CHECK(report.objects_changed == 1);
  CHECK(report.objects_removed == 1);
  project.snapshot = store::load_snapshot(project.store);
  const ObjectTable objects = project.load();
  CHECK(objects.table.find("object_id")->ints == std::vector<int64_t>{2, 1, 3, 5});
  CHECK(objects.table.find("label")->text(1) == "class 1");  // the person's
  CHECK(objects.table.find("x")->doubles[1] == 1);
  project.check_sound();
}

TEST_CASE("objects are counted as they stand, also those that a source dropped") {
  ObjectProject project;
  const auto check_count = [&](uint64_t wanted) {
    project.snapshot = store::load_snapshot(project.store);
    CHECK(project.load().rows() == wanted);
    CHECK(project.snapshot.objects == wanted);
    CHECK(store::read_info(project.store).objects == wanted);
  };
  ObjectEdit relabel = edit_of(2, ObjectEditKind::kSetClass);
  relabel.class_id = 3;
  ObjectEdit add;
  add.kind = ObjectEditKind::kAdd;
  add.sample = 4;
  add.class_id = 1;
  add.box_xywh_px = {1, 1, 2, 2};
  project.apply({relabel, add, edit_of(1, ObjectEditKind::kDelete)});
  check_count(4);
  project.apply({edit_of(5, ObjectEditKind::kDelete), edit_of(3, ObjectEditKind::kDelete),
                 edit_of(4, ObjectEditKind::kDelete)});
  check_count(1);
  import_objects(project.store, {make_object(0, 1, {5, 5, 10, 10.25}, "b")});
  check_count(1);
  import_objects(project.store, {make_object(3, 0, {1, 1, 1, 1}, "e")});
  check_count(2);  // "b" stays as a person changed it
  project.apply({edit_of(2, ObjectEditKind::kDelete), edit_of(6, ObjectEditKind::kDelete)});
  check_count(0);
  import_objects(project.store, make_objects(), "again");
  check_count(4);
  project.check_sound();
}

TEST_CASE("a second source of the same images does not double their objects") {
  ObjectProject project;
  const auto report = import_objects(project.store, make_objects(), "again");
  CHECK(report.objects == 4);
  project.snapshot = store::load_snapshot(project.store);
  CHECK(project.load().rows() == 4);
  CHECK(project.snapshot.objects == 4);
  project.check_sound();
}

TEST_CASE("the log and SQL tell of objects") {
  ObjectProject project;
  ObjectEdit relabel = edit_of(2, ObjectEditKind::kSetClass);
  relabel.class_id = 3;
  project.apply({relabel});
  const std::vector<store::LogEntry> log = store::read_log(project.store, {});
  REQUIRE(log.size() >= 1);
  CHECK(log[0].what == "object-class");
  CHECK(log[0].sample == 1);
  CHECK(log[0].from == std::vector<std::string>{"class 1 at 5, 5, 10 x 10.25, a crowd"});
  CHECK(log[0].to == std::vector<std::string>{"class 2 at 5, 5, 10 x 10.25, a crowd"});
  store::LogFilter of_sample;
  of_sample.sample = 1;
  CHECK(store::read_log(project.store, of_sample).front().what == "object-class");
}

TEST_CASE("batches of objects are told by their classes, a single one by what it was and is") {
  ObjectProject project;
  ObjectEdit relabel = edit_of(1, ObjectEditKind::kSetClass);
  relabel.class_id = 3;
  ObjectEdit other = edit_of(3, ObjectEditKind::kSetClass);
  other.class_id = 3;
  ObjectEdit add;
  add.kind = ObjectEditKind::kAdd;
  add.sample = 4;
  add.class_id = 2;
  add.box_xywh_px = {1, 1, 4, 4};
  add.shape = encode_shape({.mask = {4, 4, {5, 2, 9}}});
  const store::AppliedBatch mixed = project.apply({relabel, other, add});
  ObjectEdit move;
  move = edit_of(mixed.objects.back().object, ObjectEditKind::kSetBox);
  move.box_xywh_px = {2, 1, 4, 4};
  project.apply({move});
  const std::vector<store::LogBatch> batches = store::read_batches(project.store, 0, 2);
  REQUIRE(batches.size() == 2);
  REQUIRE(batches[1].changes.size() == 2);
  const store::BatchChange& added = batches[1].changes[0];
  CHECK(added.what == "object-add");
  CHECK_FALSE(added.object.from);
  REQUIRE(added.object.to);
  CHECK(added.object.to->class_name == "class 1");
  CHECK(added.object.to->review == ObjectReview::kAdded);
  const store::BatchChange& classes = batches[1].changes[1];
  CHECK(classes.count == 2);
  CHECK(classes.from.empty());  // of two classes
  CHECK(classes.to == std::vector<std::string>{"class 2"});
  CHECK_FALSE(classes.object.to);
  REQUIRE(batches[0].changes.size() == 1);
  CHECK(batches[0].changes[0].from == std::vector<std::string>{"class 1"});
  CHECK(batches[0].changes[0].object.to->box_xywh_px[0] == 2);
  CHECK(batches[0].changes[0].object.mask_lost);
  CHECK(store::read_log(project.store, {}).front().object.mask_lost);
  // Objects 1 and 3 are of image 2 (sample 3), the new one is of sample 4.
  CHECK(store::batch_samples(project.store, mixed.batch) == std::vector<SampleId>{3, 4});
  CHECK(store::undo_state(project.store).undo_text == "1 box moved or resized");
  store::undo(project.store, "me");
  store::undo(project.store, "me");
  // What an undo took back, not what it did.
  CHECK(store::undo_state(project.store).redo_text == "2 boxes given a class, 1 box added");
  const store::LogEntry newest = store::read_log(project.store, {}).front();
  CHECK(newest.batch_kind == "undo");
  CHECK_FALSE(newest.object.mask_lost);
}

TEST_CASE("annotations are read as they were imported, whatever was decided since") {
  ObjectProject project;
  const auto imported = [&] {
    return store::load_imported_objects(project.store, project.snapshot);
  };
  CHECK_FALSE(imported());
  const ObjectTable before = project.load();
  ObjectEdit relabel = edit_of(2, ObjectEditKind::kSetClass);
  relabel.class_id = 3;
  ObjectEdit add;
  add.kind = ObjectEditKind::kAdd;
  add.sample = 4;
  add.class_id = 2;
  add.box_xywh_px = {1, 1, 4, 4};
  project.apply(
      {relabel, add, edit_of(1, ObjectEditKind::kDelete), edit_of(3, ObjectEditKind::kKeep)});
  REQUIRE(imported());
  const ObjectTable given = *imported();
  REQUIRE(given.rows() == before.rows());
  for (const char* name : {"object_id", "label", "x", "review", "sample"}) {
    for (size_t row = 0; row < before.rows(); ++row) {
      CHECK(given.table.find(name)->display(static_cast<RowIndex>(row)) ==
            before.table.find(name)->display(static_cast<RowIndex>(row)));
    }
  }
  store::undo(project.store, "me");
  CHECK_FALSE(imported());
}

TEST_CASE("the doctor sees an object that another program changed") {
  ObjectProject project;
  project.apply({edit_of(1, ObjectEditKind::kKeep)});
  project.store.close();
  raw_sql(project.dir / "errata.db", "UPDATE object_edit SET x = 5");
  project.store = store::Store::open(project.dir / "errata.db", store::Access::kRead);
  Progress progress;
  const CancelToken cancel;
  store::DoctorOptions options;
  options.level = store::DoctorLevel::kStore;
  const auto findings = store::check_store(project.store, options, serial_for, progress, cancel);
  REQUIRE(findings.size() == 1);
  CHECK(findings[0].check == "object-rows");
}

TEST_CASE("an import that was cut off leaves no objects, and goes on whole") {
  const TempDir dir;
  store::Store store = store::Store::create(dir / "errata.db");
  {
    store::ImportOptions options;
    options.source_name = "data";
    store::ImportWriter writer(store, options);
    writer.begin({"coco", "/data", make_classes(3), true});
    writer.samples(make_records(4, 3));
    writer.objects(make_objects());
  }
  CHECK(store::load_objects(store, store::load_snapshot(store)).rows() == 0);
  const auto report = import_objects(store, make_objects());
  CHECK(report.resumed);
  CHECK(store::load_objects(store, store::load_snapshot(store)).rows() == 4);
}

TEST_CASE(
    "what is decided in the transaction sees what is there, and an edit meanwhile comes after") {
  ObjectProject project;
  const ObjectId object = 1;
  store::Store theirs = store::Store::open(project.dir / "errata.db", store::Access::kWrite);
  std::thread other;
  const auto decide = [&] {
    other = std::thread([&] {
      ObjectEdit edit = edit_of(object, ObjectEditKind::kSetBox);
      edit.box_xywh_px = {5, 5, 6, 6};
      store::apply_object_edits(theirs, std::vector<ObjectEdit>{edit}, "other", "");
    });
    // Long enough for it to have come first, did it not wait for the lock.
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    const std::optional<store::ObjectState> now = store::read_object(project.store, object);
    REQUIRE(now.has_value());
    CHECK(now->box_xywh_px != std::array<double, 4>{5, 5, 6, 6});
    ObjectEdit edit = edit_of(object, ObjectEditKind::kRestore);
    edit.state = *now;
    edit.state.crowd = !now->crowd;
    return store::EditsOfBoth{{}, {edit}};
  };
  const bool before = store::read_object(project.store, object)->crowd;
  store::apply_edits_and_objects(project.store, decide, "me", "why");
  other.join();
  const std::optional<store::ObjectState> after = store::read_object(project.store, object);
  CHECK(after->crowd == !before);
  CHECK(after->box_xywh_px == std::array<double, 4>{5, 5, 6, 6});
  project.check_sound();
}

TEST_CASE("the log of one sample is that of all, less what is of others, found by an index") {
  ObjectProject project;
  ObjectEdit move = edit_of(1, ObjectEditKind::kSetBox);
  move.box_xywh_px = {-12'345.678, 0.004, 20'000, 4'000'000};
  project.apply({move, edit_of(2, ObjectEditKind::kKeep)});
  store::apply_edits(project.store,
                     std::vector<store::Edit>{make_edit(3, store::EditKind::kTag, "odd"),
                                              make_edit(1, store::EditKind::kExclude)},
                     "you", "");
  project.apply({edit_of(1, ObjectEditKind::kDelete)});
  store::undo(project.store, "me");
  const std::vector<store::LogEntry> all = store::read_log(project.store, {});
  for (SampleId sample = 1; sample <= 4; ++sample) {
    store::LogFilter filter;
    filter.sample = sample;
    std::vector<int64_t> wanted;
    for (const store::LogEntry& entry : all) {
      if (entry.sample == sample) wanted.push_back(entry.event);
    }
    std::vector<int64_t> found;
    for (const store::LogEntry& entry : store::read_log(project.store, filter)) {
      CHECK(entry.sample == sample);
      if (entry.what != "import") found.push_back(entry.event);
    }
    CHECK(found == wanted);
  }
  store::LogFilter filter;
  filter.sample = 3;
  filter.who = "me";
  filter.standing_only = true;
  const std::vector<store::LogEntry> mine = store::read_log(project.store, filter);
  REQUIRE(mine.size() == 2);  // the box and the import
  CHECK(mine[0].to == std::vector<std::string>{"class 0 at -12345.68, 0, 20000 x 4000000"});
  filter.batch = mine[0].batch;
  CHECK(store::read_log(project.store, filter).size() == 1);
  // No plan reads the log from one end to the other.
  const auto rows =
      store::query_sql(project.store,
                       "EXPLAIN QUERY PLAN SELECT id FROM event WHERE object_id IS NOT NULL AND "
                       "json_extract(coalesce(value_to, value_from), '$.sample') = 3");
  CHECK(store::display(rows.rows.at(0).back()).find("event_by_sample_of_object") !=
        std::string::npos);
}
