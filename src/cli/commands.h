// The table of subcommands. To add one: write its file, declare its setup here, add its line to
// commands.cc.
#pragma once

#include <span>

#include "cli/command.h"

namespace errata::cli {

// In the order of the help page.
std::span<const CommandEntry> all_commands();

CommandBody setup_import(CLI::App& app);
CommandBody setup_scores(CLI::App& app);

}  // namespace errata::cli
