// The object mode through its windows: crops, boxes over the image, editing by mouse and keyboard,
// panels whose marks open their objects.
#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "base/files.h"
#include "media/reader.h"
#include "tests/viewer/window_fixture.h"
#include "viewer/widgets/text.h"

namespace errata::test {

namespace {

using viewer::Box;
using viewer::CentreMode;
using viewer::ObjectColumns;

struct Objects {
  SyntheticBackend* backend;
  WindowFixture window;

  explicit Objects(WindowSetup setup = {}, size_t samples = 40, size_t objects = 10)
      : Objects(setup, std::make_unique<SyntheticBackend>(samples), objects) {}

  ObjectColumns columns() { return ObjectColumns(window.state().objects.table.table); }
  RowIndex current() { return *window.state().current_object(); }

 private:
  Objects(const WindowSetup& setup, std::unique_ptr<SyntheticBackend> made, size_t objects)
      : backend(made.get()), window(setup, with_objects(std::move(made), objects)) {}
  static std::unique_ptr<viewer::Backend> with_objects(std::unique_ptr<SyntheticBackend> made,
                                                       size_t objects) {
    made->objects_per_sample_ = objects;
    return made;
  }
};

// Where a point of the image is in the large view.
ImVec2 on_screen(ImGuiTestContext* context, double x, double y) {
  const ImRect rect = context->ItemInfo("//Grid/large image").RectFull;
  const float side = SyntheticBackend::kObjectSide;
  const float factor = std::min(rect.GetWidth(), rect.GetHeight()) / side;
  const ImVec2 corner(rect.GetCenter().x - side * factor / 2,
                      rect.GetCenter().y - side * factor / 2);
  return ImVec2(corner.x + static_cast<float>(x) * factor,
                corner.y + static_cast<float>(y) * factor);
}

void drag(ImGuiTestContext* context, ImVec2 from, ImVec2 to) {
  context->MouseMoveToPos(from);
  context->Yield();
  context->MouseDown(ImGuiMouseButton_Left);
  context->Yield(2);
  context->MouseMoveToPos(to);
  context->Yield(2);
  context->MouseUp(ImGuiMouseButton_Left);
  context->Yield(2);
}

void type_filter(ImGuiTestContext* context, const char* text) {
  context->KeyPress(ImGuiKey_Slash);
  context->Yield(2);
  context->KeyChars(text);
  context->KeyPress(ImGuiKey_Enter);
  context->Yield(2);
}

}  // namespace

TEST_CASE("objects stand as crops; one is accepted and taken back by keyboard") {
  if (!has_virtual_display()) return;
  Objects objects;
  WindowFixture& window = objects.window;
  CHECK(window.run([&](ImGuiTestContext* context) {
    context->KeyPress(ImGuiKey_J);
    context->Yield(4);
    type_filter(context, "error = 'background'");
  }) == "");
  REQUIRE(window.state().objects_shown());
  CHECK(window.state().view->order.size() == 40);
  CHECK(window.misuse() == "");
  CHECK(viewer::take_clipped_words().empty());
  const size_t labels = objects.backend->objects_count();
  CHECK(window.run([&](ImGuiTestContext* context) { context->KeyPress(ImGuiKey_Enter); }) == "");
  CHECK(objects.backend->objects_count() == labels + 1);
  CHECK(window.state().cursor == 1);
  CHECK(window.run([&](ImGuiTestContext* context) { context->KeyPress(ImGuiKey_B); }) == "");
  CHECK(objects.backend->objects_count() > labels + 2);
  CHECK(window.run([&](ImGuiTestContext* context) {
    context->KeyPress(ImGuiKey_U);
    context->KeyPress(ImGuiKey_U);
  }) == "");
  CHECK(objects.backend->objects_count() == labels);
}

TEST_CASE("in the image a box is picked, moved, resized, drawn and hidden by the mouse") {
  if (!has_virtual_display()) return;
  Objects objects;
  WindowFixture& window = objects.window;
  CHECK(window.run([&](ImGuiTestContext* context) {
    context->KeyPress(ImGuiKey_J);
    context->Yield(4);
    type_filter(context, "error = 'missed'");
    context->KeyPress(ImGuiKey_Space);
    context->Yield(4);
  }) == "");
  REQUIRE(window.state().layout.show_large);
  const ObjectId object = objects.columns().id->ints[objects.current()];
  const Box box = objects.columns().box(objects.current());
  CHECK(window.run([&](ImGuiTestContext* context) {
    drag(context, on_screen(context, box.x + box.width / 2, box.y + box.height / 2),
         on_screen(context, box.x + box.width / 2 + 12, box.y + box.height / 2 + 6));
  }) == "");
  std::array<double, 4> now = *objects.backend->object_box(object);
  CHECK(now[0] == doctest::Approx(box.x + 12).epsilon(0.02));
  CHECK(now[1] == doctest::Approx(box.y + 6).epsilon(0.02));
  CHECK(now[2] == doctest::Approx(box.width));
  CHECK(window.run([&](ImGuiTestContext* context) {
    drag(context, on_screen(context, now[0] + now[2], now[1] + now[3]),
         on_screen(context, now[0] + now[2] + 9, now[1] + now[3] + 4));
  }) == "");
  now = *objects.backend->object_box(object);
  CHECK(now[2] == doctest::Approx(box.width + 9).epsilon(0.03));

  // Another box of the image, by a click; what comes next is about it.
  const auto first =
      static_cast<RowIndex>(window.state().objects.table.offsets[*window.state().cursor_row()]);
  const Box other = objects.columns().box(first);
  CHECK(window.run([&](ImGuiTestContext* context) {
    context->MouseMoveToPos(
        on_screen(context, other.x + other.width * 0.4, other.y + other.height * 0.5));
    context->MouseClick();
    context->Yield(2);
  }) == "");
  REQUIRE(window.state().objects.picked);
  CHECK(objects.columns().box(*window.state().objects.picked).x < other.x + other.width);

  const size_t labels = objects.backend->objects_count();
  CHECK(window.run([&](ImGuiTestContext* context) {
    context->KeyPress(ImGuiKey_D);
    context->Yield(2);
    drag(context, on_screen(context, 100, 200), on_screen(context, 130, 222));
  }) == "");
  CHECK(objects.backend->objects_count() == labels + 1);
  const ObjectId added = objects.columns().id->ints[objects.current()];
  CHECK((*objects.backend->object_box(added))[2] == doctest::Approx(30).epsilon(0.05));
  CHECK(window.run([&](ImGuiTestContext* context) { context->KeyPress(ImGuiKey_Delete); }) == "");
  CHECK(objects.backend->objects_count() == labels);
  CHECK(window.run([&](ImGuiTestContext* context) {
    context->KeyDown(ImGuiKey_H);
    context->Yield(3);
    CHECK(window.state().objects.shown.hidden);
    context->KeyUp(ImGuiKey_H);
    context->Yield(3);
  }) == "");
  CHECK_FALSE(window.state().objects.shown.hidden);
  // What a menu hid stays so when the letter is typed.
  window.session().state().objects.shown.hidden = true;
  window.session().show_overlay(viewer::Overlay::kPalette);
  CHECK(window.run([&](ImGuiTestContext* context) {
    context->Yield(3);
    context->KeyPress(ImGuiKey_H);
    context->Yield(2);
  }) == "");
  CHECK(window.state().objects.shown.hidden);
  window.session().show_overlay(viewer::Overlay::kNone);
  CHECK(window.misuse() == "");
}

TEST_CASE("a bar of the error budget and a cell of the matrix open their objects") {
  if (!has_virtual_display()) return;
  Objects objects;
  WindowFixture& window = objects.window;
  for (const char* panel : {"budget", "curves", "detections"}) {
    window.session().state().layout.bottom_tab = panel;
    window.settle();
    CAPTURE(panel);
    CHECK(viewer::take_clipped_words().empty());
    CHECK(window.misuse() == "");
  }
  window.session().state().layout.bottom_tab = "budget";
  window.settle();
  CHECK(window.run([&](ImGuiTestContext* context) {
    context->ItemClick("//Panels/**/missed");
    context->Yield(4);
  }) == "");
  CHECK(window.state().objects_shown());
  CHECK(window.state().filter.applied == "error = 'missed'");
  CHECK(window.state().view->order.size() == 40);
}

TEST_CASE("ten thousand boxes over one image are a frame like another") {
  if (!has_virtual_display()) return;
  Objects objects({}, 1, 10'000);
  WindowFixture& window = objects.window;
  CHECK(window.run([&](ImGuiTestContext* context) {
    context->KeyPress(ImGuiKey_Space);
    context->Yield(4);
  }) == "");
  REQUIRE(window.state().layout.show_large);
  CHECK(window.misuse() == "");
  // Told, not checked: other work on the machine would decide.
  constexpr int kFrames = 30;
  const auto started = std::chrono::steady_clock::now();
  for (int i = 0; i < kFrames; ++i) window.frame();
  const std::chrono::duration<double, std::milli> whole =
      std::chrono::steady_clock::now() - started;
  std::printf("%zu boxes over one image: %.1f ms a frame, with the waiting for events\n",
              window.state().objects.table.rows(), whole.count() / kFrames);
}

}  // namespace errata::test
