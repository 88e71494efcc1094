#include "infer/torch/object_runner.h"

#include <torch/csrc/jit/runtime/graph_executor.h>
#include <torch/script.h>

#include <cmath>

#include "infer/torch/forward.h"
#include "infer/torch/load_module.h"

namespace errata::infer::torch_runner {

namespace jit = torch::jit;

namespace {

constexpr const char* kWhatIsNeeded =
    "a torchvision detector, scripted: torch.jit.script(model.eval()).save(FILE); its forward "
    "takes "
    "a list of images and returns a dictionary with boxes, labels and scores for each";

// The dictionary of the one image: in a list, alone or after the losses.
c10::Dict<c10::IValue, c10::IValue> dictionary_of(const c10::IValue& result) {
  const c10::IValue* list = &result;
  if (result.isTuple() && !result.toTupleRef().elements().empty()) {
    list = &result.toTupleRef().elements().back();
  }
  if (list->isList() && list->toListRef().size() == 1 && list->toListRef()[0].isGenericDict()) {
    return list->toListRef()[0].toGenericDict();
  }
  throw Failure{kBadInput,
                "the model returns a " + result.tagKind() + ", not a list of dictionaries",
                kWhatIsNeeded};
}

at::Tensor member(const c10::Dict<c10::IValue, c10::IValue>& dictionary, const char* key) {
  std::string keys;
  for (const auto& entry : dictionary) {
    if (!entry.key().isString()) continue;
    if (entry.key().toStringRef() == key && entry.value().isTensor()) {
      return entry.value().toTensor().to(at::kCPU);
    }
    keys += (keys.empty() ? "" : ", ") + entry.key().toStringRef();
  }
  if (std::string_view(key) == "masks") return {};
  throw Failure{kBadInput, "the model gives no \"" + std::string(key) + "\" but " + keys,
                kWhatIsNeeded};
}

// Runs of one mask of height x width values, column by column, beginning with zeros.
std::vector<uint32_t> runs_of(const float* mask, int64_t height, int64_t width) {
  std::vector<uint32_t> runs;
  bool set = false;
  uint32_t length = 0;
  for (int64_t x = 0; x < width; ++x) {
    for (int64_t y = 0; y < height; ++y) {
      if ((mask[y * width + x] >= 0.5f) != set) {
        runs.push_back(length);
        length = 0;
        set = !set;
      }
      ++length;
    }
  }
  runs.push_back(length);
  return runs;
}

void take_masks(at::Tensor masks, int64_t n, int64_t height, int64_t width, ObjectOutput& out) {
  if (masks.dim() == 4) masks = masks.squeeze(1);
  if (masks.dim() != 3 || masks.size(0) != n || masks.size(1) != height || masks.size(2) != width) {
    throw Failure{kBadInput, "the model's masks are not as many and as large as they should be",
                  "one of the picture's size for each box is needed"};
  }
  for (int64_t i = 0; i < n; ++i) {
    const at::Tensor mask = masks[i].to(at::kFloat).contiguous();
    out.mask_runs.push_back(runs_of(mask.data_ptr<float>(), height, width));
  }
}

void take(const c10::IValue& result, int64_t height, int64_t width, ObjectOutput& out) {
  const auto dictionary = dictionary_of(result);
  const at::Tensor boxes = member(dictionary, "boxes").to(at::kFloat).contiguous();
  const at::Tensor scores = member(dictionary, "scores").to(at::kFloat).contiguous();
  const at::Tensor labels = member(dictionary, "labels").to(at::kLong).contiguous();
  const int64_t n = scores.numel();
  if (scores.dim() != 1 || labels.dim() != 1 || labels.size(0) != n || boxes.dim() != 2 ||
      boxes.size(0) != n || boxes.size(1) != 4) {
    throw Failure{kBadInput, "the model's boxes, labels and scores do not fit together",
                  "n x 4 boxes, n labels and n scores are needed"};
  }
  out.boxes.assign(boxes.data_ptr<float>(), boxes.data_ptr<float>() + 4 * n);
  out.scores.assign(scores.data_ptr<float>(), scores.data_ptr<float>() + n);
  out.labels.assign(labels.data_ptr<int64_t>(), labels.data_ptr<int64_t>() + n);
  const at::Tensor masks = member(dictionary, "masks");
  if (masks.defined()) take_masks(masks, n, height, width, out);
}

class ObjectRunner : public Runner {
 public:
  ObjectRunner(jit::Module module, at::Device device, RunnerInfo info, size_t threads)
      : module_(std::move(module)), device_(device), info_(std::move(info)), threads_(threads) {}

