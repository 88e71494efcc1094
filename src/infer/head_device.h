// Heads trained on another device: the sums over the rows that analysis/linear_head.h needs, by
// LibTorch. Plain types, like infer/runner.h, since the implementation is in the same library.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "infer/runner.h"

namespace errata::infer {

struct HeadDeviceRequest {
  std::string device;  // cpu, cuda or cuda:N
  size_t rows = 0;
  size_t axes = 0;
  size_t width = 0;  // floats from one row of coordinates to the next
  size_t classes = 0;
  size_t folds = 0;
  size_t stride = 0;                   // columns of the heads' arrays, >= folds * classes
  uint8_t no_fold = 255;               // of rows that are not trained on
  const float* coordinates = nullptr;  // rows x width; all are read while it is opened
  const uint8_t* fold = nullptr;       // rows
  const float* targets = nullptr;      // rows x classes
  const float* weights = nullptr;      // rows
};

// What the two calls give: analysis::HeadMath. Both take directions (axes x stride) and biases
// (stride). The same numbers each time on the same device. Do not throw.
class HeadDevice {
 public:
  virtual ~HeadDevice() = default;

  // Adds to direction_sums (axes x stride) and bias_sums (stride).
  virtual RunnerFailure add_gradient(const float* directions, const float* biases,
                                     double* direction_sums, double* bias_sums) = 0;
  // Fills rows x classes.
  virtual RunnerFailure held_out_probabilities(const float* directions, const float* biases,
                                               float* probabilities) = 0;
};

// ---- between load_head_device and the shared library ----

// Which device a name means here: "cpu" or "cuda:N", and what it is called.
using ChooseDeviceFn = void (*)(const std::string& name, std::string& device,
                                std::string& device_name, RunnerFailure& failure);
// nullptr with `failure` set when the device cannot hold the rows. The caller deletes it.
using OpenHeadDeviceFn = HeadDevice* (*)(const HeadDeviceRequest& request, RunnerFailure& failure);

}  // namespace errata::infer
