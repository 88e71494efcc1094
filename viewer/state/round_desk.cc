#include "viewer/state/round_desk.h"

#include "viewer/state/session.h"

namespace errata::viewer {}  // namespace errata::viewer
