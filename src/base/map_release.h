// Giving back the memory of a part of a file that is mapped and was read.
#pragma once

#include <cstdint>
#include <span>

namespace errata {

// Of a MappedFile's bytes [begin, end): they are read again when looked at again. Whole pages only.
void release_mapped(std::span<const uint8_t> map, uint64_t begin, uint64_t end);

}  // namespace errata
