// The inference pass with a runner made up here: order, faults, stopping, going on.
#include "infer/pipeline.h"

#include <doctest/doctest.h>

#include <atomic>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "base/files.h"
#include "infer/preprocess.h"
#include "media/reader.h"
#include "tests/support/temp_dir.h"

using namespace errata;
using namespace errata::infer;
using test::TempDir;

namespace {

constexpr int32_t kSide = 8;
constexpr size_t kValues = 3 * kSide * kSide;

ModelSpec small_spec() {
  ModelSpec spec;
  spec.input_px = {kSide, kSide};
  spec.resize = ResizeMode::kNone;
  spec.crop = CropMode::kNone;
  spec.mean = {0, 0, 0};
  spec.std = {1, 1, 1};
  spec.output_kind = OutputKind::kProbabilities;
  return spec;
}

// Three values an image: its mean m, 1 - m and 0; the embedding is its first two values,
// the one stage its third.
class MadeUpRunner : public Runner {
 public:
  MadeUpRunner(size_t slots, size_t batch) : batch_(batch) {
    inputs_.assign(slots, std::vector<float>(batch * kValues));
  }
  RunnerInfo info() const override {
    RunnerInfo info;
    info.precision = "fp32";
    info.classes = 3;
    info.embedding_columns = 2;
    info.stage_columns = 1;
    info.batch = info.capacity = batch_;
    info.slots = inputs_.size();
    info.input_values = kValues;
    info.channels_last = true;
    return info;
  }
  float* input(size_t slot) override { return inputs_[slot].data(); }
  RunnerFailure run(size_t slot, size_t n, RunOutput& out) override {
    ++runs;
    if (runs == fail_at) return {4, "the model failed: made up", "a hint"};
    for (size_t i = 0; i < n; ++i) {
      const float* values = &inputs_[slot][i * kValues];
      float mean = 0;
      for (size_t v = 0; v < kValues; ++v) mean += values[v] / kValues;
      const bool bad = nan_above > 0 && mean > nan_above;
      out.values.insert(out.values.end(), {bad ? NAN : mean, 1 - mean, 0});
      out.embeddings.insert(out.embeddings.end(), {values[0], values[1]});
      out.stages.push_back(values[2]);
    }
    return {};
  }
  std::atomic<int> runs{0};
  int fail_at = -1;
  float nan_above = 0;

 private:
  size_t batch_;
  std::vector<std::vector<float>> inputs_;
};

class Collect : public OutputSink {
 public:
  void begin(const RunnerInfo&) override { ++begun; }
  void batch(const InferBatch& batch) override {
    numbers.push_back(batch.number);
    for (const InferItem& item : batch.items) ids.push_back(item.id);
    status.insert(status.end(), batch.status.begin(), batch.status.end());
    rows.insert(rows.end(), batch.probabilities.begin(), batch.probabilities.end());
    embeddings.insert(embeddings.end(), batch.embeddings.begin(), batch.embeddings.end());
    stages.insert(stages.end(), batch.stages.begin(), batch.stages.end());
    if (numbers.size() == throw_after) throw Error(ErrorCategory::kIo, "disk full");
    if (numbers.size() == cancel_after) cancel->cancel();
  }
  int begun = 0;
  size_t throw_after = SIZE_MAX;
  size_t cancel_after = SIZE_MAX;
  CancelToken* cancel = nullptr;
  std::vector<size_t> numbers;
  std::vector<SampleId> ids;
  std::vector<RowStatus> status;
  std::vector<float> rows;
  std::vector<float> embeddings;
  std::vector<float> stages;
};

// `count` PNG images of one grey level each, 8 x 8.
std::vector<InferItem> make_images(const TempDir& dir, size_t count) {
  std::vector<InferItem> plan;
  for (size_t i = 0; i < count; ++i) {
    media::Image image(kSide, kSide, 3);
    std::fill(image.pixels.begin(), image.pixels.end(), static_cast<uint8_t>(i * 7 % 256));
    const std::vector<uint8_t> png = media::encode_png(image);
    const std::string name = "image " + std::to_string(i) + ".png";
    dir.write(name, {reinterpret_cast<const char*>(png.data()), png.size()});
    plan.push_back({static_cast<SampleId>(100 + i), dir / name, SampleRecord::kNoMember});
  }
  return plan;
}

struct Bench {
  Bench(size_t threads, size_t batch) : runner(threads, batch), workers(threads) {
    options.batch = batch;
  }
  PipelineReport run(const std::vector<InferItem>& plan, OutputSink& sink) {
    return run_pipeline(plan, spec, runner, reader, options, workers, progress, cancel, issues,
                        sink);
  }
  ModelSpec spec = small_spec();
  MadeUpRunner runner;
  media::SampleReader reader;
  PipelineOptions options;
  WorkerGroup workers;
  Progress progress;
  CancelToken cancel;
  IssueLog issues;
};

}  // namespace

