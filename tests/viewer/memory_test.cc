// What is remembered between two starts.
#include "viewer/state/memory.h"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <poll.h>

#include "base/files.h"
#include "base/hash.h"
#include "tests/support/temp_dir.h"
#include "tests/viewer/synthetic_backend.h"
#include "viewer/state/session.h"

namespace errata::viewer {

namespace {

constexpr const char* kMistakes = "label != prediction";

// A session over the given folder; it is dropped without close(), as a crash would.
struct Opened {
  explicit Opened(const test::TempDir& folder, const std::vector<std::string>& kept = {},
                  size_t objects = 0)
      : backend(new test::SyntheticBackend(300)) {
    backend->objects_per_sample_ = objects;
    backend->path_ = folder / "some store.db";
    write_file_atomic(backend->path_, "");
    // What an earlier session decided is in the store.
    std::vector<ReviewEdit> edits;
    for (const std::string& id : kept) {
      edits.push_back({std::stoll(id), ReviewKind::kKeep, {}, {}, {}});
    }
    if (!edits.empty()) backend->review(edits);
    session = std::make_unique<Session>(std::unique_ptr<Backend>(backend), nullptr, 1);
    session->memory().use_folder(folder / "state");
    session->open_remembered();
    settle();
  }
  void settle() { session->tasks().finish_all(); }
  void write() {
    now += 1;
    session->frame(now);
    settle();
  }
  AppState& state() { return session->state(); }
  SampleId cursor() { return state().snapshot.ids[*state().cursor_row()]; }

