// A model whose own weights are fitted to other labels, by LibTorch. Plain types, like
// infer/runner.h, since the implementation is in the same library.
#pragma once

#include <cstddef>
#include <string>

#include "infer/runner.h"

namespace errata::infer {

struct TunerInfo {
  std::string device;            // "cpu", "cuda:0"
  std::string device_name;       // "AMD EPYC 9B45", "NVIDIA H200"
  std::string embedding_source;  // on what the new head stands, as a phrase
  size_t embedding_columns = 0;
  size_t trained_values = 0;   // of the model, without the new head
  size_t input_values = 0;     // floats of one image
  bool channels_last = false;  // the order input() wants
};

// The model up to its embedding, with a new linear head for the classes asked for. A slot holds
// weights of its own; one call per slot at a time, slots may be called at once. Calls do not throw.
//
// Normalisation layers keep the statistics that the model came with, as its evaluation mode has
// them: of few or odd samples better ones cannot be had.
class Tuner {
 public:
  virtual ~Tuner() = default;

  virtual TunerInfo info() const = 0;
  // Where the caller writes the images of its next call: options.batch x input_values floats.
  virtual float* input(size_t slot) = 0;
  // The model's weights as the file has them, and a head of zeros.
  virtual RunnerFailure restart(size_t slot) = 0;
  // One step of AdamW (Loshchilov and Hutter 2019) down the mean cross entropy between the first n
  // images of input(slot) and `targets`, n x classes, each row summing to what the image weighs, at
  // most 1. `rate` is that of the model's weights; the head's, which begins with nothing, is ten
  // times as high.
  virtual RunnerFailure learn(size_t slot, size_t n, const float* targets, double rate) = 0;
  // Fills n x classes.
  virtual RunnerFailure ask(size_t slot, size_t n, float* probabilities) = 0;
  // Frees the slot's weights.
  virtual void forget(size_t slot) = 0;
};

// ---- between load_tuner and the shared library ----

struct TunerRequest {
  RunnerRequest model;  // options: device, batch, slots and threads_per_slot count
  size_t classes = 0;
};

// nullptr with `failure` set when the model cannot be trained. The caller deletes the tuner.
using OpenTunerFn = Tuner* (*)(const TunerRequest& request, RunnerFailure& failure);

}  // namespace errata::infer
