#include "infer/torch/forward.h"

#include <ATen/Parallel.h>
#include <torch/csrc/jit/api/function_impl.h>
#include <torch/csrc/jit/passes/freeze_module.h>
#include <torch/csrc/jit/passes/frozen_graph_optimizations.h>
#include <torch/script.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "infer/torch/graph_passes.h"
#include "infer/torch/load_module.h"
#include "infer/torch/outputs.h"
#include "infer/torch/trainable.h"

namespace errata::infer::torch_runner {

namespace jit = torch::jit;

void use_threads(size_t threads) {
  thread_local size_t threads_set = 0;
  if (threads_set == threads) return;
  threads_set = threads;
  at::set_num_threads(static_cast<int>(threads));
}

std::string first_line(const std::string& text) {
  std::string line = text.substr(0, text.find('\n'));
  // TorchScript errors begin with two lines of no news.
  const size_t real = text.rfind("RuntimeError: ");
  if (real != std::string::npos) line = text.substr(real + 14, text.find('\n', real) - real - 14);
  return line.size() > 300 ? line.substr(0, 300) + "..." : line;
}

jit::Module load_module(const RunnerRequest& request, at::Device device) {
  try {
    jit::Module module = jit::load(request.model_path, device);
    module.eval();
    return module;
  } catch (const c10::OutOfMemoryError&) {
    throw;
  } catch (const std::exception& error) {
    std::string why = first_line(error.what());
    if (why.find("not a ZIP archive") != std::string::npos) why = "it is not a zip archive";
    if (why.find("constants.pkl: file not found") != std::string::npos) {
      why = "it has no code in it, as what torch.save writes";
    }
    throw Failure{kBadInput, "cannot load the model: " + why,
                  "a TorchScript file is needed: torch.jit.trace(model.eval(), x).save(FILE) or "
                  "torch.jit.script(model.eval()).save(FILE); a state_dict alone is not enough"};
  }
}

namespace {

constexpr std::string_view kNoEmbedding =
    "no embedding: the output does not come from a linear layer; name one with the key "
    "\"embedding\"";

enum class Source : uint8_t { kNone, kAuto, kOutput, kNamedLayer, kLastLinear };

class ModuleForward : public Forward {
 public:
  ModuleForward(jit::Module module, Wanted wanted, at::ScalarType type)
      : module_(std::move(module)), wanted_(std::move(wanted)), type_(type) {}

  Rows run(const at::Tensor& images) override {
    const c10::InferenceMode guard;
    return take_rows(module_.forward({images.to(type_)}), wanted_, images.size(0));
  }

 private:
  jit::Module module_;
  Wanted wanted_;
  at::ScalarType type_;
};

// The simple executor: no profiling runs, so every call computes the same.
jit::GraphFunction simple_function(std::shared_ptr<jit::Graph> graph) {
  return {"forward", std::move(graph), nullptr, jit::ExecutorExecutionMode::SIMPLE};
}

class GraphForward : public Forward {
 public:
  GraphForward(const jit::Module& module, std::shared_ptr<jit::Graph> graph, Wanted wanted,
               at::ScalarType type)
      : self_(module._ivalue()),
        function_(simple_function(std::move(graph))),
        wanted_(std::move(wanted)),
        type_(type) {}

  Rows run(const at::Tensor& images) override {
    const c10::InferenceMode guard;
    jit::Stack stack{self_, images.to(type_)};
    function_.run(stack);
    return take_rows(stack.at(0), wanted_, images.size(0));
  }

 private:
  c10::IValue self_;
  jit::GraphFunction function_;
  Wanted wanted_;
  at::ScalarType type_;
};

class MirroredForward : public Forward {
 public:
  explicit MirroredForward(std::unique_ptr<Forward> forward) : forward_(std::move(forward)) {}

