#include "viewer/state/options.h"

#include <doctest/doctest.h>

#include "base/error.h"

namespace errata::viewer {

namespace {

ViewerOptions parse(std::vector<std::string> arguments) {
  return parse_options(arguments);
}

std::string problem(std::vector<std::string> arguments) {
  try {
    parse_options(arguments);
  } catch (const Error& error) {
    CHECK(error.category() == ErrorCategory::kUsage);
    return std::string(error.what()) + " | " + error.hint();
  }
  return {};
}

}  // namespace

TEST_CASE("every option is understood in both forms") {
  const ViewerOptions options =
      parse({"-s", "a b.db", "--filter=label = 'x'", "--sort", "-confidence", "--size", "800x600",
             "--theme", "light", "--scale=2", "--screenshot", "out.png", "--run", "r1", "--command",
             "view.mistakes", "--command=move.next", "--view", "keys"});
  CHECK(options.store == "a b.db");
  CHECK(options.filter == "label = 'x'");
  CHECK(options.sort == "-confidence");
  CHECK(options.width_px == 800);
  CHECK(options.height_px == 600);
  CHECK(options.theme == ThemeName::kLight);
  CHECK(options.scale == 2);
  CHECK(options.screenshot == "out.png");
  CHECK(options.run == "r1");
  CHECK(options.script ==
        std::vector<ScriptStep>{{true, "view.mistakes"}, {true, "move.next"}, {false, "keys"}});
  CHECK(parse({"--list", "-s", "a.db"}).list);
  CHECK(parse({"--help"}).help);
}

TEST_CASE("what makes no sense is refused with a hint") {
  CHECK(problem({"--sise", "1x1"}).find("--size") != std::string::npos);
  CHECK(problem({"--size", "800"}).find("WIDTHxHEIGHT") != std::string::npos);
  CHECK(problem({"--size", "8x8"}).find("between") != std::string::npos);
  CHECK(problem({"--theme", "pink"}).find("dark or light") != std::string::npos);
  CHECK(problem({"--scale", "many"}).find("number") != std::string::npos);
  CHECK(problem({"--store"}).find("wants a value") != std::string::npos);
  CHECK(problem({"--list=all"}).find("takes no value") != std::string::npos);
  CHECK_FALSE(problem({"stray"}).empty());
}

TEST_CASE("a score without a sign shows its worst end first") {
  CHECK(parse_sort("margin") == SortChoice{"margin", false});
  CHECK(parse_sort("loss") == SortChoice{"loss", true});
  CHECK(parse_sort("-path") == SortChoice{"path", true});
  CHECK(parse_sort("path") == SortChoice{"path", false});
}

TEST_CASE("the help names every option") {
  const std::string help = help_text();
  for (const char* name : {"--store", "--filter", "--sort", "--run", "--screenshot", "--size",
                           "--theme", "--scale", "--view", "--command", "--list", "--help"}) {
    CHECK(help.find(name) != std::string::npos);
  }
}

}  // namespace errata::viewer
