// Real stores in states that a user does not plan: images gone or broken, another program at work,
// names that nobody would give.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <poll.h>
#include <sqlite3.h>

#include <filesystem>

#include "base/files.h"
#include "importers/registry.h"
#include "store/edits.h"
#include "store/import_writer.h"
#include "store/roots.h"
#include "store/runs.h"
#include "store/saved_views.h"
#include "store/score_columns.h"
#include "store/snapshot_loader.h"
#include "tests/support/temp_dir.h"
#include "tests/viewer/store_project.h"
#include "viewer/app/store_backend.h"
#include "viewer/state/session.h"

namespace errata::viewer {

namespace {

struct Opened {
  explicit Opened(const std::string& store_path) {
    auto made = std::make_unique<StoreBackend>(store_path, "tester");
    backend = made.get();
    session = std::make_unique<Session>(std::move(made), nullptr, 2);
    session->open();
    settle();
  }
  void settle() { session->tasks().finish_all(); }
  const AppState& state() const { return session->state(); }
  const Column& column(const char* name) const { return *state().snapshot.samples.find(name); }

  StoreBackend* backend = nullptr;
  std::unique_ptr<Session> session;
};

// Another program that holds the store's write lock.
class OtherWriter {
 public:
  explicit OtherWriter(const std::string& path) {
    REQUIRE(sqlite3_open(path.c_str(), &db_) == SQLITE_OK);
    REQUIRE(sqlite3_exec(db_, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr) == SQLITE_OK);
  }
  ~OtherWriter() { sqlite3_close(db_); }
  OtherWriter(const OtherWriter&) = delete;
  OtherWriter& operator=(const OtherWriter&) = delete;
  void release() { REQUIRE(sqlite3_exec(db_, "COMMIT", nullptr, nullptr, nullptr) == SQLITE_OK); }