TEST_CASE("rows come in the plan's order, whatever the number of workers") {
  const TempDir dir;
  const std::vector<InferItem> plan = make_images(dir, 37);
  std::vector<float> first;
  for (const size_t threads : {1, 2, 5}) {
    Bench bench(threads, 4);
    Collect sink;
    const PipelineReport report = bench.run(plan, sink);
    CHECK(sink.begun == 1);
    CHECK(report.ok == 37);
    CHECK(report.images == 37);
    CHECK(bench.progress.done() == 37);
    CHECK(bench.runner.runs == 10);
    REQUIRE(sink.ids.size() == 37);
    for (size_t i = 0; i < 37; ++i) {
      CHECK(sink.ids[i] == plan[i].id);
      CHECK(sink.rows[i * 3] == doctest::Approx((i * 7 % 256) / 255.0).epsilon(1e-4));
      CHECK(sink.embeddings[i * 2] == static_cast<float>(i * 7 % 256) / 255.0f);
      CHECK(sink.stages[i] == sink.embeddings[i * 2]);
    }
    if (first.empty()) first = sink.rows;
    CHECK(sink.rows == first);
  }
}

TEST_CASE("an image that cannot be read is an issue and a NULL row, and its neighbours stand") {
  const TempDir dir;
  std::vector<InferItem> plan = make_images(dir, 11);
  dir.write("image 1.png", "");
  const std::string whole = read_text_file(plan[2].path);
  dir.write("image 2.png", whole.substr(0, whole.size() - 20));
  dir.write("image 3.png", "<html>not found</html>");
  plan[4].path = dir / "gone.png";
  media::Image large(kSide + 1, kSide, 3);
  const std::vector<uint8_t> png = media::encode_png(large);
  dir.write("image 5.png", {reinterpret_cast<const char*>(png.data()), png.size()});

  Bench bench(2, 3);
  Collect sink;
  const PipelineReport report = bench.run(plan, sink);
  CHECK(report.images == 11);
  CHECK(report.unreadable == 5);
  CHECK(report.ok == 6);
  CHECK(bench.issues.rejected() == 5);
  for (size_t i = 0; i < 11; ++i) {
    const bool null = i >= 1 && i <= 5;
    CHECK(sink.status[i] == (null ? RowStatus::kUnreadable : RowStatus::kOk));
    CHECK(std::isnan(sink.rows[i * 3]) == null);
    CHECK(std::isnan(sink.embeddings[i * 2 + 1]) == null);
    CHECK(std::isnan(sink.stages[i]) == null);
  }
  const auto counts = bench.issues.count_by_kind();
  CHECK(counts.count("truncated-image") + counts.count("corrupt-image") >= 1);
  CHECK(counts.at("wrong-size-image") == 1);
  for (const Issue& issue : bench.issues.issues()) {
    if (issue.kind != "wrong-size-image") continue;
    CHECK(issue.message == "the image is 9x8, the model takes 8x8 and does not resize");
    CHECK(issue.file == plan[5].path);
  }
}

TEST_CASE("a wrong extension is read by its signature, and a giant is refused by its header") {
  const TempDir dir;
  std::vector<InferItem> plan = make_images(dir, 2);
  const std::string png = read_text_file(plan[0].path);
  plan[0].path = dir.write("a picture, really a PNG.jpg", png);
  // 30,000 x 30,000: the width and height stand at bytes 16 to 23, their checksum at 29.
  std::string giant = png;
  giant.replace(16, 8, std::string("\0\0\x75\x30\0\0\x75\x30", 8));
  plan[1].path = dir.write("giant.png", giant);
  Bench bench(1, 2);
  Collect sink;
  const PipelineReport report = bench.run(plan, sink);
  CHECK(sink.status[0] == RowStatus::kOk);
  CHECK(sink.status[1] == RowStatus::kUnreadable);
  CHECK(report.unreadable == 1);
  REQUIRE(bench.issues.issues().size() == 1);
  CHECK(bench.issues.issues()[0].kind ==
        std::string(media::issue_kind(media::DecodeStatus::kTooLarge)));
}

