// The runner on toy models: optimised against plain, embeddings, outputs, faults.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/workers.h"
#include "infer/load_runner.h"
#include "tests/infer/toy_models.h"
#include "tests/support/temp_dir.h"

using namespace errata;
using namespace errata::infer;
using test::TempDir;
using test::ToyOptions;

namespace {

ModelSpec spec_of(int32_t side = 32) {
  ModelSpec spec;
  spec.input_px = {side, side};
  spec.resize = ResizeMode::kNone;
  spec.crop = CropMode::kNone;
  spec.mean = {0, 0, 0};
  spec.std = {1, 1, 1};
  return spec;
}

std::string toy(const TempDir& dir, const std::string& variant) {
  ToyOptions options;
  options.variant = variant;
  const std::string path = dir / ("toy " + variant + ".pt");
  test::write_toy_model(path, options);
  return path;
}

float made_up_value(size_t image, size_t channel, size_t pixel) {
  return std::sin(0.13f * static_cast<float>(pixel % 811) + static_cast<float>(image)) +
         0.3f * static_cast<float>(channel);
}

// Fills input(slot) with n made-up images, whatever order the runner wants.
void fill(Runner& runner, size_t slot, size_t n) {
  const RunnerInfo info = runner.info();
  const size_t pixels = info.input_values / 3;
  float* values = runner.input(slot);
  for (size_t i = 0; i < n; ++i) {
    for (size_t p = 0; p < pixels; ++p) {
      for (size_t c = 0; c < 3; ++c) {
        const size_t at = info.channels_last ? p * 3 + c : c * pixels + p;
        values[i * info.input_values + at] = made_up_value(i, c, p);
      }
    }
  }
}

RunOutput run(Runner& runner, size_t n, size_t slot = 0) {
  fill(runner, slot, n);
  RunOutput out;
  const RunnerFailure failure = runner.run(slot, n, out);
  REQUIRE_MESSAGE(!failure.failed(), failure.message);
  return out;
}

double largest_difference(const std::vector<float>& a, const std::vector<float>& b) {
  REQUIRE(a.size() == b.size());
  double largest = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    largest = std::max(largest, std::abs(double{a[i]} - double{b[i]}));
  }
  return largest;
}

std::unique_ptr<Runner> open(const std::string& path, const ModelSpec& spec,
                             RunnerOptions options = {}) {
  options.device = "cpu";
  options.batch = 4;
  return load_runner(path, spec, options);
}

// The error that opening gives.
Error open_error(const std::string& path, const ModelSpec& spec, RunnerOptions options = {}) {
  try {
    open(path, spec, options);
  } catch (const Error& error) {
    return error;
  }
  FAIL("the model was opened");
  return Error(ErrorCategory::kInternal, "");
}

}  // namespace

TEST_CASE("an optimised model computes what the plain one does") {
  const TempDir dir;
  RunnerOptions plain_options;
  plain_options.keep_plain = true;
  plain_options.want_embedding = false;
  for (const char* variant : {"", "view", "activations", "probabilities", "linear_only", "mutates",
                              "layers", "broadcast"}) {
    CAPTURE(variant);
    const std::string path = toy(dir, variant);
    const auto plain = open(path, spec_of(), plain_options);
    CHECK(plain->info().optimisation == "as loaded");
    const auto optimised = open(path, spec_of());
    const RunnerInfo info = optimised->info();
    CAPTURE(info.optimisation);
    CHECK(info.classes == 5);
    CHECK(info.device == "cpu");
    CHECK(info.precision == "fp32");
    CHECK(largest_difference(run(*plain, 3).values, run(*optimised, 3).values) < 1e-5);
  }
}

TEST_CASE(
    "convolutions are fused for oneDNN, and a model that flattens with view() is not broken") {
  const TempDir dir;
  const auto fused = open(toy(dir, ""), spec_of());
  CHECK(fused->info().optimisation ==
        "frozen, 3 layers and their sums fused for oneDNN, channels-last");
  CHECK(fused->info().channels_last);
  CHECK(fused->info().notes.empty());

  const auto viewed = open(toy(dir, "view"), spec_of());
  CHECK_FALSE(viewed->info().channels_last);
  CHECK(viewed->info().optimisation == "frozen");
  CHECK(viewed->info().notes[0].find("the model does not bear all optimisations: view size") == 0);

  const auto broadcast = open(toy(dir, "broadcast"), spec_of());
  CHECK(broadcast->info().optimisation == "frozen, 4 layers fused for oneDNN, channels-last");
  CHECK_FALSE(viewed->info().notes.empty());
}

