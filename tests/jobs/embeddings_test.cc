#include "jobs/embeddings.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "analysis/bootstrap.h"
#include "base/random.h"
#include "tests/jobs/job_parts.h"
#include "tests/store/store_kit.h"
#include "tests/support/temp_dir.h"

namespace errata::jobs {

namespace {

constexpr size_t kColumns = 3;
constexpr float kNone = std::numeric_limits<float>::quiet_NaN();

// A run of `rows` samples that was made from the last one to the first.
struct Project : JobParts {
  explicit Project(size_t rows) : JobParts(2) {
    store::Store store = store::Store::create(path);
    test::import_records(store, test::make_records(static_cast<int64_t>(rows), 2),
                         test::make_classes(2), "/data", 20000);
    Rng rng(5);
    for (size_t i = 0; i < rows * kColumns; ++i) {
      values.push_back(
          static_cast<float>(analysis::draw_normal(rng) * (i % kColumns == 0 ? 4 : 1)));
    }
    store::RunSpec spec;
    spec.name = "model";
    spec.kind = "embedding";
    spec.batch_size = 512;
    spec.embedding_columns = kColumns;
    spec.stage_columns = kColumns;
    std::vector<SampleId> plan;
    for (size_t row = rows; row-- > 0;) plan.push_back(static_cast<SampleId>(row + 1));
    store::RunWriter writer(store, spec, plan, store::OnExistingRun::kRefuse);
    for (size_t first = 0; first < rows; first += 512) {
      const size_t count = std::min<size_t>(512, rows - first);
      std::vector<float> embeddings;
      for (size_t i = first; i < first + count; ++i) {
        const size_t row = rows - 1 - i;
        const bool none = row == kWithout;
        for (size_t j = 0; j < kColumns; ++j) {
          embeddings.push_back(none ? kNone : values[row * kColumns + j]);
        }
      }
      std::vector<float> stages = embeddings;
      if (first == 0) std::fill_n(stages.begin(), kColumns, kNone);  // the last row's
      store::RunRows batch;
      batch.embeddings = embeddings;
      batch.stages = stages;
      writer.write(first, batch);
    }
    writer.finish();
  }

  static constexpr size_t kWithout = 100;
  test::TempDir dir;
  std::string path = dir / "s.db";
  std::vector<float> values;
};

double distance(std::span<const float> a, std::span<const float> b) {
  double square = 0;
  for (size_t j = 0; j < a.size(); ++j) square += std::pow(double{a[j]} - b[j], 2);
  return std::sqrt(square);
}

// How far the distances between some rows of two spaces differ at most.
double largest_difference(const analysis::EmbeddingSpace& a, const analysis::EmbeddingSpace& b) {
  double largest = 0;
  for (size_t row = 1; row < a.rows; row += 97) {
    largest = std::max(largest, std::abs(distance(a.matrix().row(row), a.matrix().row(row - 1)) -
                                         distance(b.matrix().row(row), b.matrix().row(row - 1))));
  }
  return largest;
}

}  // namespace

TEST_CASE("rows beyond those that the axes want stand where all of them at once would") {
  for (const size_t rows : {size_t{1000}, 2 * analysis::SpaceAxes::kMostRows + 1001}) {
    CAPTURE(rows);
    Project project(rows);
    LoadedState state = load_state({project.path, "", "", false});
    JobContext context = project.job();
    const EmbeddingCoordinates read = load_coordinates(state, "", context);
    CHECK(read.run == "model");
    CHECK(read.columns == kColumns);
    CHECK(read.without == 1);
    REQUIRE(read.rows.size() == rows - 1);
    CHECK(std::is_sorted(read.rows.begin(), read.rows.end()));
    CHECK(read.rows[Project::kWithout] == Project::kWithout + 1);

    std::vector<float> kept = project.values;
    const auto without = kept.begin() + static_cast<ptrdiff_t>(Project::kWithout * kColumns);
    kept.erase(without, without + kColumns);
    std::vector<float> features = kept;
    const auto at_once =
        analysis::make_embedding_space(kept, kColumns, context.workers.as_parallel_for());
    CHECK(read.space.rows == rows - 1);
    CHECK(read.space.axes == at_once.axes);
    CHECK(largest_difference(read.space, at_once) < 0.01);

    const auto stages = read_stages(state, "model", read.rows, context);
    REQUIRE(stages.has_value());
    CHECK(stages->rows == read.space.rows);
    for (const float value : stages->matrix().row(stages->rows - 1)) CHECK(value == 0);
    const auto stages_at_once =
        analysis::make_feature_space(features, kColumns, context.workers.as_parallel_for());
    CHECK(largest_difference(*stages, stages_at_once) < 0.01);
  }
}

TEST_CASE("embeddings that memory has no room for are the same in a file beside the store") {
  Project project(1000);
  LoadedState state = load_state({project.path, "", "", false});
  JobContext context = project.job();
  const Embeddings in_memory = load_embeddings(state, "", context);
  CHECK_FALSE(in_memory.values.in_file());
  const Embeddings in_file = load_embeddings(state, "", context, 4096);
  CHECK(in_file.values.in_file());
  CHECK(in_file.without == 1);
  CHECK(in_file.rows == in_memory.rows);
  REQUIRE(in_memory.rows.size() == 999);
  for (size_t i = 0; i < in_memory.rows.size(); ++i) {
    const size_t from = in_memory.rows[i] * kColumns;
    for (size_t j = 0; j < kColumns; ++j) {
      REQUIRE(in_memory.view().row(i)[j] == project.values[from + j]);
      REQUIRE(in_file.view().row(i)[j] == project.values[from + j]);
    }
  }
}

TEST_CASE("embeddings of none of the samples are told, and a cancelled reading stops") {
  Project project(200);
  JobContext context = project.job();
  LoadedState one = load_state({project.path, "", "path = 'class 0/0000100.png'", false});
  CHECK(one.selection.count() == 1);
  CHECK(read_coordinates(one, "", context).rows.empty());
  CHECK_THROWS_WITH_AS(load_coordinates(one, "", context),
                       "none of these samples has an embedding in run 'model'", Error);
  LoadedState state = load_state({project.path, "", "", false});
  project.cancel.cancel();
  CHECK_THROWS_AS(load_coordinates(state, "", context), Error);
}

}  // namespace errata::jobs
