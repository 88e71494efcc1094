// What pycocotools measures on an export is what Errata shows of the store it came from.
#include <doctest/doctest.h>

#include <cmath>
#include <cstdlib>

#include "base/files.h"
#include "base/hash.h"
#include "base/random.h"
#include "jobs/detection_metrics_job.h"
#include "jobs/export_job.h"
#include "jobs/import_job.h"
#include "jobs/predictions_job.h"
#include "store/classes.h"
#include "store/object_texts.h"
#include "store/objects.h"
#include "store/sample_files.h"
#include "tests/jobs/job_parts.h"
#include "tests/support/synthetic_dataset.h"
#include "tests/support/temp_dir.h"
#include "text/json.h"

namespace errata::jobs {

namespace {

using test::TempDir;
using text::Json;

constexpr int kImages = 30;
constexpr int kObjects = 300;

Json box_json(const std::array<double, 4>& box) {
  Json json = Json::array();
  for (const double value : box) json.push_back(value);
  return json;
}

struct Fixture : JobParts {
  Fixture() : JobParts(1) {
    draw();
    ImportJobOptions import;
    import.store_path = store_path;
    import.input_path = dir / "set.json";
    import.images_root = dir / "images";
    JobContext job{progress, cancel, issues, workers};
    run_import(import, job);
    edit();
    PredictionsJobOptions predictions;
    predictions.store_path = store_path;
    predictions.input_path = dir / "detections.json";
    predictions.category_base = "dataset";
    attach_predictions(predictions, job);
  }

  // Boxes of all sizes, crowds, areas that are not width x height, category ids with gaps; most
  // found by a detector that errs a little, in class and place.
  void draw() {
    Rng rng(20);
    Json images = Json::array();
    for (int i = 0; i < kImages; ++i) {
      const std::string name = std::to_string(i) + ".png";
      const std::vector<uint8_t> pixels(size_t{320} * 240, static_cast<uint8_t>(i));
      dir.write("images/" + name, test::encode_png(320, 240, 1, pixels));
      images.push_back(Json::object({{"id", 3 * i + 5}, {"file_name", name}}));
    }
    Json objects = Json::array();
    Json detections = Json::array();
    for (int i = 0; i < kObjects; ++i) {
      const int image = 3 * static_cast<int>(rng.below(kImages)) + 5;
      const int category = 2 * static_cast<int>(rng.below(3)) + 7;
      const double size = std::pow(2.0, static_cast<double>(rng.below(6))) * 4;
      const std::array<double, 4> box{rng.below(1600) / 10.0, rng.below(1000) / 10.0,
                                      size + rng.below(90) / 7.0, size + rng.below(90) / 9.0};
      const double area = box[2] * box[3] * (rng.below(2) == 0 ? 1.0 : 0.5);
      objects.push_back(Json::object({{"id", i + 1},
                                      {"image_id", image},
                                      {"category_id", category},
                                      {"bbox", box_json(box)},
                                      {"area", area},
                                      {"iscrowd", rng.below(20) == 0 ? 1 : 0}}));
      for (uint64_t k = rng.below(3); k > 0; --k) {
        std::array<double, 4> found = box;
        for (double& value : found) value += size * (static_cast<double>(rng.below(21)) - 10) / 80;
        detections.push_back(Json::object({{"image_id", image},
                                           {"category_id", rng.below(6) == 0 ? 7 : category},
                                           {"bbox", box_json(found)},
                                           {"score", static_cast<double>(rng.below(50)) / 50}}));
      }
    }
    Json categories = Json::array();
    const char* const names[] = {"cat", "dog", "bird"};
    for (int k = 2; k >= 0; --k) {
      categories.push_back(Json::object({{"id", 2 * k + 7}, {"name", names[k]}}));
    }
    dir.write("set.json", Json::object({{"images", std::move(images)},
                                        {"annotations", std::move(objects)},
                                        {"categories", std::move(categories)}})
                              .dump());
    dir.write("detections.json", detections.dump());
  }

  void edit() {
    store::Store store = store::Store::open(store_path, store::Access::kWrite);
    const auto objects = store::read_object_texts(store, 0).objects;
    const ClassId cat = store::require_class(store, "cat");
    Rng rng(21);
    std::vector<store::ObjectEdit> edits;
    for (size_t i = 0; i < objects.size(); i += 5) {
      const auto& [x, y, width, height] = objects[i].box_xywh_px;
      store::ObjectEdit edit{.object = objects[i].id};
      switch (rng.below(4)) {
        case 0: edit.kind = store::ObjectEditKind::kDelete; break;
        case 1:
          edit.kind = store::ObjectEditKind::kSetClass;
          edit.class_id = cat;
          break;
        case 2:
          edit.kind = store::ObjectEditKind::kSetBox;
          edit.box_xywh_px = {x + 0.3, y, width / 1.7, height};
          break;
        default:
          edit.kind = store::ObjectEditKind::kAdd;
          edit.object = 0;
          edit.sample = objects[i].sample;
          edit.class_id = cat;
          edit.box_xywh_px = {x, y / 3, width, height};
      }
      edits.push_back(std::move(edit));
    }
    store::apply_object_edits(store, edits, "test", "");
    const std::vector<store::Edit> excluded{
        {store::all_sample_files(store)[4].id, store::EditKind::kExclude, {}, "", ""}};
    store::apply_edits(store, excluded, "test", "");
  }

  TempDir dir;
  std::string store_path = dir / "s.db";
};

}  // namespace

TEST_CASE("pycocotools measures on an edited export what Errata shows") {
  Fixture fixture;
  JobContext job{fixture.progress, fixture.cancel, fixture.issues, fixture.workers};
  ExportJobOptions options;
  options.store_path = fixture.store_path;
  options.format = "coco";
  options.target = fixture.dir / "out";
  const ExportJobReport exported = run_export(options, job);
  CHECK(exported.written.losses.empty());
  const std::string bytes = read_text_file(fixture.dir / "out/annotations/set.json");
  if (const char* folder = std::getenv("ERRATA_KEEP_EXPORT"); folder != nullptr) {
    make_directories(folder);
    write_file_atomic(join_path(folder, "export.json"), bytes);
    write_file_atomic(join_path(folder, "detections.json"),
                      read_text_file(fixture.dir / "detections.json"));
  }
  const std::string source(
      std::getenv("ERRATA_SOURCE_DIR") == nullptr ? "." : std::getenv("ERRATA_SOURCE_DIR"));
  const Json reference = text::read_json_file(source + "/tests/jobs/data/export_coco.json");
  CHECK(to_hex(sha256(bytes)) == reference.at("sha256").as_string());

  DetectionMetricsOptions metrics;
  metrics.store_path = fixture.store_path;
  metrics.resamples = 0;
  const DetectionMetricsReport report = measure_detections(metrics, job);
  CHECK(report.images == static_cast<size_t>(reference.at("images").as_int()));
  CHECK(report.objects == static_cast<size_t>(reference.at("annotations").as_int()));
  for (size_t i = 0; i < report.summary.size(); ++i) {
    CAPTURE(i);
    CHECK(std::abs(report.summary[i] - reference.at("stats").at(i).as_double()) < 1e-12);
  }
}

}  // namespace errata::jobs
