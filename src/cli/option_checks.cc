#include "cli/option_checks.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <string>
#include <string_view>

#include "base/error.h"
#include "base/text.h"
#include "cli/result_table.h"

namespace errata::cli {

namespace {

std::string refuse_empty(std::string& value) {
  return value.empty() ? "the value is empty" : "";
}

std::string blank_to_empty(std::string& value) {
  if (trim(value).empty()) value.clear();
  return "";
}

void check_option(CLI::Option& option) {
  if (option.get_expected_min() == 0) return;  // a flag
  const std::string type = option.get_type_name();
  const bool may_be_empty = !option.get_positional() && (type == "TEXT" || type == "EXPR");
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
