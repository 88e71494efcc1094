#include "base/scratch_array.h"

#include <new>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace errata {

namespace {

constexpr size_t kLargePage = size_t{2} << 20;
constexpr size_t kAlignment = 64;

size_t alignment_for(size_t bytes) {
  return bytes >= kLargePage ? kLargePage : kAlignment;
}

}  // namespace

void* allocate_pages(size_t bytes) {
  void* pages = ::operator new(bytes, std::align_val_t(alignment_for(bytes)));
#if defined(__linux__) && defined(MADV_HUGEPAGE)
  // A wish: scattered writes over many small pages cost twice as much. Failing is no harm.
  if (bytes >= kLargePage) madvise(pages, bytes, MADV_HUGEPAGE);
#endif
  return pages;
}

void free_pages(void* pages, size_t bytes) {
  if (pages != nullptr) ::operator delete(pages, std::align_val_t(alignment_for(bytes)));
}

}  // namespace errata
