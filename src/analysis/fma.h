#pragma once

namespace errata::analysis {

// Whether code for AVX2 with fused multiply-add may run here.
inline bool has_fma() {
#if defined(__x86_64__) && defined(__GNUC__)
  static const bool has = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  return has;
#else
  return false;
#endif
}

}  // namespace errata::analysis
