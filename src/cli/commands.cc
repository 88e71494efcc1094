#include "cli/commands.h"

#include <array>

namespace errata::cli {

namespace {

constexpr std::array kCommands{
    CommandEntry{"scores", "List the scores and columns that filters and rank know",
                 "errata scores\nerrata scores --json", setup_scores},
};

}  // namespace

std::span<const CommandEntry> all_commands() {
  return kCommands;
}

}  // namespace errata::cli
