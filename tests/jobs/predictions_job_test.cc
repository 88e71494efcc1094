#include "jobs/predictions_job.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cmath>

#include "jobs/edit_job.h"
#include "jobs/import_job.h"
#include "jobs/loaded_state.h"
#include "jobs/rank_job.h"
#include "jobs/score_job.h"
#include "model/shape.h"
#include "store/dump.h"
#include "store/objects.h"
#include "store/snapshot_loader.h"
#include "tests/jobs/job_parts.h"
#include "tests/support/synthetic_dataset.h"
#include "tests/support/temp_dir.h"
#include "text/npy.h"

namespace errata::jobs {

namespace {

using test::SyntheticDataset;
using test::TempDir;

// A store with a synthetic dataset and its probabilities as a file.
struct Fixture : JobParts {
  Fixture() : JobParts(1) {
    dataset = test::make_synthetic_dataset(dir / "photos");
    ImportJobOptions import;
    import.store_path = store;
    import.input_path = dir / "photos";
    JobContext job{progress, cancel, issues, workers};
    run_import(import, job);
    std::string names;
    for (const test::SyntheticImage& image : dataset.good()) names += image.path + "\n";
    dir.write("probs_files.txt", names);
    probabilities = test::synthetic_probabilities(dataset);
    const uint64_t shape[] = {dataset.good().size(), 3};
    text::write_npy(dir / "probs.npy", probabilities, shape);
  }

  PredictionsJobOptions options_for(const std::string& file, const std::string& run) const {
    PredictionsJobOptions options;
    options.store_path = store;
    options.input_path = dir / file;
    options.run_name = run;
    return options;
  }

  PredictionsJobReport attach(const std::string& run, size_t memory_bytes) {
    PredictionsJobOptions options = options_for("probs.npy", run);
    options.memory_bytes = memory_bytes;
    IssueLog log;
    JobContext job{progress, cancel, log, workers};
    return attach_predictions(options, job);
  }

