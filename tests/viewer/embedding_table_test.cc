#include "viewer/app/embedding_table.h"

#include <doctest/doctest.h>

#include <array>

#include "base/error.h"
#include "store/runs.h"
#include "tests/viewer/store_project.h"

namespace errata::viewer {
namespace {

store::RunSpec spec_of(const std::string& name, size_t columns) {
  store::RunSpec spec;
  spec.name = name;
  spec.kind = "embedding";
  spec.batch_size = 1;
  spec.embedding_columns = columns;
  return spec;
}

TEST_CASE("embeddings that would not fit are refused before any is read") {
  const test::StoreProject project;
  auto store = store::Store::open(project.store_path, store::Access::kWrite);
  const size_t columns = size_t{1} << 18;
  const size_t rows = EmbeddingTable::kMostBytes / sizeof(float) / columns + 1;
  std::vector<SampleId> plan;
  for (size_t i = 0; i < rows; ++i) plan.push_back(static_cast<SampleId>(i) + 1);
  // Nothing is written yet: whoever reads first finds no embedding, and says so.
  {
    const store::RunWriter writer(store, spec_of("big", columns), plan,
                                  store::OnExistingRun::kRefuse);
  }
  EmbeddingTable table;
  const std::array<SampleId, 1> like{1};
  const auto category_of = [&] {
    try {
      table.nearest(store, like, 3);
    } catch (const Error& error) {
      return error.category();
    }
    return ErrorCategory::kInternal;
  };
  CHECK(category_of() == ErrorCategory::kUsage);
  store::delete_run(store, "big");
  plan.pop_back();
  {
    const store::RunWriter writer(store, spec_of("fits", columns), plan,
                                  store::OnExistingRun::kRefuse);
  }
  CHECK(category_of() == ErrorCategory::kNotFound);
}

TEST_CASE("the most alike come first, by the newest run that is complete") {
  const test::StoreProject project;
  auto store = store::Store::open(project.store_path, store::Access::kWrite);
  const auto write = [&](const std::string& name, const std::vector<float>& rows) {
    store::RunWriter writer(store, spec_of(name, 2), {1, 2, 3}, store::OnExistingRun::kRefuse);
    store::RunRows all;
    all.embeddings = rows;
    writer.write(0, all);
    writer.finish();
  };
  EmbeddingTable table;
  const std::array<SampleId, 1> like{1};
  write("first", {1, 0, 0, 1, 9, 1});
  CHECK(table.nearest(store, like, 3).front().sample == 3);
  write("second", {1, 0, 2, 0, 0, 1});
  const std::vector<Alike> found = table.nearest(store, like, 3);
  REQUIRE(found.size() == 2);
  CHECK(found.front().sample == 2);
  CHECK(found.front().similarity == doctest::Approx(1));
  // One that is still written has not taken its place, nor where it was interrupted.
  {
    store::RunWriter third(store, spec_of("third", 2), {1, 2, 3}, store::OnExistingRun::kRefuse);
    store::RunRows one;
    const std::vector<float> first_row{1, 0};
    one.embeddings = first_row;
    third.write(0, one);
    CHECK(table.nearest(store, like, 3).size() == 2);
    store::RunRows rest;
    const std::vector<float> further{0, 1, 1, 0};
    rest.embeddings = further;
    third.write(1, rest);
    third.finish();
  }
  CHECK(table.nearest(store, like, 3).front().sample == 3);
  // Another under the same name.
  store::delete_run(store, "third");
  write("third", {1, 0, 1, 0, 0, 1});
  CHECK(table.nearest(store, like, 3).front().sample == 2);
}

}  // namespace
}  // namespace errata::viewer
