// Files for what does not fit into memory.
#pragma once

#include <string>
#include <vector>

namespace errata {

// A new file in the first of `folders` that can be written, to write and read; it has no name and
// goes with its descriptor. Throws Error(kIo) for the first of them when there is none.
int open_nameless_file(const std::vector<std::string>& folders);

}  // namespace errata
