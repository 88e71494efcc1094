#include "jobs/judged_objects.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "jobs/detection_metrics_job.h"
#include "jobs/find_boxes_job.h"
#include "jobs/prediction_warnings.h"
#include "model/shape.h"
#include "store/doctor.h"
#include "store/edits.h"
#include "store/object_scores.h"
#include "store/objects.h"
#include "store/runs.h"
#include "store/snapshot_loader.h"
#include "tests/analysis/detection_cases.h"
#include "tests/jobs/job_parts.h"
#include "tests/store/store_kit.h"
#include "tests/support/temp_dir.h"

namespace errata::jobs {

namespace {

using test::DetectionCase;

// Outlines of a case's objects and detections, and the size of every image.
struct Outlines {
  std::vector<Shape> objects;
  std::vector<Shape> detections;
  int32_t height = 0;
  int32_t width = 0;
};

// A store with the objects of a case and a run of its detections.
struct Project : JobParts {
  explicit Project(const DetectionCase& each, Outlines with = {})
      : JobParts(2), outlines(std::move(with)) {
    store::Store opened = store::Store::create(path);
    import(opened, each);
    write_run(opened, each);
  }

  void import(store::Store& opened, const DetectionCase& each) {
    store::ImportOptions options;
    options.source_name = "boxes";
    store::ImportWriter writer(opened, options);
    writer.begin({"coco", "/data", test::make_classes(each.classes), true});
    auto records = test::make_records(static_cast<int64_t>(each.images), each.classes);
    for (SampleRecord& record : records) {
      record.labels.clear();
      if (outlines.width == 0) continue;
      record.width_px = outlines.width;
      record.height_px = outlines.height;
    }
    writer.samples(std::move(records));
    std::vector<ObjectRecord> objects(each.area.size());
    for (size_t g = 0; g < objects.size(); ++g) {
      objects[g].sample = static_cast<uint32_t>(each.objects.image[g]);
      objects[g].class_index = each.objects.class_index[g];
      objects[g].box_xywh_px = box_of(each.objects, g);
      objects[g].area_px = each.area[g];
      objects[g].crowd = each.crowd[g] != 0;
      if (!outlines.objects.empty()) objects[g].shape = encode_shape(outlines.objects[g]);
    }
    const size_t seen = each.images + objects.size();
    writer.objects(std::move(objects));
    writer.end(seen);
    writer.finish(IssueLog());
  }

  void write_run(store::Store& opened, const DetectionCase& each) {
    const Snapshot snapshot = store::load_snapshot(opened);
    store::RunSpec spec;
    spec.name = "det";
    spec.kind = "detections";
    spec.classes = test::make_classes(each.classes);
    std::vector<uint32_t> counts;
    std::vector<ClassIndex> classes;
    std::vector<std::array<double, 4>> boxes;
    std::vector<double> confidence;
    std::vector<std::string> shapes;
    for (size_t image = 0; image < each.images; ++image) {
      counts.push_back(0);
      for (size_t d = 0; d < each.score.size(); ++d) {
        if (each.detections.image[d] != static_cast<int32_t>(image)) continue;
        ++counts.back();
        classes.push_back(each.detections.class_index[d]);
        boxes.push_back(box_of(each.detections, d));
        confidence.push_back(each.score[d]);
        if (!outlines.detections.empty()) shapes.push_back(encode_shape(outlines.detections[d]));
      }
    }
    store::RunWriter writer(opened, spec, snapshot.ids, store::OnExistingRun::kRefuse);
    store::RunRows rows;
    rows.detection_counts = counts;
    rows.detections = {classes, boxes, confidence, shapes};
    writer.write(0, rows);
    writer.finish();
  }

  static std::array<double, 4> box_of(const test::BoxTable& boxes, size_t i) {
    return {boxes.x[i], boxes.y[i], boxes.width[i], boxes.height[i]};
  }

  JudgedObjects judge(double confidence, double overlap = 0.5) {
    JudgeOptions options;
    options.store_path = path;
    options.confidence = confidence;
    options.overlap = overlap;
    JobContext context = job();
    return judge_objects(options, context);
  }
  RankObjectsReport rank(const std::string& by, const std::string& where) {
    RankObjectsOptions options;
    options.judge.store_path = path;
    options.by = by;
    options.where = where;
    options.limit = 0;
    JobContext context = job();
    return rank_objects(options, context);
  }

