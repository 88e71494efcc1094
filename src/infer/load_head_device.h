// Opens a device for the training of heads.
#pragma once

#include <memory>
#include <string>

#include "infer/head_device.h"

namespace errata::infer {

struct ChosenDevice {
  std::string device = "cpu";  // or "cuda:0"
  std::string name;            // "NVIDIA H100 80GB HBM3"; empty where it is not known
};

// What "auto" (CUDA when there is one, else the processor), "cpu", "cuda" or "cuda:N" means here.
// Throws Error: kUsage for another name, kUnsupported for a device that is not there. Loads
// LibTorch only where the machine has CUDA's driver or a CUDA device is asked for.
ChosenDevice choose_head_device(const std::string& device);

// Throws Error(kUnsupported) where the rows do not fit into the device's memory or this build has
// no LibTorch.
std::unique_ptr<HeadDevice> open_head_device(const HeadDeviceRequest& request);

// Throws what a call of HeadDevice returned, if it failed.
void check(const RunnerFailure& failure);

}  // namespace errata::infer
