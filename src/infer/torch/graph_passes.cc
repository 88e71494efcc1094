#include "infer/torch/graph_passes.h"

#include <torch/csrc/jit/api/function_impl.h>
#include <torch/csrc/jit/ir/constants.h>

#include <unordered_set>

namespace errata::infer::torch_runner {

namespace jit = torch::jit;
using c10::Symbol;
using jit::Graph;
using jit::Node;
using jit::Value;

namespace {

bool is(const Node* node, const char* name) {
  return node->kind() == Symbol::fromQualString(name);
}

// A tensor that is a constant of the graph.
std::optional<at::Tensor> constant_tensor(const Value* value) {
  const std::optional<c10::IValue> constant = jit::toIValue(value);
  if (!constant || !constant->isTensor()) return std::nullopt;
  return constant->toTensor();
}

// Operators between a classifier's linear layer and the output that keep rows as they are.
bool keeps_rows(const Node* node) {
  static const std::unordered_set<std::string> kinds = {
      "aten::softmax",   "aten::log_softmax", "aten::sigmoid", "aten::div",        "aten::mul",
      "aten::add",       "aten::add_",        "aten::sub",     "aten::squeeze",    "aten::flatten",
      "aten::view",      "aten::reshape",     "aten::to",      "aten::contiguous", "aten::clone",
      "aten::dropout",   "aten::dropout_",    "aten::clamp",   "aten::float",      "aten::type_as",
      "aten::unsqueeze", "aten::alias",       "aten::detach",  "aten::neg",        "aten::exp"};
  return kinds.count(node->kind().toQualString()) > 0;
}

// What a linear layer takes, or nullptr when `node` is none.
Value* linear_input(const Node* node) {
  if (is(node, "aten::linear") && constant_tensor(node->input(1))) return node->input(0);
  if (is(node, "aten::addmm") && constant_tensor(node->input(2))) return node->input(1);
  if ((is(node, "aten::matmul") || is(node, "aten::mm")) && constant_tensor(node->input(1))) {
    return node->input(0);
  }
  return nullptr;
}

Value* pick_output(Graph& graph, size_t index, const std::string& name) {
  Value* value = graph.outputs().at(0);
  Node* node = value->node();
  if (is(node, "prim::DictConstruct")) {
    for (size_t i = 0; i + 1 < node->inputs().size(); i += 2) {
      const auto key = jit::toIValue(node->input(i));
      const bool wanted =
          name.empty() ? i / 2 == index : key && key->isString() && key->toStringRef() == name;
      if (wanted) return node->input(i + 1);
    }
    return nullptr;
  }
  if (is(node, "prim::TupleConstruct") || is(node, "prim::ListConstruct")) {
    return index < node->inputs().size() ? node->input(index) : nullptr;
  }
  return value;
}

}  // namespace

Value* last_linear_input(Graph& graph, size_t index, const std::string& name) {
  Value* value = pick_output(graph, index, name);
  while (value != nullptr) {
    Node* node = value->node();
    if (Value* input = linear_input(node)) return input;
    if (!keeps_rows(node) || node->inputs().empty()) return nullptr;
    // A sum or product with a constant in front: the other one carries the rows.
    const bool first_is_constant = jit::toIValue(node->input(0)).has_value();
    if (first_is_constant && node->inputs().size() < 2) return nullptr;
    value = first_is_constant ? node->input(1) : node->input(0);
  }
  return nullptr;
}

namespace {

struct LayerCall {
  Node* call = nullptr;  // prim::CallMethod
  size_t calls = 0;
};

// The last call in `block` on the submodule reached from `self` by the attribute `name`.
LayerCall find_call(jit::Block* block, const Value* self, const std::string& name) {
  LayerCall found;
  for (Node* node : block->nodes()) {
    if (!is(node, "prim::CallMethod") || node->inputs().empty()) continue;
    Node* getter = node->input(0)->node();
    if (!is(getter, "prim::GetAttr") || getter->s(c10::attr::name) != name) continue;
    if (getter->input(0) != self) continue;
    found.call = node;
    ++found.calls;
  }
  return found;
}

std::vector<std::string> split_dots(const std::string& text) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == '.') {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

}  // namespace

Value* named_layer_output(jit::Module& module, const std::string& layer, std::string& why) {
  const std::shared_ptr<Graph> graph = module.get_method("forward").graph();
  const std::vector<std::string> parts = split_dots(layer);
  jit::Module owner = module;
  Value* self = graph->inputs().at(0);
  std::string path;
  for (size_t i = 0; i < parts.size(); ++i) {
    path += (path.empty() ? "" : ".") + parts[i];
    if (!owner.hasattr(parts[i]) || !owner.attr(parts[i]).isModule()) {
      why = "the model has no layer \"" + path + "\"";
      std::string names;
      for (const auto& child : owner.named_children())
        names += (names.empty() ? "" : ", ") + child.name;
      if (!names.empty()) why += "; there are " + names;
      return nullptr;
    }
    const LayerCall found = find_call(graph->block(), self, parts[i]);
    if (found.call == nullptr) {
      why = "forward never calls the layer \"" + path + "\" by itself";
      return nullptr;
    }
    if (i + 1 == parts.size()) return found.call->output();
    owner = owner.attr(parts[i]).toModule();
    self = found.call->input(0);
    auto& callee = static_cast<jit::GraphFunction&>(
        owner.get_method(found.call->s(c10::attr::name)).function());
    jit::inlineCallTo(found.call, &callee, callee.graph().get());
  }
  return nullptr;
}

std::vector<Value*> feature_maps(Graph& graph) {
  static const std::unordered_set<std::string> kinds = {
      "aten::relu",       "aten::relu_",      "aten::relu6",       "aten::relu6_",
      "aten::hardtanh",   "aten::hardtanh_",  "aten::clamp",       "aten::clamp_",
      "aten::silu",       "aten::silu_",      "aten::gelu",        "aten::hardswish",
      "aten::hardswish_", "aten::leaky_relu", "aten::leaky_relu_", "aten::elu",
      "aten::elu_",       "aten::mish",       "aten::mish_",       "aten::prelu",
      "aten::add",        "aten::add_",       "aten::mul",         "aten::mul_",
      "aten::cat",        "aten::max_pool2d", "aten::avg_pool2d",  "aten::adaptive_avg_pool2d"};
  std::vector<Value*> maps;
  for (Node* node : graph.block()->nodes()) {
    if (kinds.count(node->kind().toQualString()) == 0) continue;
    if (!node->output()->type()->isSubtypeOf(*c10::TensorType::get())) continue;
    maps.push_back(node->output());
  }
  return maps;
}

Value* sizes_of(Graph& graph, const std::vector<Value*>& values) {
  std::vector<Value*> sizes;
  for (Value* value : values) {
    const jit::WithInsertPoint behind(value->node()->next());
    sizes.push_back(graph.insert(c10::aten::size, {value}));
  }
  Node* list = graph.createList(c10::ListType::ofInts(), sizes);
  graph.appendNode(list);
  return list->output();
}

Value* means_of(Graph& graph, const std::vector<Value*>& maps) {
  std::vector<Value*> means;
  for (Value* map : maps) {
    const jit::WithInsertPoint behind(map->node()->next());
    const jit::NamedValue places{c10::IValue(std::vector<int64_t>{2, 3})};
    const jit::NamedValue exact("dtype", c10::IValue(static_cast<int64_t>(at::kFloat)));
    means.push_back(graph.insert(c10::aten::mean, {map, places}, {exact}));
  }
  Node* list = graph.createList(c10::TensorType::get(), means);
  graph.appendNode(list);
  return graph.insert(c10::aten::cat, {list->output(), int64_t{1}});
}

void add_output(Graph& graph, Value* extra) {
  Value* whole = graph.outputs().at(0);
  Node* tuple = graph.createTuple({whole, extra});
  graph.appendNode(tuple);
  graph.block()->replaceOutput(0, tuple->output());
}

namespace {

void convert_block(jit::Block* block, Graph& graph, at::ScalarType type) {
  for (Node* node : block->nodes()) {
    for (jit::Block* inner : node->blocks()) convert_block(inner, graph, type);
    if (is(node, "prim::Constant") && node->hasAttribute(c10::attr::value) &&
        node->kindOf(c10::attr::value) == jit::AttributeKind::t) {
      const at::Tensor value = node->t(c10::attr::value);
      if (value.scalar_type() != at::kFloat) continue;
      const at::Tensor converted = value.to(type);
      node->t_(c10::attr::value, converted);
      if (node->output()->type()->isSubtypeOf(*c10::TensorType::get())) {
        node->output()->setType(c10::TensorType::get());
      }
    }
  }
}

}  // namespace

std::vector<jit::Node*> floating_constants(jit::Block& block) {
  std::vector<jit::Node*> constants;
  for (jit::Node* node : block.nodes()) {
    for (jit::Block* inner : node->blocks()) {
      const std::vector<jit::Node*> more = floating_constants(*inner);
      constants.insert(constants.end(), more.begin(), more.end());
    }
    if (node->kind() != c10::prim::Constant || !node->hasAttribute(c10::attr::value) ||
        node->kindOf(c10::attr::value) != jit::AttributeKind::t) {
      continue;
    }
    const at::Tensor& value = node->t(c10::attr::value);
    if (value.is_floating_point() && value.dim() > 0) constants.push_back(node);
  }
  return constants;
}

void convert_constants(Graph& graph, at::ScalarType type) {
  convert_block(graph.block(), graph, type);
}

}  // namespace errata::infer::torch_runner
