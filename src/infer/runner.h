// A loaded model on a device. Free of LibTorch and of the rest of Errata: the implementation is a
// shared library (liberrata_infer.so) opened on demand by load_runner (infer/load_runner.h), and
// can be built and tried with nothing but the torch wheel.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace errata::infer {

enum class Precision : uint8_t { kFp32, kBf16, kFp16 };

struct RunnerOptions {
  std::string device = "auto";  // auto (CUDA when there is one), cpu, cuda, cuda:N
  Precision precision = Precision::kFp32;
  // Most images of one run(); 0: what suits the device (16 on a processor, whose caches hold that
  // many; 128 on CUDA). info().capacity tells.
  size_t batch = 0;
  size_t slots = 1;             // threads that will call run() at the same time; >= 1
  size_t threads_per_slot = 1;  // CPU: threads inside one forward
  bool want_embedding = true;   // false: none is extracted, whatever the model description says
  bool keep_plain = false;      // no graph optimisation at all: the reference to compare with
};

struct RunnerInfo {
  std::string device;              // "cpu", "cuda:0"
  std::string device_name;         // "AMD EPYC 9B45", "NVIDIA H200"
  std::string precision;           // "fp32", "bf16", "fp16"
  std::string engine;              // "LibTorch 2.13.0"
  std::string optimisation;        // "frozen, channels-last, oneDNN fused"
  std::string embedding_source;    // where it is taken from, as a phrase; empty without one
  std::vector<std::string> notes;  // what a person should know, one sentence each
  size_t classes = 0;
  size_t embedding_columns = 0;  // 0: no embedding
  size_t batch = 0;              // most images of one forward now: halved when memory ran out
  size_t capacity = 0;           // images that input() has room for
  size_t slots = 0;
  bool channels_last = false;  // the order input() wants
  size_t input_values = 0;     // floats of one image
};

// Why something failed. The numbers are ErrorCategory's.
struct RunnerFailure {
  int category = 0;  // 0: it did not fail
  std::string message;
  std::string hint;
  bool failed() const { return category != 0; }
};

struct RunOutput {
  std::vector<float> values;      // n x classes, row-major, as the model gave them
  std::vector<float> embeddings;  // n x embedding_columns, row-major
};

class Runner {
 public:
  virtual ~Runner() = default;

  virtual RunnerInfo info() const = 0;

  // Where the caller writes the images of its next run(): options.batch x input_values floats,
  // owned by the runner (pinned for CUDA), one buffer for each slot < options.slots.
  virtual float* input(size_t slot) = 0;

  // Runs the first n (1..options.batch) images of input(slot). One call per slot at a time; slots
  // may run at once. When the device's memory runs out, the batch is halved until it fits or is 1:
  // info().batch then tells. Does not throw.
  virtual RunnerFailure run(size_t slot, size_t n, RunOutput& out) = 0;
};

// ---- between load_runner and the shared library ----

// What the library must know of a model description, in plain types.
struct RunnerRequest {
  std::string model_path;
  RunnerOptions options;
  int32_t channels = 3;
  int32_t height_px = 0;
  int32_t width_px = 0;
  int32_t output_index = 0;
  std::string output_name;
  uint8_t embedding = 0;  // EmbeddingSource
  int32_t embedding_output = 1;
  std::string embedding_output_name;
  std::string embedding_layer;
};

// Raised whenever a type above changes, so that a library of another build is refused.
inline constexpr uint32_t kRunnerAbi = 1;

using RunnerAbiFn = uint32_t (*)();
// nullptr with `failure` set when the model cannot be opened. The caller deletes the runner.
using OpenRunnerFn = Runner* (*)(const RunnerRequest& request, RunnerFailure& failure);
// One line on what this machine offers: "cpu (AMD EPYC ...), no CUDA device".
using DescribeDevicesFn = void (*)(std::string& text);

}  // namespace errata::infer
