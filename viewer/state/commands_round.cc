// Commands of review rounds, tags and the log.
#include "viewer/state/commands.h"
#include "viewer/state/session.h"

namespace errata::viewer {

void CommandRegistry::add_round_commands() {}

}  // namespace errata::viewer
