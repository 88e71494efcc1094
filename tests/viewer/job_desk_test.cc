// Everything that is started from the window, over a real store of real files, without a window.
#include "viewer/state/job_desk.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <atomic>

#include "base/error.h"
#include "base/files.h"
#include "store/history.h"
#include "store/store.h"
#include "tests/support/synthetic_dataset.h"
#include "tests/support/temp_dir.h"
#include "viewer/app/store_backend.h"
#include "viewer/state/commands.h"
#include "viewer/state/session.h"

namespace errata::viewer {

namespace {

// A folder of images and the predictions of a good model, and a store that is not there yet.
struct Desk {
  Desk() : store_path(folder / "new.db") {
    dataset = test::make_synthetic_dataset(folder / "images");
    session =
        std::make_unique<Session>(std::make_unique<StoreBackend>(store_path, "tester"), nullptr, 1);
    session->open();
    settle();
  }

  // Until no job runs and nothing is left to do.
  void settle() {
    do {
      session->jobs().runner().wait_idle();
      session->tasks().finish_all();
    } while (session->jobs().runner().busy());
  }
  JobDesk& jobs() { return session->jobs(); }
  const AppState& state() const { return session->state(); }
  Form& form(Overlay which) {
    jobs().show_form(which);
    return jobs().form(which);
  }
  void type(Overlay which, std::string_view id, const std::string& value) {
    jobs().set(jobs().form(which), id, value);
    session->tasks().finish_all();
  }
  void submit(Overlay which) {
    jobs().submit(jobs().form(which));
    settle();
  }
  jobs::JobStatus last() { return jobs().runner().all().back(); }

  void import() {
    form(Overlay::kImport);
    type(Overlay::kImport, "source", dataset.root);
    submit(Overlay::kImport);
  }
  std::string prediction_file() {
    std::string csv = "path,class,confidence\n";
    for (const test::SyntheticImage& image : dataset.good()) {
      csv += fmt::format("{},{},0.9\n", image.path, dataset.class_names[image.label_true]);
    }
    return folder.write("model.csv", csv);
  }

  test::TempDir folder;
  std::string store_path;
  test::SyntheticDataset dataset;
  std::unique_ptr<Session> session;
};

// A NumPy file of so many rows of three floats: images of a class near one another.
std::string embedding_file(const Desk& desk, std::string& files) {
  std::vector<float> values;
  size_t row = 0;
  for (const test::SyntheticImage& image : desk.dataset.good()) {
    const auto label = static_cast<float>(image.label_true);
    values.insert(values.end(), {1 + label, 2 - label, 0.01F * static_cast<float>(row++)});
    files += image.path + "\n";
  }
  std::string header = fmt::format("{{'descr': '<f4', 'fortran_order': False, 'shape': ({}, 3), }}",
                                   values.size() / 3);
  while ((10 + header.size() + 1) % 64 != 0) header += ' ';
  header += '\n';
  std::string bytes("\x93NUMPY\x01\x00", 8);
  bytes += static_cast<char>(header.size() & 0xFF);
  bytes += static_cast<char>(header.size() >> 8);
  bytes += header;
  bytes.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float));
  return bytes;
}

// Runs until it is cancelled; says that it has begun.
JobWork endless(std::atomic<bool>& began) {
  JobWork work;
  work.title = "endless";
  work.after_stop = "start it again";
  work.run = [&began](jobs::JobContext& context, JobResult&) -> std::string {
    began = true;
    began.notify_all();
    for (;;) context.cancel.check();
  };
  return work;
}

}  // namespace

