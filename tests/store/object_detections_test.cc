// Detections of runs in a store with objects, and what people decide about them.
#include <doctest/doctest.h>

#include "base/error.h"
#include "store/history.h"
#include "store/sql.h"
#include "tests/store/object_kit.h"

using namespace errata;
using namespace errata::test;
using store::ObjectEdit;
using store::ObjectEditKind;

namespace {

// Run "det": two boxes on sample 1, of either class.
void write_detections(store::Store& store) {
  store::RunSpec spec;
  spec.name = "det";
  spec.kind = "detections";
  spec.classes = ClassMap({"class 1", "another"});
  const std::vector<uint32_t> counts{2, 0};
  const std::vector<ClassIndex> classes{1, 0};
  const std::vector<std::array<double, 4>> boxes{{1, 1, 2, 2}, {3, 3, 4, 4}};
  const std::vector<double> confidence{0.9, 0.5};
  store::RunRows rows;
  rows.detection_counts = counts;
  rows.detections = {classes, boxes, confidence, {}};
  store::RunWriter writer(store, spec, {1, 2}, store::OnExistingRun::kRefuse);
  writer.write(0, rows);
  writer.finish();
}

// A decision about detection `row` of the table.
ObjectEdit decision_of(const ObjectTable& objects, const Snapshot& snapshot, size_t row,
                       ObjectEditKind kind) {
  const Table& table = objects.table;
  ObjectEdit edit = edit_of(table.find("object_id")->ints[row], kind);
  edit.sample = snapshot.ids[static_cast<size_t>(table.find("sample")->ints[row])];
  const auto label = static_cast<size_t>(table.find("label")->codes[row]);
  edit.class_id = label < snapshot.class_ids.size() ? snapshot.class_ids[label] : 0;
  edit.box_xywh_px = {table.find("x")->doubles[row], table.find("y")->doubles[row],
                      table.find("width")->doubles[row], table.find("height")->doubles[row]};
  return edit;
}

// Run `name`: one detection of "class 1" in sample 1.
void write_one_detection(store::Store& store, const std::string& name, std::array<double, 4> box,
                         const std::string& class_name) {
  store::RunSpec spec;
  spec.name = name;
  spec.kind = "detections";
  spec.classes = ClassMap({class_name});
  const std::vector<uint32_t> counts{1};
  const std::vector<ClassIndex> classes{0};
  const std::vector<std::array<double, 4>> boxes{box};
  const std::vector<double> confidence{0.9};
  store::RunRows rows;
  rows.detection_counts = counts;
  rows.detections = {classes, boxes, confidence, {}};
  store::RunWriter writer(store, spec, {1}, store::OnExistingRun::kRefuse);
  writer.write(0, rows);
  writer.finish();
}

}  // namespace

