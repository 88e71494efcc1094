#include "infer/torch/reuse_memory.h"

#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>
#include <c10/core/impl/alloc_cpu.h>
#include <sys/mman.h>

#include <cstdlib>
#include <map>
#include <mutex>
#include <new>
#include <vector>

namespace errata::infer::torch_runner {

namespace {

// Smaller pieces malloc keeps well by itself.
constexpr size_t kSmallestKept = size_t{64} << 10;
// What lies unused at most: the forwards of a few workers; beyond it memory goes back at once.
constexpr size_t kMostKept = size_t{2} << 30;
// From here on pages of 2 MiB are asked for.
constexpr size_t kHugePage = size_t{2} << 20;
// Before the data stands a Header. Keeps the data aligned to a cache line.
constexpr size_t kHeader = 64;

struct Header {
  size_t bytes;  // of the data
  bool kept;     // goes back to Blocks, not to malloc
};
static_assert(sizeof(Header) <= kHeader);

thread_local bool reusing = false;

class Blocks {
 public:
  void* take(size_t bytes) {
    {
      const std::lock_guard lock(mutex_);
      // A block up to a quarter larger will do. The one given back last is the warmest.
      const auto found = unused_.lower_bound(bytes);
      if (found != unused_.end() && found->first <= bytes + bytes / 4) {
        void* block = found->second.back();
        kept_ -= found->first;
        found->second.pop_back();
        if (found->second.empty()) unused_.erase(found);
        return block;
      }
    }
    void* block = make(bytes);
    if (block == nullptr) {
      release_all();
      block = make(bytes);
    }
    if (block == nullptr) throw std::bad_alloc();
    return block;
  }

  void give_back(void* block, size_t bytes) {
    const std::lock_guard lock(mutex_);
    if (kept_ + bytes > kMostKept) {
      std::free(block);
      return;
    }
    kept_ += bytes;
    unused_[bytes].push_back(block);
  }

  void release_all() {
    const std::lock_guard lock(mutex_);
    for (auto& [bytes, blocks] : unused_) {
      for (void* block : blocks) std::free(block);
    }
    unused_.clear();
    kept_ = 0;
  }

 private:
  static void* make(size_t bytes) {
    const bool huge = bytes >= 2 * kHugePage;
    void* block = nullptr;
    if (posix_memalign(&block, huge ? kHugePage : kHeader, bytes + kHeader) != 0) return nullptr;
    if (huge) madvise(block, bytes + kHeader, MADV_HUGEPAGE);
    new (block) Header{bytes, true};
    return block;
  }

  std::mutex mutex_;
  std::map<size_t, std::vector<void*>> unused_;  // by size
  size_t kept_ = 0;
};

// Never destroyed: tensors may outlive every static.
Blocks& blocks() {
  static Blocks* the_blocks = new Blocks();
  return *the_blocks;
}

void give_back(void* data) {
  if (data == nullptr) return;
  char* block = static_cast<char*>(data) - kHeader;
  const Header header = *reinterpret_cast<const Header*>(block);
  if (header.kept) {
    blocks().give_back(block, header.bytes);
  } else {
    c10::free_cpu(block);
  }
}

// One kind of block whoever asks: LibTorch also frees by pointer alone (raw_deallocate).
class ReusingAllocator final : public c10::Allocator {
 public:
  c10::DataPtr allocate(size_t bytes) override {
    void* data = nullptr;
    if (bytes > 0) {
      void* block = nullptr;
      if (reusing && bytes >= kSmallestKept) {
        block = blocks().take(bytes);
      } else {
        block = c10::alloc_cpu(bytes + kHeader);
        new (block) Header{bytes, false};
      }
      data = static_cast<char*>(block) + kHeader;
    }
    return {data, data, &give_back, c10::Device(c10::DeviceType::CPU)};
  }
  c10::DeleterFnPtr raw_deleter() const override { return &give_back; }
  void copy_data(void* to, const void* from, size_t bytes) const override {
    default_copy_data(to, from, bytes);
  }
};

}  // namespace

void install_memory_reuse() {
  static ReusingAllocator* allocator = [] {
    auto* made = new ReusingAllocator();
    c10::SetCPUAllocator(made, /*priority=*/100);
    return made;
  }();
  (void)allocator;
}

void release_kept_memory() {
  blocks().release_all();
}

ReuseMemory::ReuseMemory() : before_(reusing) {
  reusing = true;
}
ReuseMemory::~ReuseMemory() {
  reusing = before_;
}

}  // namespace errata::infer::torch_runner