TEST_CASE("from no store to the first mistakes: import, predictions, mistakes") {
  Desk desk;
  const CommandRegistry commands;
  CHECK(desk.state().no_store);
  CHECK(desk.state().jobs.welcome);
  CHECK_FALSE(commands.run("run.predictions", *desk.session));  // there is nothing to predict yet

  Form& form = desk.form(Overlay::kImport);
  CHECK_FALSE(form.ready());
  desk.type(Overlay::kImport, "source", desk.dataset.root);
  CHECK(form.field("source").look.note.find("imagefolder") == 0);
  CHECK(form.ready());
  desk.submit(Overlay::kImport);
  CHECK(desk.state().overlay == Overlay::kNone);
  CHECK(desk.last().state == jobs::JobState::kDone);
  CHECK(desk.last().summary.find("accepted") != std::string::npos);
  CHECK_FALSE(desk.state().no_store);
  CHECK(desk.state().snapshot.ids.size() == desk.dataset.good().size());
  CHECK(desk.state().jobs.welcome);  // the second step is next
  const size_t broken = desk.dataset.images.size() - desk.dataset.good().size();
  REQUIRE(broken > 0);
  CHECK(desk.state().lists.lists.issue_count() >= broken);
  desk.jobs().show_issues(desk.last().id);
  CHECK(desk.state().jobs.chosen_issues.size() >= broken);

  desk.session->state().jobs.welcome = false;
  REQUIRE(commands.run("run.predictions", *desk.session));
  desk.type(Overlay::kPredictions, "file", desk.prediction_file());
  desk.type(Overlay::kPredictions, "run", "good");
  desk.submit(Overlay::kPredictions);
  REQUIRE(desk.last().state == jobs::JobState::kDone);
  CHECK(desk.state().snapshot.samples.active_run == "good");
  REQUIRE(desk.state().message.has_value());
  CHECK_FALSE(desk.state().message->is_error);
  CHECK(desk.state().message->command == "view.mistakes");
  REQUIRE(commands.run(desk.state().message->command, *desk.session));
  desk.settle();
  CHECK(desk.state().view->order.size() == desk.dataset.wrong().size());
}

TEST_CASE("what lacks embeddings says so; with them all of the menu Find runs from its forms") {
  Desk desk;
  desk.import();
  desk.session->state().jobs.welcome = false;
  for (const Overlay which : {Overlay::kMap, Overlay::kFindOutliers, Overlay::kProbe}) {
    Form& form = desk.form(which);
    CHECK_FALSE(form.ready());
    CHECK(form.problem().find("embeddings") != std::string::npos);
    desk.session->show_overlay(Overlay::kNone);
  }
  CHECK_FALSE(desk.form(Overlay::kFindSlices).ready());  // it wants predictions
  for (const Overlay which : {Overlay::kFindQuality, Overlay::kFindDuplicates}) {
    CHECK(desk.form(which).ready());
    desk.submit(which);
    CAPTURE(desk.last().summary);
    CHECK(desk.last().state == jobs::JobState::kDone);
    REQUIRE(desk.state().message.has_value());
    CHECK(desk.state().message->command.starts_with("panel."));
  }
  CHECK(desk.state().snapshot.samples.find("dark") != nullptr);
  CHECK(desk.state().snapshot.samples.find("duplicate_group") != nullptr);
  CHECK(desk.state().snapshot.samples.find("duplicate_kept") != nullptr);
  CHECK_THROWS_AS(desk.session->backend().alike({&desk.state().snapshot.ids[0], 1}, 5), Error);

  std::string files;
  const std::string bytes = embedding_file(desk, files);
  desk.form(Overlay::kPredictions);
  desk.type(Overlay::kPredictions, "file", desk.folder.write("backbone.npy", bytes));
  desk.type(Overlay::kPredictions, "files", desk.folder.write("backbone_files.txt", files));
  desk.type(Overlay::kPredictions, "kind", "embedding");
  desk.submit(Overlay::kPredictions);
  CAPTURE(desk.last().summary);
  REQUIRE(desk.last().state == jobs::JobState::kDone);
  CHECK(desk.form(Overlay::kMap).field("embeddings").choices.size() == 2);
  for (const Overlay which : {Overlay::kMap, Overlay::kFindOutliers, Overlay::kProbe,
                              Overlay::kFindLabels, Overlay::kFindSlices}) {
    CAPTURE(static_cast<int>(which));
    CHECK(desk.form(which).ready());
    desk.submit(which);
    CAPTURE(desk.last().summary);
    CHECK(desk.last().state == jobs::JobState::kDone);
  }
  CHECK(desk.state().map.exists);
  CHECK(desk.state().snapshot.samples.find("outlier") != nullptr);
  CHECK(desk.state().snapshot.samples.find("label_error") != nullptr);
  CHECK(desk.state().snapshot.samples.active_run == "probe");
  desk.submit(Overlay::kFindDataset);
  CHECK(desk.state().overlay == Overlay::kResult);

  // The nearest by the embeddings are of the same class, the sample itself is not among them.
  const SampleId first = desk.state().snapshot.ids[0];
  const std::vector<Alike> alike = desk.session->backend().alike({&first, 1}, 2);
  REQUIRE(alike.size() == 2);
  CHECK(alike[0].similarity >= alike[1].similarity);
  CHECK(alike[0].sample != first);
  CHECK(alike[0].similarity > 0.99F);
}

