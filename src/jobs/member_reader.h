// Images inside container files, as versions and exports want them.
#pragma once

#include "versions/canonical_png.h"

namespace errata::jobs {

// Keeps containers open in a cache of its own, shared by the copies of the function.
versions::MemberReader make_member_reader();

}  // namespace errata::jobs
