#include "tests/viewer/box_job.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "base/files.h"
#include "jobs/import_job.h"
#include "jobs/version_job.h"
#include "media/reader.h"
#include "store/objects.h"
#include "store/snapshot_loader.h"
#include "store/versions.h"
#include "tests/viewer/window_fixture.h"
#include "viewer/app/store_backend.h"
#include "viewer/state/round_marks.h"

namespace errata::test {

namespace {

std::unique_ptr<WindowFixture> open(const BoxProject& project, const WindowSetup& setup = {}) {
  ::setenv("XDG_STATE_HOME", (project.folder / "state").c_str(), 1);
  return std::make_unique<WindowFixture>(
      setup, std::make_unique<viewer::StoreBackend>(project.store_path, "tester"));
}

// As the store has it, read anew.
ObjectTable stored_objects(const BoxProject& project) {
  store::Store store = store::Store::open(project.store_path, store::Access::kRead);
  return store::load_objects(store, store::load_snapshot(store));
}

uint64_t labels(const BoxProject& project) {
  store::Store store = store::Store::open(project.store_path, store::Access::kRead);
  return store::load_snapshot(store).objects;
}

std::string class_of(const BoxProject& project, ObjectId object) {
  const ObjectTable objects = stored_objects(project);
  const size_t row = objects.row_of(object);
  REQUIRE(row != SIZE_MAX);
  return std::string(objects.table.find("label")->text(static_cast<RowIndex>(row)));
}

void press(WindowFixture& window, const std::vector<ImGuiKeyChord>& keys) {
  CHECK(window.run([&](ImGuiTestContext* context) {
    for (const ImGuiKeyChord key : keys) context->KeyPress(key);
    context->Yield(2);
  }) == "");
  const auto& message = window.state().message;
  INFO((message ? message->text : std::string()));
  CHECK_FALSE((message && message->is_error));
  CHECK(window.misuse() == "");
}

void filter(WindowFixture& window, const std::string& text) {
  window.session().objects().show(text);
  window.settle();
  REQUIRE(window.state().view);
  REQUIRE(window.state().filter.applied == text);
}

void picture(WindowFixture& window, const std::string& name) {
  const char* folder = std::getenv("ERRATA_TEST_PICTURES");
  if (folder == nullptr) return;
  window.settle();
  const std::vector<uint8_t> png = media::encode_png(window.capture());
  write_file_atomic(join_path(folder, name + ".png"), std::string(png.begin(), png.end()));
}

// The export dialog, by its menu: a folder typed, boxes as COCO as it offers them by itself.
void export_version(WindowFixture& window, const std::string& version, const std::string& target) {
  CHECK(window.run([&](ImGuiTestContext* context) {
    context->SetRef("Top bar");
    context->MenuClick("File/Export ...");
    context->Yield(4);
    context->KeyChars(target.c_str());
    context->Yield(4);
  }) == "");
  viewer::JobDesk& jobs = window.session().jobs();
  viewer::Form& form = jobs.form(viewer::Overlay::kExport);
  CHECK(form.field("format").value == "coco");
  jobs.set(form, "version", version);
  CHECK(window.run([&](ImGuiTestContext* context) {
    context->KeyPress(ImGuiKey_Enter);
    context->Yield(2);
  }) == "");
  jobs.runner().wait_idle();
  window.settle();
  const auto& message = window.state().message;
  INFO((message ? message->text : std::string()));
  CHECK_FALSE((message && message->is_error));
  CHECK(window.misuse() == "");
}

// The hash that an export has, imported into a store of its own; its COCO file names every object.
std::string hash_of_export(const std::string& folder, const std::string& store_path,
                           uint64_t objects) {
  Progress progress;
  CancelToken cancel;
  IssueLog issues;
  WorkerGroup workers(1);
  jobs::JobContext context{progress, cancel, issues, workers};
  jobs::ImportJobOptions import;
  import.store_path = store_path;
  import.input_path = folder;
  import.who = "tester";
  const jobs::ImportJobReport report = jobs::run_import(import, context);
  CHECK(report.format == "coco");
  CHECK(report.samples.objects == objects);
  CHECK(report.rejected == 0);
  jobs::VersionJobOptions version;
  version.store_path = store_path;
  version.name = "again";
  version.who = "tester";
  return jobs::create_version(version, context).info.hash;
}

}  // namespace

void do_box_job(const BoxProject& project) {
  const uint64_t before = labels(project);
  {
    const std::unique_ptr<WindowFixture> window = open(project);
    const viewer::AppState& state = window->state();
    REQUIRE(state.objects.ready());
    CHECK(state.snapshot.objects == before);

    // The confident mistakes of a detector.
    press(*window, {ImGuiKey_M});
    window->settle();
    REQUIRE(state.objects_shown());
    REQUIRE_FALSE(state.view->order.empty());
    const viewer::ObjectColumns columns(state.objects.table.table);
    double last = 1;
    for (const RowIndex row : state.view->order) {
      CHECK_FALSE(columns.is_given(row));
      CHECK(columns.error_of(row) != ObjectError::kTrue);
      const double confidence = columns.confidence->number(row);
      CHECK(confidence <= last);
      last = confidence;
    }

    // A missing label: the model is sure, nothing is drawn there.
    filter(*window, "error = 'background' and kind = 'predicted'");
    REQUIRE_FALSE(state.view->order.empty());
    press(*window, {ImGuiKey_Enter});
    CHECK(labels(project) == before + 1);
    CHECK(viewer::ObjectColumns(state.objects.table.table).error_of(state.view->order[0]) !=
          ObjectError::kBackground);

    // Another class for a label, by its name.
    filter(*window, "kind = 'given' and review = 'unseen'");
    const ObjectId object = state.id_of(state.view->order[0]);
    const std::string was = class_of(project, object);
    const std::string wanted = state.snapshot.classes[was == state.snapshot.classes[0].name].name;
    CHECK(window->run([&](ImGuiTestContext* context) {
      context->KeyPress(ImGuiKey_C);
      context->Yield(2);
      context->KeyChars(wanted.c_str());
      context->Yield(2);
      context->KeyPress(ImGuiKey_Enter);
      context->Yield(2);
    }) == "");
    CHECK(class_of(project, object) == wanted);
    press(*window, {ImGuiKey_U});
    CHECK(class_of(project, object) == was);
    press(*window, {ImGuiMod_Shift | ImGuiKey_U});
    CHECK(class_of(project, object) == wanted);
    press(*window, {ImGuiKey_Delete});
    CHECK(labels(project) == before);
    press(*window, {ImGuiKey_U});

    jobs::VersionJobOptions version;
    version.store_path = project.store_path;
    version.name = "mended";
    version.who = "tester";
    window->session().jobs().start(viewer::version_work(version));
    window->session().jobs().runner().wait_idle();
    window->settle();
    REQUIRE_FALSE(state.lists.lists.versions.empty());
    const std::string target = project.folder / "coco";
    export_version(*window, "mended", target);
    CHECK(hash_of_export(target, project.folder / "again.db", before + 1) ==
          state.lists.lists.versions.back().hash);
  }
  // A restart finds it so, in the same mode with the same filter.
  const std::unique_ptr<WindowFixture> again = open(project);
  CHECK(again->state().snapshot.objects == before + 1);
}

namespace {

// Where a point of the image under the cursor is in the large view, which shows the whole of it.
ImVec2 on_screen(ImGuiTestContext* context, const viewer::AppState& state, double x, double y) {
  const ImRect rect = context->ItemInfo("//Grid/large image").RectFull;
  const Table& samples = state.snapshot.samples;
  const auto width = static_cast<float>(samples.find("width")->ints[*state.cursor_row()]);
  const auto height = static_cast<float>(samples.find("height")->ints[*state.cursor_row()]);
  const float factor = std::min(rect.GetWidth() / width, rect.GetHeight() / height);
  return ImVec2(rect.GetCenter().x + (static_cast<float>(x) - width / 2) * factor,
                rect.GetCenter().y + (static_cast<float>(y) - height / 2) * factor);
}

void drag(WindowFixture& window, std::array<double, 2> from, std::array<double, 2> to) {
  CHECK(window.run([&](ImGuiTestContext* context) {
    context->MouseMoveToPos(on_screen(context, window.state(), from[0], from[1]));
    context->Yield();
    context->MouseDown(ImGuiMouseButton_Left);
    context->Yield(2);
    context->MouseMoveToPos(on_screen(context, window.state(), to[0], to[1]));
    context->Yield(2);
    context->MouseUp(ImGuiMouseButton_Left);
    context->Yield(2);
  }) == "");
  window.settle();
}

// The cursor goes to the first undecided object of the round that is such a one.
ObjectId go_to(WindowFixture& window, ObjectKind kind, ObjectError error) {
  const viewer::AppState& state = window.state();
  const viewer::ObjectColumns columns(state.objects.table.table);
  for (size_t i = 0; i < state.view->order.size(); ++i) {
    const RowIndex row = state.view->order[i];
    const std::string_view review = viewer::review_of(columns, row);
    const bool is_kind = columns.is_given(row) == (kind == ObjectKind::kGiven);
    if (!is_kind || columns.error_of(row) != error || !(review.empty() || review == "unseen"))
      continue;
    window.session().set_cursor(i);
    window.settle();
    return state.id_of(row);
  }
  FAIL("the round has no such object");
  return 0;
}

// What a person finds after a restart.
struct Reviewed {
  std::vector<int64_t> queue;
  size_t added = 0;
  size_t kept = 0;
  size_t relabelled = 0;
  std::string detection;  // review of the detection that was left as it is
  std::string label;      // class of the annotation that was mended
  std::array<double, 4> drawn{};
  bool operator==(const Reviewed&) const = default;
};

Reviewed look(const BoxProject& project, const viewer::AppState& state, ObjectId left,
              ObjectId mended, ObjectId drawn) {
  Reviewed seen;
  seen.queue = state.round.queue.ids();
  seen.added = state.round.counts.added;
  seen.kept = state.round.counts.kept;
  seen.relabelled = state.round.counts.relabelled;
  const ObjectTable objects = stored_objects(project);
  const Table& table = objects.table;
  const size_t detection = objects.row_of(left);
  REQUIRE(detection != SIZE_MAX);
  seen.detection = table.find("review")->display(static_cast<RowIndex>(detection));
  seen.label = class_of(project, mended);
  const size_t box = objects.row_of(drawn);
  REQUIRE(box != SIZE_MAX);
  seen.drawn = {table.find("x")->doubles[box], table.find("y")->doubles[box],
                table.find("width")->doubles[box], table.find("height")->doubles[box]};
  return seen;
}

}  // namespace

void do_box_round(const BoxProject& project) {
  const uint64_t before = labels(project);
  WindowSetup setup;
  setup.memory = project.folder / "round";
  ObjectId left = 0;
  ObjectId mended = 0;
  ObjectId drawn = 0;
  Reviewed after;
  std::array<double, 4> unmoved{};
  {
    const std::unique_ptr<WindowFixture> window = open(project, setup);
    const viewer::AppState& state = window->state();
    filter(*window, "error in ('background', 'class')");
    press(*window, {ImGuiKey_S});
    REQUIRE(state.round.active());
    REQUIRE(state.round.objects);

    // A missing label, then a detection of nothing: left as it is, taken back and left again.
    go_to(*window, ObjectKind::kPredicted, ObjectError::kBackground);
    press(*window, {ImGuiKey_Enter});
    CHECK(labels(project) == before + 1);
    CHECK(state.round.counts.added == 1);
    left = go_to(*window, ObjectKind::kPredicted, ObjectError::kBackground);
    press(*window, {ImGuiKey_K});
    CHECK(state.round.counts.kept == 1);
    press(*window, {ImGuiKey_U});
    CHECK(state.round.counts.kept == 0);
    press(*window, {ImGuiMod_Shift | ImGuiKey_U});
    CHECK(state.round.counts.kept == 1);

    // A wrong class: the detection that contradicts it is asked, and the label gets its class.
    mended = go_to(*window, ObjectKind::kGiven, ObjectError::kClass);
    const std::string was = class_of(project, mended);
    const size_t relabelled = state.round.counts.relabelled;
    press(*window, {ImGuiKey_Enter});
    CHECK(class_of(project, mended) != was);
    CHECK(state.round.counts.relabelled > relabelled);
    picture(*window, "round");

    // A box is drawn into the image and moved.
    press(*window, {ImGuiKey_Space});
    REQUIRE(state.layout.show_large);
    press(*window, {ImGuiKey_D});
    drag(*window, {20, 24}, {60, 54});
    CHECK(labels(project) == before + 2);
    REQUIRE(state.current_object());
    const viewer::ObjectColumns columns(state.objects.table.table);
    drawn = columns.id->ints[*state.current_object()];
    unmoved = look(project, state, left, mended, drawn).drawn;
    CHECK(unmoved[2] == doctest::Approx(40).epsilon(0.1));
    drag(*window, {40, 39}, {55, 49});
    after = look(project, state, left, mended, drawn);
    CHECK(after.drawn[0] == doctest::Approx(unmoved[0] + 15).epsilon(0.1));
    CHECK(after.drawn[1] == doctest::Approx(unmoved[1] + 10).epsilon(0.1));
    CHECK(after.drawn[2] == doctest::Approx(unmoved[2]));
    CHECK(after.detection == "kept");
    picture(*window, "drawn-box");
    press(*window, {ImGuiKey_Space});

    jobs::VersionJobOptions version;
    version.store_path = project.store_path;
    version.name = "reviewed";
    version.who = "tester";
    window->session().jobs().start(viewer::version_work(version));
    window->session().jobs().runner().wait_idle();
    window->settle();
    REQUIRE_FALSE(state.lists.lists.versions.empty());
    const std::string target = project.folder / "reviewed";
    export_version(*window, "reviewed", target);
    CHECK(hash_of_export(target, project.folder / "reviewed.db", before + 2) ==
          state.lists.lists.versions.back().hash);
  }
  const std::unique_ptr<WindowFixture> again = open(project, setup);
  const viewer::AppState& state = again->state();
  again->settle();
  REQUIRE(state.round.active());
  CHECK(look(project, state, left, mended, drawn) == after);
  // The move of before the restart is taken back, and the queue holds no one twice.
  press(*again, {ImGuiKey_U});
  CHECK(look(project, state, left, mended, drawn).drawn == unmoved);
  press(*again, {ImGuiMod_Shift | ImGuiKey_U});
  CHECK(look(project, state, left, mended, drawn) == after);
  const ObjectId next = go_to(*again, ObjectKind::kPredicted, ObjectError::kBackground);
  CHECK(next != left);
  picture(*again, "round-again");
}

void take_pictures(const BoxProject& project, const std::string& name) {
  if (std::getenv("ERRATA_TEST_PICTURES") == nullptr) return;
  for (const auto& [width, height] : {std::pair(1280, 720), std::pair(1600, 1000)}) {
    for (const viewer::ThemeName theme : {viewer::ThemeName::kDark, viewer::ThemeName::kLight}) {
      WindowSetup setup;
      setup.width_px = width;
      setup.height_px = height;
      setup.theme = theme;
      const std::unique_ptr<WindowFixture> window = open(project, setup);
      const std::string to = fmt::format("{}-{}-{}", name, width,
                                         theme == viewer::ThemeName::kDark ? "dark" : "light");
      viewer::AppState& state = window->session().state();
      state.layout.bottom_tab = "budget";
      filter(*window, "error = 'background'");
      picture(*window, to + "-objects");
      window->app().commands().run("view.open", window->session());
      picture(*window, to + "-image");
      filter(*window, "error = 'localisation'");
      state.layout.bottom_tab = "curves";
      picture(*window, to + "-curves");
      state.layout.bottom_tab = "detections";
      window->app().commands().run("view.open", window->session());
      picture(*window, to + "-detections");
    }
  }
}

}  // namespace errata::test
