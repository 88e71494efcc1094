#include "cli/app.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <optional>

#include "base/error.h"
#include "base/log.h"
#include "base/program.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/option_checks.h"
#include "cli/progress_display.h"
#include "cli/signals.h"

namespace errata::cli {

namespace {

constexpr const char* kExitCodes =
    "Exit codes:\n"
    "  0 done               5 conflict (name exists, target not empty)\n"
    "  1 a bug in Errata    6 busy (somebody else holds the store or the run)\n"
    "  2 wrong usage        7 input/output, disk full, permission\n"
    "  3 not found          8 this build or machine cannot do it\n"
    "  4 bad input          9 the store is corrupt         130 stopped by Ctrl-C\n";
constexpr const char* kGlobalFooter =
    "Every command also takes -s/--store FILE, --json and -q/--quiet.";

int show_error(const Error& error, bool json) {
  if (json) {
    const text::Json body = text::Json::object({{"category", category_name(error.category())},
                                                {"exit_code", error.exit_code()},
                                                {"message", error.what()},
                                                {"path", error.path()},
                                                {"hint", error.hint()}});
    std::fputs((text::Json::object({{"error", body}}).dump() + "\n").c_str(), stderr);
  } else {
    std::fputs((to_valid_utf8(error.to_text()) + "\n").c_str(), stderr);
  }
  return error.exit_code();
}

void add_global_options(CLI::App& app, GlobalOptions& global) {
  app.add_option("-s,--store", global.store_path, "The project's store (default errata.db)")
      ->envname("ERRATA_STORE")
      ->type_name("FILE");
  app.add_flag("--json", global.json, "Print JSON instead of text");
  app.add_flag("-q,--quiet", global.quiet, "No progress and no notes on stderr");
}

std::string footer_of(std::string_view example) {
  std::string footer = "Example:\n";
  for (const std::string_view line : split_view(example, '\n'))
    footer += fmt::format("  {}\n", line);
  return footer + "\n" + kGlobalFooter;
}

struct Registered {
  CLI::App* app;
  CommandBody body;
};

std::vector<Registered> register_commands(CLI::App& app) {
  std::vector<Registered> registered;
  for (const CommandEntry& entry : all_commands()) {
    CLI::App* const child = app.add_subcommand(std::string(entry.name), std::string(entry.summary));
    child->fallthrough();
    child->footer(footer_of(entry.example));
    registered.push_back({child, entry.setup(*child)});
  }
  return registered;
}

Error no_such_command(const CLI::App& family, std::string_view path, const std::string& word) {
  std::vector<std::string> names;
  for (const CLI::App* child : family.get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(child->get_name());
  }
  const std::vector<std::string> near = nearest_words(word, names);
  std::string hint = fmt::format("See `errata{} --help`.", path);
  if (!near.empty()) hint = fmt::format("Did you mean `errata{} {}`? {}", path, near[0], hint);
  return Error(ErrorCategory::kUsage, fmt::format("there is no command '{}'", printable(word)),
               hint);
}

// `errata help`, `errata help COMMAND` and `errata help COMMAND COMMAND` as the words that ask for
// it with --help; other words as they are.
std::vector<std::string> spell_out_help(const CLI::App& app, std::vector<std::string> words) {
  if (words.empty() || words[0] != "help") return words;
  words.erase(words.begin());
  const CLI::App* at = &app;
  std::string path;
  for (const std::string& word : words) {
    if (word.starts_with('-')) continue;
    const auto named =
        at->get_subcommands([&](const CLI::App* child) { return child->get_name() == word; });
    if (named.empty()) throw no_such_command(*at, path, word);
    at = named.front();
    path += " " + word;
  }
  words.emplace_back("--help");
  return words;
}

// CLI11 says "The following argument was not expected: X"; a person wants to know what X might be.
Error usage_error(const CLI::App& app, const CLI::ParseError& error) {
  std::string command;
  const CLI::App* deepest = &app;
  while (!deepest->get_subcommands().empty()) {
    deepest = deepest->get_subcommands().front();
    command += " " + deepest->get_name();
  }
  std::string hint = fmt::format("See `errata{} --help`.", command);
  if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr && deepest == &app) {
    for (const std::string& word : app.remaining()) {
      if (!word.starts_with('-')) return no_such_command(app, "", word);
    }
  }
  std::string message = error.what();
  // "The following ..." but not "SOURCE is required".
  if (message.size() > 1 && std::islower(static_cast<unsigned char>(message[1])) != 0) {
    message[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(message[0])));
  }
  return Error(ErrorCategory::kUsage, message, hint);
}

void flush_stdout() {
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    throw io_error("write the output", "stdout", errno);
  }
}

bool wants_json(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    if (std::string_view(argv[i]) == "--json") return true;
  }
  return false;
}

