#include "infer/tuner.h"

#include <ATen/ATen.h>
#include <torch/optim/adamw.h>

#include <algorithm>
#include <vector>

#include "infer/torch/devices.h"
#include "infer/torch/forward.h"
#include "infer/torch/graph_passes.h"
#include "infer/torch/reuse_memory.h"
#include "infer/torch/trainable.h"

namespace errata::infer::torch_runner {

namespace jit = torch::jit;

namespace {

constexpr double kHeadRate = 10;  // times the rate of the model's own weights
constexpr double kDecay = 0.02;   // of matrices and kernels; biases are left alone

// The graph's floating constants but the fixed ones, each made anew so that this graph alone
// changes it.
std::vector<at::Tensor> own_weights(jit::Graph& graph, const std::vector<at::Tensor>& fixed) {
  std::vector<at::Tensor> weights;
  for (jit::Node* node : floating_constants(*graph.block())) {
    const at::Tensor& value = node->t(c10::attr::value);
    const bool is_fixed = std::any_of(fixed.begin(), fixed.end(),
                                      [&](const at::Tensor& each) { return each.is_same(value); });
    at::Tensor own = value.detach().clone();
    if (!is_fixed) weights.push_back(own.requires_grad_(true));
    node->t_(c10::attr::value, own);
  }
  return weights;
}

class Slot {
 public:
  Slot(const Trainable& model, size_t classes, at::Device device) {
    const std::shared_ptr<jit::Graph> graph = model.graph->copy();
    std::vector<at::Tensor> kernels;
    std::vector<at::Tensor> biases;
    for (const at::Tensor& weight : own_weights(*graph, model.fixed)) {
      (weight.dim() > 1 ? kernels : biases).push_back(weight);
    }
    forward_ = std::make_unique<TrainableForward>(model, graph);
    const auto options = at::TensorOptions().dtype(at::kFloat).device(device);
    head_ = at::zeros(
        {static_cast<int64_t>(classes), static_cast<int64_t>(model.embedding_columns)}, options);
    bias_ = at::zeros({static_cast<int64_t>(classes)}, options);
    head_.requires_grad_(true);
    bias_.requires_grad_(true);
    const auto group = [](std::vector<at::Tensor> tensors, double decay) {
      return torch::optim::OptimizerParamGroup(
          std::move(tensors), std::make_unique<torch::optim::AdamWOptions>(
                                  torch::optim::AdamWOptions(0).weight_decay(decay)));
    };
    optimizer_ = std::make_unique<torch::optim::AdamW>(
        std::vector<torch::optim::OptimizerParamGroup>{group({head_, bias_}, kDecay),
                                                       group(kernels, kDecay), group(biases, 0)},
        torch::optim::AdamWOptions(0));
  }

  void learn(const at::Tensor& images, const at::Tensor& targets, double rate) {
    for (size_t i = 0; i < optimizer_->param_groups().size(); ++i) {
      optimizer_->param_groups()[i].options().set_lr(i == 0 ? rate * kHeadRate : rate);
    }
    optimizer_->zero_grad();
    loss(images, targets).backward();
    optimizer_->step();
  }

  // How many of the model's values a gradient reaches.
  size_t reached(const at::Tensor& images, const at::Tensor& targets) {
    // Of a head of zeros nothing would reach beyond it.
    const at::NoGradGuard no_grad;
    head_.fill_(0.01);
    const at::AutoGradMode grad(true);
    loss(images, targets).backward();
    size_t values = 0;
    for (const size_t group : {1, 2}) {
      for (const at::Tensor& weight : optimizer_->param_groups()[group].params()) {
        if (weight.grad().defined()) values += static_cast<size_t>(weight.numel());
      }
    }
    return values;
  }

  at::Tensor ask(const at::Tensor& images) {
    const at::NoGradGuard guard;
    return logits(images).softmax(1);
  }

 private:
  at::Tensor loss(const at::Tensor& images, const at::Tensor& targets) {
    return -(logits(images).log_softmax(1) * targets).sum() / static_cast<double>(images.size(0));
  }

  at::Tensor logits(const at::Tensor& images) {
    return at::linear(forward_->embedding(images), head_, bias_);
  }

