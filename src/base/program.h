// What this program is and what it was built with.
#pragma once

#include <string_view>

namespace errata {

std::string_view program_version();
// "SQLite 3.40.1, OpenCV 4.6.0, ...": the libraries it was built with, LibTorch among them where
// models can be run.
std::string_view program_parts();

}  // namespace errata
