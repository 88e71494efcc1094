// Loops over lanes of values: compilers make vector instructions of them, wider ones where the
// processor has them. For what does not depend on the width: comparisons, maxima, counts.
#pragma once

// Sanitizers are not there yet when the choice is made.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(__SANITIZE_ADDRESS__)
#define ERRATA_LANES __attribute__((target_clones("avx2", "default")))
#else
#define ERRATA_LANES
#endif