  Rows run(const at::Tensor& images) override {
    Rows rows = forward_->run(images);
    const c10::InferenceMode guard;
    const Rows mirrored = forward_->run(images.flip(3));
    const auto average = [](const at::Tensor& a, const at::Tensor& b) {
      return a.defined() ? ((a + b) / 2).contiguous() : a;
    };
    rows.values = average(rows.values, mirrored.values);
    rows.embedding = average(rows.embedding, mirrored.embedding);
    rows.stages = average(rows.stages, mirrored.stages);
    return rows;
  }

 private:
  std::unique_ptr<Forward> forward_;
};

// The last map of each size that a smaller one follows: what a model saw before it halves its maps.
// Sizes like the picture's own, which a layout with the channels last has not, and never growing,
// as attention from everywhere to everywhere does.
std::vector<size_t> last_of_each_size(const std::vector<std::vector<int64_t>>& sizes, int64_t n,
                                      int64_t height, int64_t width) {
  std::vector<size_t> maps;
  int64_t places = height * width;
  for (size_t i = 0; i < sizes.size(); ++i) {
    const std::vector<int64_t>& size = sizes[i];
    if (size.size() != 4 || size[0] != n || size[2] > height || size[3] > width) continue;
    const bool shaped = std::abs(size[2] * width - size[3] * height) <= std::max(height, width);
    const int64_t here = size[2] * size[3];
    if (!shaped || here == 1 || here > places) continue;
    if (here == places && !maps.empty()) maps.pop_back();
    maps.push_back(i);
    places = here;
  }
  if (!maps.empty()) maps.pop_back();
  return maps;
}

// Two made-up pictures, smooth and different, in the range of normalised values.
at::Tensor made_up_images(const RunnerRequest& request, at::Device device) {
  const int64_t n = 2;
  const int64_t values = request.channels * int64_t{request.height_px} * request.width_px;
  at::Tensor images = at::empty({n, request.channels, request.height_px, request.width_px});
  float* at_value = images.data_ptr<float>();
  for (int64_t i = 0; i < n * values; ++i) {
    at_value[i] = std::sin(0.37f * static_cast<float>(i % 9973)) +
                  0.5f * std::cos(0.011f * static_cast<float>(i));
  }
  return images.to(device);
}

// Largest difference, as a part of the largest value of `expected`; infinity when one is not finite
// where the other is.
double relative_difference(const at::Tensor& expected, const at::Tensor& got) {
  if (expected.sizes() != got.sizes()) return INFINITY;
  if (!at::isfinite(expected).eq(at::isfinite(got)).all().item<bool>()) return INFINITY;
  const at::Tensor difference = at::nan_to_num(expected - got, 0.0, 0.0, 0.0).abs().max();
  const double largest = at::nan_to_num(expected, 0.0, 0.0, 0.0).abs().max().item<double>();
  return difference.item<double>() / std::max(largest, 1e-3);
}

// Of a detector: of its boxes, scores and classes each, whose values differ a hundredfold.
double output_difference(const at::Tensor& expected, const at::Tensor& got, OutputForm form) {
  if (form == OutputForm::kClasses || expected.sizes() != got.sizes()) {
    return relative_difference(expected, got);
  }
  const int64_t dim = form == OutputForm::kAnchors ? 1 : 2;
  double difference = 0;
  for (int64_t at = 0; at < expected.size(dim);) {
    const int64_t size = at == 0 ? 4 : form == OutputForm::kAnchors ? expected.size(dim) - at : 1;
    const int64_t end = std::min(at + size, expected.size(dim));
    difference = std::max(
        difference, relative_difference(expected.slice(dim, at, end), got.slice(dim, at, end)));
    at = end;
  }
  return difference;
}

class Preparation {
 public:
  Preparation(const RunnerRequest& request, at::Device device)
      : request_(request), device_(device), module_(load_module(request, device)) {
    type_ = request.options.precision == Precision::kBf16   ? at::kBFloat16
            : request.options.precision == Precision::kFp16 ? at::kHalf
                                                            : at::kFloat;
    images_ = made_up_images(request, device);
  }

