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
  window.session().show_overlay(viewer::Overlay::kNone);
  // What starts it is written out, also where it has no key.
  for (const auto& [panel, command] : {std::pair{"panel.duplicates", "find.duplicates"},
                                       {"panel.quality", "find.quality"},
                                       {"panel.map", "run.infer"},
                                       {"panel.map", "run.predictions"}}) {
    CAPTURE(panel);
    window.app().commands().run(panel, window.session());
    window.settle();
    CHECK(is_drawn(window, window.app().commands().at(command).title));
  }
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

TEST_CASE("a pair between groups lies side by side, is zoomed as one, marked and decided") {
  if (!has_virtual_display()) return;
  WindowFixture window(with_findings());
  CHECK(click(window, "panel.duplicates", "//Panels/**/between") == "");
  window.settle();
  REQUIRE(window.state().findings.between);
  const viewer::CopyPairView pair = *viewer::FindingsDesk::chosen_pair(window.state());
  REQUIRE(pair.open);
  const Column& path = *window.state().snapshot.samples.find("path");
  CHECK(is_drawn(window, path.display(pair.a)));
  CHECK(is_drawn(window, path.display(pair.b)));
  CHECK(is_drawn(window, "group 2"));
  CHECK(is_drawn(window, "Chain of 5"));
  size_t zoomed = 0;
  CHECK(window.run([&](ImGuiTestContext* context) {
    context->MouseMove("//Panels/**/a/picture");
    for (int i = 0; i < 4; ++i) context->MouseWheelY(1);
    context->Yield(2);
    viewer::record_texts(true);
    context->Yield();
    for (const viewer::DrawnText& text : viewer::take_drawn_texts()) {
      zoomed += text.text.ends_with("\u00D7") ? 1 : 0;
    }
    viewer::record_texts(false);
  }) == "");
  CHECK(zoomed >= 2);  // the other one says its factor too
  const auto press = [&](ImGuiKeyChord key) {
    CHECK(window.run([&](ImGuiTestContext* context) { context->KeyPress(key); }) == "");
    window.settle();
  };
  CHECK(window.run(
            [&](ImGuiTestContext* context) { context->ItemClick("//Panels/**/b/picture"); }) == "");
  window.settle();
  CHECK(window.state().findings.kept == std::vector<RowIndex>{pair.b});
  CHECK(*window.state().cursor_row() == pair.b);
  press(ImGuiMod_Shift | ImGuiKey_PageDown);
  CHECK(window.state().findings.pair == 1);
  press(ImGuiMod_Shift | ImGuiKey_PageUp);
  CHECK(window.state().findings.pair == 0);
  CHECK(window.run([&](ImGuiTestContext* context) { context->ItemClick("//Panels/**/b/name"); }) ==
        "");
  press(ImGuiMod_Shift | ImGuiKey_X);
  const auto review = [&](RowIndex row) {
    return window.backend().review_of(window.state().snapshot.ids[row]);
  };
  CHECK(review(pair.a) == "excluded");
  CHECK(review(pair.b) == "unseen");
  press(ImGuiKey_U);
  CHECK(review(pair.a) == "unseen");
  CHECK(click(window, "panel.duplicates", "//Panels/**/chain") == "");
  CHECK(window.state().filter.applied == "duplicate_chain = 2");
  press(ImGuiMod_Shift | ImGuiKey_G);
  CHECK_FALSE(window.state().findings.between);
  CHECK(window.misuse().empty());
}

TEST_CASE("where nothing lies between groups the panel says so") {
  if (!has_virtual_display()) return;
  WindowSetup setup = with_findings();
  setup.nothing_found = true;
  WindowFixture window(setup);
  CHECK(click(window, "panel.duplicates", "//Panels/**/between") == "");
  CHECK(is_drawn(window, "No two copies in different groups differ"));
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
