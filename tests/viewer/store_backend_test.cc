// The program's own backend over a real store of real files.
#include "viewer/app/store_backend.h"

#include <doctest/doctest.h>

#include <numeric>

#include "base/error.h"
#include "base/files.h"
#include "importers/registry.h"
#include "store/edits.h"
#include "store/import_writer.h"
#include "store/runs.h"
#include "store/snapshot_loader.h"
#include "tests/support/synthetic_dataset.h"
#include "tests/support/temp_dir.h"
#include "viewer/state/session.h"

namespace errata::viewer {

namespace {

void import_images(store::Store& store, const std::string& root) {
  Progress progress;
  const CancelToken cancel;
  IssueLog issues;
  store::ImportWriter writer(store, {"images", root, "", {}, "tester"});
  const importers::ImportInput input{root, "", serial_for, progress, cancel, issues};
  importers::choose_importer(root, "imagefolder").reader->run(input, writer);
  writer.finish(issues);
}

void add_run(store::Store& store, const test::SyntheticDataset& dataset) {
  store::RunSpec spec;
  spec.name = "model";
  spec.kind = "probabilities";
  spec.classes = ClassMap(dataset.class_names);
  spec.batch_size = 4;
  const Snapshot snapshot = store::load_snapshot(store);
  const std::vector<float> probabilities = test::synthetic_probabilities(dataset);
  REQUIRE(snapshot.ids.size() * dataset.class_names.size() == probabilities.size());
  store::RunWriter run(store, spec, snapshot.ids, store::OnExistingRun::kRefuse);
  store::RunRows rows;
  rows.probabilities = probabilities;
  run.write(0, rows);
  run.finish();
}

// Images in a folder, imported, with the predictions of a good model.
struct Project {
  Project() : store_path(folder / "my store.db") {
    test::SyntheticOptions options;
    options.with_splits = true;
    dataset = test::make_synthetic_dataset(folder / "images", options);
    store::Store store = store::Store::create(store_path);
    import_images(store, dataset.root);
    add_run(store, dataset);
  }

  test::TempDir folder;
  std::string store_path;
  test::SyntheticDataset dataset;
};

struct Opened {
  explicit Opened(const Project& project)
      : session(std::make_unique<StoreBackend>(project.store_path, "tester"), nullptr, 2) {
    session.open();
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
    opened.session.relabel_to_prediction();
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

TEST_CASE("another program's edit is noticed and loaded on request") {
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
  opened.session.poll_store(100);
  opened.settle();
  CHECK(opened.state().store_changed);
  opened.session.reload();
  opened.settle();
  CHECK_FALSE(opened.state().store_changed);
  CHECK(review_text(opened, sample) == "ambiguous");
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

}  // namespace errata::viewer
