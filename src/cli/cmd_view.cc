#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include <cstring>

#include "base/files.h"
#include "cli/commands.h"
#include "cli/reports.h"

namespace errata::cli {

namespace {

// As `errata-view --help` lists them.
constexpr const char* kViewerOptions =
    "Options of the viewer:\n"
    "  --filter EXPR               Start with this filter; of objects with --view objects\n"
    "  --sort COLUMN               Order by a column or score; -COLUMN shows high values first\n"
    "  --run NAME                  Whose predictions to show (default: the newest)\n"
    "  --who NAME                  Sign decisions with this name (default: ERRATA_WHO, else "
    "yours)\n"
    "  --view NAME                 Open this panel, table or dialog once the store is shown\n"
    "  --command NAME              Run this command then; both may be given again, in order\n"
    "  --list                      Print the names of views and commands\n"
    "  --screenshot FILE           Draw to a PNG instead of opening a window\n"
    "  --size WxH                  Size of the window or picture in pixels (default 1440x900)\n"
    "  --theme NAME                dark or light\n"
    "  --scale S                   Pixels for each 1/96 inch (default: what the display says)\n\n";

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
  app.footer(kViewerOptions + app.get_footer());
  return [&app](CommandContext& context) { run_view(context, app.remaining()); };
}

}  // namespace errata::cli
