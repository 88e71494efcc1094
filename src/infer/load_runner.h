// Opens the shared library that holds LibTorch, only when a command needs it.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "infer/model_spec.h"
#include "infer/runner.h"

namespace errata::infer {

// Loads the model and runs it once, so that what cannot work fails here. Throws Error:
//   kUnsupported  this build has no LibTorch, or the device or precision is not there
//   kBadInput     not a TorchScript file, an input size or output it does not have, or a number of
//                 classes other than spec.class_names lists
// A spec without class names is legal: info().classes tells how many the caller must find names
// for. Log the lines of describe_runner() at the start of a run.
std::unique_ptr<Runner> load_runner(const std::string& model_path, const ModelSpec& spec,
                                    const RunnerOptions& options);

// What the shared library must know of it.
RunnerRequest make_request(const std::string& model_path, const ModelSpec& spec,
                           const RunnerOptions& options);

// "cpu (AMD EPYC 9B45), bf16, 2 slots, batch 32, LibTorch 2.13.0, frozen, channels-last; embedding:
// 512 values, input of the last linear layer".
std::string describe_runner(const RunnerInfo& info);

// "fp32", "bf16", "fp16"; false for other names.
bool parse_precision(std::string_view name, Precision& precision);
std::string_view precision_name(Precision precision);

struct InferEnvironment {
  bool available = false;
  std::string text;  // devices and the LibTorch version, or why there is none and what to do
};
// For `errata doctor`. Never throws. Loads the library (0.3 s).
InferEnvironment probe_environment();

}  // namespace errata::infer
