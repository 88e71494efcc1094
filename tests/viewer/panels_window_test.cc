// Clicks into the panels that measure a run, as a person would.
#include <doctest/doctest.h>

#include "tests/viewer/window_fixture.h"

namespace errata::test {

namespace {

std::string click(WindowFixture& window, const char* panel, const char* item) {
  window.app().commands().run(panel, window.session());
  window.settle();
  return window.run([&](ImGuiTestContext* context) {
    context->ItemClick(item);
    context->Yield(2);
  });
}

}  // namespace

TEST_CASE("a cell of the matrix and a line of the confusions filter, and let go again") {
  if (!has_virtual_display()) return;
  WindowFixture window;
  const int64_t measured = [&] {
    window.app().commands().run("panel.confusion", window.session());
    window.settle();
    return window.state().panels.answer->samples;
  }();
  CHECK(measured == 500);
  CHECK(click(window, "panel.confusion", "//Panels/**/cell") == "");
  const viewer::PanelAnswer& answer = *window.state().panels.answer;
  const std::string first = answer.classes[0].name;
  CHECK(viewer::facet_choice(window.state().filter.applied, "label").has(first));
  CHECK(viewer::facet_choice(window.state().filter.applied, "prediction").has(first));
  CHECK(static_cast<int64_t>(window.state().view->order.size()) == answer.classes[0].right);
  CHECK(answer.samples == measured);  // the matrix stays whole
  CHECK(click(window, "panel.confusion", "//Panels/**/cell") == "");
  CHECK(window.state().filter.applied.empty());

  CHECK(click(window, "panel.confusion", "//Panels/**/pair") == "");
  CHECK(static_cast<int64_t>(window.state().view->order.size()) ==
        window.state().panels.answer->confusions[0].count);
  CHECK(window.misuse().empty());
}

TEST_CASE("a bin of the calibration and of a score sets the range, a class its label") {
  if (!has_virtual_display()) return;
  WindowFixture window;
  CHECK(click(window, "panel.calibration", "//Panels/**/bin") == "");
  const viewer::NumberRange bin = viewer::number_range(window.state().filter.applied, "confidence");
  REQUIRE(bin.high);
  CHECK(*bin.high == doctest::Approx(1.0 / 15));
  window.session().set_filter("");
  window.settle();

  CHECK(click(window, "panel.scores", "//Panels/**/bin") == "");
  const std::string score = window.state().panels.answer->scores.at(0).column;
  CHECK_FALSE(viewer::number_range(window.state().filter.applied, score).empty());
  window.session().set_filter("");
  window.settle();

  CHECK(click(window, "panel.classes", "//Panels/**/line") == "");
  const viewer::ClassLine line = window.state().panels.answer->classes[0];
  CHECK(viewer::facet_choice(window.state().filter.applied, "label").has(line.name));
  CHECK(static_cast<int64_t>(window.state().view->order.size()) == line.support);
  CHECK(window.misuse().empty());
}

TEST_CASE("the map draws its samples; what a drag encircles is filtered and selected") {
  if (!has_virtual_display()) return;
  auto backend = std::make_unique<SyntheticBackend>(500);
  backend->with_map_ = true;
  WindowFixture window(WindowSetup{}, std::move(backend));
  window.app().commands().run("panel.map", window.session());
  window.settle();
  REQUIRE(window.state().map.picture);
  CHECK(window.state().map.picture->placed == 499);
  const std::string problem = window.run([&](ImGuiTestContext* context) {
    context->MouseMove("//Panels/**/canvas");
    const ImVec2 middle = ImGui::GetIO().MousePos;
    context->MouseMoveToPos(ImVec2(middle.x - 40, middle.y - 40));
    context->MouseDown(ImGuiMouseButton_Left);
    context->MouseMoveToPos(ImVec2(middle.x + 40, middle.y - 40));
    context->MouseMoveToPos(ImVec2(middle.x, middle.y + 40));
    context->MouseUp(ImGuiMouseButton_Left);
    context->Yield(2);
  });
  CHECK(problem == "");
  window.settle();
  CHECK_FALSE(viewer::number_range(window.state().filter.applied, "map_x").empty());
  CHECK_FALSE(viewer::number_range(window.state().filter.applied, "map_y").empty());
  CHECK(window.state().selection.count() > 0);
  CHECK(window.state().selection.count() < window.state().view->order.size());
  CHECK(window.misuse().empty());
}

}  // namespace errata::test