 private:
  sqlite3* db_ = nullptr;
};

}  // namespace

TEST_CASE(
    "a vanished folder of images is named, the store stays usable, and a new place is found") {
  const test::StoreProject project;
  const std::string moved = project.folder / "moved";
  std::filesystem::rename(project.dataset.root, moved);
  Opened opened(project.store_path);
  CHECK(opened.state().missing_roots == std::vector<std::string>{project.dataset.root});
  CHECK_FALSE(opened.state().message.has_value());
  const SampleId sample = opened.state().snapshot.ids[0];
  const Picture picture = opened.backend->picture(sample);
  CHECK(picture.is_gone);
  CHECK(picture.problem.find("the file is gone") == 0);
  CHECK(picture.problem.find(project.dataset.root) != std::string::npos);
  CHECK(opened.backend->thumbnail(sample, 64).is_gone);
  opened.session->decide(ReviewKind::kKeep);
  opened.settle();
  CHECK(opened.state().undo.can_undo);
  {
    store::Store other = store::Store::open(project.store_path, store::Access::kWrite);
    store::set_root(other, store::list_roots(other).front().id, moved);
  }
  opened.session->reload();
  opened.settle();
  CHECK(opened.state().missing_roots.empty());
  CHECK(opened.backend->picture(sample).problem.empty());
}

TEST_CASE("an image cut off after the import is a problem of its own, not a grey half") {
  test::SyntheticOptions options;
  options.width_px = 80;
  options.height_px = 80;
  const test::StoreProject project(options);
  const Opened opened(project.store_path);
  const SampleId sample = opened.state().snapshot.ids[0];
  const std::string path = opened.backend->absolute_path(sample);
  std::filesystem::resize_file(path, std::filesystem::file_size(path) / 2);
  const Picture picture = opened.backend->picture(sample);
  CHECK_FALSE(picture.problem.empty());
  CHECK_FALSE(picture.is_gone);
  CHECK(picture.image.empty());
  CHECK_FALSE(opened.backend->thumbnail(sample, 64).problem.empty());
}

TEST_CASE("a thumbnail that went bad on disk is made anew") {
  test::SyntheticOptions options;
  options.width_px = 300;  // smaller ones are not kept on disk
  options.height_px = 300;
  options.classes = 2;
  options.images_per_class = 3;
  options.wrong_labels = 0;
  options.duplicates = 0;
  const test::StoreProject project(options);
  const std::string cache = project.store_path + ".thumbs";
  media::Image before;
  {
    const Opened opened(project.store_path);
    before = opened.backend->thumbnail(opened.state().snapshot.ids[0], 64).image;
  }
  REQUIRE_FALSE(before.empty());
  size_t spoiled = 0;
  for (const auto& entry : std::filesystem::directory_iterator(cache)) {
    if (entry.path().extension() != ".pack" || entry.file_size() == 0) continue;
    std::string bytes = read_text_file(entry.path());
    for (size_t i = bytes.size() / 2; i < bytes.size(); ++i) bytes[i] = '\x55';
    write_file_atomic(entry.path(), bytes);
    ++spoiled;
  }
  REQUIRE(spoiled > 0);
  const Opened opened(project.store_path);
  const Picture after = opened.backend->thumbnail(opened.state().snapshot.ids[0], 64);
  CHECK(after.problem.empty());
  CHECK(after.image.pixels == before.pixels);
}

TEST_CASE("a decision waits for another program's lock and is saved after it") {
  const test::StoreProject project;
  Opened opened(project.store_path);
  const SampleId sample = opened.state().snapshot.ids[*opened.state().cursor_row()];
  OtherWriter other(project.store_path);
  opened.session->decide(ReviewKind::kAmbiguous);
  for (int i = 0; i < 1000 && opened.state().save_waits_for.empty(); ++i) {
    poll(nullptr, 0, 10);
    opened.session->drain();
  }
  CHECK(opened.state().save_waits_for.find("writ") != std::string::npos);
  CHECK(opened.state().saves_pending == 1);
  other.release();
  opened.settle();
  CHECK(opened.state().saves_pending == 0);
  CHECK(opened.state().save_waits_for.empty());
  const auto row = static_cast<RowIndex>(opened.state().snapshot.row_of(sample));
  CHECK(opened.column("review").display(row) == "ambiguous");
}

TEST_CASE("others' labels, tags and undos are followed, our own decisions are not news") {
  const test::StoreProject project;
  Opened opened(project.store_path);
  const Snapshot& snapshot = opened.state().snapshot;
  const SampleId sample = snapshot.ids[4];
  store::Store other = store::Store::open(project.store_path, store::Access::kWrite);
  store::Edit relabel;
  relabel.sample = sample;
  relabel.kind = store::EditKind::kSetLabel;
  relabel.labels = {snapshot.class_ids[2]};
  store::Edit tag;
  tag.sample = sample;
  tag.kind = store::EditKind::kTag;
  tag.text = "seen by anna";
  store::apply_edits(other, std::vector{relabel, tag}, "anna", "");
  opened.session->decide(ReviewKind::kKeep);  // ours, between
  opened.settle();
  opened.session->poll_store(100);
  opened.settle();
  const Snapshot fresh = store::load_snapshot(other);
  for (const char* name : {"label", "review", "tags", "excluded", "split"}) {
    CAPTURE(name);
    for (RowIndex row = 0; row < fresh.ids.size(); ++row) {
      CHECK(opened.column(name).display(row) == fresh.samples.find(name)->display(row));
    }
  }
  REQUIRE(opened.state().message.has_value());
  CHECK(opened.state().message->text.find("anna decided on a sample") != std::string::npos);

  opened.session->state().message.reset();
  opened.session->undo();
  opened.session->redo();
  opened.settle();
  opened.session->poll_store(200);
  opened.settle();
  CHECK_FALSE(opened.state().message.has_value());
  CHECK_FALSE(opened.state().store_changed);

  store::undo(other, "anna");
  store::undo(other, "anna");
  opened.session->poll_store(300);
  opened.settle();
  CHECK(opened.column("tags").display(4).empty());
  CHECK(opened.column("review").display(4) == "unseen");
}

TEST_CASE("a run that another program completes is told of, its pieces on the way are not") {
  const test::StoreProject project;
  Opened opened(project.store_path);
  store::Store other = store::Store::open(project.store_path, store::Access::kWrite);
  store::RunSpec spec;
  spec.name = "second";
  spec.kind = "probabilities";
  spec.classes = ClassMap(project.dataset.class_names);
  spec.batch_size = 4;
  store::RunWriter run(other, spec, opened.state().snapshot.ids, store::OnExistingRun::kRefuse);
  store::RunRows rows;
  rows.probabilities = test::synthetic_probabilities(project.dataset);
  run.write(0, rows);
  opened.session->poll_store(100);
  opened.settle();
  CHECK_FALSE(opened.state().store_changed);
  CHECK_FALSE(opened.state().message.has_value());
  run.finish();
  opened.session->poll_store(200);
  opened.settle();
  CHECK(opened.state().store_changed);
  REQUIRE(opened.state().message.has_value());
  CHECK(opened.state().message->text.find("runs of this store have changed") != std::string::npos);
  const size_t cursor = opened.state().cursor;
  opened.session->reload();
  opened.settle();
  CHECK_FALSE(opened.state().store_changed);
  CHECK(opened.state().snapshot.runs.size() == 2);
  CHECK(opened.state().cursor == cursor);
}

TEST_CASE("what another program found is told of, and its saved views are listed") {
  const test::StoreProject project;
  Opened opened(project.store_path);
  store::Store other = store::Store::open(project.store_path, store::Access::kWrite);
  store::put_saved_view(other, {"anna's", "split = 'test'", "id", ""});
  opened.session->poll_store(100);
  opened.settle();
  CHECK_FALSE(opened.state().store_changed);
  CHECK(opened.state().lists.lists.saved_views.size() == 1);
  store::ScoreColumn column;
  column.name = "label_error";
  column.samples = opened.state().snapshot.ids;
  column.values.assign(column.samples.size(), 0.5F);
  store::put_score_column(other, column);
  opened.session->poll_store(200);
  opened.settle();
  CHECK(opened.state().store_changed);
  REQUIRE(opened.state().message.has_value());
  CHECK(opened.state().message->text.find("What was found in this store has changed") !=
        std::string::npos);
  opened.session->reload();
  opened.settle();
  CHECK_FALSE(opened.state().store_changed);
  CHECK(opened.state().snapshot.samples.find("label_error") != nullptr);
}

TEST_CASE("one class, one sample, and names of every kind") {
  {
    const test::TempDir folder;
    Opened opened(test::store_of_classes(folder, {"only"}));
    CHECK(opened.state().snapshot.ids.size() == 1);
    opened.session->decide(ReviewKind::kExclude);
    opened.session->move_cursor(1);
    opened.settle();
    CHECK(opened.state().cursor == 0);
    CHECK(opened.column("review").display(0) == "excluded");
  }
  const std::vector<std::string> names{std::string(200, 'w'), "猫",      "שלום", "قط",
                                       "two\nlines",          "caf\xE9", "it's", "a  b "};
  const test::TempDir folder;
  Opened opened(test::store_of_classes(folder, names));
  REQUIRE(opened.state().snapshot.ids.size() == names.size());
  CHECK_FALSE(opened.state().message.has_value());
  // Each can be chosen by its name, and filtered by.
  for (size_t i = 0; i < names.size(); ++i) {
    const std::string name = opened.state().snapshot.classes[static_cast<ClassIndex>(i)].name;
    CAPTURE(name);
    opened.session->set_filter("");
    opened.settle();
    opened.session->set_cursor(0);
    opened.session->relabel(name);
    opened.settle();
    CHECK_FALSE(opened.state().message.has_value());
    CHECK(opened.column("label").display(opened.state().view->order[0]) == name);
    opened.session->toggle_facet("label", name, false);
    opened.settle();
    CHECK(opened.state().filter.problem.empty());
    CHECK_FALSE(opened.state().view->order.empty());
  }
}

TEST_CASE("a store of ten thousand classes is opened, counted and filtered") {
  const test::TempDir folder;
  constexpr size_t kClasses = 10'000;
  std::vector<std::string> names;
  for (size_t i = 0; i < kClasses; ++i) names.push_back(fmt::format("class {:05}", i));
  Opened opened(test::store_of_classes(folder, names));
  CHECK(opened.state().snapshot.classes.size() == kClasses);
  size_t values = 0;
  for (const FacetView& facet : opened.state().view->facets) {
    if (facet.column == "label") values = facet.values.size();
  }
  CHECK(values == kClasses);
  opened.session->toggle_facet("label", "class 09999", false);
  opened.settle();
  CHECK(opened.state().view->order.size() == 1);
}

}  // namespace errata::viewer
