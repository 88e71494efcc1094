#include "media/image.h"

#if defined(__GLIBC__)
#include <malloc.h>
#endif

namespace errata::media {

void reuse_image_memory() {
#if defined(__GLIBC__)
  // Above 32 MiB glibc takes no threshold; larger images are rare enough to be mapped each time.
  constexpr int kMapAboveBytes = 32 << 20;
  constexpr int kTrimAboveBytes = 256 << 20;
  mallopt(M_MMAP_THRESHOLD, kMapAboveBytes);
  mallopt(M_TRIM_THRESHOLD, kTrimAboveBytes);
#endif
}

}  // namespace errata::media