int parse_and_run(int argc, char** argv) {
  GlobalOptions global;
  global.store_path = "errata.db";
  CLI::App app(
      "Errata finds what is wrong in an image dataset and in a model's predictions,\n"
      "shows it, lets you fix it, and exports the fixed dataset as a version.",
      "errata");
  app.set_version_flag("--version",
                       fmt::format("errata {}\n{}", program_version(), program_parts()));
  app.footer(std::string("\nExample:\n  errata import photos/\n  errata predictions probs.npy\n"
                         "  errata rank --limit 20\n\n"
                         "`errata help COMMAND` and `errata COMMAND --help` say more of one.\n\n") +
             kExitCodes);
  app.require_subcommand(0, 1);
  app.fallthrough();
  add_global_options(app, global);
  const std::vector<Registered> registered = register_commands(app);
  check_option_values(app);
  refuse_missing_values({argv, static_cast<size_t>(argc)});
  try {
    std::vector<std::string> words = spell_out_help(app, {argv + std::min(argc, 1), argv + argc});
    std::reverse(words.begin(), words.end());  // as CLI11 takes them
    app.parse(std::move(words));
  } catch (const CLI::Success& success) {  // --help, --version
    const int code = app.exit(success);
    flush_stdout();
    return code;
  } catch (const CLI::ParseError& error) {
    throw usage_error(app, error);
  }
  CancelToken cancel;
  const CancelOnSignal cancel_on_signal(cancel);
  for (const Registered& command : registered) {
    if (!command.app->parsed()) continue;
    CommandContext context(global, cancel);
    command.body(context);
    flush_stdout();
    return 0;
  }
  std::fputs(app.help().c_str(), stdout);
  flush_stdout();
  return 0;
}

}  // namespace

struct CommandContext::Live {
  Live(const Progress& progress, bool show) : workers(hardware_threads()) {
    if (show) display.emplace(progress, true);
  }
  WorkerGroup workers;
  std::optional<ProgressDisplay> display;
};

CommandContext::CommandContext(GlobalOptions global, CancelToken& cancel)
    : global_(std::move(global)), cancel_(cancel) {}

CommandContext::~CommandContext() = default;

void CommandContext::print_text(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size()) {
    throw io_error("write the output", "stdout", errno);
  }
}

void CommandContext::print_table(const ResultTable& table, TableFormat format) {
  print_text(render(table, json() ? TableFormat::kJson : format));
}

void CommandContext::note(std::string_view line) {
  if (global_.quiet) return;
  std::fflush(stdout);
  std::fputs(fmt::format("{}\n", to_valid_utf8(line)).c_str(), stderr);
}

void CommandContext::warn(std::string_view line) {
  std::fflush(stdout);
  std::fputs(fmt::format("errata: warning: {}\n", to_valid_utf8(line)).c_str(), stderr);
}

jobs::JobContext CommandContext::job() {
  if (live_ == nullptr) {
    live_ = std::make_unique<Live>(progress_, !global_.quiet && stderr_is_terminal());
  }
  return {progress_, cancel_, issues_, live_->workers, [this](const std::string& line) {
            if (!json()) print_text(line + "\n");
          }};
}

void CommandContext::end_progress() {
  if (live_ != nullptr) live_->display.reset();
}

void CommandContext::rethrow_with_hint(const Error& error, std::string_view how_to_go_on) {
  end_progress();
  if (error.category() != ErrorCategory::kInterrupted) throw error;
  throw Error(ErrorCategory::kInterrupted, "stopped", fmt::format("To go on, {}.", how_to_go_on));
}

CommandFamily::CommandFamily(CLI::App& app)
    : app_(app), children_(std::make_shared<std::vector<Child>>()) {
  app_.require_subcommand(1);
}

CLI::App& CommandFamily::add(std::string_view name, std::string_view summary,
                             std::string_view example,
                             const std::function<CommandBody(CLI::App&)>& setup) {
  CLI::App* const child = app_.add_subcommand(std::string(name), std::string(summary));
  child->fallthrough();
  child->footer(footer_of(example));
  children_->push_back({child, setup(*child)});
  return *child;
}

CommandBody CommandFamily::body(const CommandBody& given) const {
  CommandBody alone = given;
  for (const Child& child : *children_) {
    if (!alone && child.app->get_name() == "list") alone = child.body;
  }
  if (alone) app_.require_subcommand(0, 1);
  return [children = children_, alone](CommandContext& context) {
    for (const Child& child : *children) {
      if (child.app->parsed()) return child.body(context);
    }
    if (alone) alone(context);
  };
}

int run(int argc, char** argv) {
  const bool json = wants_json(argc, argv);
  try {
    return parse_and_run(argc, argv);
  } catch (const Error& error) {
    std::fflush(stdout);
    return show_error(error, json);
  } catch (const std::bad_alloc&) {
    return show_error(Error(ErrorCategory::kIo, "out of memory"), json);
  } catch (const std::exception& error) {
    return show_error(Error(ErrorCategory::kInternal, error.what(),
                            "This is a bug in Errata: please report it with the command."),
                      json);
  }
}

}  // namespace errata::cli