TEST_CASE("bfloat16 stays near float32") {
  const TempDir dir;
  const std::string path = toy(dir, "");
  RunnerOptions options;
  const std::vector<float> exact = run(*open(path, spec_of(), options), 4).values;
  options.precision = Precision::kBf16;
  const auto runner = open(path, spec_of(), options);
  CHECK(runner->info().precision == "bf16");
  const std::vector<float> rough = run(*runner, 4).values;
  double scale = 0;
  for (const float value : exact) scale = std::max(scale, std::abs(double{value}));
  CHECK(largest_difference(exact, rough) < 0.05 * scale);
  CHECK(largest_difference(exact, rough) > 0);
}

TEST_CASE("the embedding is the input of the last linear layer, a second output or a named one") {
  const TempDir dir;
  ModelSpec spec = spec_of();
  spec.embedding = EmbeddingSource::kOutput;
  const auto second = open(toy(dir, "tuple"), spec);
  CHECK(second->info().embedding_source == "output 1");
  const std::vector<float> expected = run(*second, 3).embeddings;
  CHECK(expected.size() == 3 * 16);

  spec.embedding = EmbeddingSource::kAuto;
  const auto found = open(toy(dir, ""), spec);
  CHECK(found->info().embedding_source == "input of the last linear layer");
  CHECK(found->info().embedding_columns == 16);
  CHECK(largest_difference(run(*found, 3).embeddings, expected) < 1e-5);

  const auto behind_softmax = open(toy(dir, "probabilities"), spec);
  CHECK(largest_difference(run(*behind_softmax, 3).embeddings, expected) < 1e-5);
  CHECK(open(toy(dir, "tuple"), spec)->info().embedding_source == "output 1");

  spec.output_name = "scores";
  const auto dictionary = open(toy(dir, "dict"), spec);
  CHECK(largest_difference(run(*dictionary, 3).embeddings, expected) < 1e-5);
  spec.embedding = EmbeddingSource::kOutput;
  spec.embedding_output_name = "features";
  const auto named = open(toy(dir, "dict"), spec);
  CHECK(named->info().embedding_source == "output \"features\"");
  CHECK(largest_difference(run(*named, 3).embeddings, expected) < 1e-5);
}

TEST_CASE("a named layer's output can be the embedding") {
  const TempDir dir;
  const std::string path = toy(dir, "layers");
  ModelSpec spec = spec_of();
  const std::vector<float> features = run(*open(path, spec), 3).embeddings;
  spec.embedding = EmbeddingSource::kNamedLayer;
  spec.embedding_layer = "features.last";
  const auto inner = open(path, spec);
  CHECK(inner->info().embedding_source == "output of layer \"features.last\"");
  // The model halves what the layer gives and doubles it again.
  CHECK(largest_difference(run(*inner, 3).embeddings, features) < 1e-5);
  spec.embedding_layer = "features";
  const std::vector<float> halves = run(*open(path, spec), 3).embeddings;
  REQUIRE(halves.size() == features.size());
  CHECK(std::abs(halves[5] * 2 - features[5]) < 1e-5);

  spec.embedding_layer = "features.first";
  const Error error = open_error(path, spec);
  CHECK(std::string(error.what()) ==
        "no embedding: the model has no layer \"features.first\"; there are last");
}