  RunnerInfo info() const override { return info_; }
  float* input(size_t) override { return nullptr; }
  RunnerFailure run(size_t, size_t, RunOutput&) override {
    return {kInternal, "run() was called for a model that takes single pictures", ""};
  }
  RunnerFailure run_picture(size_t slot, const uint8_t* rgb, int32_t width_px, int32_t height_px,
                            ObjectOutput& out) override;
  void forward(const uint8_t* rgb, int64_t width, int64_t height, ObjectOutput& out);

 private:
  jit::Module module_;
  at::Device device_;
  RunnerInfo info_;
  size_t threads_;  // inside one forward
};

void ObjectRunner::forward(const uint8_t* rgb, int64_t width, int64_t height, ObjectOutput& out) {
  const c10::InferenceMode inference;
  // Without profiling runs, which would make the first pictures differ from later ones.
  const jit::GraphOptimizerEnabledGuard plain(false);
  // torchvision's to_tensor.
  const at::Tensor picture =
      at::from_blob(const_cast<uint8_t*>(rgb), {height, width, 3}, at::TensorOptions(at::kByte))
          .permute({2, 0, 1})
          .contiguous()
          .to(at::kFloat)
          .div_(255);
  c10::List<at::Tensor> pictures;
  pictures.push_back(picture.to(device_));
  out = ObjectOutput();
  take(module_.forward({pictures}), height, width, out);
}

RunnerFailure ObjectRunner::run_picture(size_t, const uint8_t* rgb, int32_t width_px,
                                        int32_t height_px, ObjectOutput& out) {
  use_threads(threads_);
  try {
    forward(rgb, width_px, height_px, out);
  } catch (const Failure& failure) {
    return {failure.category, failure.message, failure.hint};
  } catch (const c10::OutOfMemoryError&) {
    return {kUnsupported, "the memory of " + info_.device + " does not hold one picture's forward",
            "--device cpu runs on the processor"};
  } catch (const std::exception& error) {
    return {kInternal, "the model failed: " + first_line(error.what()), ""};
  }
  return {};
}

void check_takes_list(const jit::Module& module) {
  const auto& arguments = module.get_method("forward").function().getSchema().arguments();
  if (arguments.size() >= 2 && arguments[1].type()->isSubtypeOf(*c10::ListType::ofTensors())) {
    return;
  }
  throw Failure{kBadInput, "the model does not take a list of images", kWhatIsNeeded};
}

}  // namespace

std::unique_ptr<Runner> open_object_runner(const RunnerRequest& request, at::Device device,
                                           RunnerInfo info) {
  jit::Module module = load_module(request, device);
  check_takes_list(module);
  info.optimisation = "as loaded";
  info.slots = request.options.slots;
  info.capacity = request.options.batch;
  info.batch = 1;
  auto runner = std::make_unique<ObjectRunner>(std::move(module), device, std::move(info),
                                               request.options.threads_per_slot);
  constexpr int64_t kWidth = 96;
  constexpr int64_t kHeight = 64;
  std::vector<uint8_t> picture(static_cast<size_t>(kWidth * kHeight * 3));
  for (size_t i = 0; i < picture.size(); ++i) {
    picture[i] = static_cast<uint8_t>(127 + 120 * std::sin(0.013 * static_cast<double>(i)));
  }
  ObjectOutput found;
  runner->forward(picture.data(), kWidth, kHeight, found);
  return runner;
}

}  // namespace errata::infer::torch_runner
