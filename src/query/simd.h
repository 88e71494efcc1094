// Runs a loop with the widest vectors that this processor has. The body is compiled once for each
// instruction set; results do not depend on which one runs.
#pragma once

#include <cstdint>

#if defined(__x86_64__) && defined(__GNUC__)
#define ERRATA_X86 1
#include <immintrin.h>
#else
#define ERRATA_X86 0
#endif

// On the lambda given to vectorised(): [&]() ERRATA_INLINE { ... }
#define ERRATA_INLINE __attribute__((always_inline))

namespace errata::query {

enum class Isa : uint8_t { kBaseline, kAvx2, kAvx512 };

// Of this processor, unless limited.
Isa best_isa();
// For tests and benchmarks: use nothing wider than this from now on.
void limit_isa(Isa most);

#if ERRATA_X86
#define ERRATA_TARGET_AVX2 __attribute__((target("avx2,bmi,bmi2,lzcnt,popcnt,fma")))
#define ERRATA_TARGET_AVX512                                                                    \
  __attribute__((                                                                               \
      target("avx512f,avx512bw,avx512vl,avx512dq,avx2,bmi,bmi2,lzcnt,popcnt,fma,prefer-vector-" \
             "width=512")))

template <typename Body>
ERRATA_TARGET_AVX2 void run_avx2(const Body& body) {
  body();
}
template <typename Body>
ERRATA_TARGET_AVX512 void run_avx512(const Body& body) {
  body();
}
#endif

template <typename Body>
inline void vectorised(const Body& body) {
#if ERRATA_X86
  switch (best_isa()) {
    case Isa::kAvx512: run_avx512(body); return;
    case Isa::kAvx2: run_avx2(body); return;
    case Isa::kBaseline: break;
  }
#endif
  body();
}

}  // namespace errata::query