TEST_CASE("what a model saw before it halved its maps is kept beside the embedding") {
  const TempDir dir;
  const auto told = open(toy(dir, "halves_tuple"), spec_of());
  const std::vector<float> expected = run(*told, 3).embeddings;
  REQUIRE(expected.size() == 3 * 16);
  const std::string path = toy(dir, "halves");
  const auto halves = open(path, spec_of());
  CAPTURE(halves->info().optimisation);
  CHECK(halves->info().stage_columns == 16);
  CHECK(halves->info().embedding_source == "input of the last linear layer");
  const RunOutput out = run(*halves, 3);
  CHECK(largest_difference(out.stages, expected) < 1e-5);
  CHECK(largest_difference(out.embeddings, expected) > 1e-2);
  CHECK(describe_runner(halves->info()).ends_with("; 16 values of the stages before"));

  RunnerOptions options;
  options.precision = Precision::kBf16;
  CHECK(largest_difference(run(*open(path, spec_of(), options), 3).stages, expected) < 0.1);
  options = {};
  options.want_embedding = false;
  CHECK(open(path, spec_of(), options)->info().stage_columns == 0);
  // Beside an embedding that the model itself returns.
  CHECK(largest_difference(run(*told, 3).stages, expected) < 1e-5);
  ModelSpec spec = spec_of();
  spec.embedding = EmbeddingSource::kNone;
  CHECK(open(path, spec)->info().stage_columns == 0);
  // Before a pooling, where no layer follows it; and not of attention, whose size grows again.
  const auto pools = open(toy(dir, "pools"), spec_of());
  const RunOutput pooled = run(*pools, 3);
  CHECK(pools->info().stage_columns == 16);
  CHECK(largest_difference(pooled.stages, pooled.embeddings) < 1e-5);
  const auto attends = open(toy(dir, "attends"), spec_of());
  const RunOutput attended = run(*attends, 3);
  REQUIRE(attends->info().stage_columns == 32);
  std::vector<float> first;
  for (size_t row = 0; row < 3; ++row) {
    first.insert(first.end(), attended.stages.begin() + row * 32,
                 attended.stages.begin() + row * 32 + 16);
  }
  CHECK(largest_difference(first, attended.embeddings) < 1e-5);
  // One size of maps, none at all, and no embedding beside which they would stand.
  CHECK(run(*open(toy(dir, ""), spec_of()), 3).stages.empty());
  CHECK(open(toy(dir, "linear_only"), spec_of())->info().stage_columns == 0);
  const auto headless = open(toy(dir, "conv_head"), spec_of());
  CHECK(headless->info().embedding_columns == 0);
  CHECK(headless->info().stage_columns == 0);
}

TEST_CASE("with its mirror image, a picture's answer is the mean of both") {
  const TempDir dir;
  const std::string path = toy(dir, "halves");
  const auto plain = open(path, spec_of());
  const RunOutput seen = run(*plain, 3);
  const RunnerInfo info = plain->info();
  // The same pictures, turned about by hand.
  constexpr size_t kSide = 32;
  float* values = plain->input(0);
  for (size_t i = 0; i < 3; ++i) {
    for (size_t p = 0; p < kSide * kSide; ++p) {
      const size_t from = p / kSide * kSide + kSide - 1 - p % kSide;
      for (size_t c = 0; c < 3; ++c) {
        const size_t at = info.channels_last ? p * 3 + c : c * kSide * kSide + p;
        values[i * info.input_values + at] = made_up_value(i, c, from);
      }
    }
  }
  RunOutput mirrored;
  REQUIRE_FALSE(plain->run(0, 3, mirrored).failed());
  const auto mean = [](std::vector<float> a, const std::vector<float>& b) {
    for (size_t i = 0; i < a.size(); ++i) a[i] = (a[i] + b[i]) / 2;
    return a;
  };
  ModelSpec spec = spec_of();
  spec.mirror = true;
  const RunOutput both = run(*open(path, spec), 3);
  CHECK(largest_difference(both.values, mean(seen.values, mirrored.values)) < 1e-5);
  CHECK(largest_difference(both.embeddings, mean(seen.embeddings, mirrored.embeddings)) < 1e-5);
  CHECK(largest_difference(both.stages, mean(seen.stages, mirrored.stages)) < 1e-5);
  CHECK(largest_difference(both.embeddings, seen.embeddings) > 1e-4);
  CHECK(largest_difference(both.stages, seen.stages) > 1e-4);
}

TEST_CASE("no embedding is told, or an error when one was asked for") {
  const TempDir dir;
  ModelSpec spec = spec_of();
  const auto head = open(toy(dir, "conv_head"), spec);
  CHECK(head->info().embedding_columns == 0);
  CHECK(head->info().classes == 5);
  REQUIRE(head->info().notes.size() == 1);
  CHECK(head->info().notes[0].find("no embedding") == 0);

  spec.embedding = EmbeddingSource::kLastLinear;
  CHECK(open_error(toy(dir, "conv_head"), spec).category() == ErrorCategory::kBadInput);
  spec.embedding = EmbeddingSource::kNone;
  CHECK(open(toy(dir, ""), spec)->info().embedding_columns == 0);
}

