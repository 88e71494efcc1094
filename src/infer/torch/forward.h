// A TorchScript model made ready for inference: frozen, its embedding found, its graph fused.
// Only this folder includes LibTorch's headers; they cost 15 s a file, so files here are few.
#pragma once

#include <ATen/ATen.h>

#include <memory>
#include <string>
#include <vector>

#include "infer/runner.h"

namespace errata::infer::torch_runner {

// Thrown inside the library, turned into a RunnerFailure at its border.
struct Failure {
  int category;  // ErrorCategory's number
  std::string message;
  std::string hint;
};

inline constexpr int kNotFound = 3;
inline constexpr int kBadInput = 4;
inline constexpr int kUnsupported = 8;
inline constexpr int kInternal = 1;

struct Rows {
  at::Tensor values;      // n x classes or n x output_shape, float32, on the model's device
  at::Tensor embedding;   // n x embedding_columns, float32; undefined without one
  at::Tensor stages;      // n x stage_columns, float32; undefined without
  bool averaged = false;  // the embedding was a map or tokens, averaged over their places
};

class Forward {
 public:
  virtual ~Forward() = default;
  // `images`: n x C x H x W float32 on the model's device. Callable from several threads.
  virtual Rows run(const at::Tensor& images) = 0;
};

// What prepare() decided.
struct Prepared {
  std::unique_ptr<Forward> forward;
  bool channels_last = false;
  std::string optimisation;
  std::string embedding_source;
  std::vector<std::string> notes;
  size_t classes = 0;
  size_t embedding_columns = 0;
  size_t stage_columns = 0;
  std::vector<size_t> output_shape;
  bool single_images = false;  // the model does not bear more than one, or mixes them
};

// Loads, freezes and optimises. Every step beyond the plain loaded module is checked against it on
// two made-up images; a step whose outputs differ, or that the model does not bear, is left out and
// said in `notes`. Throws Failure.
Prepared prepare(const RunnerRequest& request, at::Device device);

// The first `n` images that lie at `values`, in the order that `channels_last` says.
at::Tensor images_at(float* values, size_t n, const RunnerRequest& request, bool channels_last);

// Threads inside the forwards of the calling thread: OpenMP keeps their number for each.
void use_threads(size_t threads);

// The one line of a LibTorch error that says something; the rest is a stack of its source lines.
std::string first_line(const std::string& text);

}  // namespace errata::infer::torch_runner
