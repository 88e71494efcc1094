#include "cli/option_checks.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/text.h"
#include "cli/result_table.h"

namespace errata::cli {

namespace {

constexpr int64_t kMostCounted = 1'000'000'000'000;

std::string refuse_empty(std::string& value) {
  return value.empty() ? "the value is empty" : "";
}

std::string blank_to_empty(std::string& value) {
  if (trim(value).empty()) value.clear();
  return "";
}

// CLI11 reads -1 as the largest number there is, and what is larger still as that too: all.
std::string refuse_other_counts(const std::string& value, int64_t least, int64_t most) {
  errno = 0;
  char* end = nullptr;
  const int64_t count = std::strtoll(value.c_str(), &end, 0);
  if (end != value.c_str() + value.size()) return "";  // no number: CLI11 says so
  if (errno == 0 && count >= least && count <= most) return "";
  return fmt::format("{} is not from {} to {}", value, least,
                     with_thousands(static_cast<uint64_t>(most)));
}

void check_option(CLI::Option& option) {
  if (option.get_expected_min() == 0) return;  // a flag
  const std::string type = option.get_type_name();
  const bool may_be_empty = !option.get_positional() && (type == "TEXT" || type == "EXPR");
  if (type == "N" || type == "K") {
    const int64_t least = option.get_name() == "--count" ? 1 : 0;
    const int64_t most = option.get_name() == "--seed" ? INT64_MAX : kMostCounted;
    option.check(CLI::Validator(
        [=](const std::string& value) { return refuse_other_counts(value, least, most); }, ""));
  }
  if (type == "EXPR") option.transform(CLI::Validator(blank_to_empty, ""));
  if (!may_be_empty) option.check(CLI::Validator(refuse_empty, ""));
}

}  // namespace

void check_option_values(CLI::App& app) {
  for (CLI::Option* option : app.get_options()) check_option(*option);
  for (CLI::App* child : app.get_subcommands([](const CLI::App*) { return true; })) {
    check_option_values(*child);
  }
}

void refuse_missing_values(std::span<char* const> arguments) {
  for (const std::string_view argument : arguments) {
    if (argument == "--") return;
    const std::string_view name = argument.substr(0, argument.find('='));
    if (!argument.starts_with("--") || name.size() + 1 != argument.size()) continue;
    throw Error(ErrorCategory::kUsage, fmt::format("{}: the value is empty", printable(name)));
  }
}

}  // namespace errata::cli
