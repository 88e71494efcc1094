// The shared library's door: devices, buffers, batches, and errors turned into values.
#include <ATen/DeviceAccelerator.h>
#include <ATen/Parallel.h>
#include <c10/core/Event.h>
#include <c10/core/InferenceMode.h>
#include <c10/core/StreamGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <torch/headeronly/version.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>

#include "infer/torch/devices.h"
#include "infer/torch/forward.h"
#include "infer/torch/object_runner.h"
#include "infer/torch/reuse_memory.h"

namespace errata::infer::torch_runner {

namespace {

// Forwards that may be in flight on one GPU: while one computes, the other copies.
constexpr size_t kCudaLanes = 2;

// ResNet-18 at 224 on one core, images a second at 1, 4, 8, 16, 32: fp32 26, 44, 53, 52, 50; bf16
// 52, 84, 95, 93, 92.
constexpr size_t kCpuBatch = 16;
constexpr size_t kCudaBatch = 128;
constexpr double kBatchPixels = 224 * 224;  // of the image for which these hold

// A detector's images are large and its maps with them: fewer at a time.
size_t default_batch(const RunnerRequest& request, bool cpu) {
  const size_t most = cpu ? kCpuBatch : kCudaBatch;
  if (request.form == OutputForm::kClasses || request.form == OutputForm::kObjects) return most;
  const double pixels = static_cast<double>(request.height_px) * request.width_px;
  return std::clamp(static_cast<size_t>(static_cast<double>(most) * kBatchPixels / pixels),
                    size_t{1}, most);
}

void check_precision(Precision precision, const at::Device& device) {
  if (device.is_cpu() && precision == Precision::kFp16) {
    throw Failure{kUnsupported, "fp16 is for CUDA devices", "--precision bf16 or fp32"};
  }
}

}  // namespace

at::Tensor images_at(float* values, size_t n, const RunnerRequest& request, bool channels_last) {
  const int64_t c = request.channels;
  const int64_t h = request.height_px;
  const int64_t w = request.width_px;
  const std::vector<int64_t> sizes{static_cast<int64_t>(n), c, h, w};
  const std::vector<int64_t> strides = channels_last ? std::vector<int64_t>{c * h * w, 1, c * w, c}
                                                     : std::vector<int64_t>{c * h * w, h * w, w, 1};
  return at::from_blob(values, sizes, strides, at::TensorOptions().dtype(at::kFloat));
}

namespace {

class TorchRunner : public Runner {
 public:
  TorchRunner(const RunnerRequest& request, at::Device device, RunnerInfo info);
  ~TorchRunner() override { release_kept_memory(); }

  RunnerInfo info() const override;
  float* input(size_t slot) override { return inputs_[slot].data_ptr<float>(); }
  RunnerFailure run(size_t slot, size_t n, RunOutput& out) override;

 private:
  // Runs images [first, first + n) of the slot and appends their rows to `out`.
  void forward(size_t slot, size_t first, size_t n, RunOutput& out);
  void forward_cpu(const at::Tensor& images, RunOutput& out);
  void forward_cuda(const at::Tensor& images, RunOutput& out);
  bool halve_batch(size_t failed_at);
  size_t take_lane();
  void give_lane(size_t lane);

  RunnerRequest request_;
  at::Device device_;
  RunnerInfo info_;
  Prepared prepared_;
  std::vector<at::Tensor> inputs_;  // one flat float buffer a slot
  std::atomic<size_t> batch_{0};

