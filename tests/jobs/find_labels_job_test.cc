#include "jobs/find_labels_job.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "base/random.h"
#include "jobs/find_quality_job.h"
#include "jobs/import_job.h"
#include "jobs/predictions_job.h"
#include "tests/jobs/job_parts.h"
#include "tests/support/synthetic_dataset.h"
#include "tests/support/temp_dir.h"
#include "text/npy.h"

namespace errata::jobs {

namespace {

constexpr size_t kClasses = 3;
constexpr size_t kEach = 12;
constexpr int32_t kSide = 32;

// Pictures with something on them, a model that knows them, and three planted faults: a wrong
// label, and two black pictures, one of which the model takes for a class all the same.
struct Planted : JobParts {
  Planted() : JobParts(1) {
    Rng rng(5);
    for (size_t k = 0; k < kClasses; ++k) {
      for (size_t i = 0; i < kEach; ++i) {
        std::vector<uint8_t> pixels(size_t{kSide} * kSide);
        for (uint8_t& each : pixels) each = static_cast<uint8_t>(rng.below(256));
        add(fmt::format("c{}/{:02}.png", k, i), pixels, k, 0.9f);
      }
    }
    const std::vector<uint8_t> black(size_t{kSide} * kSide, 0);
    std::vector<uint8_t> pixels(size_t{kSide} * kSide);
    for (uint8_t& each : pixels) each = static_cast<uint8_t>(rng.below(256));
    add("c0/wrong.png", pixels, 1, 0.9f);
    add("c0/black.png", black, 1, 0.4f);
    add("c0/night.png", black, 1, 0.9f);
    JobContext context = job();
    ImportJobOptions import;
    import.store_path = store;
    import.input_path = dir / "photos";
    run_import(import, context);
    dir.write("probs_files.txt", names);
    const uint64_t shape[] = {probabilities.size() / kClasses, kClasses};
    text::write_npy(dir / "probs.npy", probabilities, shape);
    PredictionsJobOptions predictions;
    predictions.store_path = store;
    predictions.input_path = dir / "probs.npy";
    predictions.run_name = "model";
    attach_predictions(predictions, context);
  }

  void add(const std::string& path, const std::vector<uint8_t>& pixels, size_t believed, float p) {
    dir.write("photos/" + path, test::encode_png(kSide, kSide, 1, pixels));
    names += path + "\n";
    for (size_t k = 0; k < kClasses; ++k) {
      probabilities.push_back(k == believed ? p : (1 - p) / (kClasses - 1));
    }
  }

  std::string verdict(std::string_view path) {
    FindLabelsOptions options;
    options.store_path = store;
    JobContext context = job();
    find_labels(options, context);
    const LoadedState state = load_state({store, "", "", false});
    const Table& samples = state.snapshot.samples;
    for (size_t row = 0; row < samples.rows(); ++row) {
      if (samples.find("path")->display(static_cast<RowIndex>(row)) == path) {
        return samples.find("verdict")->display(static_cast<RowIndex>(row));
      }
    }
    return "no such sample";
  }

  test::TempDir dir;
  std::string store = dir / "s.db";
  std::string names;
  std::vector<float> probabilities;
};

}  // namespace

TEST_CASE(
    "a black picture that nothing recognises is no image of any class, once it was looked at") {
  Planted planted;
  CHECK(planted.verdict("c0/black.png") != "not a valid image");
  FindQualityOptions quality;
  quality.store_path = planted.store;
  JobContext context = planted.job();
  find_quality(quality, context);
  CHECK(planted.verdict("c0/black.png") == "not a valid image");
  CHECK(planted.verdict("c0/night.png") == "label wrong");
  CHECK(planted.verdict("c0/wrong.png") == "label wrong");
}

}  // namespace errata::jobs
