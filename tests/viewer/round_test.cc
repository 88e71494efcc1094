// Review rounds, without a display.
#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "tests/viewer/synthetic_backend.h"
#include "text/json.h"
#include "viewer/state/commands.h"
#include "viewer/state/evidence.h"
#include "viewer/state/session.h"

namespace errata::viewer {

namespace {

constexpr const char* kMistakes = "label != prediction";

struct Opened {
  explicit Opened(size_t samples = 500)
      : backend(new test::SyntheticBackend(samples)),
        session(std::unique_ptr<Backend>(backend), nullptr, 1) {
    session.open();
    settle();
    session.set_filter(kMistakes);
    settle();
  }
  void settle() { session.tasks().finish_all(); }
  void run(std::string_view command) {
    REQUIRE(commands.run(command, session));
    settle();
  }
  const RoundState& round() const { return session.state().round; }
  const std::vector<RowIndex>& order() const { return session.state().view->order; }
  SampleId cursor() const { return session.state().snapshot.ids[*session.state().cursor_row()]; }

  test::SyntheticBackend* backend;  // the session's
  Session session;
  CommandRegistry commands;
};

}  // namespace

TEST_CASE("evidence is written so that its class can be read back") {
  CHECK(evidence_class("resnet20 says ship 0.983") == "ship");
  CHECK(evidence_class("run says fire engine 1.000") == "fire engine");
  CHECK(evidence_class("run says cat -") == "cat");
  CHECK_FALSE(evidence_class("review").has_value());
  CHECK_FALSE(evidence_class("he says so").has_value());
  CHECK_FALSE(evidence_class("").has_value());
  Opened opened;
  const Table& samples = opened.session.state().snapshot.samples;
  const std::string text = evidence(samples, 0);
  CHECK(text.starts_with("resnet20 says "));
  CHECK(evidence_class(text) == std::string(samples.find("prediction")->text(0)));
}

TEST_CASE("a round freezes the queue and its count; a corrected tile stays; the cursor moves on") {
  Opened opened;
  const std::vector<RowIndex> before = opened.order();
  opened.run("round.start");
  REQUIRE(opened.round().active());
  CHECK(opened.round().queue.size() == before.size());
  opened.run("review.accept");
  opened.run("review.keep");
  opened.run("review.exclude");
  opened.run("review.ambiguous");
  CHECK(opened.order() == before);
  CHECK(opened.round().counts.relabelled == 1);
  CHECK(opened.round().counts.kept == 1);
  CHECK(opened.round().counts.excluded == 1);
  CHECK(opened.round().counts.ambiguous == 1);
  CHECK(opened.session.state().cursor == 4);
  // Asking for the order again, which the filter would answer otherwise, changes nothing.
  opened.run("view.refresh");
  CHECK(opened.order() == before);
  CHECK(opened.session.state().cursor == 4);
  opened.session.set_cursor(0);
  opened.run("round.next");
  CHECK(opened.session.state().cursor == 4);
  opened.run("edit.undo");
  CHECK(opened.round().counts.ambiguous == 0);
  CHECK(opened.session.state().cursor == 3);
  // Past the one that is undone and decided again, over those that are decided.
  opened.session.set_cursor(2);
  opened.run("review.keep");
  CHECK(opened.session.state().cursor == 3);
}

TEST_CASE("decisions made faster than they are saved never come to the same sample twice") {
  Opened opened;
  opened.run("round.start");
  std::set<SampleId> seen;
  for (int i = 0; i < 20; ++i) {
    CHECK(seen.insert(opened.cursor()).second);
    REQUIRE(opened.commands.run("review.keep", opened.session));
  }
  opened.settle();
  CHECK(opened.round().counts.kept == 20);
}

TEST_CASE("another filter pauses the round, resuming goes to the first undecided sample") {
  Opened opened;
  opened.run("round.start");
  const std::vector<RowIndex> queue = opened.order();
  opened.run("review.keep");
  opened.run("review.accept");
  opened.session.set_filter("split = 'test'");
  opened.settle();
  CHECK(opened.round().phase == RoundPhase::kPaused);
  CHECK(opened.order() != queue);
  CHECK_FALSE(opened.commands.run("round.next", opened.session));
  CHECK(opened.round().counts.decided() == 2);
  opened.run("round.resume");
  CHECK(opened.round().active());
  CHECK(opened.order() == queue);
  CHECK(opened.session.state().filter.applied == kMistakes);
  CHECK(opened.session.state().cursor == 2);
}

TEST_CASE("a round under way is not dropped for another unasked") {
  Opened opened;
  opened.run("round.start");
  const std::string first = opened.round().id;
  opened.run("round.start");  // nothing is decided: nothing is lost
  CHECK(opened.round().id != first);
  opened.run("review.keep");
  const std::string id = opened.round().id;
  opened.run("round.start");
  CHECK(opened.round().id == id);
  REQUIRE(opened.session.state().overlay == Overlay::kQuestion);
  CHECK(opened.session.state().jobs.question->text.starts_with("1 of "));
  opened.session.jobs().answer(false);
  opened.settle();
  CHECK(opened.round().id == id);
  CHECK(opened.round().counts.kept == 1);
  opened.run("round.start");
  opened.session.jobs().answer(true);
  opened.settle();
  CHECK(opened.round().id != id);
  CHECK(opened.round().counts.decided() == 0);
}

TEST_CASE("what is decided does not come back, but for what the model now sees otherwise") {
  Opened opened;
  const SampleId kept = opened.cursor();
  opened.run("review.keep");
  const SampleId other = opened.cursor();
  // As decided when another class was predicted.
  opened.session.apply({{other, ReviewKind::kKeep, {}, {}, "resnet20 says nothing-alike 0.900"}});
  opened.settle();
  const size_t shown = opened.order().size();
  opened.run("round.start");
  const std::vector<SampleId> queue = opened.round().queue.ids();
  CHECK(queue.size() == shown - 1);
  CHECK(std::find(queue.begin(), queue.end(), kept) == queue.end());
  CHECK(std::find(queue.begin(), queue.end(), other) != queue.end());
  CHECK(opened.round().returned == std::vector<SampleId>{other});
  CHECK(opened.round().counts.decided() == 0);
  CHECK(opened.cursor() == other);
  opened.run("review.keep");
  CHECK(opened.round().counts.kept == 1);
  CHECK(opened.cursor() != other);
  opened.run("round.refresh");
  CHECK(opened.round().active());
  CHECK(opened.round().queue.size() == shown - 2);
  CHECK(opened.round().returned.empty());
}

TEST_CASE("a round ends with its sums and leaves the filter's samples behind") {
  Opened opened(60);
  opened.run("round.start");
  const size_t all = opened.round().queue.size();
  for (size_t i = 0; i < all; ++i) opened.run("review.keep");
  CHECK(opened.round().finished());
  CHECK(opened.round().counts.kept == all);
  CHECK_FALSE(opened.commands.run("round.next", opened.session));
  opened.run("round.leave");
  CHECK(opened.round().phase == RoundPhase::kNone);
  opened.run("round.start");
  CHECK(opened.round().phase == RoundPhase::kNone);
  REQUIRE(opened.session.state().message.has_value());
  CHECK(opened.session.state().message->text.find("decided already") != std::string::npos);
}

TEST_CASE("a round outlives a reload and another run") {
  Opened opened;
  opened.run("round.start");
  opened.run("review.keep");
  opened.run("review.keep");
  const std::vector<SampleId> queue = opened.round().queue.ids();
  const SampleId cursor = opened.cursor();
  opened.run("file.reload");
  CHECK(opened.round().active());
  CHECK(opened.round().queue.ids() == queue);
  CHECK(opened.round().counts.kept == 2);
  CHECK(opened.cursor() == cursor);
}

TEST_CASE("within a round a reload keeps what is selected, also what the filter lost meanwhile") {
  Opened opened;
  opened.run("round.start");
  // The first one is corrected: the filter has lost it, the queue has not.
  const std::string truth = opened.session.state()
                                .snapshot.samples.find("prediction")
                                ->display(*opened.session.state().cursor_row());
  opened.session.relabel(truth);
  opened.settle();
  opened.session.set_cursor(0);
  opened.session.set_cursor(2, SelectMode::kRange);
  const auto selected = [&] {
    std::vector<SampleId> ids;
    for (const RowIndex row : opened.session.state().selection.rows()) {
      ids.push_back(opened.session.state().snapshot.ids[row]);
    }
    return ids;
  };
  const std::vector<SampleId> chosen = selected();
  REQUIRE(chosen.size() == 3);
  opened.run("file.reload");
  REQUIRE(opened.round().active());
  CHECK(selected() == chosen);
  opened.run("file.reload");
  CHECK(selected() == chosen);
  opened.run("round.refresh");
  CHECK(selected().empty());
}

TEST_CASE("in a round a neighbour from outside is visited, decided, and the round goes on") {
  Opened opened;
  opened.run("round.start");
  opened.session.set_cursor(2);
  const SampleId before = opened.cursor();
  const size_t queue = opened.round().queue.size();
  RowIndex outside = 0;
  while (std::find(opened.order().begin(), opened.order().end(), outside) != opened.order().end()) {
    ++outside;
  }
  opened.session.inspector().visit(outside);
  const SampleId visited = opened.session.state().snapshot.ids[outside];
  REQUIRE(opened.cursor() == visited);
  opened.run("review.keep");
  CHECK(opened.session.state().snapshot.samples.find("review")->display(outside) == "kept");
  CHECK(opened.cursor() == before);
  CHECK(opened.round().active());
  CHECK(opened.round().counts.decided() == 0);
  CHECK(opened.round().queue.size() == queue);
}

TEST_CASE("a tag goes on, is counted, and comes off again; undo takes it back") {
  Opened opened;
  const SampleId sample = opened.cursor();
  const auto tags_of = [&] {
    const Snapshot& snapshot = opened.session.state().snapshot;
    return snapshot.samples.find("tags")->display(static_cast<RowIndex>(snapshot.row_of(sample)));
  };
  opened.run("review.tag");
  CHECK(opened.session.state().overlay == Overlay::kTag);
  CHECK(opened.session.state().tags.tags.empty());
  opened.session.log().toggle_tag("blurred");
  opened.settle();
  CHECK(tags_of() == "blurred");
  REQUIRE(opened.session.state().tags.tags.size() == 1);
  CHECK(opened.session.state().tags.tags[0].count == 1);
  CHECK(opened.session.state().tags.tags[0].on);
  CHECK(opened.cursor() == sample);
  opened.session.log().toggle_tag("blurred");
  opened.settle();
  CHECK(tags_of().empty());
  opened.run("edit.undo");
  CHECK(tags_of() == "blurred");
}

TEST_CASE("a queue of very many is looked up on a lane; what is decided meanwhile counts") {
  Opened opened(15'000);
  opened.session.set_filter("");
  opened.settle();
  opened.run("round.start");
  REQUIRE(opened.round().active());
  CHECK(opened.round().queue.size() == 15'000);
  CHECK(opened.order().size() == 15'000);
  opened.session.reload();
  opened.session.tasks().finish_all();
  opened.session.decide(ReviewKind::kKeep);
  opened.settle();
  CHECK(opened.round().counts.kept == 1);
  opened.session.select_all();
  opened.session.decide(ReviewKind::kExclude);
  opened.settle();
  CHECK(opened.round().counts.excluded == 15'000);
  CHECK(opened.round().finished());
}

TEST_CASE("an audit drawn under the mistakes is drawn from what is measured there") {
  Opened opened;  // shows the mistakes
  opened.session.set_filter("split = 'train' and label != prediction");
  opened.settle();
  CHECK(opened.session.round().audit_population() == "split = 'train'");
  opened.session.round().start_audit(20);
  opened.settle();
  REQUIRE(opened.round().active());
  CHECK(opened.round().queue.size() == 20);
  CHECK(opened.session.state().filter.applied == "split = 'train'");
  CHECK(opened.order().size() == 20);
  for (int i = 0; i < 20; ++i) opened.session.decide(ReviewKind::kKeep);
  opened.settle();
  CHECK(opened.round().finished());
  for (int i = 1; i < 4; ++i) {
    opened.session.frame(i * 10);
    opened.settle();
  }
  const PanelAnswer& answer = *opened.session.state().panels.answer;
  CHECK_FALSE(answer.audit_elsewhere);
  CHECK(answer.audit_drawn == 20);
  CHECK(answer.audit_estimate.has_value());
}

TEST_CASE("an audit draws at random from the filter, tags, says how, and starts a round") {
  Opened opened;
  opened.session.set_filter("split = 'train'");
  opened.settle();
  const SampleId excluded = opened.cursor();
  opened.run("review.exclude");
  opened.session.round().start_audit(40);
  opened.settle();
  const RoundState& round = opened.round();
  REQUIRE(round.active());
  CHECK(round.audit);
  REQUIRE(round.queue.size() == 40);
  CHECK(std::set<SampleId>(round.queue.begin(), round.queue.end()).size() == 40);
  CHECK_FALSE(std::is_sorted(round.queue.begin(), round.queue.end()));
  CHECK(std::find(round.queue.begin(), round.queue.end(), excluded) == round.queue.end());
  const Snapshot& snapshot = opened.session.state().snapshot;
  for (const SampleId sample : round.queue) {
    const auto row = static_cast<RowIndex>(snapshot.row_of(sample));
    CHECK(snapshot.samples.find("split")->text(row) == "train");
    CHECK(snapshot.samples.find("tags")->display(row) == "audit");
  }
  const std::vector<store::SavedView>& views = opened.session.state().lists.lists.saved_views;
  REQUIRE(views.size() == 1);
  CHECK(views[0].name == "audit");
  const text::Json options = text::parse_json(views[0].options_json);
  CHECK(options.get_string("population") == "split = 'train'");
  CHECK(options.get_int("size") == 40);
  CHECK(options.contains("seed"));
  opened.run("edit.undo");
  CHECK(snapshot.samples.find("tags")->display(
            static_cast<RowIndex>(snapshot.row_of(round.queue[0]))) == "");
  const auto tagged = [&] {
    size_t count = 0;
    for (size_t row = 0; row < snapshot.ids.size(); ++row) {
      const std::string tags = snapshot.samples.find("tags")->display(static_cast<RowIndex>(row));
      count += tags == "audit" ? 1 : 0;
    }
    return count;
  };
  // A later draw takes the place of an earlier one.
  for (const size_t size : {size_t{10}, size_t{7}}) {
    opened.session.round().start_audit(size);
    opened.settle();
    CHECK(tagged() == size);
  }
  opened.run("edit.undo");
  CHECK(tagged() == 10);
}

TEST_CASE("the history has a line for each batch, and shows its samples") {
  Opened opened;
  opened.session.select_all();
  const size_t all = opened.session.state().selection.count();
  opened.run("review.keep");
  opened.session.clear_selection();
  opened.run("review.exclude");
  opened.session.state().layout.bottom_tab = "history";
  opened.session.frame(1);
  opened.settle();
  const HistoryState& history = opened.session.state().history;
  REQUIRE(history.batches.size() == 2);
  CHECK(history.complete);
  CHECK(history.batches[1].changes[0].count == all);
  opened.session.log().show_batch(history.batches[0].batch);
  opened.settle();
  CHECK(opened.order().size() == 1);
  CHECK(opened.session.state().filter.applied.starts_with("id in ("));
  opened.run("edit.undo");
  CHECK(history.stale);
  opened.session.frame(2);
  opened.settle();
  CHECK(history.batches.size() == 3);
}

TEST_CASE("a decision is taken back to unseen, and undo brings it again") {
  Opened opened;
  const SampleId sample = opened.cursor();
  opened.run("review.exclude");
  opened.session.move_cursor(-1);
  opened.run("review.unreview");
  CHECK(opened.backend->review_of(sample) == "unseen");
  CHECK(opened.cursor() == sample);
  opened.run("edit.undo");
  CHECK(opened.backend->review_of(sample) == "excluded");
}

}  // namespace errata::viewer