  Prepared run() {
    run_plain();
    choose_embedding();
    if (request_.options.keep_plain || !try_frozen()) use_plain();
    if (request_.mirror) {
      prepared_.forward = std::make_unique<MirroredForward>(std::move(prepared_.forward));
    }
    prepared_.classes = static_cast<size_t>(plain_.values.size(1));
    for (int64_t dim = 1; request_.form != OutputForm::kClasses && dim < 3; ++dim) {
      prepared_.output_shape.push_back(static_cast<size_t>(plain_.values.size(dim)));
    }
    if (averaged_) prepared_.embedding_source += ", averaged over its places";
    return std::move(prepared_);
  }

  Trainable to_train() {
    run_plain();
    choose_embedding();
    frozen_ = jit::freeze_module(module_);
    if (frozen_.get_method("forward").graph()->inputs().size() != 2) {
      throw Failure{kUnsupported, "the model keeps values that change as it runs", ""};
    }
    Trainable model;
    model.frozen = frozen_;
    model.wanted = wanted_;
    model.embedding_source = prepared_.embedding_source;
    model.graph = frozen_graph();
    model.fixed = fixed_constants(*model.graph);
    add_embedding(*model.graph, model.wanted, model.embedding_source);
    if (!model.wanted.extra && !model.wanted.has_embedding) {
      throw Failure{kBadInput, std::string(kNoEmbedding), "a new head stands on the embedding"};
    }
    model.embedding_columns = static_cast<size_t>(
        TrainableForward(model, model.graph->copy()).embedding(images_).size(1));
    return model;
  }

 private:
  // What is fused for oneDNN: nothing, layers with their activations, or sums with them too.
  enum class Fuse : uint8_t { kNothing, kLayers, kSums };
  struct Level {
    Fuse fuse;
    bool channels_last;
  };
  struct Built {
    std::unique_ptr<GraphForward> forward;
    bool channels_last = false;
    at::ScalarType type = at::kFloat;
    std::string name;
    std::string embedding_source;
  };

  void run_plain();
  bool bears_two();
  void choose_embedding();
  void mark_named_layer();
  std::shared_ptr<jit::Graph> frozen_graph() const;
  std::vector<at::Tensor> fixed_constants(jit::Graph& graph);
  c10::IValue run_made_up(std::shared_ptr<jit::Graph> graph) const;
  std::vector<std::vector<int64_t>> made_up_sizes(const std::shared_ptr<jit::Graph>& graph,
                                                  const std::vector<jit::Value*>& values) const;
  void find_layer_sizes();
  void find_stages();
  void add_stages(jit::Graph& graph) const;
  bool try_frozen();
  bool try_levels(const std::vector<Level>& levels, std::string& first_problem);
  bool try_level(const Level& level, std::string& problem);
  Built build(const Level& level, at::ScalarType type);
  // The input of the last linear layer, where that is the embedding.
  void add_embedding(jit::Graph& graph, Wanted& wanted, std::string& from) const;
  Rows run_made_up(Forward& forward, bool channels_last) const;
  bool agrees(const Built& built, std::string& problem) const;
  void take_shape(const Rows& rows);
  void use_plain();
  Source source() const { return static_cast<Source>(request_.embedding); }
  bool wants_last_linear() const {
    return request_.options.want_embedding && !wanted_.has_embedding && !wanted_.extra &&
           (source() == Source::kAuto || source() == Source::kLastLinear);
  }
  void note(std::string text) { prepared_.notes.push_back(std::move(text)); }

