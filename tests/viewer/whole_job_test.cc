// The main job, by keyboard in the program's windows over a real store of real files: filter to the
// mistakes, review, undo, restart, go on; save a view, make a version, export it.
#include <doctest/doctest.h>

#include "jobs/export_job.h"
#include "jobs/import_job.h"
#include "jobs/version_job.h"
#include "tests/viewer/store_project.h"
#include "tests/viewer/window_fixture.h"
#include "viewer/app/store_backend.h"

namespace errata::test {

namespace {

constexpr size_t kWrongLabels = 14;

StoreProject make_project() {
  SyntheticOptions options;
  options.classes = 4;
  options.images_per_class = 20;
  options.wrong_labels = kWrongLabels;
  return StoreProject(options);
}

// One start of the program: what it remembers between two of them stays in the project's folder.
struct Start {
  explicit Start(const StoreProject& project) {
    WindowSetup setup;
    setup.memory = project.folder / "state";
    window = std::make_unique<WindowFixture>(
        setup, std::make_unique<viewer::StoreBackend>(project.store_path, "tester"));
  }

  const viewer::AppState& state() { return window->state(); }
  void press(const std::vector<ImGuiKeyChord>& keys) {
    CHECK(window->run([&](ImGuiTestContext* context) {
      for (const ImGuiKeyChord key : keys) context->KeyPress(key);
      context->Yield(2);
    }) == "");
    CHECK_FALSE(state().message.has_value());
    CHECK(window->misuse() == "");
  }
  std::string text(const char* column, SampleId sample) {
    const Snapshot& snapshot = state().snapshot;
    return snapshot.samples.find(column)->display(static_cast<RowIndex>(snapshot.row_of(sample)));
  }
  std::vector<SampleId> shown() {
    std::vector<SampleId> samples;
    for (const RowIndex row : state().view->order) samples.push_back(state().snapshot.ids[row]);
    return samples;
  }

