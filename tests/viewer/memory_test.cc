// What is remembered between two starts.
#include "viewer/state/memory.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

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
  explicit Opened(const test::TempDir& folder, const std::vector<std::string>& kept = {})
      : backend(new test::SyntheticBackend(300)) {
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
    queue = opened.state().round.queue;
    REQUIRE(queue.size() > 5);
    // Nothing is written after this: the store alone knows of the decisions.
    opened.session->decide(ReviewKind::kKeep);
    opened.session->decide(ReviewKind::kKeep);
    opened.settle();
  }
  Opened again(folder, {std::to_string(queue[0]), std::to_string(queue[1])});
  CHECK(again.state().round.active());
  CHECK(again.state().round.queue == queue);
  CHECK(again.state().round.counts.kept == 2);
  CHECK(again.cursor() == queue[2]);
  CHECK(again.state().view->order.size() == queue.size());
  again.session->round().leave();
  again.write();
  Opened left(folder);
  CHECK(left.state().round.phase == RoundPhase::kNone);
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
