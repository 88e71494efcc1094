#include "infer/load_head_device.h"

#include <dlfcn.h>

#include "base/error.h"
#include "infer/library.h"

namespace errata::infer {

namespace {

bool has_cuda_driver() {
  void* driver = dlopen("libcuda.so.1", RTLD_LAZY | RTLD_LOCAL);
  if (driver != nullptr) dlclose(driver);
  return driver != nullptr;
}

const InferLibrary& needed_library() {
  const InferLibrary& torch = infer_library();
  if (!torch.problem.empty()) {
    throw Error(ErrorCategory::kUnsupported,
                "this build cannot compute on a CUDA device: " + torch.problem,
                std::string(kNoLibraryHint) + "; --device cpu runs on the processor");
  }
  return torch;
}

}  // namespace

ChosenDevice choose_head_device(const std::string& device) {
  if (device == "cpu") return {};
  if (device == "auto" && (!has_cuda_driver() || !infer_library().problem.empty())) return {};
  if (device != "auto" && device.rfind("cuda", 0) != 0) {
    throw Error(ErrorCategory::kUsage, "there is no device \"" + device + "\"",
                "auto, cpu, cuda or cuda:N");
  }
  ChosenDevice chosen;
  RunnerFailure failure;
  needed_library().choose_device(device, chosen.device, chosen.name, failure);
  check(failure);
  return chosen;
}

std::unique_ptr<HeadDevice> open_head_device(const HeadDeviceRequest& request) {
  RunnerFailure failure;
  std::unique_ptr<HeadDevice> heads(needed_library().open_head_device(request, failure));
  check(failure);
  return heads;
}

void check(const RunnerFailure& failure) {
  if (!failure.failed()) return;
  throw Error(static_cast<ErrorCategory>(failure.category), failure.message, failure.hint);
}

}  // namespace errata::infer