  test::SyntheticBackend* backend;  // the session's
  std::unique_ptr<Session> session;
  double now = 1;
};

}  // namespace

TEST_CASE("layout, theme, filter, sort and place are as they were") {
  const test::TempDir folder;
  SampleId place = 0;
  {
    Opened opened(folder);
    opened.session->set_filter(kMistakes);
    opened.session->set_sort({"id", true});
    opened.settle();
    opened.session->set_cursor(7);
    opened.settle();
    opened.state().layout.left_width = 301;
    opened.state().layout.bottom_tab = "versions";
    opened.state().layout.centre = CentreMode::kTable;
    opened.state().theme = ThemeName::kLight;
    place = opened.cursor();
    opened.write();
  }
  Opened again(folder);
  CHECK(again.state().filter.applied == kMistakes);
  CHECK(again.state().sort == SortChoice{"id", true});
  CHECK(again.cursor() == place);
  CHECK(again.state().layout.left_width == 301);
  CHECK(again.state().layout.bottom_tab == "versions");
  CHECK(again.state().layout.centre == CentreMode::kTable);
  CHECK(again.state().theme == ThemeName::kLight);
  CHECK(again.session->memory().recent_stores() == std::vector<std::string>{again.backend->path_});
  CHECK_FALSE(again.state().message.has_value());
}

TEST_CASE("close writes what changed since the last time") {
  const test::TempDir folder;
  {
    Opened opened(folder);
    opened.state().layout.tile_width = 222;
    opened.session->close();
  }
  Opened again(folder);
  CHECK(again.state().layout.tile_width == 222);
}

TEST_CASE("a round goes on at its first undecided sample after a crash") {
  const test::TempDir folder;
  std::vector<SampleId> queue;
  {
    Opened opened(folder);
    opened.session->set_filter(kMistakes);
    opened.settle();
    opened.session->round().start();
    opened.settle();
    opened.write();
    queue = opened.state().round.queue.ids();
    REQUIRE(queue.size() > 5);
    // Nothing is written after this: the store alone knows of the decisions.
    opened.session->decide(ReviewKind::kKeep);
    opened.session->decide(ReviewKind::kKeep);
    opened.settle();
  }
  Opened again(folder, {std::to_string(queue[0]), std::to_string(queue[1])});
  CHECK(again.state().round.active());
  CHECK(again.state().round.queue.ids() == queue);
  CHECK(again.state().round.counts.kept == 2);
  CHECK(again.cursor() == queue[2]);
  CHECK(again.state().view->order.size() == queue.size());
  again.session->round().leave();
  again.write();
  Opened left(folder);
  CHECK(left.state().round.phase == RoundPhase::kNone);
}

TEST_CASE("the columns of the table and the folded headings are as they were") {
  const test::TempDir folder;
  const auto is_folded = [](const AppState& state, const std::string& column) {
    for (const FacetView& facet : state.view->facets) {
      if (facet.column == column) return facet.folded;
    }
    for (const HistogramView& histogram : state.view->histograms) {
      if (histogram.column == column) return histogram.folded;
    }
    return false;
  };
  std::vector<TableColumn> columns;
  {
    Opened opened(folder);
    remember_column(opened.state().layout.table_columns, {"path", 333, false});
    remember_column(opened.state().layout.table_columns, {"split", 70, true});
    opened.session->filters().toggle_folded("label");
    opened.settle();
    CHECK(is_folded(opened.state(), "label"));
    columns = table_columns(opened.state().snapshot.samples, opened.state().layout.table_columns);
    opened.write();
  }
  Opened again(folder);
  CHECK(table_columns(again.state().snapshot.samples, again.state().layout.table_columns) ==
        columns);
  CHECK(again.state().layout.folded_facets == std::set<std::string>{"label"});
  CHECK(is_folded(again.state(), "label"));
  // What begins folded and was opened is another set.
  again.state().layout.opened_facets.insert("width");
  again.write();
  CHECK(Opened(folder).state().layout.opened_facets == std::set<std::string>{"width"});
}

TEST_CASE("of two windows over one store the last to change a thing has it remembered so") {
  const test::TempDir folder;
  {
    Opened one(folder);
    Opened other(folder);
    one.session->set_filter(kMistakes);
    one.settle();
    one.state().layout.left_width = 301;
    one.session->round().start();
    one.settle();
    REQUIRE(one.state().round.active());
    one.write();
    other.state().layout.right_width = 402;
    other.state().layout.left_width = 233;
    other.write();
    one.state().theme = ThemeName::kLight;
    one.write();
    // One that has no round does not end that of the other.
    other.session->close();
  }
  Opened again(folder);
  CHECK(again.state().filter.applied == kMistakes);
  CHECK(again.state().layout.left_width == 233);
  CHECK(again.state().layout.right_width == 402);
  CHECK(again.state().theme == ThemeName::kLight);
  CHECK(again.state().round.phase != RoundPhase::kNone);
}

TEST_CASE("a round that another window began later is not ended by leaving an earlier one") {
  const test::TempDir folder;
  size_t wanted = 0;
  {
    Opened one(folder);
    one.session->set_filter(kMistakes);
    one.settle();
    one.session->round().start();
    one.settle();
    one.write();
    Opened other(folder);
    CHECK(other.state().round.active());
    other.session->set_filter("split = 'test'");
    other.settle();
    other.session->round().start();
    other.settle();
    other.write();
    wanted = other.state().round.queue.size();
    one.session->round().leave();
    one.write();
    one.session->close();
    other.session->close();
  }
  Opened again(folder);
  CHECK(again.state().round.queue.size() == wanted);
}

TEST_CASE("decisions that wait for a lock when the window closes are saved at the next start") {
  const test::TempDir folder;
  std::vector<SampleId> decided;
  {
    Opened opened(folder);
    opened.backend->busy_times_ = 1'000'000;
    for (int i = 0; i < 3; ++i) decided.push_back(opened.state().snapshot.ids[i]);
    opened.session->set_sort({"id", false});
    opened.session->tasks().finish_all();
    REQUIRE(opened.cursor() == decided[0]);
    opened.session->decide(ReviewKind::kKeep);
    opened.session->relabel("frog");
    opened.session->decide(ReviewKind::kExclude);
    opened.session->undo();  // of the exclusion
    opened.session->close();
  }
  {
    Opened again(folder);
    CHECK(again.backend->review_of(decided[0]) == "kept");
    CHECK(again.backend->review_of(decided[1]) == "relabelled");
    CHECK(again.backend->label_of(decided[1]) == "frog");
    CHECK(again.backend->review_of(decided[2]) == "unseen");
    REQUIRE(again.state().message.has_value());
    CHECK(again.state().message->text.find("2 decisions that waited") == 0);
    CHECK_FALSE(again.state().message->is_error);
  }
  Opened third(folder);  // not once more
  CHECK_FALSE(third.state().message.has_value());
  CHECK(third.backend->review_of(decided[0]) == "unseen");
}

TEST_CASE("edits of boxes that wait when the window closes are saved at the next start") {
  const test::TempDir folder;
  SampleId decided = 0;
  ObjectId kept = 0;
  {
    Opened opened(folder, {}, 2);
    opened.backend->busy_times_ = 1'000'000;
    decided = opened.cursor();
    opened.session->decide(ReviewKind::kKeep);
    opened.session->apply(std::vector<ObjectEdit>{
        {ObjectEditKind::kSetClass, 1, false, 1, "frog", {}, false, {}, "it is green"}});
    opened.session->apply(std::vector<ObjectEdit>{
        {ObjectEditKind::kAdd,
         0,
         false,
         2,
         "ship",
         {5, 6, 20.25, 10},
         false,
         std::string("\0\xff", 2),
         {}},
        {ObjectEditKind::kSetBox, 2, false, 1, {}, {1, 2, 30, 40}, false, {}, {}}});
    opened.session->apply(
        std::vector<ObjectEdit>{{ObjectEditKind::kDelete, 3, false, 2, {}, {}, false, {}, {}}});
    opened.session->undo();  // of the deletion, not of what was before it
    const ObjectTable& objects = opened.state().objects.table;
    const auto detection = static_cast<RowIndex>(objects.given_end[0]);
    kept = objects.table.find("object_id")->ints[detection];
    opened.session->apply(std::vector<ObjectEdit>{
        {ObjectEditKind::kKeep, kept, true, 1, "frog", {1, 2, 3, 4}, false, {}, {}}});
    opened.session->close();
  }
  Opened again(folder, {}, 2);
  CHECK(again.backend->review_of(decided) == "kept");
  CHECK(again.backend->object_class(1) == "frog");
  CHECK(again.backend->object_class(test::SyntheticBackend::kFirstAdded) == "ship");
  CHECK((*again.backend->object_box(test::SyntheticBackend::kFirstAdded))[2] == 20.25);
  CHECK((*again.backend->object_box(2))[3] == 40);
  CHECK(again.backend->object_class(3).has_value());
  const ObjectTable& objects = again.state().objects.table;
  const auto row = static_cast<RowIndex>(objects.row_of(kept));
  REQUIRE(row < objects.rows());
  CHECK(objects.table.find("review")->display(row) == "kept");
  REQUIRE(again.state().message.has_value());
  CHECK(again.state().message->text.find("5 decisions that waited") == 0);
  again.settle();
  again.session->close();
  CHECK_FALSE(file_exists(folder / "state" +
                          fmt::format("/{:016x}.unsaved.json", xxh3_64(folder / "some store.db"))));
}

TEST_CASE("the place of an object is not taken for a sample's when the objects are gone") {
  const test::TempDir folder;
  {
    Opened opened(folder, {}, 2);
    opened.session->show_rows_of(CentreMode::kObjects);
    opened.session->set_sort({"object_id", false});
    opened.settle();
    opened.session->set_cursor(40);
    REQUIRE(opened.state().id_of(opened.state().view->order[40]) <= 300);
    opened.write();
    opened.session->close();
  }
  {
    Opened again(folder, {}, 2);
    CHECK(again.state().objects_shown());
    CHECK(again.state().cursor == 40);
    again.session->close();
  }
  const Opened without(folder);
  CHECK(without.session->state().view->order.size() == 300);
  CHECK(without.session->state().cursor == 0);
}

TEST_CASE("a decision that waits is noted down, so that a crash does not lose it") {
  const test::TempDir folder;
  Opened opened(folder);
  const std::string noted =
      folder / "state" + fmt::format("/{:016x}.unsaved.json", xxh3_64(folder / "some store.db"));
  opened.backend->busy_times_ = 1'000'000;
  opened.session->decide(ReviewKind::kKeep);
  for (int i = 0; i < 500 && !file_exists(noted); ++i) {
    poll(nullptr, 0, 10);
    opened.session->drain();
    opened.session->frame(opened.now += 1);
  }
  REQUIRE(file_exists(noted));
  CHECK(read_text_file(noted).find("\"keep\"") != std::string::npos);
  opened.backend->busy_times_ = 0;
  opened.settle();
  opened.write();
  CHECK_FALSE(file_exists(noted));
}

TEST_CASE("a broken or older file is passed over with a note") {
  for (const char* text : {"{ not JSON", R"({"version": 0})", R"({"version": 1, "sort": 3})"}) {
    const test::TempDir folder;
    {
      Opened opened(folder);
      opened.write();
    }
    const std::string name =
        folder / "state" + fmt::format("/{:016x}.json", xxh3_64(folder / "some store.db"));
    REQUIRE(file_exists(name));
    write_file_atomic(name, text);
    Opened again(folder);
    CHECK(again.state().loaded);
    REQUIRE(again.state().message.has_value());
    CHECK_FALSE(again.state().message->is_error);
    CHECK(again.state().filter.applied.empty());
  }
}

TEST_CASE("without a folder nothing is written") {
  auto* backend = new test::SyntheticBackend(50);
  const test::TempDir folder;
  backend->path_ = folder / "store.db";
  Session session(std::unique_ptr<Backend>(backend), nullptr, 1);
  session.open();
  session.tasks().finish_all();
  session.frame(10);
  session.close();
  CHECK_FALSE(file_exists(folder / "state"));
}

}  // namespace errata::viewer
