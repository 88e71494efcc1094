// Commands of jobs, dialogs and stores.
#include "viewer/state/commands.h"
#include "viewer/state/session.h"

namespace errata::viewer {

void CommandRegistry::add_job_commands() {}

}  // namespace errata::viewer