TEST_CASE("a row is the same in any slot, at the same time as others, and the next time") {
  const TempDir dir;
  RunnerOptions options;
  options.slots = 2;
  const auto runner = open(toy(dir, ""), spec_of(), options);
  const RunOutput first = run(*runner, 4, 0);
  const RunOutput again = run(*runner, 4, 1);
  CHECK(first.values == again.values);
  CHECK(first.embeddings == again.embeddings);

  fill(*runner, 0, 4);
  fill(*runner, 1, 4);
  std::vector<RunOutput> outputs(2);
  WorkerGroup workers(2);
  for (int round = 0; round < 20; ++round) {
    for (size_t slot = 0; slot < 2; ++slot) {
      workers.submit([&, slot] { runner->run(slot, 4, outputs[slot]); });
    }
    workers.wait_idle();
    CHECK(outputs[0].values == first.values);
    CHECK(outputs[1].values == first.values);
  }
}

TEST_CASE("when memory runs out the batch is halved until it fits, and that is told") {
  const TempDir dir;
  const std::vector<float> expected = run(*open(toy(dir, ""), spec_of()), 4).values;
  const auto hungry = open(toy(dir, "hungry"), spec_of());
  CHECK(hungry->info().batch == 4);
  CHECK(largest_difference(run(*hungry, 4).values, expected) < 1e-5);
  CHECK(run(*hungry, 3).values.size() == 3 * 5);
  const RunnerInfo info = hungry->info();
  CHECK(info.batch == 2);
  CHECK(info.capacity == 4);
  REQUIRE_FALSE(info.notes.empty());
  CHECK(info.notes.back() == "the memory of cpu ran out at 4 images: forwards are of 2 now");
}

TEST_CASE("a forward that fails gives its reason, and the runner goes on") {
  const TempDir dir;
  const auto runner = open(toy(dir, "fails"), spec_of());
  fill(*runner, 0, 4);
  RunOutput out;
  const RunnerFailure failure = runner->run(0, 4, out);
  CHECK(failure.category == static_cast<int>(ErrorCategory::kInternal));
  CHECK(failure.message.find("made up") != std::string::npos);
  CHECK_FALSE(runner->run(0, 2, out).failed());
  CHECK(out.values.size() == 2 * 5);
  CHECK(runner->run(0, 5, out).failed());
  CHECK(runner->run(7, 1, out).failed());
}

TEST_CASE("a model with the wrong number of classes is refused") {
  const TempDir dir;
  ModelSpec spec = spec_of();
  spec.class_names = {"a", "b", "c"};
  const Error error = open_error(toy(dir, ""), spec);
  CHECK(error.category() == ErrorCategory::kBadInput);
  CHECK(std::string(error.what()) ==
        "the model gives 5 values for each image, but its description lists 3 class names");
}

TEST_CASE("what cannot be opened says why") {
  const TempDir dir;
  CHECK(open_error(dir / "absent.pt", spec_of()).category() == ErrorCategory::kNotFound);

  const std::string garbage = dir.write("garbage.pt", "this is not a model");
  const Error broken = open_error(garbage, spec_of());
  CHECK(broken.category() == ErrorCategory::kBadInput);
  CHECK(std::string(broken.what()).find("cannot load the model") == 0);
  CHECK(broken.path() == garbage);

  const std::string path = toy(dir, "linear_only");
  const Error size = open_error(path, spec_of(28));
  CHECK(std::string(size.what()).find("the model cannot take 3x28x28 images") == 0);

  ModelSpec spec = spec_of();
  spec.output_index = 3;
  CHECK(std::string(open_error(toy(dir, "tuple"), spec).what()) ==
        "the model has 2 outputs, and output 3 was asked for");
  spec.output_index = 0;
  spec.output_name = "logits";
  const Error name = open_error(toy(dir, "dict"), spec);
  CHECK(std::string(name.what()) == "the model has no output \"logits\"");
  CHECK(name.hint() == "its outputs are scores, features");
}

TEST_CASE("devices and precisions that are not there are refused, never replaced") {
  const TempDir dir;
  const std::string path = toy(dir, "");
  RunnerOptions options;
  options.device = "cuda:97";
  CHECK_THROWS_AS(load_runner(path, spec_of(), options), Error);
  options.device = "tpu";
  try {
    load_runner(path, spec_of(), options);
    FAIL("opened");
  } catch (const Error& error) {
    CHECK(error.category() == ErrorCategory::kUsage);
    CHECK(std::string(error.what()) == "there is no device \"tpu\"");
  }
  options.precision = Precision::kFp16;
  CHECK(open_error(path, spec_of(), options).category() == ErrorCategory::kUnsupported);
  CHECK(probe_environment().available);
  CHECK(probe_environment().text.find("LibTorch") == 0);
}
