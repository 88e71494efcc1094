// What is refused or put right in the values of all commands' options before a command sees them.
#pragma once

#include <span>

namespace CLI {
class App;
}

namespace errata::cli {

// For `app` and all commands below it, when they have their options. An empty value is refused but
// for the options that take a text (TEXT) or a filter (EXPR): it would silently mean what leaving
// the option out means. A filter of white space is the empty one. A number (N, K) is 0 or more, 1
// or more for --count, and no more than can be counted. Refused is CLI::ValidationError, at
// parsing.
void check_option_values(CLI::App& app);

// Error(kUsage) for `--name=` with nothing behind it: CLI11 takes the next argument for its value.
void refuse_missing_values(std::span<char* const> arguments);

}  // namespace errata::cli