TEST_CASE("detections of a run stand behind the annotations of their image, and resume") {
  ObjectProject project;
  store::RunSpec spec;
  spec.name = "det";
  spec.kind = "detections";
  spec.classes = ClassMap({"class 1", "a class the project lacks"});
  const std::vector<ClassIndex> classes{1, 0, 0};
  const std::vector<std::array<double, 4>> boxes{{1, 1, 2, 2}, {3, 3, 4, 4}, {5, 5, 6, 6}};
  const std::vector<double> confidence{0.9, 0.125, 0.5};
  const auto rows_of = [&](const std::vector<uint32_t>& counts, size_t first, size_t n) {
    store::RunRows rows;
    rows.detection_counts = counts;
    rows.detections = {std::span(classes).subspan(first, n),
                       std::span(boxes).subspan(first, n),
                       std::span(confidence).subspan(first, n),
                       {}};
    return rows;
  };
  const std::vector<uint32_t> first{2, 0};
  const std::vector<uint32_t> second{1, 0};
  {
    store::RunWriter writer(project.store, spec, {3, 1, 2, 4}, store::OnExistingRun::kRefuse);
    writer.write(0, rows_of(first, 0, 2));
    writer.flush();
  }
  store::RunWriter writer(project.store, spec, {3, 1, 2, 4}, store::OnExistingRun::kResume);
  REQUIRE(writer.rows_done() == 2);
  writer.write(2, rows_of(second, 2, 1));
  CHECK(writer.finish().predicted == 4);
  project.snapshot = store::load_snapshot(project.store);
  CHECK(project.snapshot.samples.active_run == "det");
  const ObjectTable objects = project.load();
  CHECK(objects.run == "det");
  REQUIRE(objects.rows() == 7);
  CHECK(objects.offsets == std::vector<uint64_t>{0, 1, 3, 7, 7});
  CHECK(objects.given_end == std::vector<uint64_t>{1, 2, 5, 7});
  CHECK(objects.table.find("kind")->text(5) == "predicted");
  CHECK(objects.table.find("label")->text(5) == "a class the project lacks");
  CHECK(objects.table.find("label")->text(6) == "class 1");
  CHECK(objects.table.find("confidence")->doubles[6] == 0.125);
  CHECK(objects.table.find("source_id")->is_null(6));
  CHECK(objects.table.find("review")->is_null(6));
  store::ObjectOptions options;
  options.confidence_floor = 0.2;
  options.given = false;
  const ObjectTable sure = store::load_objects(project.store, project.snapshot, options);
  CHECK(sure.rows() == 2);
  CHECK(sure.below_floor == 1);
  options.most_bytes = 10;
  CHECK_THROWS_AS(store::load_objects(project.store, project.snapshot, options), Error);
  project.check_sound();
}

TEST_CASE("the doctor sees detections that are gone, and counts that do not fit them") {
  ObjectProject project;
  write_detections(project.store);
  project.check_sound();
  project.store.close();
  const auto drop = [](const std::string& stream) {
    return "DELETE FROM chunk WHERE id / 16777216 IN (SELECT id FROM stream WHERE name = '" +
           stream + "')";
  };
  CHECK(project.damage("UPDATE run SET detections = 3") ==
        std::vector<std::string>{"run-rows: it has 2 detections and says 3, its rows 2"});
  CHECK(project.damage(drop("det.sample")) ==
        std::vector<std::string>{"run-rows: it has 0 detections and says 2, its rows 2"});
  CHECK(project.damage(drop("det.box")) ==
        std::vector<std::string>{"run-rows: column det.box of objects has a wrong length"});
  CHECK(project.damage("DELETE FROM run_class WHERE position = 1") ==
        std::vector<std::string>{"run-rows: a detection is of no class of the model"});
}

TEST_CASE("objects() takes runs of detections only, predictions() the others") {
  ObjectProject project;
  write_detections(project.store);
  make_run(project.store, "classifier", {1, 2}, 3, 1);
  const auto error_of = [&](const std::string& sql) -> std::string {
    try {
      store::query_sql(project.store, sql);
    } catch (const Error& error) {
      CHECK(error.category() == ErrorCategory::kUsage);
      return error.what();
    }
    return "";
  };
  CHECK(error_of("SELECT * FROM objects('classifier')").find("not one of detections") !=
        std::string::npos);
  CHECK(error_of("SELECT * FROM predictions('det')").find("objects('det')") != std::string::npos);
  CHECK(error_of("SELECT * FROM objects('det')").empty());
  CHECK(error_of("SELECT * FROM objects").empty());
  CHECK(error_of("SELECT * FROM predictions('classifier')").empty());
}