  const RunnerRequest& request_;
  at::Device device_;
  jit::Module module_;
  at::ScalarType type_ = at::kFloat;
  at::Tensor images_;
  Rows plain_;  // of the module as loaded, in float32
  Wanted wanted_;
  jit::Module frozen_;
  std::vector<size_t> stages_;                     // of feature_maps() of the frozen graph
  at::Tensor plain_stages_;                        // before the graph was fused, in float32
  std::vector<std::vector<int64_t>> layer_sizes_;  // of convolution_inputs() of the frozen graph
  bool averaged_ = false;
  Prepared prepared_;
};

// Whether two images give what each gives alone: a detector is often traced for one.
bool Preparation::bears_two() {
  try {
    const auto run = [&](const at::Tensor& images) {
      return take_rows(module_.forward({images}), wanted_, images.size(0)).values;
    };
    const at::Tensor alone = at::cat(
        {run(images_.narrow(0, 0, 1).contiguous()), run(images_.narrow(0, 1, 1).contiguous())});
    return output_difference(alone, run(images_), request_.form) <= 1e-4;
  } catch (const c10::OutOfMemoryError&) {
    throw;
  } catch (const std::exception&) {
    return false;
  } catch (const Failure&) {
    return false;
  }
}

void Preparation::run_plain() {
  wanted_.form = request_.form;
  wanted_.values = {static_cast<size_t>(request_.output_index), request_.output_name};
  const Source from = source();
  const bool second = from == Source::kAuto || from == Source::kOutput;
  const Pick embedding{static_cast<size_t>(request_.embedding_output),
                       request_.embedding_output_name};
  const c10::InferenceMode guard;
  if (request_.form != OutputForm::kClasses && !bears_two()) {
    prepared_.single_images = true;
    images_ = images_.narrow(0, 0, 1).contiguous();
  }
  c10::IValue result;
  try {
    result = module_.forward({images_});
  } catch (const c10::OutOfMemoryError&) {
    throw;
  } catch (const std::exception& error) {
    throw Failure{kBadInput,
                  "the model cannot take " + std::to_string(request_.channels) + "x" +
                      std::to_string(request_.height_px) + "x" + std::to_string(request_.width_px) +
                      " images: " + first_line(error.what()),
                  "compare input_size in the model description with what the model was made for"};
  }
  plain_ = take_rows(result, wanted_, images_.size(0));
  if (!second || !request_.options.want_embedding) return;
  if (from == Source::kOutput) {
    wanted_.has_embedding = true;
    wanted_.embedding = embedding;
    plain_ = take_rows(result, wanted_, images_.size(0));
    prepared_.embedding_source = embedding.name.empty()
                                     ? "output " + std::to_string(embedding.index)
                                     : "output \"" + embedding.name + "\"";
    return;
  }
  // kAuto: a second output that could be one, and is not another set of class values.
  if (result.isTensor() || embedding.index == wanted_.values.index) return;
  try {
    const at::Tensor candidate = pick_tensor(result, embedding);
    if (candidate.dim() != 2 || candidate.size(0) != images_.size(0) ||
        candidate.size(1) == plain_.values.size(1) || !candidate.is_floating_point()) {
      return;
    }
  } catch (const Failure&) {
    return;
  }
  wanted_.has_embedding = true;
  wanted_.embedding = embedding;
  plain_ = take_rows(result, wanted_, images_.size(0));
  prepared_.embedding_source = "output " + std::to_string(embedding.index);
}

void Preparation::choose_embedding() {
  if (!request_.options.want_embedding || wanted_.has_embedding) return;
  if (source() == Source::kNamedLayer) mark_named_layer();
}

void Preparation::mark_named_layer() {
  jit::Module marked = module_.clone();
  std::string why;
  jit::Value* layer = named_layer_output(marked, request_.embedding_layer, why);
  if (layer == nullptr) {
    throw Failure{kBadInput, "no embedding: " + why,
                  "name a layer that forward calls, or take \"embedding\": \"auto\""};
  }
  if (!layer->type()->isSubtypeOf(*c10::TensorType::get())) {
    throw Failure{
        kBadInput,
        "no embedding: the layer \"" + request_.embedding_layer + "\" does not return a tensor",
        "name another layer"};
  }
  add_output(*marked.get_method("forward").graph(), layer);
  module_ = marked;
  wanted_.extra = true;
  prepared_.embedding_source = "output of layer \"" + request_.embedding_layer + "\"";
}

std::shared_ptr<jit::Graph> optimised_graph(const jit::Module& frozen) {
  std::shared_ptr<jit::Graph> graph = frozen.get_method("forward").graph()->copy();
  jit::OptimizeFrozenGraph(graph, true);
  return graph;
}

std::shared_ptr<jit::Graph> Preparation::frozen_graph() const {
  return optimised_graph(frozen_);
}

// Those that are the same when every parameter is another: folded batch norms and the like are no
// parameters any more, so that names do not say which.
std::vector<at::Tensor> Preparation::fixed_constants(jit::Graph& graph) {
  const c10::InferenceMode guard;
  const jit::Module other = module_.deepcopy();
  if (other.parameters().size() == 0) return {};
  for (const at::Tensor& parameter : other.parameters()) {
    if (parameter.is_floating_point()) parameter.mul_(1.37).add_(0.291);
  }
  const std::shared_ptr<jit::Graph> changed = optimised_graph(jit::freeze_module(other));
  const std::vector<jit::Node*> others = floating_constants(*changed->block());
  std::vector<at::Tensor> fixed;
  for (const jit::Node* node : floating_constants(*graph.block())) {
    const at::Tensor& value = node->t(c10::attr::value);
    const bool same = std::any_of(others.begin(), others.end(), [&](const jit::Node* each) {
      const at::Tensor& candidate = each->t(c10::attr::value);
      return candidate.sizes() == value.sizes() && candidate.dtype() == value.dtype() &&
             candidate.equal(value);
    });
    if (same) fixed.push_back(value);
  }
  return fixed;
}

c10::IValue Preparation::run_made_up(std::shared_ptr<jit::Graph> graph) const {
  const c10::InferenceMode guard;
  jit::Stack stack{frozen_._ivalue(), images_};
  simple_function(std::move(graph)).run(stack);
  return stack.at(0);
}

// Of some of the graph's values, which it gives beside its output from now on.
std::vector<std::vector<int64_t>> Preparation::made_up_sizes(
    const std::shared_ptr<jit::Graph>& graph, const std::vector<jit::Value*>& values) const {
  add_output(*graph, sizes_of(*graph, values));
  std::vector<std::vector<int64_t>> sizes;
  const c10::IValue asked = run_made_up(graph);
  for (const c10::IValue& size : asked.toTupleRef().elements()[1].toListRef()) {
    sizes.push_back(size.toIntVector());
  }
  return sizes;
}

// Of whole batches, not of the made-up images. None where the model does not bear being asked.
void Preparation::find_layer_sizes() {
  try {
    const std::shared_ptr<jit::Graph> graph = frozen_graph();
    layer_sizes_ = made_up_sizes(graph, convolution_inputs(*graph));
    const int64_t made_up = images_.size(0);
    const auto batch =
        prepared_.single_images ? int64_t{1} : static_cast<int64_t>(request_.options.batch);
    for (std::vector<int64_t>& size : layer_sizes_) {
      if (batch > 0 && size.size() == 4 && size[0] % made_up == 0)
        size[0] = size[0] / made_up * batch;
    }
  } catch (const c10::OutOfMemoryError&) {
    throw;
  } catch (const std::exception&) {
    layer_sizes_.clear();
  }
}

void Preparation::add_stages(jit::Graph& graph) const {
  const std::vector<jit::Value*> all = feature_maps(graph);
  std::vector<jit::Value*> maps;
  for (const size_t stage : stages_) maps.push_back(all.at(stage));
  add_output(graph, means_of(graph, maps));
}

// None where the model does not bear being asked, has a layout of its own, or never halves.
void Preparation::find_stages() {
  if (!request_.options.want_embedding || source() == Source::kNone ||
      request_.form != OutputForm::kClasses) {
    return;
  }
  try {
    std::shared_ptr<jit::Graph> graph = frozen_graph();
    const std::vector<std::vector<int64_t>> sizes = made_up_sizes(graph, feature_maps(*graph));
    stages_ = last_of_each_size(sizes, images_.size(0), request_.height_px, request_.width_px);
    if (stages_.empty()) return;
    graph = frozen_graph();
    add_stages(*graph);
    plain_stages_ = run_made_up(graph).toTupleRef().elements()[1].toTensor();
  } catch (const c10::OutOfMemoryError&) {
    throw;
  } catch (const std::exception&) {
    stages_.clear();
  }
}

bool Preparation::try_frozen() {
  try {
    frozen_ = jit::freeze_module(module_);
  } catch (const std::exception& error) {
    note("the model cannot be frozen (" + first_line(error.what()) +
         "): it runs as loaded, slower");
    return false;
  }
  if (frozen_.get_method("forward").graph()->inputs().size() != 2) return false;
  find_stages();
  std::vector<Level> levels = {{Fuse::kNothing, true}, {Fuse::kNothing, false}};
  if (device_.is_cpu() && at::globalContext().userEnabledMkldnn() && at::hasMKLDNN()) {
    levels.insert(levels.begin(), {{Fuse::kSums, true}, {Fuse::kLayers, true}});
    find_layer_sizes();
  }
  std::string first_problem;
  if (try_levels(levels, first_problem)) return true;
  if (!stages_.empty()) {
    // Not for what is kept beside: the model may bear it all without.
    stages_.clear();
    if (try_levels(levels, first_problem)) return true;
  }
  note("the model runs as loaded, slower: " + first_problem);
  return false;
}

bool Preparation::try_levels(const std::vector<Level>& levels, std::string& first_problem) {
  for (const Level& level : levels) {
    std::string problem;
    const bool taken = try_level(level, problem);
    if (first_problem.empty()) first_problem = problem;
    if (!taken) continue;
    if (!first_problem.empty()) note("the model does not bear all optimisations: " + first_problem);
    return true;
  }
  return false;
}

// Verified in float32 first, where a wrong step cannot hide behind rounding.
bool Preparation::try_level(const Level& level, std::string& problem) {
  try {
    if (type_ != at::kFloat) {
      Built exact = build(level, at::kFloat);
      if (!exact.forward || !agrees(exact, problem)) return false;
    }
    Built built = build(level, type_);
    if (!built.forward) return false;
    const Rows rows = run_made_up(*built.forward, built.channels_last);
    if (!agrees(built, problem)) return false;
    prepared_.forward = std::move(built.forward);
    prepared_.channels_last = built.channels_last;
    prepared_.optimisation = built.name;
    prepared_.embedding_source = built.embedding_source;
    take_shape(rows);
    return true;
  } catch (const Failure&) {
    throw;
  } catch (const c10::OutOfMemoryError&) {
    throw;
  } catch (const std::exception& error) {
    problem = first_line(error.what());
    return false;
  }
}

void Preparation::add_embedding(jit::Graph& graph, Wanted& wanted, std::string& from) const {
  if (!wants_last_linear()) return;
  jit::Value* features = last_linear_input(graph, wanted.values.index, wanted.values.name);
  if (features == nullptr && source() == Source::kLastLinear) {
    throw Failure{kBadInput, "no embedding: the output does not come from a linear layer",
                  "name a layer: \"embedding\": {\"layer\": \"...\"}"};
  }
  if (features == nullptr) return;
  add_output(graph, features);
  wanted.extra = true;
  from = "input of the last linear layer";
}

// Nothing when there is nothing to fuse.
Preparation::Built Preparation::build(const Level& level, at::ScalarType type) {
  Built built;
  Wanted wanted = wanted_;
  built.embedding_source = prepared_.embedding_source;
  built.channels_last = level.channels_last;
  built.type = type;
  const std::shared_ptr<jit::Graph> graph = frozen_graph();
  add_embedding(*graph, wanted, built.embedding_source);
  if (!stages_.empty() && (wanted.extra || wanted.has_embedding)) {
    add_stages(*graph);
    wanted.stages = true;
  }
  if (type != at::kFloat) convert_constants(*graph, type);
  built.name = "frozen";
  if (level.fuse != Fuse::kNothing) {
    const size_t layers = fuse_for_onednn(graph, level.fuse == Fuse::kSums, layer_sizes_);
    if (layers == 0) return built;
    built.name += ", " + std::to_string(layers) + " layers" +
                  (level.fuse == Fuse::kSums ? " and their sums" : "") + " fused for oneDNN";
  }
  if (level.channels_last) built.name += ", channels-last";
  built.forward = std::make_unique<GraphForward>(frozen_, graph, wanted, type);
  return built;
}

Rows Preparation::run_made_up(Forward& forward, bool channels_last) const {
  return forward.run(channels_last ? images_.contiguous(at::MemoryFormat::ChannelsLast) : images_);
}

// Whether the outputs are those of the module as loaded.
bool Preparation::agrees(const Built& built, std::string& problem) const {
  const Rows rows = run_made_up(*built.forward, built.channels_last);
  double difference = output_difference(plain_.values, rows.values, request_.form);
  if (plain_.embedding.defined()) {
    difference = std::max(difference, relative_difference(plain_.embedding, rows.embedding));
  }
  if (rows.stages.defined()) {
    difference = std::max(difference, relative_difference(plain_stages_, rows.stages));
  }
  // float32 keeps 24 bits; a fused sum in another order costs a few of them. bfloat16 keeps 8.
  const double allowed = built.type == at::kFloat ? 1e-4 : 0.25;
  if (difference <= allowed) return true;
  problem = "\"" + built.name + "\" gives values that differ from the plain model's by " +
            std::to_string(difference) + " of the largest";
  return false;
}

void Preparation::take_shape(const Rows& rows) {
  averaged_ = rows.averaged;
  prepared_.embedding_columns =
      rows.embedding.defined() ? static_cast<size_t>(rows.embedding.size(1)) : 0;
  prepared_.stage_columns = rows.stages.defined() ? static_cast<size_t>(rows.stages.size(1)) : 0;
}

void Preparation::use_plain() {
  if (wants_last_linear() && source() == Source::kLastLinear) {
    throw Failure{kUnsupported,
                  "no embedding: the last linear layer is looked for in a frozen graph",
                  "take a second output or a named layer"};
  }
  if (type_ != at::kFloat) module_.to(type_);
  auto forward = std::make_unique<ModuleForward>(module_, wanted_, type_);
  take_shape(forward->run(images_));
  prepared_.forward = std::move(forward);
  prepared_.channels_last = false;
  prepared_.optimisation = "as loaded";
}

}  // namespace

struct TrainableForward::State {
  c10::IValue self;
  jit::GraphFunction function;
  Wanted wanted;
};

TrainableForward::TrainableForward(const Trainable& model, std::shared_ptr<jit::Graph> graph)
    : state_(new State{model.frozen._ivalue(), simple_function(std::move(graph)), model.wanted}) {}

TrainableForward::~TrainableForward() = default;

at::Tensor TrainableForward::embedding(const at::Tensor& images) {
  jit::Stack stack{state_->self, images};
  state_->function.run(stack);
  return take_rows(stack.at(0), state_->wanted, images.size(0)).embedding;
}

Trainable prepare_to_train(const RunnerRequest& request, at::Device device) {
  return Preparation(request, device).to_train();
}

Prepared prepare(const RunnerRequest& request, at::Device device) {
  Preparation preparation(request, device);
  Prepared prepared = preparation.run();
  if (prepared.embedding_source.empty() && request.options.want_embedding &&
      static_cast<Source>(request.embedding) == Source::kAuto) {
    prepared.notes.emplace_back(kNoEmbedding);
  }
  return prepared;
}

}  // namespace errata::infer::torch_runner