TEST_CASE("outputs that are not finite are told and become NULL") {
  const TempDir dir;
  const std::vector<InferItem> plan = make_images(dir, 10);
  Bench bench(1, 4);
  bench.runner.nan_above = 0.15f;  // images 6 to 9
  Collect sink;
  const PipelineReport report = bench.run(plan, sink);
  CHECK(report.not_finite == 4);
  CHECK(report.ok == 6);
  CHECK(bench.issues.count_by_kind().at("not-finite-output") == 4);
  for (size_t i = 6; i < 10; ++i) {
    CHECK(sink.status[i] == RowStatus::kNotFinite);
    CHECK(std::isnan(sink.rows[i * 3 + 1]));
  }
  CHECK(sink.status[5] == RowStatus::kOk);
}

TEST_CASE("a pass that was stopped and goes on gives the rows of one that was not") {
  const TempDir dir;
  const std::vector<InferItem> plan = make_images(dir, 41);
  Bench whole(2, 4);
  Collect expected;
  whole.run(plan, expected);

  Bench stopped(2, 4);
  Collect first;
  first.cancel = &stopped.cancel;
  first.cancel_after = 3;
  try {
    stopped.run(plan, first);
    FAIL("was not stopped");
  } catch (const Error& error) {
    CHECK(error.category() == ErrorCategory::kInterrupted);
  }
  REQUIRE(first.numbers.size() >= 3);
  REQUIRE(first.numbers.size() < 11);

  Bench again(2, 4);
  again.options.batches_done.assign(first.numbers.size(), true);
  Collect second;
  const PipelineReport report = again.run(plan, second);
  CHECK(report.skipped == first.ids.size());
  CHECK(again.progress.done() == 41);
  std::vector<float> rows = first.rows;
  rows.insert(rows.end(), second.rows.begin(), second.rows.end());
  CHECK(rows == expected.rows);
}

TEST_CASE("what the sink or the model throws stops the pass and comes out") {
  const TempDir dir;
  const std::vector<InferItem> plan = make_images(dir, 40);
  Bench bench(2, 4);
  Collect full;
  full.throw_after = 2;
  CHECK_THROWS_WITH_AS(bench.run(plan, full), "disk full", Error);

  Bench failing(2, 4);
  failing.runner.fail_at = 3;
  Collect sink;
  CHECK_THROWS_WITH_AS(failing.run(plan, sink), "the model failed: made up", Error);
  CHECK(failing.workers.size() == 2);
  failing.workers.wait_idle();
}

TEST_CASE("an empty plan, and a plan that is done, give no rows") {
  Bench bench(2, 4);
  Collect sink;
  CHECK(bench.run({}, sink).images == 0);
  CHECK(sink.begun == 1);
  const TempDir dir;
  const std::vector<InferItem> plan = make_images(dir, 5);
  bench.options.batches_done = {true, true};
  CHECK(bench.run(plan, sink).skipped == 5);
  CHECK(sink.ids.empty());
  CHECK(bench.runner.runs == 0);
}

TEST_CASE("a description that names the wrong kind of output is told once") {
  const TempDir dir;
  const std::vector<InferItem> plan = make_images(dir, 9);
  Bench bench(2, 3);
  bench.spec.output_kind = OutputKind::kLogits;
  Collect sink;
  bench.run(plan, sink);
  CHECK(bench.issues.count_by_kind().at("not-logits") == 1);
  double sum = 0;
  for (size_t k = 0; k < 3; ++k) sum += sink.rows[k];
  CHECK(sum == doctest::Approx(1));
}

TEST_CASE("members of a container are read like files") {
  const TempDir dir;
  // An IDX file of three 8 x 8 grey images.
  std::string idx("\0\0\x08\x03\0\0\0\x03\0\0\0\x08\0\0\0\x08", 16);
  for (const char level : {'\x10', '\x20', '\x30'}) idx += std::string(kSide * kSide, level);
  const std::string path = dir.write("three-idx3-ubyte", idx);
  const std::vector<InferItem> plan = {{1, path, 2}, {2, path, 0}, {3, path, 7}};
  Bench bench(1, 2);
  Collect sink;
  const PipelineReport report = bench.run(plan, sink);
  CHECK(sink.embeddings[0] == 0x30 / 255.0f);
  CHECK(sink.embeddings[2] == 0x10 / 255.0f);
  CHECK(report.unreadable == 1);
  REQUIRE(bench.issues.issues().size() == 1);
  CHECK(bench.issues.issues()[0].place == "member 7");
}

TEST_CASE("softmax is the one of double arithmetic") {
  std::vector<float> rows = {0, 1, 2, 1000, 1000, -1000};
  softmax_rows(rows, 3);
  CHECK(rows[0] == doctest::Approx(0.09003057317));
  CHECK(rows[2] == doctest::Approx(0.66524095578));
  CHECK(rows[3] == 0.5f);
  CHECK(rows[5] == 0.0f);
}