TEST_CASE("what is decided about a detection without a label holds for its place, and is undone") {
  ObjectProject project;
  write_detections(project.store);
  project.snapshot = store::load_snapshot(project.store);
  ObjectTable objects = project.load(true);
  // In sample 1 "another", then "class 1" at 3, 3, 4 x 4.
  const size_t first = objects.given_end[0];
  REQUIRE(objects.table.find("label")->text(static_cast<RowIndex>(first + 1)) == "class 1");
  const auto reviews = [&](const ObjectTable& table) {
    return table.table.find("review")->display(static_cast<RowIndex>(first)) + "|" +
           table.table.find("review")->display(static_cast<RowIndex>(first + 1));
  };
  const int64_t revision = store::object_revision(project.store);
  store::AppliedBatch batch = project.apply(
      {decision_of(objects, project.snapshot, first + 1, ObjectEditKind::kDetectionKeep)});
  CHECK(batch.batch != 0);
  CHECK(batch.objects.empty());
  CHECK(reviews(project.load()) == "|kept");
  REQUIRE(store::apply_to_objects(objects, project.snapshot, batch));
  CHECK(table_text(objects) == table_text(project.load()));
  // No annotation is another for it.
  CHECK(store::object_revision(project.store) == revision);
  CHECK(store::undo_state(project.store).undo_text == "1 detection kept");
  const store::LogEntry entry = store::read_log(project.store, {}).front();
  CHECK(entry.what == "detection-keep");
  CHECK(entry.sample == 1);
  CHECK(entry.to == std::vector<std::string>{"class 1 at 3, 3, 4 x 4"});
  project.check_sound();

  // Another decision at the place takes its place; that of a class the project lacks is another's.
  project.apply(
      {decision_of(objects, project.snapshot, first, ObjectEditKind::kDetectionAmbiguous),
       decision_of(objects, project.snapshot, first + 1, ObjectEditKind::kDetectionAmbiguous)});
  CHECK(reviews(project.load()) == "ambiguous|ambiguous");
  batch = store::undo(project.store, "me");
  CHECK(reviews(project.load()) == "|kept");
  objects = project.load(true);
  CHECK(project
            .apply(
                {decision_of(objects, project.snapshot, first + 1, ObjectEditKind::kDetectionKeep)})
            .batch == 0);

  // The run goes, another sees something there; what is elsewhere or of another class is not meant.
  store::delete_run(project.store, "det");
  const auto review_in = [&](const std::string& name, std::array<double, 4> box,
                             const std::string& class_name) {
    write_one_detection(project.store, name, box, class_name);
    project.snapshot = store::load_snapshot(project.store);
    REQUIRE(project.snapshot.samples.active_run == name);
    const ObjectTable table = project.load();
    return table.table.find("review")->display(static_cast<RowIndex>(first));
  };
  CHECK(review_in("near", {3, 3, 4, 5}, "class 1") == "kept");
  CHECK(review_in("half", {3, 3, 4, 2}, "class 1") == "kept");
  CHECK(review_in("apart", {3, 3, 4, 1.75}, "class 1").empty());
  CHECK(review_in("other class", {3, 3, 4, 4}, "class 2").empty());
  CHECK(review_in("unknown class", {3, 3, 4, 4}, "a class the project lacks").empty());
  CHECK(review_in("again", {3, 3, 4, 4}, "class 1") == "kept");
  // Taken back by way of a detection of another run.
  objects = project.load();
  batch = project.apply(
      {decision_of(objects, project.snapshot, first, ObjectEditKind::kDetectionUnreview)});
  CHECK(batch.reviewed_detections.size() == 1);
  CHECK(project.load().table.find("review")->is_null(static_cast<RowIndex>(first)));
  store::undo(project.store, "me");
  CHECK(project.load().table.find("review")->display(static_cast<RowIndex>(first)) == "kept");
  project.check_sound();
  store::undo(project.store, "me");
  CHECK(project.load().table.find("review")->is_null(static_cast<RowIndex>(first)));
  CHECK_THROWS_AS(project.apply({edit_of(0, ObjectEditKind::kDetectionKeep)}), Error);
  project.check_sound();
}

TEST_CASE("the doctor sees a decision about a detection that another program changed") {
  ObjectProject project;
  write_detections(project.store);
  project.snapshot = store::load_snapshot(project.store);
  const ObjectTable objects = project.load();
  project.apply({decision_of(objects, project.snapshot, objects.given_end[0],
                             ObjectEditKind::kDetectionKeep)});
  project.check_sound();
  project.store.close();
  for (const char* sql :
       {"UPDATE detection_review SET width = 5", "DELETE FROM detection_review"}) {
    const std::vector<std::string> found = project.damage(sql);
    REQUIRE(found.size() == 1);
    CHECK(found[0].starts_with("object-rows: "));
  }
}
