// What eye and mouse come to beside the main way, in the program's window: zoom, the menu of a
// tile, hovers, what is dropped, names of every length and script, stores in odd states.
#include <GLFW/glfw3.h>
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <imgui_internal.h>

#include <algorithm>
#include <charconv>
#include <filesystem>

#include "store/runs.h"
#include "store/snapshot_loader.h"
#include "tests/viewer/store_project.h"
#include "tests/viewer/window_fixture.h"
#include "viewer/app/store_backend.h"
#include "viewer/views/panel.h"
#include "viewer/widgets/text.h"

namespace errata::test {

namespace {

using viewer::DrawnText;
using viewer::Overlay;
using viewer::ReviewKind;

std::vector<DrawnText> drawn(WindowFixture& window) {
  viewer::record_texts(true);
  window.frame();
  std::vector<DrawnText> texts = viewer::take_drawn_texts();
  viewer::record_texts(false);
  return texts;
}

// The first drawn text that holds `part`; empty when there is none.
std::string find_drawn(WindowFixture& window, std::string_view part) {
  for (const DrawnText& text : drawn(window)) {
    if (text.text.find(part) != std::string::npos) return text.text;
  }
  return {};
}

std::unique_ptr<WindowFixture> open_store(const std::string& path) {
  return std::make_unique<WindowFixture>(WindowSetup(),
                                         std::make_unique<viewer::StoreBackend>(path, "tester"));
}

bool tooltip_is_open() {
  const ImVector<ImGuiWindow*>& windows = ImGui::GetCurrentContext()->Windows;
  return std::any_of(windows.begin(), windows.end(), [](const ImGuiWindow* each) {
    return (each->Flags & ImGuiWindowFlags_Tooltip) != 0 && each->WasActive && !each->Hidden;
  });
}

// A run that takes every sample for the class after its own.
void add_wrong_run(const std::string& store_path) {
  store::Store store = store::Store::open(store_path, store::Access::kWrite);
  const Snapshot snapshot = store::load_snapshot(store);
  store::RunSpec spec;
  spec.name = "wrong";
  spec.kind = "top_one";
  spec.classes = snapshot.classes;
  spec.batch_size = static_cast<int64_t>(snapshot.ids.size());
  std::vector<ClassIndex> top;
  const std::vector<float> confidence(snapshot.ids.size(), 0.75F);
  const auto classes = static_cast<ClassIndex>(snapshot.classes.size());
  for (const int32_t label : snapshot.samples.find("label")->codes) {
    top.push_back((label + 1) % classes);
  }
  const std::vector<store::RowStatus> status(snapshot.ids.size(), store::RowStatus::kOk);
  store::RunWriter run(store, spec, snapshot.ids, store::OnExistingRun::kRefuse);
  store::RunRows rows;
  rows.status = status;
  rows.top = top;
  rows.confidence = confidence;
  run.write(0, rows);
  run.finish();
}

// Every panel, the table, the large view and the dialogs that show names, one after the other.
void look_everywhere(WindowFixture& window) {
  viewer::AppState& state = window.session().state();
  viewer::take_clipped_words();
  const auto look = [&](const std::string& where) {
    CAPTURE(where);
    window.settle();
    const ImVec2 size = ImGui::GetIO().DisplaySize;
    for (const DrawnText& text : drawn(window)) {
      CAPTURE(text.text);
      CHECK(text.max.x <= size.x + 1);
      CHECK(text.max.y <= size.y + 1);
    }
    CHECK(viewer::take_clipped_words().empty());
    CHECK(window.misuse() == "");
  };
  for (const std::unique_ptr<viewer::Panel>& panel : viewer::all_panels()) {
    state.layout.bottom_tab = panel->id();
    look(std::string(panel->id()));
  }
  state.layout.centre = viewer::CentreMode::kTable;
  look("table");
  state.layout.centre = viewer::CentreMode::kGrid;
  state.layout.show_large = true;
  look("large");
  state.layout.show_large = false;
  for (const Overlay overlay : {Overlay::kClassPicker, Overlay::kTag, Overlay::kAudit,
                                Overlay::kSavedViews, Overlay::kPalette}) {
    window.session().show_overlay(overlay);
    look(fmt::format("overlay {}", static_cast<int>(overlay)));
  }
  window.session().show_overlay(Overlay::kNone);
}

}  // namespace

TEST_CASE("the wheel zooms to the pixels, which say their values, and a double click back") {
  if (!has_virtual_display()) return;
  WindowFixture window;
  std::string whole;
  std::string close;
  std::string plate;
  std::string again;
  CHECK(window.run([&](ImGuiTestContext* context) {
    // While the pointer stands where the test has put it.
    const auto find = [&](std::string_view part, bool at_end) {
      viewer::record_texts(true);
      context->Yield();
      std::string found;
      for (const DrawnText& text : viewer::take_drawn_texts()) {
        const bool here =
            at_end ? text.text.ends_with(part) : text.text.find(part) != std::string::npos;
        if (here && text.window == "Grid") found = text.text;
      }
      viewer::record_texts(false);
      return found;
    };
    context->KeyPress(ImGuiKey_Space);
    context->Yield(4);
    context->MouseMove("//Grid/large image");
    context->Yield(2);
    whole = find("\u00D7", true);
    for (int i = 0; i < 24; ++i) context->MouseWheelY(1);
    context->Yield(2);
    close = find("\u00D7", true);
    plate = find("  \u00B7  ", false);
    context->MouseDoubleClick();
    context->Yield(3);
    again = find("\u00D7", true);
  }) == "");
  CHECK_FALSE(whole.empty());
  CHECK(close == "128\u00D7");
  CHECK(again == whole);
  CAPTURE(plate);
  // "x, y · red green blue" of the pixel under the pointer, as the file has it.
  int x = -1;
  int y = -1;
  int rgb[3] = {-1, -1, -1};
  REQUIRE(std::sscanf(plate.c_str(), "%d, %d", &x, &y) == 2);
  const std::string value = plate.substr(plate.find("\u00B7") + 2);
  REQUIRE(std::sscanf(value.c_str(), "%d %d %d", &rgb[0], &rgb[1], &rgb[2]) == 3);
  const SampleId sample = window.state().snapshot.ids[*window.state().cursor_row()];
  const viewer::Picture picture = window.backend().picture(sample);
  for (int channel = 0; channel < 3; ++channel) {
    CHECK(picture.image.row(y)[x * 3 + channel] == rgb[channel]);
  }
  CHECK(window.misuse() == "");
}

TEST_CASE("the menu of a tile has every line, about what was clicked, and each does its work") {
  if (!has_virtual_display()) return;
  WindowFixture window;
  const auto open_menu = [](ImGuiTestContext* context) {
    context->ItemClick("//Grid/**/tile", ImGuiMouseButton_Right);
    context->Yield(3);
    context->SetRef("//$FOCUSED");
  };
  const auto line = [&](const char* id) {
    const viewer::Command& command = window.app().commands().at(id);
    return (command.title_now ? command.title_now(window.state()) : command.title) + "##" + id;
  };
  CHECK(window.run([&](ImGuiTestContext* context) {
    open_menu(context);
    for (const char* id :
         {"review.accept", "review.keep", "review.relabel", "review.ambiguous", "review.exclude",
          "review.tag", "view.open", "edit.copy_path", "file.open_folder", "edit.undo"}) {
      CAPTURE(id);
      CHECK(context->ItemExists(line(id).c_str()));
    }
    context->ItemClick(line("review.tag").c_str());
    context->Yield(3);
  }) == "");
  CHECK(window.state().overlay == Overlay::kTag);
  const SampleId sample = window.state().snapshot.ids[*window.state().cursor_row()];
  CHECK(window.run([&](ImGuiTestContext* context) {
    context->KeyPress(ImGuiKey_Escape);
    context->Yield(2);
    open_menu(context);
    context->ItemClick(line("review.keep").c_str());
    context->Yield(3);
  }) == "");
  CHECK(window.backend().review_of(sample) == "kept");
  CHECK(window.misuse() == "");
}

TEST_CASE("every menu and popup fits the window whole, at scale 1 and 2") {
  if (!has_virtual_display()) return;
  for (const float scale : {1.0F, 2.0F}) {
    CAPTURE(scale);
    WindowFixture window(scaled_window(scale));
    const auto check = [&](const char* item, ImGuiMouseButton button) {
      CAPTURE(item);
      CHECK(window.run([&](ImGuiTestContext* context) {
        context->ItemClick(item, button);
        context->Yield(4);
        const ImVec2 size = ImGui::GetIO().DisplaySize;
        size_t popups = 0;
        for (const ImGuiWindow* each : ImGui::GetCurrentContext()->Windows) {
          if ((each->Flags & ImGuiWindowFlags_Popup) == 0 || !each->WasActive) continue;
          ++popups;
          CAPTURE(each->Name);
          CHECK(each->Pos.x >= 0);
          CHECK(each->Pos.y >= 0);
          CHECK(each->Pos.x + each->Size.x <= size.x);
          CHECK(each->Pos.y + each->Size.y <= size.y);
          CHECK(each->ScrollMax.y == 0);
          CHECK(each->ScrollMax.x == 0);
        }
        CHECK(popups == 1);
        context->PopupCloseAll();
        context->Yield(2);
      }) == "");
    };
    for (const char* menu :
         {"//Top bar/##MenuBar/File", "//Top bar/##MenuBar/Edit", "//Top bar/##MenuBar/Review",
          "//Top bar/##MenuBar/View", "//Top bar/##MenuBar/Run", "//Top bar/##MenuBar/Help"}) {
      check(menu, ImGuiMouseButton_Left);
    }
    check("//Grid/**/tile", ImGuiMouseButton_Right);
    CHECK(window.misuse() == "");
  }
}

TEST_CASE("what the pointer rests on says more") {
  if (!has_virtual_display()) return;
  WindowSetup setup;
  setup.findings = true;
  WindowFixture window(setup);
  const auto says_more = [&](const char* item) {
    CAPTURE(item);
    CHECK(window.run([&](ImGuiTestContext* context) {
      context->MouseMove(item);
      context->SleepNoSkip(1.5F, 0.1F);
      CHECK(tooltip_is_open());
    }) == "");
  };
  window.app().commands().run("panel.labels", window.session());
  window.settle();
  says_more("//Panels/**/ambiguous");
  window.app().commands().run("panel.confusion", window.session());
  window.session().round().start();
  window.settle();
  for (const char* item : {"//Grid/**/tile", "//Panels/**/cell", "//Round/leave"}) says_more(item);
  CHECK(window.misuse() == "");
}

TEST_CASE("a folder dropped onto the window opens the import with it") {
  if (!has_virtual_display()) return;
  const TempDir folder;
  folder.write("images/cat/a.png", std::string("not looked at"));
  const std::string dropped = folder / "images";
  WindowFixture window;
  GLFWwindow* handle = glfwGetCurrentContext();
  REQUIRE(handle != nullptr);
  // What the window system calls.
  const GLFWdropfun drop = glfwSetDropCallback(handle, nullptr);
  REQUIRE((drop != nullptr));
  glfwSetDropCallback(handle, drop);
  const char* paths[] = {dropped.c_str()};
  drop(handle, 1, paths);
  window.settle();
  CHECK(window.state().overlay == Overlay::kImport);
  CHECK(window.session().jobs().form(Overlay::kImport).field("source").value == dropped);
}

TEST_CASE("the import's dialog says which format it found, and lets another be chosen") {
  if (!has_virtual_display()) return;
  const StoreProject project;
  WindowFixture window;
  window.session().jobs().show_form(Overlay::kImport);
  viewer::Form& form = window.session().jobs().form(Overlay::kImport);
  window.session().jobs().set(form, "source", project.dataset.root);
  window.settle();
  CHECK(form.field("source").look.note.find("imagefolder: ") == 0);
  CHECK(form.field("format").value == "auto");
  CHECK(window.run([&](ImGuiTestContext* context) {
    context->ItemClick("//Form/**/format=csv");
    context->Yield(3);
  }) == "");
  CHECK(form.field("format").value == "csv");
  CHECK(window.misuse() == "");
}

TEST_CASE("what a job found is shown as a table, and again from the list of jobs") {
  if (!has_virtual_display()) return;
  WindowFixture window;
  viewer::JobWork work;
  work.title = "compare one with two";
  work.changes_store = false;
  work.run = [](jobs::JobContext&, viewer::JobResult& result) {
    result.table = {"compare one with two",
                    {"On the same samples", "one", "two"},
                    {{"accuracy", "91.0 %", "92.5 %"}, {"both right", "1,234", "1,234"}},
                    "McNemar p = 0.03"};
    return std::string("done");
  };
  window.session().jobs().start(work);
  window.session().jobs().runner().wait_idle();
  window.settle();
  REQUIRE(window.state().overlay == Overlay::kResult);
  for (const char* cell : {"accuracy", "92.5 %", "1,234"}) CHECK(find_drawn(window, cell) != "");
  CHECK(window.run([&](ImGuiTestContext* context) {
    context->KeyPress(ImGuiKey_Enter);
    context->Yield(3);
    window.app().commands().run("panel.jobs", window.session());
    context->Yield(3);
    context->ItemClick("//Panels/**/table");
    context->Yield(3);
  }) == "");
  CHECK(window.state().overlay == Overlay::kResult);
  CHECK(window.misuse() == "");
}

TEST_CASE("folders that are gone are named above the tiles, and files that are broken on them") {
  if (!has_virtual_display()) return;
  SyntheticOptions options;
  options.width_px = 80;
  options.height_px = 80;
  const StoreProject project(options);
  {
    const auto window = open_store(project.store_path);
    const viewer::AppState& state = window->state();
    const SampleId sample = state.snapshot.ids[state.view->order[0]];
    const std::string path = window->session().backend().absolute_path(sample);
    std::filesystem::resize_file(path, std::filesystem::file_size(path) / 2);
  }
  {
    const auto window = open_store(project.store_path);
    CHECK(find_drawn(*window, "cannot be read") != "");
    CHECK(find_drawn(*window, "The images are not in") == "");
    look_everywhere(*window);
  }
  std::filesystem::rename(project.dataset.root, project.folder / "moved");
  const auto window = open_store(project.store_path);
  CHECK(find_drawn(*window, "The images are not in") != "");
  CHECK(find_drawn(*window, "the file is gone") != "");
  window->session().decide(ReviewKind::kKeep);
  window->settle();
  CHECK(window->state().undo.can_undo);
  look_everywhere(*window);
}

TEST_CASE("one class, and names of 200 letters, in Chinese, Hebrew and Arabic") {
  if (!has_virtual_display()) return;
  {
    const TempDir folder;
    const std::string path = store_of_classes(folder, {"only"});
    add_wrong_run(path);
    const auto window = open_store(path);
    CHECK(find_drawn(*window, "only") != "");
    look_everywhere(*window);
  }
  const std::vector<std::string> names{std::string(200, 'w'),
                                       "\u732B\u306E\u5199\u771F",
                                       "\u05E9\u05DC\u05D5\u05DD",
                                       "\u0642\u0637\u0629",
                                       "two\nlines",
                                       "it's"};
  const TempDir folder;
  const std::string path = store_of_classes(folder, names);
  add_wrong_run(path);
  const auto window = open_store(path);
  REQUIRE(window->state().view->order.size() == names.size());
  look_everywhere(*window);
  // Chosen in the picker by typing a part of it.
  for (const char* part : {"www", "\u732B", "\u05E9\u05DC", "\u0642\u0637"}) {
    CAPTURE(part);
    window->session().set_cursor(0);
    CHECK(window->run([&](ImGuiTestContext* context) {
      context->KeyPress(ImGuiKey_L);
      context->Yield(3);
      context->KeyChars(part);
      context->Yield(3);
      context->KeyPress(ImGuiKey_Enter);
      context->Yield(3);
    }) == "");
    const RowIndex row = window->state().view->order[0];
    CHECK(window->state().snapshot.samples.find("label")->display(row).find(part) !=
          std::string::npos);
  }
  CHECK(window->misuse() == "");
}

TEST_CASE("ten thousand classes are listed, found and confused without the window breaking") {
  if (!has_virtual_display()) return;
  constexpr size_t kClasses = 10'000;
  std::vector<std::string> names;
  for (size_t i = 0; i < kClasses; ++i) {
    names.push_back(i % 1000 == 3 ? fmt::format("{:05} {}", i, std::string(190, 'w'))
                                  : fmt::format("class {:05}", i));
  }
  const TempDir folder;
  const std::string path = store_of_classes(folder, names);
  add_wrong_run(path);
  const auto window = open_store(path);
  CHECK(window->state().view->order.size() == kClasses);
  look_everywhere(*window);
  window->app().commands().run("panel.confusion", window->session());
  window->settle();
  REQUIRE(window->state().panels.answer);
  CHECK(window->state().panels.answer->confusion.occurring == kClasses);
  CHECK(window->run([&](ImGuiTestContext* context) {
    context->KeyPress(ImGuiKey_L);
    context->Yield(3);
    context->KeyChars("09876");
    context->Yield(3);
    context->KeyPress(ImGuiKey_Enter);
    context->Yield(3);
  }) == "");
  CHECK(window->state().snapshot.samples.find("label")->display(window->state().view->order[0]) ==
        "class 09876");
}

}  // namespace errata::test
