// A review round driven as a person would.
#include <doctest/doctest.h>

#include "tests/viewer/window_fixture.h"
#include "viewer/widgets/text.h"

namespace errata::test {

using viewer::Overlay;
using viewer::RoundPhase;

TEST_CASE("ten are reviewed in a round with two undone, paused, resumed, and one is tagged") {
  if (!has_virtual_display()) return;
  WindowFixture window;
  window.session().set_filter("label != prediction");
  window.settle();
  const size_t mistakes = window.state().view->order.size();
  CHECK(window.run([&](ImGuiTestContext* context) {
    context->KeyPress(ImGuiKey_S);
    context->Yield(3);
  }) == "");
  REQUIRE(window.state().round.active());
  CHECK(window.state().round.queue.size() == mistakes);
  CHECK(window.run([&](ImGuiTestContext* context) {
    for (int i = 0; i < 5; ++i) {
      context->KeyPress(ImGuiKey_Enter);
      context->KeyPress(ImGuiKey_K);
    }
    context->Yield(3);
    context->KeyPress(ImGuiKey_U);
    context->KeyPress(ImGuiKey_U);
    context->Yield(3);
  }) == "");
  CHECK(window.state().round.counts.decided() == 8);
  CHECK(window.state().round.counts.relabelled == 4);
  CHECK(window.state().cursor == 8);
  CHECK(window.state().view->order.size() == mistakes);

  window.session().set_filter("split = 'test'");
  window.settle();
  CHECK(window.state().round.phase == RoundPhase::kPaused);
  CHECK(window.run([&](ImGuiTestContext* context) {
    context->ItemClick("//Round/resume");
    context->Yield(3);
  }) == "");
  CHECK(window.state().round.active());
  CHECK(window.state().cursor == 8);
  CHECK(window.run([&](ImGuiTestContext* context) {
    context->KeyPress(ImGuiKey_T);
    context->Yield(3);
    context->KeyChars("blurred");
    context->Yield(2);
    context->KeyPress(ImGuiKey_Enter);
    context->Yield(3);
    context->KeyPress(ImGuiKey_Escape);
    context->Yield(2);
  }) == "");
  CHECK(window.state().overlay == Overlay::kNone);
  const auto row = *window.state().cursor_row();
  CHECK(window.state().snapshot.samples.find("tags")->display(row) == "blurred");
  CHECK(window.run([&](ImGuiTestContext* context) {
    context->ItemClick("//Round/leave");
    context->Yield(3);
  }) == "");
  CHECK(window.state().round.phase == RoundPhase::kNone);
  CHECK(window.misuse().empty());
}

TEST_CASE("no word of the round's strip, its dialogs and the history is cut") {
  if (!has_virtual_display()) return;
  for (const float scale : {1.0F, 2.0F}) {
    WindowFixture window(scaled_window(scale));
    window.session().round().start();
    window.session().state().layout.bottom_tab = "history";
    window.settle();
    viewer::take_clipped_words();
    for (const Overlay overlay : {Overlay::kNone, Overlay::kTag, Overlay::kAudit}) {
      window.session().show_overlay(overlay);
      window.settle();
      const std::vector<std::string> clipped = viewer::take_clipped_words();
      CAPTURE(scale);
      if (!clipped.empty()) CAPTURE(clipped[0]);
      CHECK(clipped.empty());
      CHECK(window.misuse().empty());
    }
  }
}

}  // namespace errata::test
