// The model file, loaded.
#pragma once

#include <torch/csrc/jit/api/module.h>

#include "infer/runner.h"

namespace errata::infer::torch_runner {

// In evaluation mode. Throws Failure, and LibTorch's own when the device's memory runs out.
torch::jit::Module load_module(const RunnerRequest& request, at::Device device);

}  // namespace errata::infer::torch_runner
