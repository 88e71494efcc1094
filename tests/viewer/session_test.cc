#include "viewer/state/session.h"

#include <doctest/doctest.h>
#include <poll.h>

#include "tests/viewer/synthetic_backend.h"
#include "viewer/state/commands.h"

namespace errata::viewer {

namespace {

using test::SyntheticBackend;

struct Opened {
  explicit Opened(size_t samples = 700)
      : backend(new SyntheticBackend(samples)),
        session(std::unique_ptr<Backend>(backend), nullptr, 2) {
    session.open();
    settle();
  }
  void settle() { session.tasks().finish_all(); }
  const AppState& state() const { return session.state(); }
  SampleId cursor_sample() const { return state().snapshot.ids[*state().cursor_row()]; }
  uint64_t count(const std::string& column, const std::string& value) const {
    for (const FacetView& facet : state().view->facets) {
      if (facet.column != column) continue;
      for (const FacetValue& each : facet.values) {
        if (each.text == value && !each.null) return each.count;
      }
    }
    return UINT64_MAX;
  }

  SyntheticBackend* backend;  // the session's
  Session session;
};

std::string text_at(const Opened& opened, const char* column, SampleId sample) {
  const Snapshot& snapshot = opened.state().snapshot;
  return snapshot.samples.find(column)->display(static_cast<RowIndex>(snapshot.row_of(sample)));
}

}  // namespace

TEST_CASE("opening shows every sample, sorted, with counts") {
  const Opened opened;
  REQUIRE(opened.state().view);
  CHECK(opened.state().view->order.size() == 700);
  CHECK(opened.state().view->total == 700);
  CHECK(opened.count("split", "train") == 490);
  CHECK(opened.count("review", "unseen") == 700);
  CHECK(opened.state().detail.ready);
  CHECK(opened.state().detail.by_probability.size() == SyntheticBackend::kClasses);
}

TEST_CASE("a filter narrows the grid; a facet keeps the counts of its other values") {
  Opened opened;
  opened.session.set_filter("label != prediction");
  opened.settle();
  const size_t wrong = opened.state().view->order.size();
  CHECK(wrong >= 700 / SyntheticBackend::kWrongEvery);
  CHECK(wrong < 400);
  opened.session.toggle_facet("split", "test", false);
  opened.settle();
  CHECK(opened.state().filter.draft == "label != prediction and split = 'test'");
  CHECK(opened.state().view->order.size() == opened.count("split", "test"));
  CHECK(opened.count("split", "train") > 0);
  opened.session.toggle_facet("split", "val", false);
  opened.settle();
  CHECK(opened.state().filter.draft == "label != prediction and split in ('test', 'val')");
  opened.session.toggle_facet("split", "val", false);
  opened.session.toggle_facet("split", "test", false);
  opened.settle();
  CHECK(opened.state().filter.draft == "label != prediction");
  CHECK(opened.state().view->order.size() == wrong);
}

TEST_CASE("a wrong filter says where, and what was shown stays") {
  Opened opened;
  opened.session.set_filter("label = 'cat'");
  opened.settle();
  const auto shown = opened.state().view;
  opened.session.set_filter("labell = 'cat'");
  opened.settle();
  CHECK_FALSE(opened.state().filter.problem.empty());
  CHECK(opened.state().filter.problem_end > opened.state().filter.problem_begin);
  CHECK(opened.state().view == shown);
  CHECK_FALSE(opened.state().message.has_value());  // it is shown once, in the bar
  opened.session.set_filter("label = 'dog'");
  opened.settle();
  CHECK(opened.state().filter.problem.empty());
  CHECK(opened.state().view != shown);
}

TEST_CASE("of many filters typed at once the last one is shown") {
  Opened opened;
  for (const char* text : {"split = 'train'", "split = 'val'", "label != prediction"}) {
    opened.session.set_filter(text);
  }
  opened.settle();
  CHECK(opened.state().filter.applied == "label != prediction");
  CHECK_FALSE(opened.state().view_pending);
}

TEST_CASE("a range drawn on a histogram filters and keeps the histogram whole") {
  Opened opened;
  const uint64_t total = opened.state().view->histograms[0].total;
  opened.session.set_range("confidence", {0.9, 1.0});
  opened.settle();
  CHECK(opened.state().filter.draft == "confidence between 0.9 and 1");
  CHECK(opened.state().view->order.size() < 700);
  CHECK(opened.state().view->histograms[0].total == total);
}

TEST_CASE("the order follows the sort, worst first for a score") {
  Opened opened;
  opened.session.set_sort({"confidence", true});
  opened.settle();
  const Column* confidence = opened.state().snapshot.samples.find("confidence");
  const std::vector<RowIndex>& order = opened.state().view->order;
  for (size_t i = 1; i < order.size(); ++i) {
    CHECK(confidence->number(order[i - 1]) >= confidence->number(order[i]));
  }
}

TEST_CASE("a decision is saved, marked in place, and the cursor moves on") {
  Opened opened;
  opened.session.set_filter("label != prediction");
  opened.settle();
  const size_t shown = opened.state().view->order.size();
  const SampleId first = opened.cursor_sample();
  const std::string predicted = text_at(opened, "prediction", first);
  opened.session.relabel_to_suggestion();
  CHECK(opened.state().cursor == 1);  // at once, before the store has answered
  opened.settle();
  CHECK(opened.backend->label_of(first) == predicted);
  CHECK(text_at(opened, "label", first) == predicted);
  CHECK(text_at(opened, "review", first) == "relabelled");
  CHECK(opened.state().view->order.size() == shown);  // frozen
  CHECK(opened.state().view->order[0] ==
        static_cast<RowIndex>(opened.state().snapshot.row_of(first)));
  CHECK(opened.count("review", "relabelled") == 1);
  CHECK(opened.state().edits_since_order == 1);
  opened.session.refresh();
  opened.settle();
  CHECK(opened.state().view->order.size() == shown - 1);
  CHECK(opened.state().edits_since_order == 0);
}

TEST_CASE("undo and redo bring back the sample and the cursor") {
  Opened opened;
  const SampleId first = opened.cursor_sample();
  const std::string before = text_at(opened, "label", first);
  opened.session.relabel("frog");
  opened.session.decide(ReviewKind::kExclude);
  opened.settle();
  CHECK(opened.state().cursor == 2);
  opened.session.undo();
  opened.session.undo();
  opened.settle();
  CHECK(opened.state().cursor == 0);
  CHECK(text_at(opened, "label", first) == before);
  CHECK(text_at(opened, "review", first) == "unseen");
  CHECK_FALSE(opened.state().undo.can_undo);
  opened.session.redo();
  opened.settle();
  CHECK(text_at(opened, "label", first) == "frog");
}

TEST_CASE("a selection is decided at once and the cursor stays") {
  Opened opened;
  opened.session.set_cursor(3);
  opened.session.set_cursor(7, SelectMode::kRange);
  CHECK(opened.state().target_count() == 5);
  opened.session.decide(ReviewKind::kKeep);
  opened.settle();
  CHECK(opened.count("review", "kept") == 5);
  CHECK(opened.state().cursor == 7);
  opened.session.set_cursor(5, SelectMode::kToggle);
  CHECK(opened.state().target_count() == 4);
  opened.session.clear_selection();
  CHECK(opened.state().target_count() == 1);
  opened.session.select_all();
  CHECK(opened.state().target_count() == 700);
}

TEST_CASE("what is selected stays so when all is loaded again, as far as it is still shown") {
  Opened opened;
  opened.session.set_cursor(3);
  opened.session.set_cursor(5, SelectMode::kRange);
  const AppState& state = opened.state();
  const auto selected = [&] {
    std::vector<SampleId> ids;
    for (const RowIndex row : state.selection.rows()) ids.push_back(state.snapshot.ids[row]);
    return ids;
  };
  const std::vector<SampleId> chosen = selected();
  REQUIRE(chosen.size() == 3);
  opened.session.reload();
  opened.settle();
  CHECK(selected() == chosen);
  opened.session.reload();
  opened.session.reload();  // before the first has been shown
  opened.settle();
  CHECK(selected() == chosen);
  opened.session.set_filter("review = 'unseen'");
  opened.settle();
  CHECK(selected().empty());  // another question
  opened.session.set_cursor(3);
  opened.session.set_cursor(5, SelectMode::kRange);
  const std::vector<SampleId> undecided = selected();
  REQUIRE(undecided.size() == 3);
  opened.session.apply({{.sample = undecided[0], .kind = ReviewKind::kKeep}});
  opened.settle();
  opened.session.refresh();
  opened.settle();
  CHECK(selected() == std::vector<SampleId>(undecided.begin() + 1, undecided.end()));
}

TEST_CASE("the k-th most probable class is that of the sample under the cursor") {
  Opened opened;
  const SampleId sample = opened.cursor_sample();
  const ClassIndex second = opened.state().detail.by_probability[1];
  opened.session.relabel_to_probable(1);
  opened.settle();
  CHECK(opened.backend->label_of(sample) ==
        SyntheticBackend::class_names()[static_cast<size_t>(second)]);
}

TEST_CASE("a class that the project lacks is refused before anything is saved") {
  Opened opened;
  CHECK_THROWS_AS(opened.session.relabel("unicorn"), Error);
  opened.settle();
  CHECK(opened.count("review", "unseen") == 700);
}

TEST_CASE("another program's writing is noticed") {
  Opened opened;
  opened.session.poll_store(1);
  opened.settle();
  CHECK_FALSE(opened.state().store_changed);
  opened.backend->changed_by_others_ = true;
  opened.session.poll_store(1.5);  // too soon
  opened.settle();
  CHECK_FALSE(opened.state().store_changed);
  opened.session.poll_store(10);
  opened.settle();
  CHECK(opened.state().store_changed);
  opened.session.reload();
  opened.settle();
  CHECK_FALSE(opened.state().store_changed);
}

TEST_CASE("a decision made while another program writes is kept and saved when it can be") {
  Opened opened;
  opened.backend->busy_times_ = 3;
  const SampleId sample = opened.state().snapshot.ids[*opened.state().cursor_row()];
  opened.session.decide(ReviewKind::kKeep);
  opened.session.undo();  // waits behind it
  for (int i = 0; i < 500 && opened.state().save_waits_for.empty(); ++i) {
    poll(nullptr, 0, 2);
    opened.session.drain();
  }
  CHECK(opened.state().save_waits_for.find("errata import (pid 7)") != std::string::npos);
  CHECK(opened.state().saves_pending == 2);
  opened.settle();
  CHECK(opened.backend->busy_times_ == 0);
  CHECK(opened.state().save_waits_for.empty());
  CHECK(opened.state().saves_pending == 0);
  CHECK_FALSE(opened.state().message.has_value());
  CHECK(opened.backend->review_of(sample) == "unseen");
  CHECK(opened.state().undo.can_redo);
}

TEST_CASE("a decision on very many is followed on a lane, and what comes after it in its order") {
  Opened opened(6000);
  opened.session.select_all();
  opened.session.decide(ReviewKind::kKeep);
  opened.session.clear_selection();
  const SampleId sample = opened.cursor_sample();
  opened.session.decide(ReviewKind::kExclude);
  opened.settle();
  CHECK(opened.count("review", "kept") == 5999);
  CHECK(opened.count("review", "excluded") == 1);
  CHECK(text_at(opened, "review", sample) == "excluded");
  opened.session.undo();
  opened.session.undo();
  opened.settle();
  CHECK(opened.count("review", "unseen") == 6000);
  opened.session.select_all();
  opened.session.relabel_to_suggestion();
  opened.settle();
  CHECK(opened.count("outcome", "right") == 6000);
  CHECK(opened.state().view->order.size() == 6000);  // the order stays frozen
}

TEST_CASE("a block of tiles takes the place of the selection, or joins it") {
  Opened opened(100);
  opened.session.set_cursor(0);
  opened.session.set_cursor(99, SelectMode::kToggle);
  CHECK(opened.state().selection.count() == 2);
  const RowSet before = opened.state().selection;
  opened.session.select_block(10, 2, 3, 4, 5, before);
  CHECK(opened.state().selection.count() == 6);
  CHECK(opened.state().selection.has(opened.state().view->order[99]));
  CHECK(opened.state().selection.has(opened.state().view->order[24]));
  opened.session.select_block(10, 2, 3, 4, 5, RowSet());
  CHECK(opened.state().selection.count() == 4);
}

TEST_CASE("closing does not wait for ever for a store that stays locked") {
  Opened opened;
  opened.backend->busy_times_ = 1'000'000;
  opened.session.decide(ReviewKind::kKeep);
  opened.session.close();
  CHECK(opened.backend->busy_times_ > 999'900);
}

TEST_CASE("a sort column that is not there is said so, and another taken") {
  Session session(std::make_unique<SyntheticBackend>(20), nullptr, 1);
  session.state().sort = {"no_such_column", true};
  session.open();
  session.tasks().finish_all();
  REQUIRE(session.state().message.has_value());
  CHECK(session.state().message->category == ErrorCategory::kUsage);
  CHECK(session.state().sort.column == "confidence");
  CHECK(session.state().view->order.size() == 20);
}

TEST_CASE("zero samples and one sample are legal") {
  Opened none(0);
  CHECK(none.state().view->order.empty());
  CHECK_FALSE(none.state().cursor_row().has_value());
  none.session.move_cursor(1);
  none.session.decide(ReviewKind::kKeep);
  none.settle();
  Opened one(1);
  one.session.move_cursor(5);
  CHECK(one.state().cursor == 0);
  one.session.decide(ReviewKind::kKeep);
  one.settle();
  CHECK(one.count("review", "kept") == 1);
}

}  // namespace errata::viewer
