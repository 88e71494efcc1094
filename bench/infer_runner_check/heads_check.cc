#include "heads_check.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <memory>
#include <vector>

#include "infer/head_device.h"

using namespace errata::infer;

extern "C" HeadDevice* errata_open_head_device(const HeadDeviceRequest& request,
                                               RunnerFailure& failure);

namespace {

constexpr size_t kAxes = 256;
constexpr size_t kFolds = 5;
constexpr int kRepeats = 20;

struct Rows {
  std::vector<float> coordinates;
  std::vector<uint8_t> fold;
  std::vector<float> targets;
  std::vector<float> weights;
  std::vector<float> directions;
  std::vector<float> biases;
};

Rows make_rows(size_t rows, size_t classes) {
  Rows made;
  uint64_t state = 1;
  const auto draw = [&] {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return static_cast<float>(state >> 40) / static_cast<float>(1 << 24) - 0.5f;
  };
  made.targets.assign(rows * classes, 0);
  for (size_t i = 0; i < rows; ++i) {
    made.fold.push_back(static_cast<uint8_t>(i % kFolds));
    made.weights.push_back(1);
    made.targets[i * classes + i % classes] = 1;
    for (size_t j = 0; j < kAxes; ++j) made.coordinates.push_back(draw());
  }
  for (size_t i = 0; i < kAxes * kFolds * classes; ++i) made.directions.push_back(draw());
  made.biases.assign(kFolds * classes, 0);
  return made;
}

struct Gradient {
  std::vector<double> directions;
  std::vector<double> biases;
};

bool run(const std::string& device, const Rows& rows, size_t classes, Gradient& gradient) {
  const auto start = std::chrono::steady_clock::now();
  const auto elapsed = [&] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  const HeadDeviceRequest request{device,
                                  rows.fold.size(),
                                  kAxes,
                                  kAxes,
                                  classes,
                                  kFolds,
                                  kFolds * classes,
                                  255,
                                  rows.coordinates.data(),
                                  rows.fold.data(),
                                  rows.targets.data(),
                                  rows.weights.data()};
  RunnerFailure failure;
  const std::unique_ptr<HeadDevice> heads(errata_open_head_device(request, failure));
  const double opened = elapsed();
  for (int i = 0; heads && !failure.failed() && i < kRepeats; ++i) {
    Gradient again{std::vector<double>(rows.directions.size(), 0),
                   std::vector<double>(rows.biases.size(), 0)};
    failure = heads->add_gradient(rows.directions.data(), rows.biases.data(),
                                  again.directions.data(), again.biases.data());
    if (i > 0 && again.directions != gradient.directions) {
      std::printf("%s: the same gradient DIFFERS\n", device.c_str());
      return false;
    }
    gradient = std::move(again);
  }
  if (failure.failed()) {
    std::printf("%s: %s\n", device.c_str(), failure.message.c_str());
    return false;
  }
  std::printf("%s: opened in %.3f s, %d gradients, the same each time, %.2f ms each\n",
              device.c_str(), opened, kRepeats, (elapsed() - opened) / kRepeats * 1e3);
  return true;
}

}  // namespace

int check_heads(const std::string& device, size_t row_count, size_t classes) {
  const Rows rows = make_rows(row_count, classes);
  Gradient here;
  Gradient there;
  if (!run("cpu", rows, classes, here) || !run(device, rows, classes, there)) return 1;
  double largest = 0;
  double difference = 0;
  for (size_t i = 0; i < here.directions.size(); ++i) {
    largest = std::max(largest, std::abs(here.directions[i]));
    difference = std::max(difference, std::abs(here.directions[i] - there.directions[i]));
  }
  std::printf("largest difference to the processor: %g (values up to %g)\n", difference, largest);
  return difference <= 1e-4 * largest ? 0 : 1;
}
