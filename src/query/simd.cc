#include "query/simd.h"

#include <algorithm>
#include <atomic>

namespace errata::query {

namespace {

Isa detect() {
#if ERRATA_X86
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("bmi2")) {
    return Isa::kAvx512;
  }
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2") &&
      __builtin_cpu_supports("fma")) {
    return Isa::kAvx2;
  }
#endif
  return Isa::kBaseline;
}

std::atomic<Isa>& current() {
  static std::atomic<Isa> isa{detect()};
  return isa;
}

}  // namespace

Isa best_isa() {
  return current().load(std::memory_order_relaxed);
}

void limit_isa(Isa most) {
  current().store(std::min(most, detect()));
}

}  // namespace errata::query
