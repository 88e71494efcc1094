#include "viewer/state/panel_desk.h"

#include "viewer/state/session.h"

namespace errata::viewer {}  // namespace errata::viewer
