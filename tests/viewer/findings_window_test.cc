// The panels of findings, clicked as a person would.
#include <doctest/doctest.h>

#include "tests/viewer/window_fixture.h"
#include "viewer/widgets/text.h"

namespace errata::test {

namespace {

WindowSetup with_findings() {
  WindowSetup setup;
  setup.findings = true;
  return setup;
}

std::string click(WindowFixture& window, const char* panel, const char* item) {
  window.app().commands().run(panel, window.session());
  window.settle();
  return window.run([&](ImGuiTestContext* context) {
    context->ItemClick(item);
    context->Yield(2);
  });
}

bool is_drawn(WindowFixture& window, std::string_view text) {
  viewer::record_texts(true);
  window.frame();
  bool found = false;
  for (const viewer::DrawnText& each : viewer::take_drawn_texts()) {
    found = found || each.text.find(text) != std::string::npos;
  }
  viewer::record_texts(false);
  return found;
}

}  // namespace

TEST_CASE("before anything was looked for each panel says what it would show and starts it") {
  if (!has_virtual_display()) return;
  WindowFixture window;
  CHECK(click(window, "panel.duplicates", "//Panels/**/find.duplicates") == "");
  CHECK(window.state().overlay == viewer::Overlay::kFindDuplicates);
  window.session().show_overlay(viewer::Overlay::kNone);
  CHECK(click(window, "panel.quality", "//Panels/**/find.quality") == "");
  CHECK(window.state().overlay == viewer::Overlay::kFindQuality);
  window.session().show_overlay(viewer::Overlay::kNone);
  // A map lacks embeddings: what makes them is offered instead.
  CHECK(click(window, "panel.map", "//Panels/**/run.infer") == "");
  CHECK(window.state().overlay == viewer::Overlay::kInfer);
  CHECK(window.misuse().empty());
}

TEST_CASE("the queue of label errors is started, shows its evidence, and is decided by keys") {
  if (!has_virtual_display()) return;
  WindowFixture window(with_findings());
  CHECK(click(window, "panel.labels", "//Panels/**/review") == "");
  REQUIRE(window.state().round.active());
  CHECK(is_drawn(window, "Nearest neighbours and their labels"));
  CHECK(is_drawn(window, "neighbours say"));
  CHECK(is_drawn(window, "suggested"));
  const RowIndex first = *window.state().cursor_row();
  CHECK(window.run([](ImGuiTestContext* context) { context->KeyPress(ImGuiKey_Enter); }) == "");
  CHECK(window.state().round.counts.relabelled == 1);
  CHECK(*window.state().cursor_row() != first);
  CHECK(window.misuse().empty());
}

TEST_CASE("a click marks the copy to keep; Shift X excludes the others of its group") {
  if (!has_virtual_display()) return;
  WindowFixture window(with_findings());
  CHECK(click(window, "panel.duplicates", "//Panels/**/thumb") == "");
  const viewer::CopyGroup group = *viewer::FindingsDesk::chosen_group(window.state());
  const RowIndex kept = window.state().findings.kept.front();
  CHECK(window.run([](ImGuiTestContext* context) {
    context->KeyPress(ImGuiMod_Shift | ImGuiKey_X);
  }) == "");
  for (const RowIndex row : group.members) {
    const std::string review = window.backend().review_of(window.state().snapshot.ids[row]);
    CHECK(review == (row == kept ? "unseen" : "excluded"));
  }
  CHECK(window.misuse().empty());
}

TEST_CASE("a picture of a bad kind is gone to, a slice filters") {
  if (!has_virtual_display()) return;
  WindowFixture window(with_findings());
  CHECK(click(window, "panel.quality", "//Panels/**/thumb") == "");
  CHECK(window.state().filter.applied == "dark < 0.32");
  CHECK(click(window, "panel.slices", "//Panels/**/row") == "");
  CHECK(window.state().filter.applied == "label = 'cat' and dark < 0.5");
  CHECK(window.misuse().empty());
}

TEST_CASE("a panel takes the grid's place and gives it back") {
  if (!has_virtual_display()) return;
  WindowFixture window(with_findings());
  window.app().commands().run("panel.map", window.session());
  window.settle();
  const int low = window.state().map.picture->height_px;
  window.app().commands().run("panel.tall", window.session());
  window.settle();
  CHECK(window.state().map.picture->height_px > low * 3 / 2);
  window.app().commands().run("view.table", window.session());
  window.settle();
  CHECK_FALSE(window.state().layout.tall_bottom);
  CHECK(window.misuse().empty());
}

}  // namespace errata::test
