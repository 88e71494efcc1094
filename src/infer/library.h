// The shared library that holds LibTorch, opened once, when a command first needs it (0.3 s).
#pragma once

#include <string>

#include "infer/head_device.h"
#include "infer/runner.h"
#include "infer/tuner.h"

namespace errata::infer {

struct InferLibrary {
  OpenRunnerFn open_runner = nullptr;
  DescribeDevicesFn describe_devices = nullptr;
  ChooseDeviceFn choose_device = nullptr;
  OpenHeadDeviceFn open_head_device = nullptr;
  OpenTunerFn open_tuner = nullptr;
  std::string problem;  // why it is not there; the functions are nullptr then
};

const InferLibrary& infer_library();

inline constexpr const char* kNoLibraryHint =
    "run cmake/setup.sh and build again without -DERRATA_INFER=OFF";

}  // namespace errata::infer
