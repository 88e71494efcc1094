// The program's own backend over a real store of real files.
#include "viewer/app/store_backend.h"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <numeric>

#include "base/error.h"
#include "base/files.h"
#include "jobs/find_boxes_job.h"
#include "model/shape.h"
#include "store/edits.h"
#include "tests/support/temp_dir.h"
#include "tests/viewer/box_project.h"
#include "tests/viewer/store_project.h"
#include "viewer/state/evidence.h"
#include "viewer/state/history_words.h"
#include "viewer/state/object_measures.h"
#include "viewer/state/session.h"

namespace errata::viewer {

namespace {

using Project = test::StoreProject;

struct Opened {
  explicit Opened(const Project& project, const std::string& memory = {})
      : session(std::make_unique<StoreBackend>(project.store_path, "tester"), nullptr, 2) {
    session.memory().use_folder(memory);
    session.open_remembered();
    settle();
  }
  void settle() { session.tasks().finish_all(); }
  const AppState& state() const { return session.state(); }

  Session session;
};

std::string review_text(const Opened& opened, SampleId sample) {
  const Snapshot& snapshot = opened.state().snapshot;
  return snapshot.samples.find("review")->display(static_cast<RowIndex>(snapshot.row_of(sample)));
}

// Frames until what was asked for is shown.
struct Settle {
  Session& session;
  double now = 0;
  void operator()() {
    for (int i = 0; i < 4; ++i) {
      session.tasks().finish_all();
      session.frame(now += 1);
      session.tasks().finish_all();
    }
  }
};

}  // namespace

TEST_CASE("a store is shown with its mistakes, images and probabilities") {
  const Project project;
  Opened opened(project);
  REQUIRE(opened.state().loaded);
  REQUIRE_FALSE(opened.state().message.has_value());
  CHECK(opened.state().view->order.size() == project.dataset.good().size());
  opened.session.set_filter("label != prediction");
  opened.settle();
  CHECK(opened.state().view->order.size() == project.dataset.wrong().size());
  const SampleId sample = opened.state().snapshot.ids[*opened.state().cursor_row()];
  CHECK(opened.state().detail.ready);
  REQUIRE(opened.state().detail.probabilities.size() == project.dataset.class_names.size());
  CHECK(std::accumulate(opened.state().detail.probabilities.begin(),
                        opened.state().detail.probabilities.end(), 0.0F) == doctest::Approx(1.0F));
  CHECK(file_exists(opened.state().detail.absolute_path));
  const Picture whole = opened.session.backend().picture(sample);
  CHECK(whole.problem.empty());
  CHECK(whole.image.width_px == 12);
  CHECK(opened.session.backend().thumbnail(sample, 6).image.width_px == 6);
}

TEST_CASE("decisions and their undo are in the store after a restart") {
  const Project project;
  SampleId first = 0;
  SampleId second = 0;
  {
    Opened opened(project);
    opened.session.set_filter("label != prediction");
    opened.settle();
    first = opened.state().snapshot.ids[opened.state().view->order[0]];
    second = opened.state().snapshot.ids[opened.state().view->order[1]];
    opened.session.relabel_to_suggestion();
    opened.session.decide(ReviewKind::kExclude);
    opened.settle();
    CHECK(review_text(opened, first) == "relabelled");
    CHECK(review_text(opened, second) == "excluded");
    CHECK_FALSE(opened.state().store_changed);
    opened.session.poll_store(100);
    opened.settle();
    CHECK_FALSE(opened.state().store_changed);  // our own writing is not somebody else's
    opened.session.undo();
    opened.settle();
    CHECK(review_text(opened, second) == "unseen");
  }
  Opened again(project);
  CHECK(review_text(again, first) == "relabelled");
  CHECK(review_text(again, second) == "unseen");
  CHECK(again.state().undo.can_undo);
  CHECK(again.state().undo.can_redo);
  again.session.redo();
  again.settle();
  CHECK(review_text(again, second) == "excluded");
  again.session.undo();
  again.session.undo();
  again.settle();
  CHECK(review_text(again, first) == "unseen");
  CHECK_FALSE(again.state().message.has_value());
}

TEST_CASE("after kill -9 in a round the next start goes on at its first undecided sample") {
  const Project project;
  const test::TempDir memory;
  int ready[2];
  REQUIRE(pipe(ready) == 0);
  const pid_t child = fork();
  if (child == 0) {
    Opened opened(project, memory.path());
    opened.session.set_filter("label != prediction");
    opened.settle();
    opened.session.round().start();
    opened.settle();
    opened.session.frame(100);  // what is drawn every half second writes the queue
    opened.settle();
    opened.session.relabel_to_suggestion();
    opened.session.decide(ReviewKind::kKeep);
    opened.settle();
    if (write(ready[1], "x", 1) == 1) pause();
    _exit(1);
  }
  REQUIRE(child > 0);
  char byte = 0;
  REQUIRE(read(ready[0], &byte, 1) == 1);
  REQUIRE(kill(child, SIGKILL) == 0);
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(WIFSIGNALED(status));
  Opened again(project, memory.path());
  CHECK(again.state().round.active());
  CHECK(again.state().round.queue.size() == project.dataset.wrong().size());
  CHECK(again.state().round.counts.relabelled == 1);
  CHECK(again.state().round.counts.kept == 1);
  CHECK(again.state().cursor == 2);
  CHECK(again.state().view->order.size() == again.state().round.queue.size());
  // The evidence of what was decided is in the log.
  const auto decisions = again.session.backend().newest_decisions({});
  REQUIRE(decisions.size() == 2);
  for (const store::StandingDecision& decision : decisions) {
    CHECK(evidence_class(decision.why).has_value());
  }
  close(ready[0]);
  close(ready[1]);
}

TEST_CASE("what closes right after a decision has saved it") {
  const Project project;
  SampleId sample = 0;
  {
    Opened opened(project);
    sample = opened.state().snapshot.ids[*opened.state().cursor_row()];
    opened.session.decide(ReviewKind::kKeep);
  }
  const Opened again(project);
  CHECK(review_text(again, sample) == "kept");
}

TEST_CASE(
    "another program's decision is followed in place, the cursor stays, a note says what came") {
  const Project project;
  Opened opened(project);
  const SampleId sample = opened.state().snapshot.ids[0];
  {
    store::Store other = store::Store::open(project.store_path, store::Access::kWrite);
    store::Edit edit;
    edit.sample = sample;
    edit.kind = store::EditKind::kAmbiguous;
    store::apply_edits(other, std::vector{edit}, "other", "elsewhere");
  }
  opened.session.set_cursor(3);
  opened.settle();
  const size_t loads = opened.state().loads;
  opened.session.poll_store(100);
  opened.settle();
  CHECK(review_text(opened, sample) == "ambiguous");
  CHECK(opened.state().loads == loads);
  CHECK_FALSE(opened.state().store_changed);
  CHECK(opened.state().cursor == 3);
  REQUIRE(opened.state().message.has_value());
  CHECK(opened.state().message->text.find("other decided on a sample") != std::string::npos);
}

TEST_CASE("an image that is gone is told on its tile, the rest goes on") {
  const Project project;
  Opened opened(project);
  const SampleId sample = opened.state().snapshot.ids[0];
  remove_all(opened.session.backend().absolute_path(sample));
  const Picture picture = opened.session.backend().picture(sample);
  CHECK(picture.image.empty());
  CHECK_FALSE(picture.problem.empty());
  CHECK_FALSE(opened.session.backend().thumbnail(sample, 64).problem.empty());
}

TEST_CASE("a store that is not one is said so, once") {
  const test::TempDir folder;
  const std::string path = folder.write("not a store.db", "hello");
  Session session(std::make_unique<StoreBackend>(path, "tester"), nullptr, 1);
  session.open();
  session.tasks().finish_all();
  CHECK_FALSE(session.state().loaded);
  REQUIRE(session.state().message.has_value());
  CHECK(session.state().message->is_error);
  CHECK(session.state().message->text.find("not a store.db") != std::string::npos);
}

TEST_CASE("objects have the columns here that errata find boxes makes of them") {
  const test::BoxProject project(6);
  Session session(std::make_unique<StoreBackend>(project.store_path, "tester"), nullptr, 2);
  double now = 0;
  const auto settle = [&] {
    do {
      session.tasks().finish_all();
      session.frame(now += 1);
    } while (session.tasks().pending() > 0 || !session.objects().complete());
  };
  const ObjectsState& objects = session.state().objects;
  session.open();
  settle();
  REQUIRE(objects.ready());
  session.state().layout.show_bottom = true;
  session.state().layout.bottom_tab = "budget";
  settle();
  REQUIRE(objects.measures);
  CHECK(objects.measures->images == 6);
  // A crowd, on which a detection lies; a copy of a box; a sample that is left out.
  const auto add = [&](ObjectEditKind kind, RowIndex row, bool flag) {
    const ObjectColumns columns(objects.table.table);
    const Box box = columns.box(row);
    ObjectEdit edit;
    edit.kind = kind;
    edit.object = columns.id->ints[row];
    edit.sample = session.state().snapshot.ids[static_cast<size_t>(columns.sample->ints[row])];
    edit.class_name = columns.label->text(row);
    edit.box_xywh_px = {box.x + 1, box.y, box.width, box.height};
    edit.flag = flag;
    session.apply(std::vector{edit});
    settle();
  };
  add(ObjectEditKind::kSetCrowd, 0, true);
  add(ObjectEditKind::kAdd, 2, false);
  session.set_cursor(4);
  session.decide(ReviewKind::kExclude);
  settle();
  CHECK(objects.measures->images == 5);
  Progress progress;
  CancelToken cancel;
  IssueLog issues;
  WorkerGroup workers(2);
  jobs::JobContext context{progress, cancel, issues, workers};
  for (const MatchChoice& choice :
       {MatchChoice{0.25, 0.5}, MatchChoice{0, 0.15}, MatchChoice{1, 0.5}}) {
    session.objects().set_match(choice);
    settle();
    REQUIRE(objects.matched == choice);
    jobs::FindBoxesOptions options;
    options.judge.store_path = project.store_path;
    options.judge.confidence = choice.confidence;
    options.judge.overlap = choice.overlap;
    const jobs::FindBoxesReport report = jobs::find_boxes(options, context);
    const Table& theirs = report.judged.objects.table;
    const Table& ours = objects.table.table;
    REQUIRE(ours.rows() == theirs.rows());
    for (const char* name : {"object_id", "crowd", "error", "iou", "match", "label_doubt", "doubt",
                             "verdict", "suggested", "evidence", "class_doubt", "place_doubt",
                             "spurious_doubt", "copy_doubt", "missing_doubt"}) {
      CAPTURE(name);
      REQUIRE(ours.find(name) != nullptr);
      size_t others = 0;
      for (size_t i = 0; i < ours.rows(); ++i) {
        const auto row = static_cast<RowIndex>(i);
        others += ours.find(name)->display(row) != theirs.find(name)->display(row) ? 1U : 0U;
      }
      CHECK(others == 0);
    }
    // The crowd and what is left out are no errors.
    CHECK(ours.find("error")->is_null(0));
    CHECK(std::isnan(ours.find("label_doubt")->floats[0]));
  }
}

TEST_CASE("what was done to boxes is read in the history, with their classes") {
  const test::BoxProject project(2);
  Session session(std::make_unique<StoreBackend>(project.store_path, "tester"), nullptr, 2);
  Settle settle{.session = session};
  session.open();
  session.state().layout.bottom_tab = "history";
  settle();
  session.objects().show("kind = 'given' and label = 'red'");
  settle();
  REQUIRE(session.state().view);
  REQUIRE(session.state().view->order.size() > 2);
  const SampleId sample = session.state().snapshot.ids[*session.state().cursor_row()];
  const auto newest = [&] {
    settle();
    REQUIRE(session.state().inspect.history.sample == sample);
    REQUIRE_FALSE(session.state().inspect.history.entries.empty());
    return entry_words(session.state().inspect.history.entries.front());
  };
  session.objects().pick(session.state().view->order[0]);
  session.objects().nudge(3, 0, false);
  CHECK(newest() == "red box at 246, 6: moved to 249, 6");
  session.undo();
  CHECK(newest() == "taken back: red box at 246, 6: moved to 249, 6");
  session.select_all();
  const size_t count = session.state().view->order.size();
  session.objects().set_class("teal");
  settle();
  REQUIRE_FALSE(session.state().history.batches.empty());
  const store::LogBatch& batch = session.state().history.batches.front();
  CHECK(batch_words(batch) == fmt::format("{} boxes given a class: red to teal", count));
  session.log().show_batch(batch.batch);
  settle();
  CHECK(session.state().view->order.size() == 2);  // the images that they are in
}

TEST_CASE("a mask that is lost with a move is told, and comes back with undo") {
  const test::BoxProject project(1);
  Session session(std::make_unique<StoreBackend>(project.store_path, "tester"), nullptr, 2);
  Settle settle{.session = session};
  session.open();
  settle();
  const AppState& state = session.state();
  ObjectEdit add;
  add.kind = ObjectEditKind::kAdd;
  add.sample = state.snapshot.ids[0];
  add.class_name = "red";
  add.box_xywh_px = {0, 0, 2, 4};
  add.shape = encode_shape({.mask = {4, 4, {0, 8, 8}}});
  session.apply({add});
  settle();
  const std::vector<int64_t>& ids = state.objects.table.table.find("object_id")->ints;
  const ObjectId masked = *std::max_element(ids.begin(), ids.end());
  const auto row = [&] { return static_cast<RowIndex>(state.objects.table.row_of(masked)); };
  REQUIRE_FALSE(state.objects.table.shape_bytes(row()).empty());
  CHECK_FALSE(state.message);
  // Another class is no reason to lose it.
  session.objects().pick(row());
  session.objects().set_class("teal");
  settle();
  CHECK_FALSE(state.message);
  session.objects().pick(row());
  session.objects().nudge(1, 0, false);
  settle();
  REQUIRE(state.message);
  CHECK_FALSE(state.message->is_error);
  CHECK(state.message->text.starts_with("A mask was dropped"));
  CHECK(state.objects.table.shape_bytes(row()).empty());
  session.objects().nudge(1, 0, false);
  settle();
  CHECK(state.message);  // still said: this one has dropped none
  session.undo();
  settle();
  CHECK(state.message);
  session.undo();
  settle();
  CHECK_FALSE(state.message);
  CHECK_FALSE(state.objects.table.shape_bytes(row()).empty());
  session.redo();
  settle();
  CHECK(state.message);
}

TEST_CASE("a round over boxes goes on after a restart where it was left") {
  const test::BoxProject project(4);
  const test::TempDir memory;
  std::vector<SampleId> queue;
  double now = 0;
  const auto settle = [&](Session& session) {
    for (int i = 0; i < 6; ++i) {
      session.tasks().finish_all();
      session.frame(now += 1);
      session.tasks().finish_all();
    }
  };
  {
    Session session(std::make_unique<StoreBackend>(project.store_path, "tester"), nullptr, 2);
    session.memory().use_folder(memory.path());
    session.open_remembered();
    settle(session);
    session.objects().show("error = 'background'");
    settle(session);
    session.round().start();
    settle(session);
    REQUIRE(session.state().round.active());
    queue = session.state().round.queue.ids();
    REQUIRE(queue.size() > 3);
    session.objects().accept();
    settle(session);
    session.objects().decide(ObjectEditKind::kKeep);
    settle(session);
    CHECK(session.state().round.counts.decided() == 2);
  }
  Session session(std::make_unique<StoreBackend>(project.store_path, "tester"), nullptr, 2);
  session.memory().use_folder(memory.path());
  session.open_remembered();
  settle(session);
  const AppState& state = session.state();
  CHECK(state.objects_shown());
  REQUIRE(state.round.active());
  CHECK(state.round.queue.ids() == queue);
  CHECK(state.round.counts.added == 1);
  CHECK(state.round.counts.kept == 1);
  CHECK(state.view->order.size() == queue.size());
  CHECK(state.id_of(state.view->order[state.cursor]) == queue[2]);
  // An image that is excluded decides its objects with it.
  session.decide(ReviewKind::kExclude);
  settle(session);
  CHECK(state.round.counts.excluded > 0);
}

}  // namespace errata::viewer
