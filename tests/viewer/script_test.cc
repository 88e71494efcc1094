// --view and --command: every name is taken, unknown ones are refused with the near ones.
#include "viewer/app/script.h"

#include <doctest/doctest.h>

#include <set>

#include "base/error.h"
#include "base/files.h"
#include "tests/support/temp_dir.h"
#include "tests/viewer/window_fixture.h"
#include "viewer/app/run_app.h"
#include "viewer/app/store_backend.h"

namespace errata::test {

namespace {

using viewer::Overlay;

std::string problem(const viewer::ScriptStep& step) {
  viewer::ViewerOptions options;
  options.script = {step};
  try {
    viewer::check_script(options);
  } catch (const Error& error) {
    CHECK(error.category() == ErrorCategory::kUsage);
    return std::string(error.what()) + " | " + error.hint();
  }
  return {};
}

}  // namespace

TEST_CASE("names of views and commands are known, alike in the list and in the check") {
  const std::string list = viewer::list_text();
  const std::vector<std::string> views = viewer::view_names();
  CHECK(std::set<std::string>(views.begin(), views.end()).size() == views.size());
  for (const std::string& view : views) {
    CAPTURE(view);
    CHECK(problem({false, view}) == "");
    CHECK(list.find("\n  " + view + " ") != std::string::npos);
  }
  const viewer::CommandRegistry commands;
  for (const viewer::Command& command : commands.all()) {
    CAPTURE(command.id);
    CHECK(problem({true, command.id}) == "");
    CHECK(list.find("\n  " + command.id + " ") != std::string::npos);
  }
}

TEST_CASE("an unknown name is refused with the near ones and with how to list all") {
  CHECK(problem({true, "review.kep"}).find("review.keep") != std::string::npos);
  CHECK(problem({true, "keep"}).find("review.keep") != std::string::npos);
  CHECK(problem({true, "nothing like it"}).find("--list") != std::string::npos);
  CHECK(problem({false, "tabel"}).find("table") != std::string::npos);
  CHECK(problem({false, ""}).find("--list") != std::string::npos);
}

TEST_CASE("every view opens, and nothing in it is misused or drawn in vain") {
  if (!has_virtual_display()) return;
  WindowSetup setup;
  SUBCASE("before anything was looked for") {}
  SUBCASE("with what was found") {
    setup.findings = true;
  }
  SUBCASE("after searches that found nothing") {
    setup.findings = setup.nothing_found = true;
  }
  WindowFixture window(setup);
  for (const std::string& view : viewer::view_names()) {
    CAPTURE(view);
    if (view == "objects") {
      CHECK_THROWS_WITH(viewer::show_view(window.session(), view), "this store has no objects");
      continue;
    }
    viewer::show_view(window.session(), view);
    window.settle();
    CHECK(window.misuse() == "");
    window.session().show_overlay(Overlay::kNone);
  }
  CHECK(window.state().layout.show_bottom);
  viewer::show_view(window.session(), "large");
  CHECK(window.state().layout.show_large);
  viewer::show_view(window.session(), "table");
  CHECK_FALSE(window.state().layout.show_large);
  CHECK(window.state().layout.centre == viewer::CentreMode::kTable);
}

TEST_CASE("a command runs, and one that makes no sense now is an error") {
  if (!has_virtual_display()) return;
  WindowFixture window;
  viewer::run_command(window.app(), "move.next");
  CHECK(window.state().cursor == 1);
  CHECK_THROWS_WITH_AS(viewer::run_command(window.app(), "edit.redo"),
                       doctest::Contains("edit.redo"), Error);
}

TEST_CASE("a picture of a store that is not there is refused, but for the first steps") {
  const TempDir folder;
  viewer::ViewerOptions options;
  options.store = folder / "none.db";
  options.screenshot = folder / "picture.png";
  const auto open = [](const std::string& path) -> std::unique_ptr<viewer::Backend> {
    return std::make_unique<viewer::StoreBackend>(path, "tester");
  };
  try {
    viewer::run_app(options, open);
    FAIL("it was drawn");
  } catch (const Error& error) {
    CHECK(error.category() == ErrorCategory::kNotFound);
    CHECK(error.path() == options.store);
    CHECK(std::string(error.hint()).find("errata import") != std::string::npos);
  }
  CHECK_FALSE(file_exists(options.screenshot));
  if (!has_virtual_display()) return;
  options.script = {{false, "welcome"}};
  viewer::run_app(options, open);
  CHECK(file_exists(options.screenshot));
}

}  // namespace errata::test
