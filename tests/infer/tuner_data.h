// Pictures of three colours, and a toy model fitted to them.
#pragma once

#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "infer/load_tuner.h"
#include "tests/infer/toy_models.h"
#include "tests/support/temp_dir.h"

namespace errata::test {

inline infer::ModelSpec toy_spec() {
  infer::ModelSpec spec;
  spec.input_px = {32, 32};
  spec.resize = infer::ResizeMode::kNone;
  spec.crop = infer::CropMode::kNone;
  spec.mean = {0, 0, 0};
  spec.std = {1, 1, 1};
  return spec;
}

inline std::unique_ptr<infer::Tuner> open_toy(const TempDir& dir, const std::string& variant,
                                              const std::string& device = "cpu") {
  ToyOptions toy;
  toy.variant = variant;
  const std::string path = dir / ("toy " + variant + ".pt");
  write_toy_model(path, toy);
  infer::RunnerOptions options;
  options.device = device;
  options.batch = 32;
  options.slots = 2;
  return infer::load_tuner(path, toy_spec(), options, 3);
}

// Picture i is of class i % 3: brighter in that channel.
inline void show(infer::Tuner& tuner, size_t slot, size_t n) {
  const infer::TunerInfo info = tuner.info();
  const size_t pixels = info.input_values / 3;
  float* values = tuner.input(slot);
  for (size_t i = 0; i < n; ++i) {
    for (size_t p = 0; p < pixels; ++p) {
      for (size_t c = 0; c < 3; ++c) {
        const size_t at = info.channels_last ? p * 3 + c : c * pixels + p;
        values[i * info.input_values + at] =
            0.5f * std::sin(0.13f * static_cast<float>(p % 811) + static_cast<float>(i)) +
            (i % 3 == c ? 0.5f : 0.0f);
      }
    }
  }
}

inline void train(infer::Tuner& tuner, size_t slot, size_t steps, double rate = 3e-3) {
  constexpr size_t kCount = 18;
  std::vector<float> targets(kCount * 3, 0);
  for (size_t i = 0; i < kCount; ++i) targets[3 * i + i % 3] = 1;
  for (size_t step = 0; step < steps; ++step) {
    show(tuner, slot, kCount);
    REQUIRE(!tuner.learn(slot, kCount, targets.data(), rate).failed());
  }
}

// Empty where it failed.
inline std::vector<float> ask(infer::Tuner& tuner, size_t slot, size_t n) {
  show(tuner, slot, n);
  std::vector<float> probabilities(n * 3);
  if (tuner.ask(slot, n, probabilities.data()).failed()) return {};
  return probabilities;
}

inline double loss(const std::vector<float>& probabilities) {
  double sum = 0;
  for (size_t i = 0; i < probabilities.size() / 3; ++i) {
    sum -= std::log(probabilities[3 * i + i % 3]);
  }
  return sum / static_cast<double>(probabilities.size() / 3);
}

}  // namespace errata::test
