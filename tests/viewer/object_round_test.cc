// Review rounds over objects, without a display.
#include <doctest/doctest.h>

#include <set>

#include "tests/viewer/opened_objects.h"
#include "viewer/state/memory_files.h"

namespace errata::viewer {

namespace {

struct Opened : test::OpenedObjects {
  explicit Opened(const std::string& filter) { show(filter); }

  void run(std::string_view command) { REQUIRE(OpenedObjects::run(command)); }
  const RoundState& round() const { return session.state().round; }
  std::vector<ObjectId> order() const {
    std::vector<ObjectId> ids;
    for (const RowIndex row : state().view->order) ids.push_back(state().id_of(row));
    return ids;
  }
  ObjectId cursor() const { return order()[state().cursor]; }
  std::string_view review(size_t position) const {
    return review_of(columns(), state().view->order[position]);
  }
};

constexpr const char* kGiven = "kind = 'given' and error in ('missed', 'class')";
constexpr const char* kGhosts = "error = 'background'";

}  // namespace

TEST_CASE("a round over objects freezes the queue; what is decided stays; the cursor moves on") {
  Opened opened(kGiven);
  const std::vector<ObjectId> before = opened.order();
  REQUIRE(before.size() == 40);
  opened.run("round.start");
  REQUIRE(opened.round().active());
  CHECK(opened.round().objects);
  CHECK(opened.round().queue.size() == 40);
  opened.run("review.keep");
  CHECK(opened.state().cursor == 1);
  opened.session.objects().set_class("frog");
  opened.settle();
  opened.run("review.ambiguous");
  CHECK(opened.round().counts.kept == 1);
  CHECK(opened.round().counts.relabelled == 1);
  CHECK(opened.round().counts.ambiguous == 1);
  CHECK(opened.order() == before);  // also what the filter would not let through any more
  CHECK(opened.review(0) == "kept");
  CHECK(opened.review(1) == "changed");
  CHECK(opened.cursor() == before[3]);
  opened.run("object.delete");
  CHECK(opened.round().counts.deleted == 1);
  CHECK(opened.round().counts.decided() == 4);
  CHECK(opened.order().size() == 39);
  CHECK(opened.cursor() == before[4]);
  // What the filter would answer otherwise changes nothing.
  opened.run("view.refresh");
  CHECK(opened.order().size() == 39);
  CHECK(opened.cursor() == before[4]);
  opened.run("edit.undo");
  CHECK(opened.round().counts.deleted == 0);
  CHECK(opened.order() == before);
  CHECK(opened.cursor() == before[3]);
  // Over those that are decided.
  opened.session.set_cursor(0);
  opened.run("round.next");
  CHECK(opened.cursor() == before[3]);
  opened.session.set_cursor(1);
  opened.run("review.keep");  // another decision on one that is decided
  CHECK(opened.round().counts.decided() == 3);
  CHECK(opened.cursor() == before[3]);
  while (!opened.round().finished()) opened.run("review.keep");
  CHECK(opened.round().counts.decided() == 40);
  CHECK_FALSE(opened.commands.run("round.next", opened.session));
  // None of it comes back.
  opened.run("round.refresh");
  CHECK(opened.round().phase == RoundPhase::kPaused);
  REQUIRE(opened.state().message);
  CHECK(opened.state().message->text.find("decided already") != std::string::npos);
}

TEST_CASE("a selection is decided as one, and the next undecided object is not far") {
  Opened opened(kGiven);
  opened.run("round.start");
  const std::vector<ObjectId> order = opened.order();
  opened.session.set_cursor(0);
  opened.session.set_cursor(4, SelectMode::kRange);
  opened.run("review.keep");
  CHECK(opened.round().counts.kept == 5);
  CHECK(opened.state().selection.count() == 0);
  CHECK(opened.cursor() == order[5]);
  opened.run("edit.undo");
  CHECK(opened.round().counts.kept == 0);
}

TEST_CASE("a detection on nothing becomes a label, or is left as it is, which undo takes back") {
  Opened opened(kGhosts);
  const std::vector<ObjectId> before = opened.order();
  REQUIRE(before.size() == 20);
  opened.run("round.start");
  const size_t labels = opened.backend->objects_count();
  opened.run("review.accept");
  CHECK(opened.round().counts.added == 1);
  CHECK(opened.order() == before);
  CHECK(opened.review(0) == "added");
  CHECK(opened.cursor() == before[1]);
  CHECK_FALSE(opened.state().message);
  opened.run("review.keep");
  CHECK(opened.round().counts.kept == 1);
  CHECK(opened.review(1) == "kept");
  CHECK(opened.cursor() == before[2]);
  CHECK_FALSE(opened.state().message);
  CHECK(opened.backend->objects_count() == labels + 1);
  opened.run("review.ambiguous");
  CHECK(opened.round().counts.ambiguous == 1);
  opened.run("edit.undo");
  CHECK(opened.round().counts.ambiguous == 0);
  opened.run("edit.undo");
  CHECK(opened.round().counts.kept == 0);
  CHECK(opened.review(1).empty());
  opened.run("edit.redo");
  CHECK(opened.round().counts.kept == 1);
  opened.run("edit.undo");
  opened.run("edit.undo");
  CHECK(opened.round().counts.added == 0);
  CHECK(opened.backend->objects_count() == labels);
  opened.session.set_cursor(1);
  opened.run("review.keep");
  CHECK(opened.round().counts.kept == 1);
  opened.session.set_cursor(1);
  opened.run("review.unreview");
  CHECK(opened.round().counts.kept == 0);
  CHECK(opened.cursor() == before[1]);
  // Deleting a detection decides nothing.
  opened.commands.run("object.delete", opened.session);
  opened.settle();
  CHECK(opened.cursor() == before[1]);
  CHECK(opened.round().counts.decided() == 0);
  // Left ones stay out of the queue when it is made anew.
  opened.run("review.keep");
  opened.run("round.refresh");
  REQUIRE(opened.round().active());
  CHECK(opened.round().queue.size() == 19);
}

TEST_CASE("objects accepted faster than they are saved and matched are never met twice") {
  Opened opened(kGhosts);
  opened.run("round.start");
  const size_t labels = opened.backend->objects_count();
  std::set<ObjectId> seen;
  for (int i = 0; i < 10; ++i) {
    CHECK(seen.insert(opened.cursor()).second);
    REQUIRE(opened.commands.run("review.accept", opened.session));
    if (i == 5) opened.session.tasks().drain();
  }
  opened.settle();
  CHECK(opened.backend->objects_count() == labels + 10);
  CHECK(opened.round().counts.added == 10);
  // One that cannot be saved is open again.
  opened.backend->fail_edits_ = true;
  opened.run("review.accept");
  opened.backend->fail_edits_ = false;
  CHECK(opened.round().counts.added == 10);
  for (int i = 0; i < 10; ++i) opened.run("review.accept");
  CHECK(opened.round().finished());
}

TEST_CASE("another filter or the samples pause the round, and it is found again") {
  Opened opened(kGiven);
  opened.run("round.start");
  const std::vector<ObjectId> queue = opened.order();
  opened.run("review.keep");
  opened.session.set_filter("error = 'duplicate'");
  opened.settle();
  CHECK(opened.round().phase == RoundPhase::kPaused);
  opened.run("round.resume");
  CHECK(opened.round().active());
  CHECK(opened.order() == queue);
  CHECK(opened.cursor() == queue[1]);
  opened.session.show_rows_of(CentreMode::kGrid);
  opened.settle();
  CHECK(opened.round().phase == RoundPhase::kPaused);
  opened.run("round.resume");
  CHECK(opened.state().objects_shown());
  CHECK(opened.order() == queue);
  // Other thresholds change what the filter would let through, and nothing of the queue.
  opened.session.objects().set_match({0.25, 0.9});
  opened.settle();
  CHECK(opened.order() == queue);
  CHECK(opened.round().counts.kept == 1);
  opened.run("round.leave");
  CHECK(opened.round().phase == RoundPhase::kNone);
  // A round over samples is another, and goes back to them.
  opened.session.show_rows_of(CentreMode::kGrid);
  opened.settle();
  opened.run("round.start");
  CHECK_FALSE(opened.round().objects);
  opened.session.objects().show("");
  opened.settle();
  CHECK(opened.round().phase == RoundPhase::kPaused);
  opened.run("round.resume");
  CHECK_FALSE(opened.state().objects_shown());
}

TEST_CASE("a round over objects is written down, and an older file is one over samples") {
  RoundState round;
  round.objects = true;
  round.queue = std::vector<SampleId>{5, 3};
  const RoundState read = round_of(round_json(round));
  CHECK(read.objects);
  CHECK(read.queue == round.queue);
  text::Json::Object older;
  const text::Json json = round_json(round);
  for (const auto& [key, value] : json.as_object()) {
    if (key != "objects") older.emplace_back(key, value);
  }
  CHECK_FALSE(round_of(text::Json(std::move(older))).objects);
}

}  // namespace errata::viewer
