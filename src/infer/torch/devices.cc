#include "infer/torch/devices.h"

#include <ATen/Context.h>
#include <ATen/DeviceAccelerator.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <c10/util/Exception.h>

#include <filesystem>
#include <fstream>
#include <new>
#include <string_view>

#include "infer/torch/forward.h"

namespace errata::infer::torch_runner {

namespace {

std::string cpu_name() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    if (line.rfind("model name", 0) == 0) return line.substr(line.find(": ") + 2);
  }
  return "";
}

// The driver's name for the GPU, on the usual machine with one: with several, its order need not be
// the runtime's.
std::string cuda_name() {
  std::error_code ignored;
  std::string name;
  for (const auto& gpu : std::filesystem::directory_iterator("/proc/driver/nvidia/gpus", ignored)) {
    if (!name.empty()) return "";
    std::ifstream info(gpu.path() / "information");
    for (std::string line; std::getline(info, line);) {
      if (line.rfind("Model:", 0) == 0) name = line.substr(line.find_first_not_of(" \t", 6));
    }
  }
  return name;
}

// LibTorch's warnings are for the model's author; a program that uses it does not print them.
class NoWarnings : public c10::WarningHandler {
 public:
  void process(const c10::Warning&) override {}
};

}  // namespace

std::string device_name(const at::Device& device) {
  return device.is_cpu() ? cpu_name() : cuda_name();
}

std::string device_text(const at::Device& device) {
  return device.is_cpu() ? "cpu" : device.str();
}

int cuda_count() {
  const auto accelerator = at::accelerator::getAccelerator(false);
  if (!accelerator || *accelerator != c10::DeviceType::CUDA) return 0;
  return static_cast<int>(at::accelerator::deviceCount());
}

at::Device choose_device(const std::string& name) {
  const int count = cuda_count();
  if (name == "cpu") return at::Device(at::kCPU);
  if (name == "auto") return count > 0 ? at::Device(at::kCUDA, 0) : at::Device(at::kCPU);
  int index = 0;
  if (name.rfind("cuda:", 0) == 0 && name.size() > 5 && name.size() < 9 &&
      name.find_first_not_of("0123456789", 5) == std::string::npos) {
    index = std::stoi(name.substr(5));
  } else if (name != "cuda") {
    throw Failure{2, "there is no device \"" + name + "\"", "auto, cpu, cuda or cuda:N"};
  }
  if (index >= count) {
    throw Failure{kUnsupported,
                  count == 0 ? "there is no CUDA device here, or this LibTorch is the CPU build"
                             : "there is no device " + name + ": " + std::to_string(count) +
                                   " CUDA devices are here",
                  "--device cpu runs on the processor"};
  }
  return at::Device(at::kCUDA, static_cast<c10::DeviceIndex>(index));
}

void set_exact_arithmetic() {
  at::globalContext().setBenchmarkCuDNN(false);
  at::globalContext().setDeterministicCuDNN(true);
  at::globalContext().setAllowTF32CuDNN(false);
  at::globalContext().setAllowTF32CuBLAS(false);
}

bool is_out_of_memory(const std::exception& error) {
  if (dynamic_cast<const c10::OutOfMemoryError*>(&error) != nullptr) return true;
  if (dynamic_cast<const std::bad_alloc*>(&error) != nullptr) return true;
  const std::string_view text = error.what();
  return text.find("can't allocate memory") != std::string_view::npos ||
         text.find("out of memory") != std::string_view::npos ||
         text.find("CUDNN_STATUS_ALLOC_FAILED") != std::string_view::npos ||
         text.find("CUBLAS_STATUS_ALLOC_FAILED") != std::string_view::npos;
}

void silence_warnings() {
  static NoWarnings handler;
  c10::WarningUtils::set_warning_handler(&handler);
}

}  // namespace errata::infer::torch_runner