  mutable std::mutex mutex_;  // guards the lanes and the notes
  std::condition_variable lane_free_;
  std::vector<c10::Stream> streams_;
  std::vector<size_t> free_lanes_;
};

TorchRunner::TorchRunner(const RunnerRequest& request, at::Device device, RunnerInfo info)
    : request_(request), device_(device), info_(std::move(info)) {
  prepared_ = prepare(request_, device_);
  batch_.store(prepared_.single_images ? 1 : request_.options.batch);
  info_.optimisation = prepared_.optimisation;
  info_.embedding_source = prepared_.embedding_columns > 0 ? prepared_.embedding_source : "";
  info_.notes = prepared_.notes;
  info_.classes = prepared_.classes;
  info_.embedding_columns = prepared_.embedding_columns;
  info_.stage_columns = prepared_.stage_columns;
  info_.output_shape = prepared_.output_shape;
  info_.slots = request.options.slots;
  info_.capacity = request_.options.batch;
  info_.channels_last = prepared_.channels_last;
  info_.input_values = static_cast<size_t>(request.channels) *
                       static_cast<size_t>(request.height_px) *
                       static_cast<size_t>(request.width_px);
  const auto values = static_cast<int64_t>(info_.input_values * request_.options.batch);
  for (size_t slot = 0; slot < request.options.slots; ++slot) {
    inputs_.push_back(at::zeros({values}, at::TensorOptions().pinned_memory(device_.is_cuda())));
  }
  if (device_.is_cuda()) {
    const c10::impl::VirtualGuardImpl cuda(c10::DeviceType::CUDA);
    for (size_t lane = 0; lane < kCudaLanes; ++lane) {
      streams_.push_back(cuda.getStreamFromGlobalPool(device_, false));
      free_lanes_.push_back(lane);
    }
    // The lanes do not wait for the default stream, on which the model was made ready.
    at::accelerator::synchronizeDevice(device_.index());
  }
}

RunnerInfo TorchRunner::info() const {
  const std::lock_guard lock(mutex_);
  RunnerInfo info = info_;
  info.batch = batch_.load();
  return info;
}

RunnerFailure TorchRunner::run(size_t slot, size_t n, RunOutput& out) {
  use_threads(request_.options.threads_per_slot);
  if (slot >= inputs_.size() || n < 1 || n > request_.options.batch) {
    return {kInternal, "run() was called for a slot or a batch that is not there", ""};
  }
  out.values.clear();
  out.embeddings.clear();
  out.stages.clear();
  size_t done = 0;
  while (done < n) {
    const size_t size = std::min(batch_.load(), n - done);
    bool no_memory = false;
    std::string message;
    try {
      forward(slot, done, size, out);
      done += size;
    } catch (const Failure& failure) {
      return {failure.category, failure.message, failure.hint};
    } catch (const std::exception& error) {
      message = error.what();
      no_memory = is_out_of_memory(error);
    }
    // The exception is gone here, and with it the tensors that it kept.
    if (no_memory) {
      if (halve_batch(size)) continue;
      return {kUnsupported, "the memory of " + info_.device + " does not hold one image's forward",
              "another device, or a lower --precision"};
    }
    if (!message.empty()) {
      return {kInternal, "the model failed: " + first_line(message), ""};
    }
  }
  return {};
}

bool TorchRunner::halve_batch(size_t failed_at) {
  if (device_.is_cuda()) c10::getDeviceAllocator(c10::DeviceType::CUDA)->emptyCache();
  if (failed_at <= 1) return false;
  const std::lock_guard lock(mutex_);
  const size_t halved = failed_at / 2;
  if (batch_.load() > halved) {
    batch_.store(halved);
    info_.notes.push_back("the memory of " + info_.device + " ran out at " +
                          std::to_string(failed_at) + " images: forwards are of " +
                          std::to_string(halved) + " now");
  }
  return true;
}

void TorchRunner::forward(size_t slot, size_t first, size_t n, RunOutput& out) {
  const at::Tensor images =
      images_at(input(slot) + first * info_.input_values, n, request_, prepared_.channels_last);
  if (device_.is_cpu()) {
    forward_cpu(images, out);
  } else {
    forward_cuda(images, out);
  }
}

void append(const at::Tensor& rows, std::vector<float>& values) {
  const float* data = rows.data_ptr<float>();
  values.insert(values.end(), data, data + rows.numel());
}

void TorchRunner::forward_cpu(const at::Tensor& images, RunOutput& out) {
  const ReuseMemory reuse;
  const Rows rows = prepared_.forward->run(images);
  append(rows.values, out.values);
  if (rows.embedding.defined()) append(rows.embedding, out.embeddings);
  if (rows.stages.defined()) append(rows.stages, out.stages);
}

size_t TorchRunner::take_lane() {
  std::unique_lock lock(mutex_);
  lane_free_.wait(lock, [&] { return !free_lanes_.empty(); });
  const size_t lane = free_lanes_.back();
  free_lanes_.pop_back();
  return lane;
}

void TorchRunner::give_lane(size_t lane) {
  {
    const std::lock_guard lock(mutex_);
    free_lanes_.push_back(lane);
  }
  lane_free_.notify_one();
}

void TorchRunner::forward_cuda(const at::Tensor& images, RunOutput& out) {
  struct Lane {
    explicit Lane(TorchRunner& owner) : runner(owner), number(owner.take_lane()) {}
    ~Lane() { runner.give_lane(number); }
    TorchRunner& runner;
    size_t number;
  };
  const Lane lane(*this);
  const c10::InferenceMode inference;
  const c10::StreamGuard stream(streams_[lane.number]);
  // Pinned memory to the device and back on this lane's stream; the other lane computes meanwhile.
  const at::Tensor on_device =
      at::empty_strided(images.sizes(), images.strides(), images.options().device(device_));
  on_device.copy_(images, /*non_blocking=*/true);
  const Rows rows = prepared_.forward->run(on_device);
  const auto pinned = at::TensorOptions().dtype(at::kFloat).pinned_memory(true);
  const auto fetch = [&](const at::Tensor& from) {
    if (!from.defined()) return at::Tensor();
    at::Tensor to = at::empty(from.sizes(), pinned);
    to.copy_(from, true);
    return to;
  };
  const at::Tensor values = fetch(rows.values);
  const at::Tensor embedding = fetch(rows.embedding);
  const at::Tensor stages = fetch(rows.stages);
  c10::Event finished(c10::DeviceType::CUDA);
  finished.record(streams_[lane.number]);
  finished.synchronize();
  append(values, out.values);
  if (embedding.defined()) append(embedding, out.embeddings);
  if (stages.defined()) append(stages, out.stages);
}

// Chooses the device, sets its arithmetic and opens the runner that the model's form needs.
std::unique_ptr<Runner> open_runner(RunnerRequest request) {
  const at::Device device = choose_device(request.options.device);
  if (request.options.batch == 0) request.options.batch = default_batch(request, device.is_cpu());
  check_precision(request.options.precision, device);
  set_exact_arithmetic();
  at::set_num_threads(static_cast<int>(request.options.threads_per_slot));
  RunnerInfo info;
  info.form = request.form;
  info.device = device_text(device);
  info.device_name = device_name(device);
  constexpr const char* kNames[] = {"fp32", "bf16", "fp16"};
  info.precision = kNames[static_cast<size_t>(request.options.precision)];
  info.engine = std::string("LibTorch ") + TORCH_VERSION;
  if (request.form == OutputForm::kObjects) {
    return open_object_runner(request, device, std::move(info));
  }
  return std::make_unique<TorchRunner>(request, device, std::move(info));
}

}  // namespace

}  // namespace errata::infer::torch_runner

