// Detectors as torchvision scripts them: a list of pictures of any size in, a list of dictionaries
// with boxes, labels, scores and perhaps masks out.
#pragma once

#include <ATen/ATen.h>

#include <memory>

#include "infer/runner.h"

namespace errata::infer::torch_runner {

// `info` says the device and the engine. The model is run once on a made-up picture. Throws
// Failure.
std::unique_ptr<Runner> open_object_runner(const RunnerRequest& request, at::Device device,
                                           RunnerInfo info);

}  // namespace errata::infer::torch_runner