  std::unique_ptr<TrainableForward> forward_;
  at::Tensor head_;
  at::Tensor bias_;
  std::unique_ptr<torch::optim::AdamW> optimizer_;
};

class TorchTuner : public Tuner {
 public:
  TorchTuner(const TunerRequest& request, at::Device device)
      : request_(request), device_(device), model_(prepare_to_train(request_.model, device)) {
    info_.device = device_text(device);
    info_.device_name = device_name(device);
    info_.embedding_source = model_.embedding_source;
    info_.embedding_columns = model_.embedding_columns;
    info_.input_values = static_cast<size_t>(request.model.channels) *
                         static_cast<size_t>(request.model.height_px) *
                         static_cast<size_t>(request.model.width_px);
    const RunnerOptions& options = request.model.options;
    slots_.resize(options.slots);
    const auto values = static_cast<int64_t>(info_.input_values * options.batch);
    for (size_t slot = 0; slot < options.slots; ++slot) {
      inputs_.push_back(at::zeros({values}, at::TensorOptions().pinned_memory(device.is_cuda())));
    }
    info_.channels_last = true;
    try {
      info_.trained_values = try_a_step();
    } catch (const c10::OutOfMemoryError&) {
      throw;
    } catch (const std::exception&) {
      // view() does not bear such maps.
      info_.channels_last = false;
      info_.trained_values = try_a_step();
    }
    if (info_.trained_values == 0) {
      throw Failure{kBadInput, "no weight of the model has a gradient: it cannot be fine-tuned",
                    "a model traced or scripted in float32 is needed, not a quantised one"};
    }
  }

  TunerInfo info() const override { return info_; }
  float* input(size_t slot) override { return inputs_[slot].data_ptr<float>(); }

  RunnerFailure restart(size_t slot) override {
    return guarded([&] {
      slots_[slot].reset();
      slots_[slot] = std::make_unique<Slot>(model_, request_.classes, device_);
    });
  }

  RunnerFailure learn(size_t slot, size_t n, const float* targets, double rate) override {
    return guarded([&] {
      const at::Tensor wanted =
          at::from_blob(const_cast<float*>(targets),
                        {static_cast<int64_t>(n), static_cast<int64_t>(request_.classes)},
                        at::TensorOptions().dtype(at::kFloat))
              .to(device_);
      const ReuseMemory reuse;
      started(slot).learn(images(slot, n), wanted, rate);
    });
  }

  RunnerFailure ask(size_t slot, size_t n, float* probabilities) override {
    return guarded([&] {
      const ReuseMemory reuse;
      const at::Tensor rows = started(slot).ask(images(slot, n)).cpu().contiguous();
      std::copy_n(rows.data_ptr<float>(), rows.numel(), probabilities);
    });
  }

  void forget(size_t slot) override {
    slots_[slot].reset();
    release_kept_memory();
  }

 private:
  at::Tensor images(size_t slot, size_t n) {
    return images_at(input(slot), n, request_.model, info_.channels_last).to(device_);
  }

  // One made-up image: what cannot be trained fails here. How many values are trained.
  size_t try_a_step() {
    Slot slot(model_, request_.classes, device_);
    const std::vector<float> target(request_.classes, 1 / static_cast<float>(request_.classes));
    std::fill_n(input(0), info_.input_values, 0.25f);
    const at::Tensor wanted =
        at::tensor(at::ArrayRef<float>(target)).view({1, static_cast<int64_t>(request_.classes)});
    return slot.reached(images(0, 1), wanted.to(device_));
  }

  Slot& started(size_t slot) {
    if (slot >= slots_.size() || !slots_[slot]) {
      throw Failure{kInternal, "a slot was used before restart()", ""};
    }
    return *slots_[slot];
  }

  template <typename Body>
  RunnerFailure guarded(const Body& body) {
    use_threads(request_.model.options.threads_per_slot);
    try {
      body();
      return {};
    } catch (const Failure& known) {
      return {known.category, known.message, known.hint};
    } catch (const std::exception& error) {
      if (is_out_of_memory(error)) {
        return {kUnsupported,
                "the memory of " + info_.device + " does not hold a step of training over " +
                    std::to_string(request_.model.options.batch) + " images",
                "another device, or a model of smaller pictures"};
      }
      return {kInternal, "training the model failed: " + first_line(error.what()), ""};
    }
  }

  TunerRequest request_;
  at::Device device_;
  Trainable model_;
  TunerInfo info_;
  std::vector<at::Tensor> inputs_;
  std::vector<std::unique_ptr<Slot>> slots_;
};

}  // namespace

}  // namespace errata::infer::torch_runner

ERRATA_EXPORT errata::infer::Tuner* errata_open_tuner(const errata::infer::TunerRequest& request,
                                                      errata::infer::RunnerFailure& failure) {
  using namespace errata::infer::torch_runner;
  silence_warnings();
  install_memory_reuse();
  try {
    set_exact_arithmetic();
    return new TorchTuner(request, choose_device(request.model.options.device));
  } catch (const Failure& known) {
    failure = {known.category, known.message, known.hint};
  } catch (const std::exception& error) {
    if (is_out_of_memory(error)) {
      failure = {kUnsupported, "the device's memory does not hold the model", "another device"};
    } else {
      failure = {kBadInput, "the model cannot be fine-tuned: " + first_line(error.what()), ""};
    }
  }
  return nullptr;
}
