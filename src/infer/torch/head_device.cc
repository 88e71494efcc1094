#include "infer/head_device.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <memory>

#include "infer/torch/devices.h"
#include "infer/torch/forward.h"

namespace errata::infer::torch_runner {

namespace {

// Floats of the largest array that is made of a chunk of rows.
constexpr int64_t kChunkValues = int64_t{1} << 26;
constexpr int64_t kMostChunkRows = 65536;

// Runs `body` and turns what it throws into a failure.
template <typename Body>
RunnerFailure guarded(const std::string& device, const Body& body) {
  try {
    const c10::InferenceMode inference;
    body();
    return {};
  } catch (const Failure& known) {
    return {known.category, known.message, known.hint};
  } catch (const std::exception& error) {
    if (is_out_of_memory(error)) {
      return {kUnsupported, "the memory of " + device + " does not hold the embeddings and heads",
              "--device cpu trains on the processor"};
    }
    return {kInternal, "training on " + device + " failed: " + first_line(error.what()),
            "--device cpu trains on the processor"};
  }
}

at::Tensor view_of(const float* values, int64_t rows, int64_t columns) {
  return at::from_blob(const_cast<float*>(values), {rows, columns},
                       at::TensorOptions().dtype(at::kFloat));
}

class TorchHeads : public HeadDevice {
 public:
  TorchHeads(const HeadDeviceRequest& request, const at::Device& device)
      : device_(device),
        text_(device_text(device)),
        rows_(static_cast<int64_t>(request.rows)),
        axes_(static_cast<int64_t>(request.axes)),
        classes_(static_cast<int64_t>(request.classes)),
        folds_(static_cast<int64_t>(request.folds)),
        stride_(static_cast<int64_t>(request.stride)) {
    coordinates_ =
        to_device(view_of(request.coordinates, rows_, static_cast<int64_t>(request.width))
                      .narrow(1, 0, axes_));
    targets_ = to_device(view_of(request.targets, rows_, classes_));
    at::Tensor trained = at::zeros({rows_, folds_});
    at::Tensor asked = at::zeros({rows_, folds_});
    float* weight = trained.data_ptr<float>();
    float* share = asked.data_ptr<float>();
    for (int64_t row = 0; row < rows_; ++row) {
      const bool none = request.fold[row] == request.no_fold;
      for (int64_t f = 0; f < folds_; ++f) {
        const bool own = request.fold[row] == f;
        weight[row * folds_ + f] = none || own ? 0 : request.weights[row];
        share[row * folds_ + f] = none ? 1 / static_cast<float>(folds_) : own ? 1.0f : 0.0f;
      }
    }
    trained_ = to_device(trained);
    asked_ = to_device(asked);
    const int64_t values = std::max(classes_ * folds_, axes_);
    chunk_ = std::clamp(kChunkValues / std::max<int64_t>(values, 1), int64_t{1}, kMostChunkRows);
  }

  RunnerFailure add_gradient(const float* directions, const float* biases, double* direction_sums,
                             double* bias_sums) override {
    return guarded(text_, [&] {
      set_heads(directions, biases);
      const auto wide = at::TensorOptions().dtype(at::kDouble).device(device_);
      at::Tensor of_directions = at::zeros({axes_, folds_ * classes_}, wide);
      at::Tensor of_biases = at::zeros({folds_ * classes_}, wide);
      each_chunk([&](int64_t first, int64_t count) {
        at::Tensor residual = probabilities(first, count);
        residual.sub_(targets_.narrow(0, first, count).unsqueeze(1));
        residual.mul_(trained_.narrow(0, first, count).unsqueeze(2));
        residual = residual.view({count, folds_ * classes_});
        of_directions.add_(coordinates_.narrow(0, first, count).t().mm(residual));
        of_biases.add_(residual.sum(0, false, at::kDouble));
      });
      add_columns(of_directions.cpu(), axes_, direction_sums);
      add_columns(of_biases.cpu(), 1, bias_sums);
    });
  }

  RunnerFailure held_out_probabilities(const float* directions, const float* biases,
                                       float* result) override {
    return guarded(text_, [&] {
      set_heads(directions, biases);
      const at::Tensor out = view_of(result, rows_, classes_);
      each_chunk([&](int64_t first, int64_t count) {
        at::Tensor p = probabilities(first, count);
        p.mul_(asked_.narrow(0, first, count).unsqueeze(2));
        out.narrow(0, first, count).copy_(p.sum(1));
      });
    });
  }

 private:
  at::Tensor to_device(const at::Tensor& values) const {
    return values.to(device_, at::kFloat, /*non_blocking=*/false, /*copy=*/true).contiguous();
  }

  void set_heads(const float* directions, const float* biases) {
    const int64_t used = folds_ * classes_;
    directions_ = to_device(view_of(directions, axes_, stride_).narrow(1, 0, used));
    biases_ = to_device(view_of(biases, 1, stride_).narrow(1, 0, used));
  }

  template <typename Body>
  void each_chunk(const Body& body) const {
    for (int64_t first = 0; first < rows_; first += chunk_) {
      body(first, std::min(chunk_, rows_ - first));
    }
  }

  // count x folds x classes.
  at::Tensor probabilities(int64_t first, int64_t count) const {
    return at::addmm(biases_, coordinates_.narrow(0, first, count), directions_)
        .view({count, folds_, classes_})
        .softmax(2);
  }

  void add_columns(const at::Tensor& sums, int64_t rows, double* to) const {
    const int64_t used = folds_ * classes_;
    const double* from = sums.data_ptr<double>();
    for (int64_t i = 0; i < rows; ++i) {
      for (int64_t j = 0; j < used; ++j) to[i * stride_ + j] += from[i * used + j];
    }
  }

  at::Device device_;
  std::string text_;
  int64_t rows_;
  int64_t axes_;
  int64_t classes_;
  int64_t folds_;
  int64_t stride_;
  int64_t chunk_ = 0;
  at::Tensor coordinates_;  // rows x axes
  at::Tensor targets_;      // rows x classes
  at::Tensor trained_;      // rows x folds: what a row weighs in the head of each
  at::Tensor asked_;        // rows x folds: the share of each head in what is told of a row
  at::Tensor directions_;   // axes x (folds * classes)
  at::Tensor biases_;       // 1 x (folds * classes)
};

}  // namespace

}  // namespace errata::infer::torch_runner

ERRATA_EXPORT void errata_choose_device(const std::string& name, std::string& device,
                                        std::string& device_name,
                                        errata::infer::RunnerFailure& failure) {
  using namespace errata::infer::torch_runner;
  failure = guarded(name, [&] {
    const at::Device chosen = choose_device(name);
    device = device_text(chosen);
    device_name = errata::infer::torch_runner::device_name(chosen);
  });
}

ERRATA_EXPORT errata::infer::HeadDevice* errata_open_head_device(
    const errata::infer::HeadDeviceRequest& request, errata::infer::RunnerFailure& failure) {
  using namespace errata::infer::torch_runner;
  silence_warnings();
  std::unique_ptr<errata::infer::HeadDevice> heads;
  failure = guarded(request.device, [&] {
    set_exact_arithmetic();
    heads = std::make_unique<TorchHeads>(request, choose_device(request.device));
  });
  return failure.failed() ? nullptr : heads.release();
}
