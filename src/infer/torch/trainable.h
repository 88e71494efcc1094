// A model made ready to be trained.
#pragma once

#include <torch/csrc/jit/api/module.h>

#include <memory>
#include <string>

#include "infer/torch/outputs.h"

namespace errata::infer::torch_runner {

// The frozen graph with its embedding as an output, and nothing fused: the weights are constants of
// the graph, which a gradient reaches.
struct Trainable {
  torch::jit::Module frozen;
  std::shared_ptr<torch::jit::Graph> graph;
  // The graph's floating constants that no parameter of the module has a part in: its buffers
  // (means to take off, masks, tables), and what is written out in its code. None of a file that
  // was frozen before, in which nothing is a parameter any more. Every copy of the graph shares
  // them.
  std::vector<at::Tensor> fixed;
  Wanted wanted;
  std::string embedding_source;
  size_t embedding_columns = 0;
};

// Throws Failure where there is no embedding, or where the model cannot be frozen.
Trainable prepare_to_train(const RunnerRequest& request, at::Device device);

// Runs a copy of the graph without profiling, so that every call computes the same.
class TrainableForward {
 public:
  TrainableForward(const Trainable& model, std::shared_ptr<torch::jit::Graph> graph);
  ~TrainableForward();
  at::Tensor embedding(const at::Tensor& images);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace errata::infer::torch_runner