  TempDir dir;
  std::string store = dir / "s.db";
  SyntheticDataset dataset;
  std::vector<float> probabilities;
};

}  // namespace

TEST_CASE("every row finds its sample, and planted errors are ranked first") {
  Fixture fixture;
  const PredictionsJobReport report = fixture.attach("probs", size_t{1} << 30);
  CHECK(report.seen == fixture.dataset.good().size());
  CHECK(report.accepted == report.seen);
  CHECK(report.matches.exact == report.seen);
  CHECK(report.without_prediction == 0);
  RankOptions rank;
  rank.store_path = fixture.store;
  const RankReport ranked = rank_samples(rank);
  CHECK(ranked.ranked == fixture.dataset.wrong().size());
}

TEST_CASE("a file that does not fit into memory is read twice, to the same run") {
  Fixture fixture;
  fixture.attach("whole", size_t{1} << 30);
  fixture.attach("twice", 1);
  store::Store store = store::Store::open(fixture.store, store::Access::kRead);
  const auto rows_of = [&](const char* name) {
    std::vector<float> all;
    store::for_each_probability_chunk(
        store, store::read_run(store, name).summary.id,
        [&](std::span<const SampleId>, std::span<const float> rows, size_t) {
          all.insert(all.end(), rows.begin(), rows.end());
        });
    return all;
  };
  CHECK(rows_of("whole") == fixture.probabilities);
  CHECK(rows_of("twice") == fixture.probabilities);
}

TEST_CASE("detections that wait on the disk come to the same run") {
  std::vector<std::string> dumps;
  for (const uint64_t memory : {uint64_t{1} << 30, uint64_t{2000}}) {
    Fixture fixture;
    const std::vector<test::SyntheticImage> images = fixture.dataset.good();
    std::string json = "[";
    constexpr size_t kRounds = 40;  // no two detections of an image lie together
    for (size_t i = 0; i < kRounds * images.size(); ++i) {
      const std::string outline =
          i % 5 == 4 ? R"(, "segmentation": [[1, 2, 4, 2, 4, 6, 1.5, 6.25]])" : "";
      json += fmt::format(R"({}{{"image_id": 1, "file_name": "{}", "category_id": {}, )"
                          R"("bbox": [{}, 2, 3, 4], "score": 0.{}{}}})",
                          i == 0 ? "" : ", ", images[i % images.size()].path, i % 3, i, i % 90 + 10,
                          outline);
    }
    fixture.dir.write("results.json", json + "]");
    PredictionsJobOptions options = fixture.options_for("results.json", "boxes");
    options.category_base = "0";
    options.memory_bytes = memory;
    IssueLog log;
    JobContext job{fixture.progress, fixture.cancel, log, fixture.workers};
    const PredictionsJobReport report = attach_predictions(options, job);
    CHECK(report.accepted == kRounds * images.size());
    store::Store store = store::Store::open(fixture.store, store::Access::kRead);
    const Snapshot snapshot = store::load_snapshot(store, {});
    store::ObjectOptions objects;
    objects.shapes = true;
    const ObjectTable table = store::load_objects(store, snapshot, objects);
    CHECK(table.rows() == kRounds * images.size());
    std::string all = table.shape_heap;
    for (const uint64_t offset : table.offsets) all += fmt::format("{} ", offset);
    for (const char* name : {"label", "x", "confidence"}) {
      for (size_t row = 0; row < table.rows(); ++row) {
        all += table.table.find(name)->display(static_cast<RowIndex>(row)) + ' ';
      }
    }
    dumps.push_back(all);
  }
  CHECK(dumps[0].size() > 1000);
  CHECK(dumps[0] == dumps[1]);
}

TEST_CASE("a mask of another size than its image is left out where it stands, its box is not") {
  Fixture fixture;
  const std::string image = fixture.dataset.good()[0].path;
  store::Store store = store::Store::open(fixture.store, store::Access::kRead);
  const Snapshot before = store::load_snapshot(store, {});
  const int64_t width = before.samples.find("width")->ints[0];
  const int64_t height = before.samples.find("height")->ints[0];
  // The right size, its sides swapped where they differ or else twice as wide, and no mask.
  const auto mask = [](int64_t high, int64_t wide) {
    return fmt::format(R"({{"size": [{}, {}], "counts": [2, 3, {}]}})", high, wide,
                       high * wide - 5);
  };
  const std::string wrong = mask(width == height ? height * 2 : width, height);
  const std::string box = R"("bbox": [1, 2, 3, 4], )";
  const std::string polygon = "[[1, 2, 4, 2, 4, 6]]";
  std::string json = "[";
  std::vector<size_t> places;
  for (const auto& [its_box, outline] :
       std::vector<std::pair<std::string, std::string>>{{box, mask(height, width)},
                                                        {box, wrong},
                                                        {box, polygon},
                                                        {"", wrong},
                                                        {"", mask(height, width)}}) {
    if (!places.empty()) json += ", ";
    places.push_back(json.size());
    json += fmt::format(R"({{"image_id": 1, "file_name": "{}", "category_id": 0, {}"score": 0.5, )"
                        R"("segmentation": {}}})",
                        image, its_box, outline);
  }
  fixture.dir.write("masks.json", json + "]");
  PredictionsJobOptions options = fixture.options_for("masks.json", "masks");
  options.category_base = "0";
  IssueLog log;
  JobContext job{fixture.progress, fixture.cancel, log, fixture.workers};
  CHECK(attach_predictions(options, job).accepted == 4);
  REQUIRE(log.issues().size() == 2);
  for (const size_t i : {0, 1}) {
    CHECK(log.issues()[i].kind == "mask-size");
    CHECK(log.issues()[i].place == fmt::format("byte {}", places[i == 0 ? 1 : 3]));
  }
  // Of what has no box but that of a wrong mask nothing stays.
  CHECK(log.issues()[0].severity == IssueSeverity::kWarning);
  CHECK(log.issues()[1].severity == IssueSeverity::kRejected);
  store::ObjectOptions objects;
  objects.shapes = true;
  const ObjectTable table = store::load_objects(store, store::load_snapshot(store, {}), objects);
  REQUIRE(table.rows() == 4);
  CHECK_FALSE(decode_shape(table.shape_bytes(0)).mask.counts.empty());
  CHECK(decode_shape(table.shape_bytes(1)).empty());
  CHECK(decode_shape(table.shape_bytes(2)).polygons.size() == 1);
  CHECK_FALSE(decode_shape(table.shape_bytes(3)).mask.counts.empty());
  const ShapeBounds bounds = bounds_of(decode_shape(table.shape_bytes(0)));
  CHECK(table.table.find("width")->number(3) == bounds.width);
  CHECK(table.table.find("y")->number(3) == bounds.y);
  CHECK(table.table.find("width")->number(1) == 3);
}

TEST_CASE("scores of a relabelled sample are those of its new label") {
  Fixture fixture;
  fixture.attach("probs", size_t{1} << 30);
  const test::SyntheticImage image = fixture.dataset.good()[0];
  EditJobOptions edit;
  edit.store_path = fixture.store;
  edit.kind = store::EditKind::kSetLabel;
  edit.classes = {fixture.dataset.class_names[(image.label_given + 1) % 3]};
  edit.samples = {image.path};
  edit.who = "ann";
  run_edit(edit);
  LoadedState state = load_state({fixture.store, "", "", true});
  const store::Store& store = state.store;
  CHECK(store.access() == store::Access::kRead);
  CHECK(fill_stale_scores(state) == 1);
  const std::vector<SampleId> ids = find_samples(state.store, {image.path});
  const auto row = static_cast<RowIndex>(state.snapshot.row_of(ids.at(0)));
  const float p = fixture.probabilities[(image.label_given + 1) % 3];
  CHECK(state.snapshot.samples.find("loss")->number(row) == doctest::Approx(-std::log(p)));
  CHECK(state.snapshot.samples.find("self_confidence")->number(row) == doctest::Approx(p));
  CHECK(fill_stale_scores(state) == 0);
}

TEST_CASE("a filter on a label score sees relabelled samples") {
  Fixture fixture;
  fixture.attach("probs", size_t{1} << 30);
  EditJobOptions edit;
  edit.store_path = fixture.store;
  edit.kind = store::EditKind::kSetLabel;
  const test::SyntheticImage image = fixture.dataset.good()[0];
  edit.classes = {fixture.dataset.class_names[(image.label_given + 1) % 3]};
  edit.samples = {image.path};
  run_edit(edit);
  const LoadedState state = load_state({fixture.store, "", "loss is not null", true});
  CHECK(state.selection.count() == fixture.dataset.good().size());
}

TEST_CASE("ranking what the run was trained on is warned of") {
  Fixture fixture;
  PredictionsJobOptions options;
  options.store_path = fixture.store;
  options.input_path = fixture.dir / "probs.npy";
  options.trained_on = "label = 'class_0'";
  JobContext job{fixture.progress, fixture.cancel, fixture.issues, fixture.workers};
  attach_predictions(options, job);
  RankOptions rank;
  rank.store_path = fixture.store;
  rank.by = "entropy";
  CHECK(rank_samples(rank).warnings.size() == 1);
  rank.where = "label = 'class_1'";
  CHECK(rank_samples(rank).warnings.empty());
}

}  // namespace errata::jobs
