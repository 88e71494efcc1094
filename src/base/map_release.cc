#include "base/map_release.h"

#include <sys/mman.h>
#include <unistd.h>

namespace errata {

void release_mapped(std::span<const uint8_t> map, uint64_t begin, uint64_t end) {
  static const auto page = static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
  begin = (begin + page - 1) / page * page;
  end = end >= map.size() ? map.size() : end / page * page;
  if (begin >= end) return;
  ::madvise(const_cast<uint8_t*>(map.data()) + begin, end - begin, MADV_DONTNEED);
}

}  // namespace errata