  std::unique_ptr<WindowFixture> window;
};

// What a person can see of a sample's decision.
struct Seen {
  std::string label;
  std::string review;
  bool operator==(const Seen&) const = default;
};

std::vector<Seen> look(Start& start, const std::vector<SampleId>& samples) {
  std::vector<Seen> seen;
  for (const SampleId sample : samples) {
    seen.push_back({start.text("label", sample), start.text("review", sample)});
  }
  return seen;
}

// Opens a dialog by its menu, types into the field that has the keyboard, starts it by Enter and
// waits for its job.
void use_dialog(Start& start, const char* menu, const std::string& typed) {
  CHECK(start.window->run([&](ImGuiTestContext* context) {
    context->SetRef("Top bar");
    context->MenuClick(menu);
    context->Yield(4);
    context->KeyChars(typed.c_str());
    context->Yield(4);
    context->KeyPress(ImGuiKey_Enter);
    context->Yield(2);
  }) == "");
  CHECK(start.state().overlay == viewer::Overlay::kNone);
  start.window->session().jobs().runner().wait_idle();
  start.window->settle();
  const std::optional<viewer::Message>& message = start.state().message;
  INFO((message ? message->text : std::string()));
  CHECK_FALSE((message && message->is_error));
  start.window->session().state().message.reset();
  CHECK(start.window->misuse() == "");
}

jobs::VersionJobOptions version_of(const std::string& store_path) {
  jobs::VersionJobOptions options;
  options.store_path = store_path;
  options.name = "reviewed";
  options.who = "tester";
  return options;
}

// The hash that the content of a folder has, imported into a store of its own.
std::string hash_of_folder(const std::string& folder, const std::string& store_path) {
  Progress progress;
  CancelToken cancel;
  IssueLog issues;
  WorkerGroup workers(1);
  jobs::JobContext context{progress, cancel, issues, workers};
  jobs::ImportJobOptions import;
  import.store_path = store_path;
  import.input_path = folder;
  import.who = "tester";
  jobs::run_import(import, context);
  return jobs::create_version(version_of(store_path), context).info.hash;
}

}  // namespace

TEST_CASE("ten mistakes are reviewed by keyboard, two undone, and a restart finds it so") {
  if (!has_virtual_display()) return;
  const StoreProject project = make_project();
  std::vector<SampleId> queue;
  std::vector<Seen> before;
  std::vector<Seen> after;
  {
    Start start(project);
    REQUIRE(start.state().view != nullptr);
    CHECK(start.state().view->order.size() == project.dataset.good().size());
    start.press({ImGuiKey_M});
    queue = start.shown();
    REQUIRE(queue.size() == project.dataset.wrong().size());
    before = look(start, queue);

    start.press({ImGuiKey_Enter, ImGuiKey_Enter, ImGuiKey_K, ImGuiKey_Enter, ImGuiKey_X});
    start.press({ImGuiKey_A, ImGuiKey_Enter, ImGuiKey_K, ImGuiKey_Enter, ImGuiKey_X});
    CHECK(start.state().cursor == 10);
    CHECK(start.shown() == queue);  // what was decided stays in its place
    start.press({ImGuiKey_U, ImGuiKey_U});
    after = look(start, queue);
    const char* const reviews[] = {"relabelled", "relabelled", "kept", "relabelled", "excluded",
                                   "ambiguous",  "relabelled", "kept", "unseen",     "unseen"};
    for (size_t i = 0; i < queue.size(); ++i) {
      CAPTURE(i);
      CHECK(after[i].review == (i < 10 ? reviews[i] : "unseen"));
      const bool relabelled = after[i].review == "relabelled";
      CHECK(after[i].label == (relabelled ? start.text("prediction", queue[i]) : before[i].label));
      CHECK((after[i].label != before[i].label) == relabelled);
    }
  }
  {
    Start start(project);
    CHECK(look(start, queue) == after);
    start.press({ImGuiMod_Shift | ImGuiKey_U});  // the undo of before the restart is taken back
    CHECK(start.text("review", queue[8]) == "relabelled");
    CHECK(start.text("label", queue[8]) == start.text("prediction", queue[8]));
    for (int i = 0; i < 9; ++i) start.press({ImGuiKey_U});
    CHECK(look(start, queue) == before);
    CHECK_FALSE(start.state().undo.can_undo);
  }
}

TEST_CASE("a review goes on after a restart, becomes a version, and its export has its hash") {
  if (!has_virtual_display()) return;
  const StoreProject project = make_project();
  const std::string target = project.folder / "export";
  std::vector<SampleId> queue;
  SampleId place = 0;
  std::vector<Seen> marks;
  {
    Start start(project);
    start.press({ImGuiKey_M});
    start.press({ImGuiKey_S});
    REQUIRE(start.state().round.active());
    start.press({ImGuiKey_Enter, ImGuiKey_Enter, ImGuiKey_Enter, ImGuiKey_X, ImGuiKey_K});
    start.press({ImGuiKey_U});
    start.press({ImGuiKey_K, ImGuiKey_G, ImGuiMod_Ctrl | ImGuiKey_T});
    CHECK(start.window->run([&](ImGuiTestContext* context) {
      context->KeyPress(ImGuiMod_Ctrl | ImGuiKey_S);
      context->Yield(4);
      context->KeyChars("mistakes to see");
      context->KeyPress(ImGuiKey_Enter);
      context->Yield(4);
    }) == "");
    queue = start.shown();
    marks = look(start, queue);
    place = queue.at(start.state().cursor);
    CHECK(start.state().round.counts.decided() == 5);
  }
  Start start(project);
  CHECK(start.state().filter.applied == "label != prediction");
  CHECK(start.state().sort == viewer::SortChoice{"confidence", true});
  CHECK(start.state().layout.centre == viewer::CentreMode::kTable);
  CHECK(start.state().theme == viewer::ThemeName::kLight);
  REQUIRE(start.state().round.active());
  CHECK(start.shown() == queue);
  CHECK(look(start, queue) == marks);
  CHECK(start.state().round.counts.decided() == 5);
  CHECK(queue.at(start.state().cursor) == place);
  REQUIRE(start.state().lists.lists.saved_views.size() == 1);
  const store::SavedView view = start.state().lists.lists.saved_views[0];
  CHECK(view.name == "mistakes to see");
  CHECK(view.filter == "label != prediction");
  CHECK(view.sort == "-confidence");
  start.press({ImGuiMod_Shift | ImGuiKey_M});  // all of them
  CHECK(start.state().view->order.size() == project.dataset.good().size());
  CHECK(start.window->run([&](ImGuiTestContext* context) {
    context->KeyPress(ImGuiKey_V);
    context->Yield(4);
    context->KeyPress(ImGuiKey_Enter);
    context->Yield(4);
  }) == "");
  CHECK(start.state().filter.applied == "label != prediction");

  use_dialog(start, "File/Make a version ...", "reviewed");
  REQUIRE(start.state().lists.lists.versions.size() == 1);
  const store::VersionInfo version = start.state().lists.lists.versions[0];
  CHECK(version.name == "reviewed");
  CHECK(version.samples == project.dataset.good().size() - 1);  // one was excluded
  use_dialog(start, "File/Export ...", target);
  CHECK(version.hash.starts_with("errata1:"));
  CHECK(hash_of_folder(target, project.folder / "again.db") == version.hash);
}

}  // namespace errata::test
