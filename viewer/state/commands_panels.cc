// Commands of the panels below the grid.
#include "viewer/state/commands.h"
#include "viewer/state/session.h"

namespace errata::viewer {

void CommandRegistry::add_panel_commands() {}

}  // namespace errata::viewer
