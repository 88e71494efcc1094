// Which device, by its name, and how it computes: the same numbers each time.
#pragma once

#include <c10/core/Device.h>

#include <exception>
#include <string>

// Of the functions that the program finds in the library by their names.
#define ERRATA_EXPORT extern "C" __attribute__((visibility("default")))

namespace errata::infer::torch_runner {

int cuda_count();
// Of the device as its driver or the kernel calls it; empty where that is not known.
std::string device_name(const at::Device& device);
// "cpu", "cuda:0".
std::string device_text(const at::Device& device);

// auto, cpu, cuda or cuda:N. Throws Failure.
at::Device choose_device(const std::string& name);

// The same numbers each time, and fp32 that is fp32: what a run that goes on after a stop needs.
void set_exact_arithmetic();

bool is_out_of_memory(const std::exception& error);

// LibTorch's warnings are for the model's author; a program that uses it does not print them.
void silence_warnings();

}  // namespace errata::infer::torch_runner
