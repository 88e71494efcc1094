// Heads trained by LibTorch beside those trained by the processor's own code.
#include "jobs/head_math.h"

#include <doctest/doctest.h>

#include "base/error.h"
#include "tests/jobs/head_data.h"

using namespace errata;
using namespace errata::analysis;
using namespace errata::tests;

namespace {

Heads some_heads(const HeadData& data) {
  Heads heads{kClasses, kFolds, head_stride(data.rows), {}, {}};
  Rng rng(9);
  for (size_t i = 0; i < data.space.axes * heads.stride; ++i) {
    heads.directions.push_back(static_cast<float>(draw_normal(rng)));
  }
  for (size_t j = 0; j < heads.stride; ++j) {
    heads.biases.push_back(static_cast<float>(draw_normal(rng)));
  }
  return heads;
}

}  // namespace

TEST_CASE("LibTorch sums the gradient of heads and asks them as the processor does") {
  const HeadData data;
  const Heads heads = some_heads(data);
  const auto here = processor_head_math(serial_for)(data.rows);
  const auto torch = jobs::torch_head_math("cpu")(data.rows);
  const size_t size = heads.directions.size();
  // What is there already is added to.
  std::vector<double> directions(size, 3);
  std::vector<double> biases(heads.stride, -2);
  std::vector<double> torch_directions = directions;
  std::vector<double> torch_biases = biases;
  here->add_gradient(heads, directions, biases);
  torch->add_gradient(heads, torch_directions, torch_biases);
  double moved = 0;
  double largest = 0;
  for (size_t i = 0; i < size; ++i) {
    moved = std::max(moved, std::abs(directions[i] - 3));
    largest = std::max(largest, std::abs(directions[i] - torch_directions[i]));
  }
  for (size_t j = 0; j < heads.stride; ++j) {
    largest = std::max(largest, std::abs(biases[j] - torch_biases[j]));
  }
  CHECK(moved > 1);
  CHECK(largest < 2e-5 * moved);
  // Columns that no head uses stay as they were.
  CHECK(torch_directions[kClasses * kFolds] == 3);
  CHECK(torch_biases[heads.stride - 1] == -2);

  const std::vector<float> asked = torch->held_out_probabilities(heads);
  CHECK(largest_difference(asked, here->held_out_probabilities(heads)) < 2e-6);
  CHECK(asked == torch->held_out_probabilities(heads));
}

TEST_CASE("a probe trained by LibTorch tells what the processor's tells, the same each time") {
  const HeadData data;
  const Probe here = probe_of(data, processor_head_math(serial_for));
  const Probe torch = probe_of(data, jobs::torch_head_math("cpu"));
  CHECK(torch.lambda == here.lambda);
  CHECK(torch.fold == here.fold);
  CHECK(torch.tried.size() == here.tried.size());
  CHECK(largest_difference(torch.probabilities, here.probabilities) < 1e-4);
  CHECK(probe_of(data, jobs::torch_head_math("cpu")).probabilities == torch.probabilities);
}

TEST_CASE("a device that is not there is told before any work") {
  CHECK(infer::choose_head_device("cpu").device == "cpu");
  try {
    infer::choose_head_device("gpu");
    FAIL("\"gpu\" was taken for a device");
  } catch (const Error& error) {
    CHECK(error.category() == ErrorCategory::kUsage);
  }
  try {
    infer::choose_head_device("cuda:98");
    FAIL("there was a device cuda:98");
  } catch (const Error& error) {
    CHECK(error.category() == ErrorCategory::kUnsupported);
    CHECK(error.hint().find("--device cpu") != std::string::npos);
  }
}
