// The filter bar, the left side, the table and saved views, driven as a person would.
#include <doctest/doctest.h>

#include <algorithm>

#include "tests/viewer/window_fixture.h"
#include "viewer/widgets/text.h"

namespace errata::test {

namespace {

using viewer::CentreMode;
using viewer::Overlay;

void type(ImGuiTestContext* context, const char* text) {
  context->KeyPress(ImGuiKey_Slash);
  context->Yield(2);
  context->KeyChars(text);
  context->Yield(6);
}

bool is_drawn(ImGuiTestContext* context, const char* item) {
  return context->ItemExists(item);
}

}  // namespace

TEST_CASE("a filter is written by completing it, without the mouse") {
  if (!has_virtual_display()) return;
  WindowFixture window;
  CHECK(window.run([&](ImGuiTestContext* context) {
    type(context, "predi");
    context->WindowInfo("//Completions");
    context->KeyPress(ImGuiKey_Tab);
    context->Yield(6);
    context->KeyChars("= 'fro");
    context->Yield(6);
    context->KeyPress(ImGuiKey_Enter);  // takes 'frog'
    context->Yield(6);
    CHECK(window.state().filter.draft == "prediction = 'frog' ");
    context->KeyPress(ImGuiKey_DownArrow);  // "and" is chosen, then "or"
    context->Yield(2);
    context->KeyPress(ImGuiKey_UpArrow);
    context->Yield(2);
    context->KeyPress(ImGuiKey_Enter);
    context->Yield(6);
    context->KeyChars("conf");
    context->Yield(6);
    context->KeyPress(ImGuiKey_Escape);  // closes the list only
    context->Yield(4);
    CHECK(window.state().filter.draft == "prediction = 'frog' and conf");
    context->KeyChars("idence > 0.9");
    context->Yield(6);
    context->KeyPress(ImGuiKey_Enter);  // nothing to take: the typing ends
    context->Yield(4);
    context->KeyPress(ImGuiKey_RightArrow);
    context->Yield(2);
  }) == "");
  CHECK(window.state().filter.applied == "prediction = 'frog' and confidence > 0.9");
  CHECK(window.state().cursor == 1);
  CHECK(window.misuse().empty());
}

TEST_CASE("headings fold, values are left out, and the cross drops a column's terms") {
  if (!has_virtual_display()) return;
  WindowFixture window;
  CHECK(window.run([&](ImGuiTestContext* context) {
    context->ItemClick("//Facets/**/test");
    context->Yield(4);
    context->ItemClick("//Facets/**/train", ImGuiMouseButton_Right);
    context->Yield(4);
  }) == "");
  CHECK(window.state().filter.applied == "split = 'test' and split != 'train'");
  CHECK(window.run([&](ImGuiTestContext* context) {
    context->ItemClick("//Facets/**/clear split");
    context->Yield(4);
    CHECK(is_drawn(context, "//Facets/**/wrong"));
    context->ItemClick("//Facets/**/fold outcome");
    context->Yield(4);
    CHECK_FALSE(is_drawn(context, "//Facets/**/wrong"));
  }) == "");
  CHECK(window.state().filter.applied.empty());
  CHECK(window.state().layout.folded_facets.contains("outcome"));
  CHECK(window.run([&](ImGuiTestContext* context) {
    context->ItemClick("//Facets/**/fold outcome");
    context->Yield(4);
    CHECK(is_drawn(context, "//Facets/**/wrong"));
  }) == "");
}

TEST_CASE("a range is dragged on a histogram and dropped by a double click") {
  if (!has_virtual_display()) return;
  WindowFixture window;
  CHECK(window.run([&](ImGuiTestContext* context) {
    const ImGuiTestItemInfo bars = context->ItemInfo("//Facets/**/confidence");
    const ImRect rect = bars.RectFull;
    context->MouseMoveToPos(ImVec2(rect.Min.x + rect.GetWidth() * 0.8F, rect.GetCenter().y));
    context->MouseDown(ImGuiMouseButton_Left);
    context->MouseMoveToPos(ImVec2(rect.Min.x + rect.GetWidth() * 0.9F, rect.GetCenter().y));
    context->Yield(4);
  }) == "");
  const auto live = viewer::number_range(window.state().filter.draft, "confidence");
  REQUIRE(live.low.has_value());
  CHECK(*live.low == doctest::Approx(0.8));
  CHECK(*live.high == doctest::Approx(0.9));
  CHECK(window.run([&](ImGuiTestContext* context) {
    context->MouseUp(ImGuiMouseButton_Left);
    context->Yield(4);
  }) == "");
  CHECK(window.state().view->order.size() < 500);
  CHECK(window.run([&](ImGuiTestContext* context) {
    context->ItemDoubleClick("//Facets/**/confidence");
    context->Yield(4);
  }) == "");
  CHECK(window.state().filter.draft.empty());
}

TEST_CASE("the table sorts, selects and moves as the grid does") {
  if (!has_virtual_display()) return;
  WindowFixture window;
  CHECK(window.run([&](ImGuiTestContext* context) {
    context->KeyPress(ImGuiKey_G);
    context->Yield(4);
    context->ItemClick("//Table/label");
    context->Yield(4);
  }) == "");
  CHECK(window.state().layout.centre == CentreMode::kTable);
  CHECK(window.state().sort == viewer::SortChoice{"label", false});
  CHECK(window.run([&](ImGuiTestContext* context) {
    context->ItemClick("//Table/label");
    context->Yield(4);
    context->KeyPress(ImGuiKey_DownArrow);
    context->KeyPress(ImGuiKey_DownArrow);
    context->KeyPress(ImGuiKey_UpArrow);
    context->Yield(2);
  }) == "");
  CHECK(window.state().sort == viewer::SortChoice{"label", true});
  CHECK(window.state().cursor == 1);
  CHECK(window.run([&](ImGuiTestContext* context) {
    context->ItemClick("//Table/$$2/row");
    context->KeyDown(ImGuiMod_Shift);
    context->ItemClick("//Table/$$6/row");
    context->KeyUp(ImGuiMod_Shift);
    context->KeyDown(ImGuiMod_Ctrl);
    context->ItemClick("//Table/$$4/row");
    context->KeyUp(ImGuiMod_Ctrl);
    context->Yield(2);
  }) == "");
  CHECK(window.state().selection.count() == 4);
  CHECK_FALSE(window.state().selection.has(window.state().view->order[4]));
  const SampleId third = window.state().snapshot.ids[window.state().view->order[2]];
  CHECK(window.run([&](ImGuiTestContext* context) {
    context->KeyPress(ImGuiKey_K);
    context->Yield(4);
    context->KeyPress(ImGuiKey_Escape);
    context->KeyPress(ImGuiKey_End);
    context->Yield(4);
  }) == "");
  CHECK(window.backend().review_of(third) == "kept");
  CHECK(window.state().cursor == 499);
  CHECK(window.state().layout.table_scroll > 400);
  CHECK(window.misuse().empty());
}

TEST_CASE("columns of the table are resized, hidden and remembered") {
  if (!has_virtual_display()) return;
  WindowFixture window;
  CHECK(window.run([&](ImGuiTestContext* context) {
    context->KeyPress(ImGuiKey_G);
    context->Yield(4);
    context->ItemDragWithDelta("//Table/resize path", ImVec2(-40, 0));
    context->ItemClick("//Table/choose columns");
    context->Yield(4);
    context->ItemClick("//$FOCUSED/label");
    context->Yield(2);
    context->KeyPress(ImGuiKey_Escape);
    context->Yield(4);
    CHECK_FALSE(is_drawn(context, "//Table/label"));
    CHECK(is_drawn(context, "//Table/prediction"));
  }) == "");
  const auto& changed = window.state().layout.table_columns;
  const auto found = std::find_if(changed.begin(), changed.end(),
                                  [](const auto& each) { return each.column == "path"; });
  REQUIRE(found != changed.end());
  CHECK(found->width == doctest::Approx(150).epsilon(0.06));
}

TEST_CASE("a view is saved under a name, found in the list, used and deleted") {
  if (!has_virtual_display()) return;
  WindowFixture window;
  window.session().set_filter("split = 'val'");
  window.settle();
  CHECK(window.run([&](ImGuiTestContext* context) {
    context->KeyPress(ImGuiMod_Ctrl | ImGuiKey_S);
    context->Yield(3);
    context->KeyChars("the odd ones");
    context->KeyPress(ImGuiKey_Enter);
    context->Yield(4);
  }) == "");
  REQUIRE(window.state().lists.lists.saved_views.size() == 1);
  CHECK(window.state().lists.lists.saved_views[0].filter == "split = 'val'");
  window.session().set_filter("label = 'cat'");
  window.settle();
  CHECK(window.run([&](ImGuiTestContext* context) {
    context->KeyPress(ImGuiKey_V);
    context->Yield(3);
    context->KeyChars("odd");
    context->Yield(2);
    context->KeyPress(ImGuiKey_Enter);
    context->Yield(4);
  }) == "");
  CHECK(window.state().filter.applied == "split = 'val'");
  CHECK(window.state().overlay == Overlay::kNone);
  CHECK(window.run([&](ImGuiTestContext* context) {
    context->KeyPress(ImGuiKey_V);
    context->Yield(3);
    context->KeyPress(ImGuiKey_Delete);
    context->Yield(4);
  }) == "");
  CHECK(window.state().lists.lists.saved_views.size() == 1);  // asked once more
  CHECK(window.run([&](ImGuiTestContext* context) {
    context->KeyPress(ImGuiKey_Delete);
    context->Yield(4);
  }) == "");
  CHECK(window.state().lists.lists.saved_views.empty());
}

TEST_CASE("a rectangle dragged over tiles selects them, and an action applies to all") {
  if (!has_virtual_display()) return;
  WindowFixture window;
  CHECK(window.run([&](ImGuiTestContext* context) {
    const ImRect first = context->ItemInfo("//Grid/$$0/tile").RectFull;
    const ImRect second = context->ItemInfo("//Grid/$$1/tile").RectFull;
    context->MouseMoveToPos(first.GetCenter());
    context->MouseDown(ImGuiMouseButton_Left);
    context->MouseMoveToPos(ImVec2(second.GetCenter().x, second.GetCenter().y + 10));
    context->Yield(2);
    context->MouseUp(ImGuiMouseButton_Left);
    context->Yield(2);
  }) == "");
  CHECK(window.state().selection.count() == 2);
  const std::vector<RowIndex> order = window.state().view->order;  // an edit brings another view
  CHECK(window.state().selection.has(order[0]));
  CHECK(window.state().selection.has(order[1]));
  CHECK(window.run([&](ImGuiTestContext* context) {
    context->KeyPress(ImGuiKey_K);
    context->Yield(4);
  }) == "");
  CHECK(window.backend().review_of(window.state().snapshot.ids[order[1]]) == "kept");
  CHECK(window.misuse().empty());
}

TEST_CASE("the sort menu is searched and takes the worst end of a score") {
  if (!has_virtual_display()) return;
  WindowFixture window;
  CHECK(window.run([&](ImGuiTestContext* context) {
    context->ItemClick("//Top bar/##MenuBar/sort");
    context->Yield(4);
    context->KeyChars("probability");
    context->Yield(2);
    context->KeyCharsReplace("self");
    context->Yield(2);
    context->KeyPress(ImGuiKey_Enter);
    context->Yield(4);
  }) == "");
  CHECK(window.state().sort == viewer::SortChoice{"self_confidence", false});
}

TEST_CASE("no word is cut and nothing is misused in the table and the lists, whatever the scale") {
  if (!has_virtual_display()) return;
  for (const float scale : {1.0F, 2.0F}) {
    WindowFixture window(
        scaled_window(scale, scale > 1 ? viewer::ThemeName::kLight : viewer::ThemeName::kDark));
    window.session().lists().save_view("first");
    viewer::take_clipped_words();
    for (const char* command : {"view.table", "view.save", "view.saved"}) {
      window.app().commands().run(command, window.session());
      window.settle();
      CAPTURE(command);
      CHECK(viewer::take_clipped_words().empty());
      CHECK(window.misuse().empty());
      window.session().show_overlay(Overlay::kNone);
    }
  }
}

}  // namespace errata::test