ERRATA_EXPORT uint32_t errata_runner_abi() {
  return errata::infer::kRunnerAbi;
}

ERRATA_EXPORT errata::infer::Runner* errata_open_runner(const errata::infer::RunnerRequest& request,
                                                        errata::infer::RunnerFailure& failure) {
  using namespace errata::infer::torch_runner;
  silence_warnings();
  install_memory_reuse();
  try {
    return open_runner(request).release();
  } catch (const Failure& known) {
    failure = {known.category, known.message, known.hint};
  } catch (const std::exception& error) {
    const bool fp32 = request.options.precision == errata::infer::Precision::kFp32;
    if (is_out_of_memory(error)) {
      failure = {kUnsupported, "the device's memory does not hold the model and its input",
                 "another device, or a smaller --batch"};
    } else {
      failure = {kBadInput, "the model cannot be run: " + first_line(error.what()),
                 fp32 ? "" : "try --precision fp32"};
    }
  }
  return nullptr;
}

ERRATA_EXPORT void errata_describe_devices(std::string& text) {
  using namespace errata::infer::torch_runner;
  text = std::string("LibTorch ") + TORCH_VERSION + ", cpu";
  const std::string name = device_name(at::Device(at::kCPU));
  if (!name.empty()) text += " (" + name + ")";
  const int count = cuda_count();
  text += count == 0 ? ", no CUDA device" : ", " + std::to_string(count) + " CUDA device(s)";
}
