// LibTorch by itself, used the ways its documentation names: what the pass is measured against.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace errata::bench {

// One way to run a model: "plain", "frozen", "frozen, channels-last", ...
class LibTorchForward {
 public:
  virtual ~LibTorchForward() = default;
  virtual const std::string& name() const = 0;
  // One batch on the calling thread. Several threads may call at once.
  virtual void run() = 0;
};

// Every way, for images of 3 x side x side. One thread inside each forward.
std::vector<std::unique_ptr<LibTorchForward>> libtorch_ways(const std::string& model_path,
                                                            bool bfloat16, size_t batch, int side);
void use_one_thread_inside();

}  // namespace errata::bench
