// Drives the program's window as a person would, on a display of its own.
#include <doctest/doctest.h>

#include <cstdlib>
#include <set>

#include "tests/viewer/window_fixture.h"
#include "viewer/widgets/text.h"

namespace errata::test {

namespace {

using viewer::Overlay;

// Different colours in a picture: an empty or broken window has few.
size_t colours(const media::Image& image) {
  std::set<uint32_t> seen;
  for (size_t i = 0; i + 2 < image.pixels.size(); i += 3) {
    seen.insert(static_cast<uint32_t>(image.pixels[i] << 16 | image.pixels[i + 1] << 8 |
                                      image.pixels[i + 2]));
  }
  return seen.size();
}

SampleId cursor_sample(WindowFixture& window) {
  return window.state().snapshot.ids[*window.state().cursor_row()];
}

}  // namespace

TEST_CASE("the window opens a store and shows its thumbnails") {
  if (!has_virtual_display()) return;
  WindowFixture window;
  CHECK(window.state().view->order.size() == 500);
  CHECK(window.backend().thumbnails_made_ > 10);
  const media::Image picture = window.capture();
  CHECK(picture.width_px == 1280);
  CHECK(picture.height_px == 800);
  CHECK(colours(picture) > 2000);
}

TEST_CASE("filter, move, relabel, keep, exclude and undo by keyboard") {
  if (!has_virtual_display()) return;
  WindowFixture window;
  CHECK(window.run([&](ImGuiTestContext* context) {
    context->KeyPress(ImGuiKey_Slash);
    context->Yield(2);
    context->KeyChars("label != prediction");
    context->KeyPress(ImGuiKey_Enter);
    context->Yield(2);
  }) == "");
  CHECK(window.state().filter.applied == "label != prediction");
  CHECK(window.state().view->order.size() < 300);

  CHECK(window.run([&](ImGuiTestContext* context) {
    context->KeyPress(ImGuiKey_RightArrow);
    context->KeyPress(ImGuiKey_DownArrow);
    context->KeyPress(ImGuiKey_UpArrow);
  }) == "");
  CHECK(window.state().cursor == 1);
  const SampleId sample = cursor_sample(window);
  CHECK(window.run([&](ImGuiTestContext* context) {
    context->KeyPress(ImGuiKey_Enter);  // accept
    context->KeyPress(ImGuiKey_K);
    context->KeyPress(ImGuiKey_X);
    context->KeyPress(ImGuiKey_A);
    context->Yield(2);
  }) == "");
  CHECK(window.backend().review_of(sample) == "relabelled");
  CHECK(window.state().cursor == 5);
  CHECK(window.state().edits_since_order == 4);
  CHECK(window.run([&](ImGuiTestContext* context) {
    context->KeyPress(ImGuiKey_U);
    context->KeyPress(ImGuiKey_U);
    context->KeyPress(ImGuiKey_U);
    context->KeyPress(ImGuiKey_U);
    context->Yield(2);
  }) == "");
  CHECK(window.backend().review_of(sample) == "unseen");
  CHECK(cursor_sample(window) == sample);
  CHECK(window.run([&](ImGuiTestContext* context) {
    context->KeyPress(ImGuiMod_Shift | ImGuiKey_U);
    context->Yield(2);
  }) == "");
  CHECK(window.backend().review_of(sample) == "relabelled");
}

TEST_CASE("a class is found by a few letters") {
  if (!has_virtual_display()) return;
  WindowFixture window;
  const SampleId sample = cursor_sample(window);
  CHECK(window.run([&](ImGuiTestContext* context) {
    context->KeyPress(ImGuiKey_L);
    context->Yield(3);
    context->KeyChars("fro");
    context->Yield(2);
    context->KeyPress(ImGuiKey_Enter);
    context->Yield(2);
  }) == "");
  CHECK(window.state().overlay == Overlay::kNone);
  CHECK(window.backend().label_of(sample) == "frog");
}

TEST_CASE("the palette runs a command, Esc closes it without one") {
  if (!has_virtual_display()) return;
  WindowFixture window;
  CHECK(window.run([&](ImGuiTestContext* context) {
    context->KeyPress(ImGuiMod_Ctrl | ImGuiKey_P);
    context->Yield(3);
    context->KeyChars("light");
    context->Yield(2);
    context->KeyPress(ImGuiKey_Enter);
    context->Yield(2);
  }) == "");
  CHECK(window.state().theme == viewer::ThemeName::kLight);
  CHECK(window.run([&](ImGuiTestContext* context) {
    context->KeyPress(ImGuiMod_Ctrl | ImGuiKey_P);
    context->Yield(3);
    context->KeyPress(ImGuiKey_Escape);
    context->Yield(2);
  }) == "");
  CHECK(window.state().overlay == Overlay::kNone);
}

TEST_CASE("a facet, the actions and the menus answer to the mouse") {
  if (!has_virtual_display()) return;
  WindowFixture window;
  const SampleId sample = cursor_sample(window);
  CHECK(window.run([&](ImGuiTestContext* context) {
    context->ItemClick("//Inspector/keep");
    context->Yield(2);
    context->SetRef("Top bar");
    context->MenuClick("Edit/Undo");
    context->Yield(2);
    context->ItemClick("//Status/keys");
    context->Yield(2);
  }) == "");
  CHECK(window.state().overlay == Overlay::kKeyHelp);
  CHECK(window.backend().review_of(sample) == "unseen");
  CHECK(window.run([&](ImGuiTestContext* context) {
    context->KeyPress(ImGuiKey_Escape);
    context->Yield(2);
    context->ItemClick("//Facets/**/test");
    context->Yield(2);
  }) == "");
  CHECK(window.state().filter.applied == "split = 'test'");
}

TEST_CASE("a wrong filter is told in place and an error above the status bar") {
  if (!has_virtual_display()) return;
  WindowFixture window;
  window.session().set_filter("labell = 'cat'");
  window.backend().fail_edits_ = true;
  window.session().decide(viewer::ReviewKind::kKeep);
  window.settle();
  CHECK_FALSE(window.state().filter.problem.empty());
  CHECK(window.run([&](ImGuiTestContext* context) {
    context->WindowInfo("//Filter problem");
    context->ItemClick("//Message/Dismiss");
    context->Yield(2);
  }) == "");
  CHECK_FALSE(window.state().message.has_value());
}

TEST_CASE("no word of the program is cut, in both themes and at scale 1 and 2") {
  if (!has_virtual_display()) return;
  for (const viewer::ThemeName theme : {viewer::ThemeName::kDark, viewer::ThemeName::kLight}) {
    for (const float scale : {1.0F, 2.0F}) {
      WindowFixture window(scaled_window(scale, theme));
      viewer::take_clipped_words();
      for (const char* command :
           {"help.keys", "help.palette", "help.about", "review.relabel", "file.open", "file.import",
            "file.split", "file.version", "file.export", "run.predictions", "run.infer",
            "panel.confusion", "panel.calibration", "panel.classes", "panel.scores", "panel.runs",
            "panel.versions", "panel.issues", "panel.jobs"}) {
        for (const Overlay form : {Overlay::kImport, Overlay::kPredictions, Overlay::kInfer,
                                   Overlay::kSplit, Overlay::kVersion, Overlay::kExport}) {
          window.session().jobs().form(form).more_open = true;
        }
        window.app().commands().run(command, window.session());
        window.settle();
        const std::vector<std::string> clipped = viewer::take_clipped_words();
        CAPTURE(command);
        CAPTURE(scale);
        if (!clipped.empty()) CAPTURE(clipped[0]);
        CHECK(clipped.empty());
        CHECK(window.misuse().empty());
        window.session().show_overlay(Overlay::kNone);
      }
      window.session().state().jobs.welcome = true;
      window.settle();
      CHECK(viewer::take_clipped_words().empty());
      CHECK(window.misuse().empty());
    }
  }
}

TEST_CASE("every dialog opens, shows what is wrong, and closes with Esc") {
  if (!has_virtual_display()) return;
  WindowFixture window;
  for (const char* command : {"file.import", "run.predictions", "run.infer", "file.version",
                              "file.export", "file.open"}) {
    CAPTURE(command);
    CHECK(window.run([&](ImGuiTestContext* context) {
      window.app().commands().run(command, window.session());
      context->Yield(3);
      context->KeyPress(ImGuiKey_Enter);  // what is wanted is not there yet
      context->Yield(3);
    }) == "");
    const Overlay open = window.state().overlay;
    REQUIRE(open != Overlay::kNone);
    const viewer::Form& form = window.session().jobs().form(open);
    CHECK(form.fields()[0].touched);
    CHECK_FALSE(form.fields()[0].problem.empty());
    CHECK(window.run([&](ImGuiTestContext* context) {
      context->KeyPress(ImGuiKey_Escape);
      context->Yield(2);
    }) == "");
    CHECK(window.state().overlay == Overlay::kNone);
    CHECK(window.misuse().empty());
  }
}

TEST_CASE("a dialog is filled by keyboard and by mouse") {
  if (!has_virtual_display()) return;
  WindowFixture window;
  const viewer::Form& form = window.session().jobs().form(Overlay::kSplit);
  CHECK(window.run([&](ImGuiTestContext* context) {
    window.app().commands().run("file.split", window.session());
    context->Yield(3);
    context->KeyPress(ImGuiMod_Ctrl | ImGuiKey_A);
    context->KeyChars("train=lots");
    context->Yield(2);
  }) == "");
  CHECK(form.fields()[0].value == "train=lots");
  CHECK_FALSE(form.ready());
  CHECK(window.run([&](ImGuiTestContext* context) {
    context->ItemClick("//Form/**/parts=train=0.8,test=0.2");
    context->Yield(2);
    context->KeyPress(ImGuiKey_Tab);
    context->KeyPress(ImGuiKey_Tab);
    context->KeyPress(ImGuiKey_Space);
    context->Yield(2);
    context->ItemClick("//Form/**/more");
    context->Yield(3);
    context->ItemClick("//Form/**/##seed");
    context->KeyChars("x");
    context->Yield(2);
  }) == "");
  CHECK(form.fields()[0].value == "train=0.8,test=0.2");
  CHECK(form.fields()[2].value == "1");  // only try
  CHECK(form.more_open);
  CHECK_FALSE(form.ready());
  CHECK(window.misuse().empty());
}

TEST_CASE("the first steps fill the window of an empty store and lead to the import") {
  if (!has_virtual_display()) return;
  WindowSetup setup;
  setup.samples = 0;
  WindowFixture window(setup);
  CHECK(window.state().jobs.welcome);
  CHECK(window.run([&](ImGuiTestContext* context) {
    context->ItemClick("//Welcome/file.import");
    context->Yield(2);
  }) == "");
  CHECK(window.state().overlay == Overlay::kImport);
  CHECK(window.misuse().empty());
}

TEST_CASE("a question waits for its answer") {
  if (!has_virtual_display()) return;
  WindowFixture window;
  int answers = 0;
  const viewer::Question question{"Really?", "It cannot be undone.", "Do it",
                                  [&](viewer::Session&) { ++answers; }};
  window.session().jobs().ask(question);
  CHECK(window.run([&](ImGuiTestContext* context) {
    context->Yield(3);
    context->KeyPress(ImGuiKey_Escape);
    context->Yield(2);
  }) == "");
  CHECK(window.state().overlay == Overlay::kNone);
  CHECK(answers == 0);
  window.session().jobs().ask(question);
  CHECK(window.run([&](ImGuiTestContext* context) {
    context->Yield(3);
    context->ItemClick("//Question/yes");
    context->Yield(2);
  }) == "");
  CHECK(answers == 1);
}

TEST_CASE("a store is changed for another in the same window") {
  if (!has_virtual_display()) return;
  WindowFixture window;
  window.session().state().open_wanted = "other.db";
  window.settle();
  CHECK(window.state().store_name == "other.db");
  CHECK(window.state().view->total == 7);
  CHECK(window.run([&](ImGuiTestContext* context) {
    context->KeyPress(ImGuiKey_RightArrow);
    context->Yield(2);
  }) == "");
  CHECK(window.state().cursor == 1);
  window.session().state().open_wanted = "broken.db";
  window.settle();
  CHECK(window.state().store_name == "other.db");
  REQUIRE(window.state().message.has_value());
  CHECK(window.state().message->is_error);
}

TEST_CASE("the panels of runs, versions, issues and jobs show what there is") {
  if (!has_virtual_display()) return;
  WindowFixture window;
  viewer::JobWork work;
  work.title = "a short one";
  work.changes_store = false;
  work.run = [](jobs::JobContext& context, viewer::JobResult&) {
    context.issues.reject("broken", "a.png", "row 1", "x", "it is broken", "mend it");
    return std::string("done");
  };
  window.session().jobs().start(work);
  window.session().jobs().runner().wait_idle();
  for (const char* command : {"panel.runs", "panel.versions", "panel.issues", "panel.jobs"}) {
    window.app().commands().run(command, window.session());
    window.settle();
    CHECK(window.misuse().empty());
  }
  CHECK(window.run([&](ImGuiTestContext* context) {
    context->ItemClick("//Panels/**/issues");
    context->Yield(2);
  }) == "");
  REQUIRE(window.state().jobs.chosen_issues.size() == 1);
  CHECK(window.state().jobs.chosen_issues[0].kind == "broken");
}

TEST_CASE("no samples and one sample are drawn without a fault") {
  if (!has_virtual_display()) return;
  for (const size_t samples : {size_t{0}, size_t{1}}) {
    WindowSetup setup;
    setup.samples = samples;
    WindowFixture window(setup);
    CHECK(window.run([&](ImGuiTestContext* context) {
      for (const ImGuiKey key : {ImGuiKey_RightArrow, ImGuiKey_K, ImGuiKey_Space, ImGuiKey_Escape,
                                 ImGuiKey_End, ImGuiKey_U}) {
        context->KeyPress(key);
        context->Yield(2);
      }
    }) == "");
    CHECK(colours(window.capture()) > 20);
    CHECK(window.misuse().empty());
  }
}

}  // namespace errata::test
