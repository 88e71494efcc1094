// Keeps the memory of one forward for the next. A forward of 16 images asks for some hundred MiB in
// pieces too large for malloc to keep, and gives them back: the kernel then clears the same pages
// again for every batch, 10 to 15 % of the time of ResNet-18 on one core.
#pragma once

namespace errata::infer::torch_runner {

// Lets LibTorch's tensors on the processor be made by our allocator. Once; harmless after that.
void install_memory_reuse();

// Gives what lies unused back to the system.
void release_kept_memory();

// While one lives, large tensors made on this thread come from what earlier ones gave back. Other
// threads, and tensors made outside of it, are as without it.
class ReuseMemory {
 public:
  ReuseMemory();
  ~ReuseMemory();
  ReuseMemory(const ReuseMemory&) = delete;
  ReuseMemory& operator=(const ReuseMemory&) = delete;

 private:
  bool before_;
};

}  // namespace errata::infer::torch_runner
