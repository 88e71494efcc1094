// Surgery on TorchScript graphs: extra outputs, precision, and fusion for oneDNN.
#pragma once

#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/ir/ir.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace errata::infer::torch_runner {

// The value that the linear layer producing output `index` (or `name`) of a frozen graph takes: the
// penultimate features. Looks back from the output through elementwise and shape operators only, so
// that a linear layer elsewhere (squeeze-and-excite, an auxiliary head) is not taken for it.
// nullptr when the output does not come from a linear layer.
torch::jit::Value* last_linear_input(torch::jit::Graph& graph, size_t index,
                                     const std::string& name);

// The output of the submodule `layer` ("layer4.1.conv2") as a value of the graph of
// module.forward, into which the calls on the way are inlined. `module` must be a clone of its own.
// nullptr, with a sentence in `why`, when there is no such layer or forward never calls it.
torch::jit::Value* named_layer_output(torch::jit::Module& module, const std::string& layer,
                                      std::string& why);

// The feature maps of a frozen graph, in its order: what activations, sums, joins and pooling
// of tensors give, whatever their shape. The same for every copy of the graph.
std::vector<torch::jit::Value*> feature_maps(torch::jit::Graph& graph);

// A list of the sizes of `values` (aten::size), asked for where each is made.
torch::jit::Value* sizes_of(torch::jit::Graph& graph,
                            const std::vector<torch::jit::Value*>& values);

// The means of the maps (n x channels x height x width each) over their places, side by side in
// float32: n x all channels.
torch::jit::Value* means_of(torch::jit::Graph& graph, const std::vector<torch::jit::Value*>& maps);

// Makes the graph return (what it returned, extra).
void add_output(torch::jit::Graph& graph, torch::jit::Value* extra);

// The constants of a block and those within it that are floating tensors of one dimension and more.
std::vector<torch::jit::Node*> floating_constants(torch::jit::Block& block);

// The graph's float32 tensor constants become `type`. What the model itself converts to float32
// stays so.
void convert_constants(torch::jit::Graph& graph, at::ScalarType type);

// What the convolutions of a graph's outermost block take, in its order: of those that
// fuse_for_onednn would take over. The same for every copy of the graph.
std::vector<torch::jit::Value*> convolution_inputs(torch::jit::Graph& graph);

// Convolutions and linear layers with constant weights become oneDNN's with weights laid out
// beforehand, taking in the activation that follows and, with `sums`, a sum with another map (which
// must have the same shape: compare the outputs). CPU, float32 or bfloat16. `sizes` are those of
// convolution_inputs (or none): the layout hangs on them, and where it is not the one that a size
// wants, oneDNN lays the weights out again in every run, which takes longer than the convolution.
// Returns how many layers were taken over.
size_t fuse_for_onednn(const std::shared_ptr<torch::jit::Graph>& graph, bool sums,
                       const std::vector<std::vector<int64_t>>& sizes);

}  // namespace errata::infer::torch_runner