  Outlines outlines;
  test::TempDir dir;
  std::string path = dir / "s.db";
};

constexpr analysis::Box kBox{10, 10, 40, 40};

// One of each: true, duplicate, class, localisation, both, background, missed.
DetectionCase errors_case() {
  DetectionCase each;
  each.images = 2;
  each.classes = 2;
  each.object(0, 0, kBox);
  each.object(0, 0, {200, 200, 40, 40});
  each.object(0, 1, {300, 200, 40, 40});
  each.object(1, 1, kBox);
  each.detection(0, 0, kBox, 0.9);
  each.detection(0, 0, {12, 10, 40, 40}, 0.8);
  each.detection(0, 1, {200, 200, 40, 40}, 0.7);
  each.detection(0, 1, {320, 200, 40, 40}, 0.6);
  each.detection(0, 1, {30, 10, 40, 40}, 0.5);
  each.detection(0, 1, {400, 400, 40, 40}, 0.4);
  each.detection(1, 1, kBox, 0.2);
  return each;
}

std::vector<std::string> errors_of(const JudgedObjects& judged) {
  std::vector<std::string> names;
  for (size_t row = 0; row < judged.objects.rows(); ++row) {
    names.push_back(judged.objects.table.find("error")->display(static_cast<RowIndex>(row)));
  }
  return names;
}

}  // namespace

TEST_CASE("measured through the store, the numbers are pycocotools' and tidecv's") {
  const text::Json& reference = test::detection_references().at(size_t{0});
  Project project(test::detection_case(reference));
  DetectionMetricsOptions options;
  options.store_path = project.path;
  JobContext context = project.job();
  const DetectionMetricsReport report = measure_detections(options, context);
  const std::vector<double> stats = test::doubles(reference.at("coco").at(size_t{0}).at("stats"));
  CHECK(test::largest_difference({report.summary.begin(), report.summary.end()}, stats) < 1e-12);
  CHECK(report.tide.average_precision ==
        doctest::Approx(reference.at("tide").at("ap").as_double()));
  CHECK(report.intervals.summary[0].low < report.summary[0]);
  CHECK(report.intervals.summary[0].high > report.summary[0]);
  CHECK(is_detection_run(project.path, ""));
  options.masks = true;
  CHECK_THROWS_WITH_AS(measure_detections(options, context), doctest::Contains("no outlines"),
                       Error);
}

TEST_CASE("a detector whose classes stand in another order is told by metrics and find boxes") {
  for (const bool turned : {false, true}) {
    DetectionCase each;
    each.images = 10;
    each.classes = 3;
    for (int image = 0; image < 10; ++image) {
      for (int k = 0; k < 3; ++k) {
        const analysis::Box box{20.0 + 100 * k, 20, 50, 50};
        each.object(image, k, box);
        each.detection(image, turned ? (k + 1) % 3 : k, box, 0.9);
      }
    }
    Project project(each);
    JobContext context = project.job();
    DetectionMetricsOptions options;
    options.store_path = project.path;
    options.resamples = 0;
    const auto told = [](const std::vector<std::string>& warnings) {
      return std::any_of(warnings.begin(), warnings.end(), [](const std::string& warning) {
        return warning.find("another order") != std::string::npos;
      });
    };
    CHECK(told(measure_detections(options, context).warnings) == turned);
    CHECK(told(project.judge(0.25).warnings) == turned);
  }
}

TEST_CASE("images that a run has no detection of are told, a split of them by a filter") {
  Table samples(6);
  const auto splits = std::make_shared<Dictionary>();
  splits->add("test");
  splits->add("train");
  samples.add(make_category_column("split", {0, 0, 0, 1, 1, 0}, splits));
  DetectionInput input;
  input.images = 6;
  input.samples = {0, 1, 2, 3, 4, 5};
  input.objects.image = {0, 1, 1, 2, 3, 4, 5};
  CHECK(unseen_images_warning(input, samples).empty());  // no detections at all
  input.detections.rows = {7, 8, 9};
  input.detections.image = {0, 1, 2};
  const std::string told = unseen_images_warning(input, samples);
  CHECK(told.find("3 of 6 images with labels") != std::string::npos);
  CHECK(told.find("split != 'train'") != std::string::npos);
  CHECK(told.find("'test'") == std::string::npos);
  input.detections.image = {0, 3, 4};
  const std::string scattered = unseen_images_warning(input, samples);
  CHECK(scattered.find("3 of 6 images") != std::string::npos);
  CHECK(scattered.find("split") == std::string::npos);
  input.objects.image = {0, 3, 4};  // the others are without a label: nothing is missed there
  CHECK(unseen_images_warning(input, samples).empty());
  input.objects.image = {0, 1, 2, 3, 4, 5};
  input.detections.rows = {1, 2, 3, 4, 5, 6};
  input.detections.image = {0, 1, 2, 3, 4, 5};
  CHECK(unseen_images_warning(input, samples).empty());
}

TEST_CASE("outlines measured through the store give pycocotools' numbers of masks") {
  const text::Json json =
      text::read_json_file(test::source_dir() + "/tests/analysis/data/masks.json");
  for (const text::Json& set : json.at("sets").as_array()) {
    Outlines outlines;
    outlines.height = static_cast<int32_t>(set.at("size").at(size_t{0}).as_int());
    outlines.width = static_cast<int32_t>(set.at("size").at(1).as_int());
    DetectionCase each;
    each.images = static_cast<size_t>(set.at("images").as_int());
    each.classes = static_cast<size_t>(set.at("classes").as_int());
    for (const text::Json& object : set.at("objects").as_array()) {
      Shape shape;
      for (const text::Json& ring : object.at("rings").as_array()) {
        shape.polygons.push_back(test::doubles(ring));
      }
      const ShapeBounds box = bounds_of(shape);
      each.object(static_cast<int32_t>(object.at("image").as_int()),
                  static_cast<ClassIndex>(object.at("class").as_int()),
                  {box.x, box.y, box.width, box.height}, object.at("crowd").as_int() != 0);
      each.area.back() = object.at("area").as_double();
      outlines.objects.push_back(std::move(shape));
    }
    for (const text::Json& found : set.at("detections").as_array()) {
      Shape shape;
      shape.mask = {outlines.height, outlines.width, {}};
      REQUIRE(rle_from_string(found.at("text").as_string(), shape.mask));
      const ShapeBounds box = bounds_of(shape);
      each.detection(static_cast<int32_t>(found.at("image").as_int()),
                     static_cast<ClassIndex>(found.at("class").as_int()),
                     {box.x, box.y, box.width, box.height}, found.at("score").as_double());
      outlines.detections.push_back(std::move(shape));
    }
    Project project(each, outlines);
    DetectionMetricsOptions options;
    options.store_path = project.path;
    options.masks = true;
    options.resamples = 0;
    JobContext context = project.job();
    const DetectionMetricsReport report = measure_detections(options, context);
    CHECK(test::largest_difference({report.summary.begin(), report.summary.end()},
                                   test::doubles(set.at("stats"))) < 1e-12);
    options.masks = false;
    CHECK(measure_detections(options, context).summary != report.summary);
  }
}

TEST_CASE("each error is named with what it was compared with, for the thresholds asked for") {
  Project project(errors_case());
  const JudgedObjects judged = project.judge(0.25);
  CHECK(errors_of(judged) == std::vector<std::string>{"true", "class", "localisation", "true",
                                                      "duplicate", "class", "localisation", "both",
                                                      "background", "missed", ""});
  const Table& table = judged.objects.table;
  CHECK(table.find("match")->ints[1] == 5);
  CHECK(table.find("match")->ints[5] == 1);
  CHECK(table.find("iou")->doubles[2] == doctest::Approx(1.0 / 3));
  CHECK(table.find("match")->is_null(9));
  CHECK(judged.confidence == doctest::Approx(0.25));
  // A lower slider lets the last one find its object; a lower overlap mends the place.
  const JudgedObjects lower = project.judge(0.1, 0.3);
  CHECK(errors_of(lower)[10] == "true");
  CHECK(errors_of(lower)[9] == "true");
  CHECK(errors_of(lower)[6] == "true");
  CHECK_THROWS_AS(project.judge(2), Error);
}

TEST_CASE("what was found is stored under its thresholds and serves as long as it holds") {
  DetectionCase each = errors_case();
  each.object(2, 0, kBox);  // of an image without a detection, which is told
  each.images = 3;
  Project project(each);
  const auto find = [&](double confidence, double overlap, const std::string& samples = "") {
    FindBoxesOptions options;
    options.judge = {project.path, "", samples, confidence, overlap};
    JobContext context = project.job();
    return find_boxes(options, context).judged.stored_at;
  };
  const auto texts = [](const JudgedObjects& judged) {
    std::map<std::string, std::vector<std::string>> columns;
    for (const auto& column : judged.objects.table.columns()) {
      for (size_t row = 0; row < column->rows; ++row) {
        columns[column->name].push_back(column->display(static_cast<RowIndex>(row)));
      }
    }
    return columns;
  };
  const auto sets = [&] {
    store::Store store = store::Store::open(project.path, store::Access::kRead);
    return store::list_object_scores(store);
  };
  const JudgedObjects fresh = project.judge(0.25);
  const JudgedObjects lower = project.judge(0.1, 0.3);
  CHECK(fresh.stored_at.empty());
  CHECK(sets().empty());  // only find boxes stores
  CHECK(find(0.25, 0.5, "path != 'no such'").empty());
  CHECK(sets().empty());  // nothing of a part of the samples
  CHECK(find(0.25, 0.5).empty());
  CHECK(!find(0.25, 0.5).empty());
  CHECK(find(0.1, 0.3).empty());
  // Each pair of thresholds has its own errors, and all columns are those of a fresh matching.
  REQUIRE(sets().size() == 2);
  CHECK(!project.judge(0.25).stored_at.empty());
  CHECK(texts(project.judge(0.25)) == texts(fresh));
  CHECK(texts(project.judge(0.1, 0.3)) == texts(lower));
  CHECK(texts(lower) != texts(fresh));
  CHECK(project.judge(0.25, 0.3).stored_at.empty());
  const JudgedObjects again = project.judge(0.25);
  REQUIRE(again.warnings.size() == 1);
  CHECK(again.warnings[0].find("1 of 3 images") != std::string::npos);
  CHECK(again.warnings == fresh.warnings);
  CHECK(again.objects.table.find("suggested")->dictionary ==
        again.objects.table.find("label")->dictionary);

  // A changed label: told, and matched again; taken back, the set serves again. A mark that no
  // score depends on changes nothing.
  {
    store::Store store = store::Store::open(project.path, store::Access::kWrite);
    const ObjectId object = fresh.objects.table.find("object_id")->ints[1];
    const auto edit = [&](store::ObjectEditKind kind, ClassId to) {
      store::ObjectEdit one{.kind = kind, .object = object};
      one.class_id = to;
      store::apply_object_edits(store, std::span(&one, 1), "ann", "");
    };
    edit(store::ObjectEditKind::kKeep, 0);
    CHECK(sets()[1].holds);
    CHECK(!project.judge(0.25).stored_at.empty());
    const ClassId other = store::read_object(store, object)->class_id == 1 ? 2 : 1;
    edit(store::ObjectEditKind::kSetClass, other);
    CHECK(!sets()[1].holds);
    const JudgedObjects edited = project.judge(0.25);
    CHECK(edited.stored_at.empty());
    CHECK(errors_of(edited) != errors_of(fresh));
    store::undo(store, "ann");
    CHECK(!project.judge(0.25).stored_at.empty());
  }

  // No more than so many, the oldest goes; a run takes its own with it.
  for (int i = 1; i <= store::kMostObjectScoreSets; ++i) CHECK(find(0.05 * i, 0.7).empty());
  CHECK(sets().size() == static_cast<size_t>(store::kMostObjectScoreSets));
  CHECK(project.judge(0.25).stored_at.empty());
  store::Store store = store::Store::open(project.path, store::Access::kWrite);
  store::delete_run(store, "det");
  CHECK(sets().empty());
  Progress progress;
  const CancelToken cancel;
  CHECK(store::check_store(store, {store::DoctorLevel::kStore}, serial_for, progress, cancel)
            .empty());
}

TEST_CASE("objects are filtered and ranked by what matching says, the worst end first") {
  Project project(errors_case());
  const RankObjectsReport found =
      project.rank("iou", "error = 'localisation' and iou between 0.3 and 0.5 and area_px < 2000");
  CHECK(found.rows == std::vector<RowIndex>{2, 6});
  const RankObjectsReport low = project.rank("objectlab-swap", "kind = 'given'");
  CHECK(low.worst == Worst::kLow);
  CHECK(low.ranked == 4);
  CHECK_THROWS_WITH_AS(project.rank("label_dout", ""), doctest::Contains("label_dout"), Error);
  CHECK_THROWS_AS(project.rank("iou", "errror = 'true'"), Error);
}

TEST_CASE("planted errors come first in the queue, each copy once, with a verdict") {
  DetectionCase each;
  each.images = 40;
  each.classes = 2;
  for (int image = 0; image < 40; ++image) {
    for (int cell = 0; cell < 4; ++cell) {
      const analysis::Box box{20.0 + 100 * cell, 20, 50, 50};
      each.object(image, cell % 2, box);
      each.detection(image, cell % 2, {box.x + image % 3, box.y + image % 2, box.width, box.height},
                     0.8 + 0.004 * image);
    }
    each.detection(image, 0, {20, 200, 30, 30}, 0.02 + 0.001 * image);
  }
  each.objects.class_index[7] = 1 - each.objects.class_index[7];
  each.object(30, 1, {121, 22, 49, 50});
  each.detection(20, 1, {300, 300, 50, 50}, 0.95);
  Project project(each);
  FindBoxesOptions options;
  options.judge.store_path = project.path;
  JobContext context = project.job();
  const FindBoxesReport report = find_boxes(options, context);
  REQUIRE(report.queue.size() >= 3);
  CHECK(report.doubts[0] >= 1);
  CHECK(report.verdicts[0] >= 3);
  const Table& table = report.judged.objects.table;
  std::vector<std::string> first;
  for (size_t i = 0; i < 3; ++i) {
    first.push_back(table.find("doubt")->display(report.queue[i]));
    CHECK(table.find("verdict")->display(report.queue[i]) == "label");
    const bool missing = first.back() == "missing";
    CHECK(table.find("evidence")->is_null(report.queue[i]) == missing);
    if (first.back() != "class") continue;
    CHECK(table.find("suggested")->display(report.queue[i]) !=
          table.find("label")->display(report.queue[i]));
    // The detection's class error is the label's too.
    const auto detection = static_cast<RowIndex>(table.find("evidence")->ints[report.queue[i]]);
    CHECK(table.find("error")->display(detection) == "class");
    CHECK(table.find("verdict")->display(detection) == "label");
  }
  std::sort(first.begin(), first.end());
  CHECK(first == std::vector<std::string>{"class", "copy", "missing"});
  CHECK(report.doubts[3] == 1);
}

TEST_CASE("images are listed with their errors, the one that costs most first") {
  Project project(errors_case());
  FindBoxesOptions options;
  options.judge.store_path = project.path;
  options.images = true;
  JobContext context = project.job();
  const FindBoxesReport report = find_boxes(options, context);
  REQUIRE(report.images.size() == 2);
  CHECK(report.images[0].sample == 0);
  CHECK(report.images[0].ap_part < report.images[1].ap_part);
  CHECK(report.images[0].errors == std::array<size_t, 7>{1, 1, 1, 1, 1, 1, 0});
  CHECK(report.images[1].errors == std::array<size_t, 7>{0, 0, 0, 0, 0, 0, 1});
  CHECK(report.images[0].objects == 3);
  CHECK(report.images[0].detections == 6);
}

TEST_CASE("a store without detections or boxes says what makes them") {
  DetectionCase only;
  only.images = 1;
  only.classes = 1;
  only.detection(0, 0, kBox, 0.9);
  Project bare(only);
  CHECK_THROWS_WITH_AS(bare.judge(0.25), doctest::Contains("no annotated objects"), Error);
  test::TempDir dir;
  store::Store::create(dir / "e.db");
  JudgeOptions options;
  options.store_path = dir / "e.db";
  JobContext context = bare.job();
  CHECK_THROWS_WITH_AS(judge_objects(options, context), doctest::Contains("no detections"), Error);
  CHECK(!is_detection_run(options.store_path, ""));
}

}  // namespace errata::jobs
