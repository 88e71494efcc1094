// Toy models whose own weights are fitted.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "infer/load_tuner.h"
#include "tests/infer/toy_models.h"
#include "tests/infer/tuner_data.h"
#include "tests/support/temp_dir.h"

using namespace errata;
using namespace errata::infer;
using namespace errata::test;

TEST_CASE("a model is fitted to labels, each slot on its own, and from the start again") {
  const TempDir dir;
  const std::unique_ptr<Tuner> tuner = open_toy(dir, "");
  const TunerInfo info = tuner->info();
  CHECK(info.device == "cpu");
  CHECK(info.embedding_columns == 16);
  CHECK(info.embedding_source == "input of the last linear layer");
  // Three convolutions with their batch norms folded into weights and biases; not the old head.
  CHECK(info.trained_values == 16 * 3 * 9 + 2 * 16 * 16 * 9 + 3 * 16);

  CHECK(ask(*tuner, 0, 8).empty());  // before restart()
  REQUIRE(!tuner->restart(0).failed());
  const std::vector<float> before = ask(*tuner, 0, 8);
  for (const float p : before) CHECK(p == doctest::Approx(1.0 / 3));
  train(*tuner, 0, 60);
  const std::vector<float> after = ask(*tuner, 0, 9);
  CHECK(loss(after) < 0.7 * std::log(3.0));
  for (size_t row = 0; row < 9; ++row) {
    CHECK(after[3 * row] + after[3 * row + 1] + after[3 * row + 2] == doctest::Approx(1));
  }

  REQUIRE(!tuner->restart(1).failed());
  CHECK(ask(*tuner, 1, 8) == before);
  CHECK(ask(*tuner, 0, 9) == after);
  train(*tuner, 1, 60);
  CHECK(ask(*tuner, 1, 9) == after);
  REQUIRE(!tuner->restart(0).failed());
  CHECK(ask(*tuner, 0, 8) == before);
  tuner->forget(0);
  CHECK(ask(*tuner, 0, 8).empty());
}

TEST_CASE("what a model only holds beside its parameters is not fitted") {
  // Taken off and multiplied before the first layer: a mean, and a map that is made of a buffer.
  const TempDir dir;
  const std::unique_ptr<Tuner> tuner = open_toy(dir, "buffers");
  CHECK(tuner->info().trained_values == open_toy(dir, "")->info().trained_values);
  REQUIRE(!tuner->restart(0).failed());
  train(*tuner, 0, 60);
  CHECK(loss(ask(*tuner, 0, 9)) < 0.9 * std::log(3.0));
}

TEST_CASE("at a rate of nothing nothing is learnt, and the weights beyond the head follow") {
  const TempDir dir;
  const std::unique_ptr<Tuner> tuner = open_toy(dir, "");
  REQUIRE(!tuner->restart(0).failed());
  train(*tuner, 0, 5, 0);
  for (const float p : ask(*tuner, 0, 4)) CHECK(p == doctest::Approx(1.0 / 3));
  // What all pictures share says which is which only once the model's own weights have moved: a
  // head on one and the same embedding cannot tell pictures apart.
  const std::unique_ptr<Tuner> blind = open_toy(dir, "blind");
  REQUIRE(!blind->restart(0).failed());
  train(*blind, 0, 1, 1e-3);
  const std::vector<float> first = ask(*blind, 0, 3);
  CHECK(std::abs(first[0] - first[3]) < 1e-3);
  train(*blind, 0, 150, 3e-3);
  CHECK(loss(ask(*blind, 0, 9)) < 0.9 * std::log(3.0));
}

TEST_CASE("models of many forms are fitted, whatever layout they bear") {
  const TempDir dir;
  for (const char* variant :
       {"tuple", "dict", "probabilities", "view", "layers", "activations", "broadcast", "halves"}) {
    INFO(variant);
    const std::unique_ptr<Tuner> tuner = open_toy(dir, variant);
    CHECK(tuner->info().channels_last == (std::string(variant) != "view"));
    REQUIRE(!tuner->restart(0).failed());
    train(*tuner, 0, 60);
    CHECK(loss(ask(*tuner, 0, 9)) < 0.9 * std::log(3.0));
  }
}

TEST_CASE("what cannot be fitted is said") {
  const TempDir dir;
  const auto message = [&](const std::string& variant) {
    try {
      open_toy(dir, variant);
    } catch (const Error& error) {
      CHECK(error.category() == ErrorCategory::kBadInput);
      return std::string(error.what());
    }
    return std::string();
  };
  CHECK(message("conv_head").find("no embedding") != std::string::npos);
  try {
    load_tuner(dir / "none.pt", toy_spec(), {}, 3);
    FAIL("a model that is not there");
  } catch (const Error& error) {
    CHECK(error.category() == ErrorCategory::kNotFound);
  }
  // It bears two pictures at a time: a step of more fails with its message, and the slot lives on.
  const std::unique_ptr<Tuner> fails = open_toy(dir, "fails");
  REQUIRE(!fails->restart(0).failed());
  show(*fails, 0, 8);
  const std::vector<float> targets(8 * 3, 1.0f / 3);
  const RunnerFailure failure = fails->learn(0, 8, targets.data(), 1e-3);
  CHECK(failure.failed());
  CHECK(failure.message.find("made up") != std::string::npos);
  CHECK(ask(*fails, 0, 2).size() == 6);
}
