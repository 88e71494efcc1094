// The inference pass against Pillow and torch on 2,000 real photographs.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <sstream>

#include "base/files.h"
#include "infer/load_runner.h"
#include "infer/pipeline.h"
#include "tests/support/temp_dir.h"
#include "text/npy.h"

using namespace errata;
using namespace errata::infer;

namespace {

class Collect : public OutputSink {
 public:
  void begin(const RunnerInfo& info) override { columns = info.embedding_columns; }
  void batch(const InferBatch& batch) override {
    rows.insert(rows.end(), batch.probabilities.begin(), batch.probabilities.end());
    embeddings.insert(embeddings.end(), batch.embeddings.begin(), batch.embeddings.end());
  }
  size_t columns = 0;
  std::vector<float> rows;
  std::vector<float> embeddings;
};

size_t top(const float* row) {
  return static_cast<size_t>(std::max_element(row, row + 10) - row);
}

}  // namespace

TEST_CASE("probabilities within 1e-4 of Pillow's and torch's, and every top class equal") {
  const std::string shared = test::shared_data_dir();
  if (shared.empty()) {
    std::puts("SKIPPED: the folder of real data is not beside this checkout");
    return;
  }
  const std::string folder = join_path(shared, "cifar10");
  std::vector<InferItem> plan;
  std::istringstream files(read_text_file(join_path(folder, "resnet20_files.txt")));
  for (std::string line; std::getline(files, line);) {
    if (line.empty()) continue;
    plan.push_back({static_cast<SampleId>(plan.size() + 1),
                    join_path(join_path(folder, "images"), line), SampleRecord::kNoMember});
  }
  const std::string model = join_path(folder, "resnet20.torchscript");
  const ModelSpec spec = resolve_model_spec(model, std::nullopt).spec;
  RunnerOptions options;
  options.slots = 2;
  options.device = "cpu";
  const auto runner = load_runner(model, spec, options);
  CHECK(runner->info().embedding_columns == 64);

  media::SampleReader reader;
  WorkerGroup workers(2);
  Progress progress;
  IssueLog issues;
  Collect sink;
  const PipelineReport report =
      run_pipeline(plan, spec, *runner, reader, {}, workers, progress, CancelToken(), issues, sink);
  CHECK(report.ok == plan.size());
  CHECK(issues.rejected() == 0);
  CHECK(sink.embeddings.size() == plan.size() * 64);

  const auto expected = text::NpyArray::open(join_path(folder, "resnet20_probs.npy"));
  std::vector<float> values(expected.header().count());
  expected.read_rows(0, expected.header().rows(), values.data());
  REQUIRE(values.size() == sink.rows.size());
  double largest = 0;
  size_t other_top = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    largest = std::max(largest, std::abs(double{values[i]} - double{sink.rows[i]}));
  }
  for (size_t i = 0; i < plan.size(); ++i) {
    other_top += top(&values[i * 10]) != top(&sink.rows[i * 10]);
  }
  CHECK(largest < 1e-4);
  CHECK(other_top == 0);
  MESSAGE("largest difference " << largest);
}