TEST_CASE("kinds of issues are shown one at a time") {
  Desk desk;
  desk.import();
  const ListsState& lists = desk.state().lists;
  REQUIRE_FALSE(lists.lists.issue_counts.empty());
  CHECK(lists.shown_issues.size() == lists.lists.issues.size());
  const auto& [kind, count] = *lists.lists.issue_counts.begin();
  desk.session->lists().show_issues(kind);
  CHECK(lists.shown_issues.size() == count);
  for (const uint32_t index : lists.shown_issues) {
    CHECK(lists.lists.issues[index].issue.kind == kind);
  }
  desk.session->lists().show_issues("no such kind");
  CHECK(lists.shown_issues.size() == lists.lists.issues.size());
}

TEST_CASE("split, version, changes, restore and export from the desk") {
  Desk desk;
  desk.import();
  desk.form(Overlay::kSplit);
  desk.type(Overlay::kSplit, "parts", "train=0.5,test=0.5");
  desk.submit(Overlay::kSplit);
  REQUIRE(desk.last().state == jobs::JobState::kDone);
  CHECK(desk.state().snapshot.samples.find("split") != nullptr);
  desk.session->set_filter("split = 'train'");
  desk.settle();
  CHECK(desk.state().view->order.size() > 0);
  CHECK(desk.state().view->order.size() < desk.state().view->total);

  desk.form(Overlay::kVersion);
  desk.type(Overlay::kVersion, "name", "first");
  desk.submit(Overlay::kVersion);
  REQUIRE(desk.last().state == jobs::JobState::kDone);
  REQUIRE(desk.state().lists.lists.versions.size() == 1);
  Form& again = desk.form(Overlay::kVersion);
  desk.type(Overlay::kVersion, "name", "first");
  CHECK(again.field("name").problem == "there is a version of this name");

  desk.session->decide(ReviewKind::kExclude);
  desk.settle();
  desk.session->show_overlay(Overlay::kNone);
  desk.jobs().show_changes_since("first");
  desk.settle();
  CHECK(desk.last().summary.find("removed 1") != std::string::npos);
  REQUIRE(desk.state().overlay == Overlay::kResult);
  const ResultTable& changes = desk.state().jobs.tables.at(desk.last().id);
  CHECK(changes.heads == std::vector<std::string>{"Change", "From", "To", "Samples"});
  CHECK(changes.rows[0] == std::vector<std::string>{"removed", "", "", "1"});
  CHECK(changes.rows.back()[0] == "unchanged");
  desk.session->show_overlay(Overlay::kNone);
  desk.jobs().restore_version("first");
  REQUIRE(desk.state().jobs.question.has_value());
  CHECK(desk.state().overlay == Overlay::kQuestion);
  desk.jobs().answer(true);
  desk.settle();
  CHECK(desk.last().summary.find("included 1") != std::string::npos);

  const std::string target = desk.folder / "out";
  Form& form = desk.form(Overlay::kExport);
  desk.type(Overlay::kExport, "version", "first");
  desk.type(Overlay::kExport, "to", target);
  CHECK(form.field("to").look.note == "will be made");
  desk.type(Overlay::kExport, "files", "none");
  CHECK_FALSE(form.ready());  // imagefolder needs the images
  desk.type(Overlay::kExport, "files", "copy");
  CHECK(form.field("format").value == "imagefolder");
  desk.type(Overlay::kExport, "dry-run", "1");
  desk.submit(Overlay::kExport);
  REQUIRE(desk.last().state == jobs::JobState::kDone);
  CHECK(desk.last().summary.find("nothing written") != std::string::npos);
  CHECK_FALSE(file_exists(target));
  CHECK(desk.form(Overlay::kExport).field("to").value == target);  // for the real one
  desk.type(Overlay::kExport, "dry-run", "");
  desk.submit(Overlay::kExport);
  REQUIRE(desk.last().state == jobs::JobState::kDone);
  CHECK(is_directory(target));
  Form& refused = desk.form(Overlay::kExport);
  desk.type(Overlay::kExport, "to", target);
  CHECK_FALSE(refused.field("to").look.problem.empty());
  CHECK_FALSE(refused.ready());
}

