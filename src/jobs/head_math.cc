#include "jobs/head_math.h"

#include <memory>
#include <utility>

namespace errata::jobs {

namespace {

infer::HeadDeviceRequest request_of(const std::string& device, const analysis::HeadRows& rows,
                                    size_t stride) {
  infer::HeadDeviceRequest request;
  request.device = device;
  request.rows = rows.coordinates.rows;
  request.axes = rows.coordinates.axes;
  request.width = rows.coordinates.width;
  request.classes = rows.classes;
  request.folds = rows.folds;
  request.stride = stride;
  request.no_fold = analysis::kNoFold;
  request.coordinates = rows.coordinates.values.data();
  request.fold = rows.fold.data();
  request.targets = rows.targets.data();
  request.weights = rows.weights.data();
  return request;
}

class DeviceMath : public analysis::HeadMath {
 public:
  DeviceMath(const std::string& device, const analysis::HeadRows& rows)
      : values_(rows.coordinates.rows * rows.classes),
        heads_(infer::open_head_device(request_of(device, rows, analysis::head_stride(rows)))) {}

  void add_gradient(const analysis::Heads& heads, std::span<double> directions,
                    std::span<double> biases) override {
    infer::check(heads_->add_gradient(heads.directions.data(), heads.biases.data(),
                                      directions.data(), biases.data()));
  }

  std::vector<float> held_out_probabilities(const analysis::Heads& heads) override {
    std::vector<float> result(values_);
    infer::check(heads_->held_out_probabilities(heads.directions.data(), heads.biases.data(),
                                                result.data()));
    return result;
  }

 private:
  size_t values_;
  std::unique_ptr<infer::HeadDevice> heads_;
};

}  // namespace

analysis::HeadMathFactory torch_head_math(const std::string& device) {
  return [device](const analysis::HeadRows& rows) {
    return std::make_unique<DeviceMath>(device, rows);
  };
}

analysis::HeadMathFactory head_math_on(const infer::ChosenDevice& device,
                                       ParallelFor parallel_for) {
  if (device.device == "cpu") return analysis::processor_head_math(std::move(parallel_for));
  return torch_head_math(device.device);
}

}  // namespace errata::jobs
