#include "bench/infer_libtorch.h"

#include <ATen/Parallel.h>
#include <torch/script.h>

namespace errata::bench {

namespace {

class Way : public LibTorchForward {
 public:
  Way(std::string name, torch::jit::Module module, at::Tensor input)
      : name_(std::move(name)), module_(std::move(module)), input_(std::move(input)) {}
  const std::string& name() const override { return name_; }
  void run() override {
    const c10::InferenceMode guard;
    module_.forward({input_});
  }

 private:
  std::string name_;
  torch::jit::Module module_;
  at::Tensor input_;
};

}  // namespace

std::vector<std::unique_ptr<LibTorchForward>> libtorch_ways(const std::string& model_path,
                                                            bool bfloat16, size_t batch, int side) {
  const auto type = bfloat16 ? at::kBFloat16 : at::kFloat;
  const at::Tensor rows = at::randn({static_cast<int64_t>(batch), 3, side, side}).to(type);
  const at::Tensor last = rows.contiguous(at::MemoryFormat::ChannelsLast);
  const auto load = [&] {
    torch::jit::Module module = torch::jit::load(model_path);
    module.eval();
    module.to(type);
    return module;
  };
  std::vector<std::unique_ptr<LibTorchForward>> ways;
  ways.push_back(std::make_unique<Way>("as loaded", load(), rows));
  ways.push_back(std::make_unique<Way>("as loaded, channels-last", load(), last));
  ways.push_back(std::make_unique<Way>("torch::jit::freeze", torch::jit::freeze(load()), rows));
  ways.push_back(
      std::make_unique<Way>("torch::jit::freeze, channels-last", torch::jit::freeze(load()), last));
  if (!bfloat16) {
    torch::jit::Module module = load();
    ways.push_back(std::make_unique<Way>("torch::jit::optimize_for_inference",
                                         torch::jit::optimize_for_inference(module), rows));
  }
  return ways;
}

void use_one_thread_inside() {
  at::set_num_threads(1);
}

}  // namespace errata::bench
