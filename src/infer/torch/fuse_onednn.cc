// Convolutions and linear layers over to oneDNN's fused operators: the ones torch.compile's CPU
// backend uses (aten/src/ATen/native/mkldnn/Conv.cpp, Linear.cpp), here for frozen TorchScript.
#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/csrc/jit/ir/constants.h>
#include <torch/csrc/jit/passes/dead_code_elimination.h>
#include <torch/csrc/jit/passes/remove_mutation.h>

#include <algorithm>
#include <span>
#include <unordered_set>

#include "infer/torch/graph_passes.h"

namespace errata::infer::torch_runner {

namespace jit = torch::jit;
using c10::IValue;
using c10::Symbol;
using jit::Graph;
using jit::Node;
using jit::Value;

namespace {

using IntList = std::vector<int64_t>;

bool is(const Node* node, const char* name) {
  return node->kind() == Symbol::fromQualString(name);
}

std::optional<at::Tensor> constant_tensor(const Value* value) {
  const std::optional<IValue> constant = jit::toIValue(value);
  if (!constant || !constant->isTensor()) return std::nullopt;
  return constant->toTensor();
}

struct Convolution {
  Value* input = nullptr;
  at::Tensor weight;
  IValue bias;  // Tensor or None
  IntList stride, padding, dilation;
  int64_t groups = 1;
};

// The node's input at `at` as two numbers; one number means both axes.
bool read_pair(const Node* node, size_t at, IntList& pair) {
  const std::optional<IValue> value = jit::toIValue(node->input(at));
  if (!value || !value->isIntList()) return false;
  pair = value->toIntVector();
  if (pair.size() == 1) pair.push_back(pair.front());
  return pair.size() == 2;
}

// Reads a 2-d convolution with constant parameters; nothing for transposed and other kinds.
std::optional<Convolution> read_convolution(const Node* node) {
  const bool flat = is(node, "aten::conv2d");
  if (!flat && !is(node, "aten::_convolution") && !is(node, "aten::convolution")) return {};
  const std::optional<at::Tensor> weight = constant_tensor(node->input(1));
  const std::optional<IValue> bias = jit::toIValue(node->input(2));
  const std::optional<IValue> groups = jit::toIValue(node->input(flat ? 6 : 8));
  if (!weight || weight->dim() != 4 || !bias || !groups) return {};
  Convolution conv;
  if (!read_pair(node, 3, conv.stride) || !read_pair(node, 4, conv.padding) ||
      !read_pair(node, 5, conv.dilation)) {
    return {};
  }
  if (!flat) {
    const std::optional<IValue> transposed = jit::toIValue(node->input(6));
    if (!transposed || transposed->toBool()) return {};
  }
  conv.input = node->input(0);
  conv.weight = *weight;
  conv.bias = *bias;
  conv.groups = groups->toInt();
  return conv;
}

struct Activation {
  Node* node = nullptr;
  std::string attribute = "none";  // oneDNN's name
  c10::List<std::optional<at::Scalar>> scalars;
  std::string algorithm;
};

std::optional<at::Scalar> constant_scalar(const Value* value) {
  const std::optional<IValue> constant = jit::toIValue(value);
  if (!constant || !constant->isScalar()) return std::nullopt;
  return constant->toScalar();
}

// The activation that is `value`'s only use.
std::optional<Activation> only_activation(const Value* value) {
  if (value->uses().size() != 1) return {};
  Activation found;
  found.node = value->uses()[0].user;
  const Node* node = found.node;
  if (is(node, "aten::relu")) {
    found.attribute = "relu";
  } else if (is(node, "aten::silu")) {
    found.attribute = "swish";
  } else if (is(node, "aten::hardswish")) {
    found.attribute = "hardswish";
  } else if (is(node, "aten::hardtanh") || is(node, "aten::relu6")) {
    found.attribute = "hardtanh";
    const bool six = is(node, "aten::relu6");
    const auto low = six ? std::optional<at::Scalar>(0.0) : constant_scalar(node->input(1));
    const auto high = six ? std::optional<at::Scalar>(6.0) : constant_scalar(node->input(2));
    if (!low || !high) return {};
    found.scalars.push_back(low);
    found.scalars.push_back(high);
  } else if (is(node, "aten::gelu")) {
    found.attribute = "gelu";
    const std::optional<IValue> kind = jit::toIValue(node->input(1));
    if (!kind || !kind->isString()) return {};
    found.algorithm = kind->toStringRef();
  } else {
    return {};
  }
  return found;
}

// The sum with another tensor, alpha 1, that is `value`'s only use.
Node* only_sum(const Value* value) {
  if (value->uses().size() != 1) return nullptr;
  Node* user = value->uses()[0].user;
  if (!is(user, "aten::add") || user->inputs().size() != 3) return nullptr;
  if (!user->input(1)->type()->isSubtypeOf(*c10::TensorType::get())) return nullptr;
  if (user->input(0) == user->input(1)) return nullptr;
  if (jit::toIValue(user->input(0)) || jit::toIValue(user->input(1))) return nullptr;
  const std::optional<at::Scalar> alpha = constant_scalar(user->input(2));
  return alpha && alpha->equal(1) ? user : nullptr;
}

// Gives memory of its own, which no other value shares.
bool makes_fresh_tensor(const Node* node) {
  static const std::unordered_set<std::string> kinds = {"aten::relu",
                                                        "aten::add",
                                                        "aten::conv2d",
                                                        "aten::_convolution",
                                                        "aten::batch_norm",
                                                        "aten::max_pool2d",
                                                        "aten::silu",
                                                        "aten::hardtanh",
                                                        "aten::hardswish",
                                                        "aten::convolution",
                                                        "aten::avg_pool2d",
                                                        "aten::gelu",
                                                        "mkldnn::_convolution_pointwise",
                                                        "mkldnn::_convolution_pointwise_"};
  return kinds.count(node->kind().toQualString()) > 0;
}

// Whether the sum may be written over `other`: it owns its memory, nobody reads it later, and no
// reader made a view of it.
bool may_overwrite(const Value* other, const Node* at) {
  if (!makes_fresh_tensor(other->node()) || other->node()->owningBlock() != at->owningBlock()) {
    return false;
  }
  return std::all_of(other->uses().begin(), other->uses().end(), [&](const jit::Use& use) {
    return use.user == at || (makes_fresh_tensor(use.user) && use.user->isBefore(at) &&
                              use.user->owningBlock() == at->owningBlock());
  });
}

template <typename... Args>
at::Tensor call_operator(const char* name, Args&&... args) {
  std::vector<IValue> stack{IValue(std::forward<Args>(args))...};
  c10::Dispatcher::singleton().findSchemaOrThrow(name, "").callBoxed(&stack);
  return stack.at(0).toTensor();
}

// Opaque oneDNN tensors have no storage and cannot be plain constants.
Value* insert_onednn_constant(Graph& graph, const at::Tensor& tensor) {
  Node* node = graph.create(Symbol::fromQualString("prim::ConstantMKLDNNTensor"));
  node->t_(c10::attr::value, tensor);
  graph.insertNode(node);
  return node->output();
}

Value* insert_scalars(Graph& graph, const c10::List<std::optional<at::Scalar>>& scalars) {
  std::vector<Value*> values;
  for (size_t i = 0; i < scalars.size(); ++i) {
    const std::optional<at::Scalar> scalar = scalars.get(i);
    values.push_back(graph.insertConstant(*scalar));
  }
  const auto type = c10::OptionalType::create(c10::NumberType::get());
  return graph.insertNode(graph.createList(type, values))->output();
}

bool fuse_convolution(Graph& graph, Node* node, const Convolution& conv, bool sums,
                      const IValue& size) {
  Node* sum = sums ? only_sum(node->output()) : nullptr;
  const std::optional<Activation> activation =
      only_activation(sum ? sum->output() : node->output());
  const bool relu_or_none = !activation || activation->attribute == "relu";
  const bool with_sum = sum != nullptr && relu_or_none && sum->owningBlock() == node->owningBlock();
  const bool with_activation = activation.has_value() && (sum == nullptr || with_sum);
  Node* last = with_activation ? activation->node : with_sum ? sum : node;
  if (last->owningBlock() != node->owningBlock()) return false;

  const at::Tensor packed =
      call_operator("mkldnn::_reorder_convolution_weight", conv.weight, conv.padding, conv.stride,
                    conv.dilation, conv.groups, size);
  const jit::WithInsertPoint insert_here(last);
  Value* weight = insert_onednn_constant(graph, packed);
  Value* bias = graph.insertConstant(conv.bias);
  std::vector<Value*> parameters{weight,
                                 bias,
                                 graph.insertConstant(conv.padding),
                                 graph.insertConstant(conv.stride),
                                 graph.insertConstant(conv.dilation),
                                 graph.insertConstant(conv.groups)};
  Value* none = graph.insertConstant(IValue());
  const std::string act = with_activation ? activation->attribute : "none";
  const auto scalars =
      with_activation ? activation->scalars : c10::List<std::optional<at::Scalar>>();
  Value* act_scalars = insert_scalars(graph, scalars);
  Node* fused = nullptr;
  if (with_sum) {
    Value* other = sum->input(0) == node->output() ? sum->input(1) : sum->input(0);
    const bool in_place = may_overwrite(other, sum);
    fused = graph.create(Symbol::fromQualString(in_place ? "mkldnn::_convolution_pointwise_"
                                                         : "mkldnn::_convolution_pointwise"));
    fused->addInput(in_place ? other : conv.input);
    fused->addInput(in_place ? conv.input : other);
    for (Value* value : parameters) fused->addInput(value);
    fused->addInput(graph.insertConstant(std::string("add")));
    fused->addInput(graph.insertConstant(at::Scalar(1)));
    fused->addInput(with_activation ? graph.insertConstant(act) : none);
    fused->addInput(act_scalars);
    fused->addInput(none);
  } else {
    fused = graph.create(Symbol::fromQualString("mkldnn::_convolution_pointwise"));
    fused->addInput(conv.input);
    for (Value* value : parameters) fused->addInput(value);
    fused->addInput(graph.insertConstant(act));
    fused->addInput(act_scalars);
    fused->addInput(graph.insertConstant(with_activation ? activation->algorithm : std::string()));
  }
  graph.insertNode(fused);
  fused->output()->setType(c10::TensorType::get());
  last->output()->replaceAllUsesWith(fused->output());
  return true;
}

// bfloat16 only: in float32 LibTorch's own path (MKL) is as fast.
bool fuse_linear(Graph& graph, Node* node) {
  if (!is(node, "aten::linear")) return false;
  const std::optional<at::Tensor> weight = constant_tensor(node->input(1));
  const std::optional<IValue> bias = jit::toIValue(node->input(2));
  if (!weight || weight->dim() != 2 || !bias || weight->scalar_type() != at::kBFloat16)
    return false;
  const std::optional<Activation> activation = only_activation(node->output());
  const bool gelu = activation && activation->attribute == "gelu" &&
                    activation->node->owningBlock() == node->owningBlock();
  Node* last = gelu ? activation->node : node;
  const at::Tensor packed = call_operator("mkldnn::_reorder_linear_weight", *weight, IValue());
  const jit::WithInsertPoint insert_here(last);
  Node* fused = graph.create(Symbol::fromQualString("mkldnn::_linear_pointwise"));
  fused->addInput(node->input(0));
  fused->addInput(insert_onednn_constant(graph, packed));
  fused->addInput(graph.insertConstant(*bias));
  fused->addInput(graph.insertConstant(std::string(gelu ? "gelu" : "none")));
  fused->addInput(insert_scalars(graph, c10::List<std::optional<at::Scalar>>()));
  fused->addInput(graph.insertConstant(gelu ? activation->algorithm : std::string()));
  graph.insertNode(fused);
  fused->output()->setType(c10::TensorType::get());
  last->output()->replaceAllUsesWith(fused->output());
  return true;
}

size_t fuse_block(Graph& graph, jit::Block* block, bool sums, std::span<const IntList> sizes) {
  size_t fused = 0;
  size_t convolutions = 0;
  std::vector<Node*> nodes(block->nodes().begin(), block->nodes().end());
  for (Node* node : nodes) {
    for (jit::Block* inner : node->blocks()) fused += fuse_block(graph, inner, sums, {});
    if (const std::optional<Convolution> conv = read_convolution(node)) {
      const size_t at = convolutions++;
      const IValue size = at < sizes.size() ? IValue(sizes[at]) : IValue();
      fused += fuse_convolution(graph, node, *conv, sums, size) ? 1 : 0;
    } else if (fuse_linear(graph, node)) {
      ++fused;
    }
  }
  return fused;
}

}  // namespace

std::vector<Value*> convolution_inputs(Graph& graph) {
  std::vector<Value*> inputs;
  for (Node* node : graph.block()->nodes()) {
    if (const std::optional<Convolution> conv = read_convolution(node)) {
      inputs.push_back(conv->input);
    }
  }
  return inputs;
}

size_t fuse_for_onednn(const std::shared_ptr<Graph>& graph, bool sums,
                       const std::vector<IntList>& sizes) {
  jit::RemoveTensorMutation(graph);
  const bool known = sizes.size() == convolution_inputs(*graph).size();
  const size_t fused =
      fuse_block(*graph, graph->block(), sums,
                 known ? std::span<const IntList>(sizes) : std::span<const IntList>());
  jit::EliminateDeadCode(graph);
  return fused;
}

}  // namespace errata::infer::torch_runner