TEST_CASE("a run is deleted after a question, and another is shown in its place") {
  Desk desk;
  desk.import();
  for (const char* name : {"one", "two"}) {
    desk.form(Overlay::kPredictions);
    desk.type(Overlay::kPredictions, "file", desk.prediction_file());
    desk.type(Overlay::kPredictions, "run", name);
    desk.submit(Overlay::kPredictions);
  }
  CHECK(desk.state().snapshot.samples.active_run == "two");
  desk.jobs().compare_with_shown("one");
  desk.settle();
  CHECK(desk.last().summary.find("only one 0") != std::string::npos);
  REQUIRE(desk.state().overlay == Overlay::kResult);
  const ResultTable& compared = desk.state().jobs.tables.at(desk.last().id);
  CHECK(compared.heads == std::vector<std::string>{"On the same samples", "two", "one"});
  CHECK(compared.rows[0][0] == "accuracy");
  CHECK(compared.rows[0][1] == compared.rows[0][2]);
  desk.session->show_overlay(Overlay::kNone);
  desk.jobs().delete_run("two");
  desk.jobs().answer(false);
  desk.settle();
  CHECK(desk.state().snapshot.runs.size() == 2);
  desk.jobs().delete_run("two");
  desk.jobs().answer(true);
  desk.settle();
  REQUIRE(desk.state().snapshot.runs.size() == 1);
  CHECK(desk.state().snapshot.samples.active_run == "one");
  CHECK(desk.state().lists.lists.runs.size() == 1);
}

TEST_CASE("measured on what it was trained on: the run carries a warning") {
  Desk desk;
  desk.import();
  desk.form(Overlay::kPredictions);
  desk.type(Overlay::kPredictions, "file", desk.prediction_file());
  desk.type(Overlay::kPredictions, "trained-on", "label = 'class_0'");
  desk.submit(Overlay::kPredictions);
  CHECK(desk.state().jobs.run_warnings.contains("model"));
}

TEST_CASE("what is wrong in a form is told at its field, and nothing starts") {
  Desk desk;
  desk.import();
  const size_t jobs_before = desk.jobs().started();
  Form& form = desk.form(Overlay::kInfer);
  CHECK(form.field("model").problem == "wanted");
  CHECK_FALSE(form.field("model").touched);
  desk.submit(Overlay::kInfer);
  CHECK(form.field("model").touched);
  CHECK(desk.state().overlay == Overlay::kInfer);
  desk.type(Overlay::kInfer, "model", desk.folder / "no such model");
  CHECK(form.field("model").look.problem == "nothing is there");
  desk.type(Overlay::kInfer, "batch", "many");
  CHECK(form.field("batch").problem.find("a whole number") == 0);
  desk.type(Overlay::kInfer, "batch", "16");
  CHECK(form.field("batch").problem.empty());
  desk.type(Overlay::kInfer, "where", "labell = 'class_0'");
  CHECK_FALSE(form.field("where").problem.empty());
  desk.type(Overlay::kInfer, "where", "label = 'class_0'");
  CHECK(form.field("where").problem.empty());
  desk.type(Overlay::kInfer, "model", desk.folder.write("model.pt", "x"));
  desk.type(Overlay::kInfer, "resume", "1");
  desk.type(Overlay::kInfer, "replace", "1");
  CHECK_FALSE(form.problem().empty());
  desk.submit(Overlay::kInfer);
  CHECK(desk.jobs().started() == jobs_before);
}

TEST_CASE("a path is completed as far as what lies there decides it") {
  Desk desk;
  Form& form = desk.form(Overlay::kImport);
  const std::string begun = desk.folder / "ima";
  desk.type(Overlay::kImport, "source", begun);
  CHECK(form.field("source").look.completion == desk.folder / "images/");
  desk.type(Overlay::kImport, "source", desk.folder / "images/");
  CHECK(form.field("source").look.completion == desk.folder / "images/class_");
  CHECK(form.field("source").look.candidates.size() == desk.dataset.class_names.size());
}

