#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include <cstring>

#include "base/files.h"
#include "cli/commands.h"
#include "cli/reports.h"

namespace errata::cli {

namespace {

// Becomes the viewer; returns only by an exception.
void run_view(CommandContext& context, const std::vector<std::string>& arguments) {
  const std::string program = join_path(program_folder(), "errata-view");
  if (!file_exists(program)) {
    throw Error(ErrorCategory::kUnsupported, "this build has no viewer",
                "Build it with -DERRATA_VIEWER=ON (see README), or look with `errata rank`.",
                program);
  }
  std::vector<std::string> words{program, "--store", context.store_path()};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  ::execv(program.c_str(), argv.data());
  throw io_error("start the viewer", program, errno);
}

}  // namespace

CommandBody setup_view(CLI::App& app) {
  app.fallthrough(false);  // what follows is the viewer's
  app.prefix_command();
  return [&app](CommandContext& context) { run_view(context, app.remaining()); };
}

}  // namespace errata::cli
