#include "base/program.h"

namespace errata {

std::string_view program_version() {
  return ERRATA_VERSION;
}

std::string_view program_parts() {
  return ERRATA_PARTS;
}

}  // namespace errata