TEST_CASE("a job that fails tells its error once, with what to do") {
  Desk desk;
  desk.import();
  jobs::PredictionsJobOptions options;
  options.store_path = desk.store_path;
  options.input_path = desk.folder.write("none.csv", "path,class,confidence\nx.png,class_0,0.5\n");
  desk.jobs().start(predictions_work(options));
  desk.settle();
  CHECK(desk.last().state == jobs::JobState::kFailed);
  REQUIRE(desk.last().error.has_value());
  REQUIRE(desk.state().message.has_value());
  CHECK(desk.state().message->is_error);
  CHECK(desk.state().message->text.find(desk.last().error->what()) == 0);
  CHECK(desk.state().message->hint == desk.last().error->hint());
  CHECK(desk.state().snapshot.ids.size() == desk.dataset.good().size());
  desk.jobs().show_issues(desk.last().id);
  CHECK_FALSE(desk.state().jobs.chosen_issues.empty());
}

TEST_CASE("jobs queue and are cancelled; one that waits never starts") {
  Desk desk;
  std::atomic<bool> first_began{false};
  std::atomic<bool> second_began{false};
  const jobs::JobId first = desk.jobs().start(endless(first_began));
  const jobs::JobId second = desk.jobs().start(endless(second_began));
  first_began.wait(false);
  CHECK_FALSE(desk.jobs().may_quit());
  CHECK(desk.state().jobs.question.has_value());
  desk.jobs().answer(false);
  desk.jobs().open_store("other.db");
  CHECK(desk.state().open_wanted.empty());  // asked first
  desk.jobs().cancel(second);
  desk.jobs().cancel(first);
  desk.settle();
  CHECK(desk.jobs().runner().status(first)->state == jobs::JobState::kCancelled);
  CHECK(desk.jobs().runner().status(second)->state == jobs::JobState::kCancelled);
  CHECK_FALSE(second_began);
  REQUIRE(desk.state().message.has_value());
  CHECK_FALSE(desk.state().message->is_error);
  CHECK(desk.state().message->hint == "start it again");
  CHECK(desk.jobs().may_quit());
  desk.jobs().open_store("other.db");
  CHECK(desk.state().open_wanted == "other.db");
}

TEST_CASE("closing while a job runs stops it, and nothing touches the closed session") {
  for (const bool by_close : {true, false}) {
    Desk desk;
    std::atomic<bool> began{false};
    std::atomic<bool> waiting_began{false};
    desk.jobs().start(endless(began));
    desk.jobs().start(endless(waiting_began));
    began.wait(false);
    if (by_close) desk.session->close();
    desk.session.reset();
    CHECK_FALSE(waiting_began);
  }
}

TEST_CASE("a job started from the window is signed as the window's decisions are") {
  Desk desk;
  CHECK(desk.form(Overlay::kImport).field("who").value == "tester");
  CHECK(desk.form(Overlay::kFindLabels).field("who").value == "tester");
  desk.type(Overlay::kImport, "source", desk.dataset.root);
  desk.submit(Overlay::kImport);
  store::Store store = store::Store::open(desk.store_path, store::Access::kRead);
  const std::vector<store::LogEntry> log = store::read_log(store, {});
  REQUIRE(log.size() == 1);
  CHECK(log[0].what == "import");
  CHECK(log[0].who == "tester");
}

TEST_CASE("what is dropped onto the window goes where it belongs") {
  Desk desk;
  desk.jobs().take_dropped({desk.dataset.root});
  desk.settle();
  CHECK(desk.state().overlay == Overlay::kImport);
  CHECK(desk.jobs().form(Overlay::kImport).field("source").value == desk.dataset.root);
  desk.submit(Overlay::kImport);

  const std::string predictions = desk.prediction_file();
  desk.jobs().take_dropped({predictions});
  desk.settle();
  CHECK(desk.state().overlay == Overlay::kPredictions);
  CHECK(desk.jobs().form(Overlay::kPredictions).field("file").value == predictions);
  // Onto an open form: its first path.
  desk.form(Overlay::kImport);
  desk.jobs().take_dropped({predictions});
  CHECK(desk.jobs().form(Overlay::kImport).field("source").value == predictions);
  desk.session->show_overlay(Overlay::kNone);

  desk.jobs().take_dropped({desk.store_path});
  desk.settle();
  CHECK(desk.state().open_wanted == desk.store_path);
}

}  // namespace errata::viewer
