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

// What the outputs of a model are.
enum class OutputForm : uint8_t {
  kClasses,  // n x classes
  kAnchors,  // n x channels x anchors: boxes in the first four channels, then scores
  kBoxes,    // n x boxes x columns: corners, score, class
  kObjects   // a list of pictures of any size in, a list of dictionaries out: torchvision's
             // detectors
};

struct RunnerOptions {
  std::string device = "auto";  // auto (CUDA when there is one), cpu, cuda, cuda:N
  Precision precision = Precision::kFp32;
  // Most images of one run(); 0: what suits the device (16 on a processor, whose caches hold that
  // many; 128 on CUDA). info().capacity tells.
  size_t batch = 0;
  size_t slots = 1;             // threads that will call run() at the same time; >= 1
  size_t threads_per_slot = 1;  // CPU: threads inside one forward
  // false: neither embedding nor stages are extracted, whatever the model description says.
  bool want_embedding = true;
  bool keep_plain = false;  // no graph optimisation at all: the reference to compare with
};

struct RunnerInfo {
  std::string device;              // "cpu", "cuda:0"
  std::string device_name;         // "AMD EPYC 9B45", "NVIDIA H200"
  std::string precision;           // "fp32", "bf16", "fp16"
  std::string engine;              // "LibTorch 2.13.0"
  std::string optimisation;        // "frozen, channels-last, oneDNN fused"
  std::string embedding_source;    // where it is taken from, as a phrase; empty without one
  std::vector<std::string> notes;  // what a person should know, one sentence each
  OutputForm form = OutputForm::kClasses;
  size_t classes = 0;
  size_t embedding_columns = 0;  // 0: no embedding
  size_t stage_columns = 0;      // 0: no stages
  size_t batch = 0;              // most images of one forward now: halved when memory ran out
  size_t capacity = 0;           // images that input() has room for
  size_t slots = 0;
  bool channels_last = false;        // the order input() wants
  size_t input_values = 0;           // floats of one image; 0 for kObjects
  std::vector<size_t> output_shape;  // kAnchors, kBoxes: of one image
};

// Why something failed. The numbers are ErrorCategory's.
struct RunnerFailure {
  int category = 0;  // 0: it did not fail
  std::string message;
  std::string hint;
  bool failed() const { return category != 0; }
};

struct RunOutput {
  std::vector<float> values;  // n x classes or n x output_shape, row-major, as the model gave it
  std::vector<float> embeddings;  // n x embedding_columns, row-major
  std::vector<float> stages;      // n x stage_columns, row-major
};

// kObjects: what the model found in one picture.
struct ObjectOutput {
  std::vector<float> boxes;     // n x 4: x0, y0, x1, y1 in pixels of the picture
  std::vector<float> scores;    // n
  std::vector<int64_t> labels;  // n
  // n masks (probabilities of at least 0.5), column by column in runs that begin with zeros; empty
  // when the model gives none.
  std::vector<std::vector<uint32_t>> mask_runs;
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

  // kObjects only: one picture, as interleaved 8-bit RGB. One call per slot at a time. Each is run
  // alone, so that what is found does not depend on its neighbours. Does not throw.
  virtual RunnerFailure run_picture(size_t slot, const uint8_t* rgb, int32_t width_px,
                                    int32_t height_px, ObjectOutput& out);
};

inline RunnerFailure Runner::run_picture(size_t, const uint8_t*, int32_t, int32_t, ObjectOutput&) {
  return {1, "run_picture() was called for a model that takes batches", ""};
}

// ---- between load_runner and the shared library ----

// What the library must know of a model description, in plain types.
struct RunnerRequest {
  std::string model_path;
  RunnerOptions options;
  int32_t channels = 3;
  int32_t height_px = 0;
  int32_t width_px = 0;
  OutputForm form = OutputForm::kClasses;
  int32_t output_index = 0;
  std::string output_name;
  bool mirror = false;    // kClasses: the mean of what an image and its mirror image give
  uint8_t embedding = 0;  // EmbeddingSource
  int32_t embedding_output = 1;
  std::string embedding_output_name;
  std::string embedding_layer;
};

// Raised whenever a type above, in infer/head_device.h or in infer/tuner.h changes, so that a
// library of another build is refused.
inline constexpr uint32_t kRunnerAbi = 7;

using RunnerAbiFn = uint32_t (*)();
// nullptr with `failure` set when the model cannot be opened. The caller deletes the runner.
using OpenRunnerFn = Runner* (*)(const RunnerRequest& request, RunnerFailure& failure);
// One line on what this machine offers: "cpu (AMD EPYC ...), no CUDA device".
using DescribeDevicesFn = void (*)(std::string& text);

}  // namespace errata::infer
