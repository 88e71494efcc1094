#include "viewer/state/memory.h"

#include "viewer/state/session.h"

namespace errata::viewer {}  // namespace errata::viewer
