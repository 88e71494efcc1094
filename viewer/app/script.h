// What --view and --command ask for: a window of the program by its name and commands of the
// registry by their ids, so that pictures can be scripted.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "viewer/app/app.h"
#include "viewer/state/options.h"

namespace errata::viewer {

// The first steps, also over a store that has samples or is not there.
inline constexpr std::string_view kWelcomeView = "welcome";

// Every name that --view takes, in the order in which --list prints them.
std::vector<std::string> view_names();
// The views, and the commands with their keys and titles: what --list prints.
std::string list_text();
// Error(kUsage) that lists the near names when a view or command is unknown.
void check_script(const ViewerOptions& options);

// Window's thread, over a store that has settled; `name` is one of view_names().
void show_view(Session& session, const std::string& name);
// Error(kUsage) when the command is not enabled now.
void run_command(App& app, const std::string& id);

}  // namespace errata::viewer
