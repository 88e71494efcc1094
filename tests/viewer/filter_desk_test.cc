// What the filter bar and the left side ask of the session.
#include "viewer/state/filter_desk.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "tests/viewer/synthetic_backend.h"
#include "viewer/state/session.h"

namespace errata::viewer {

namespace {

struct Opened {
  Opened()
      : backend(new test::SyntheticBackend(700)),
        session(std::unique_ptr<Backend>(backend), nullptr, 1) {
    session.open();
    settle();
  }
  void settle() { session.tasks().finish_all(); }
  const AppState& state() const { return session.state(); }
  const CompletionState& ask(const std::string& text) {
    session.filters().complete(text, text.size());
    settle();
    return state().completion;
  }
  bool offers(const std::string& text) const {
    const auto& items = state().completion.offer.items;
    return std::any_of(items.begin(), items.end(),
                       [&](const query::CompletionItem& item) { return item.text == text; });
  }
  const FacetView* facet(const std::string& column) const {
    for (const FacetView& each : state().view->facets) {
      if (each.column == column) return &each;
    }
    return nullptr;
  }

  test::SyntheticBackend* backend;  // the session's
  Session session;
};

}  // namespace

TEST_CASE("the bar offers columns with their meaning, then operators, then values") {
  Opened opened;
  const CompletionState& now = opened.ask("conf");
  REQUIRE(now.can_take());
  CHECK(now.offer.items[0].text == "confidence");
  CHECK(now.offer.items[0].detail.find("Probability") != std::string::npos);
  CHECK(now.enter_takes());
  opened.ask("label ");
  CHECK(opened.offers("="));
  CHECK_FALSE(opened.state().completion.enter_takes());  // nothing was typed of an operator
  opened.ask("label = 'tr");
  CHECK(opened.offers("'truck'"));
  CHECK(opened.state().completion.enter_takes());
  opened.ask("label = 'truck'");
  CHECK_FALSE(opened.state().completion.enter_takes());  // it stands there already
  opened.ask("label");
  CHECK_FALSE(opened.state().completion.shown());
}

TEST_CASE("the arrows choose, and Esc closes the list until the text changes") {
  Opened opened;
  opened.ask("label ");
  opened.session.filters().move_choice(1);
  CHECK(opened.state().completion.choice == 1);
  CHECK(opened.state().completion.enter_takes());
  opened.session.filters().move_choice(-5);
  CHECK(opened.state().completion.choice == 0);
  opened.session.filters().close_completion();
  CHECK_FALSE(opened.state().completion.shown());
  opened.ask("label i");
  CHECK(opened.state().completion.shown());
}

TEST_CASE("what was offered for another text cannot be taken") {
  Opened opened;
  opened.ask("conf");
  opened.session.filters().complete("confidence > 0.5 and lab", 24);
  CHECK_FALSE(opened.state().completion.can_take());
  opened.settle();
  CHECK(opened.state().completion.can_take());
  CHECK(opened.offers("label"));
}

TEST_CASE("a value is left out, and choosing it ends that it is") {
  Opened opened;
  opened.session.filters().toggle_exclusion("label", "cat");
  opened.settle();
  CHECK(opened.state().filter.applied == "label != 'cat'");
  opened.session.filters().toggle_exclusion("label", "cat");
  CHECK(opened.state().filter.draft.empty());
  opened.session.toggle_facet("label", "cat", false);
  opened.session.toggle_facet("label", "dog", false);
  opened.session.filters().toggle_exclusion("label", "cat");
  CHECK(opened.state().filter.draft == "label = 'dog' and label != 'cat'");
  opened.session.toggle_facet("label", "cat", false);
  CHECK(opened.state().filter.draft == "label in ('dog', 'cat')");
  opened.session.set_range("confidence", {0.5, 1});
  opened.session.filters().clear_column("label");
  CHECK(opened.state().filter.draft == "confidence between 0.5 and 1");
}

TEST_CASE("folding is remembered, keeps the order and counts again when opened") {
  Opened opened;
  const std::vector<RowIndex> order = opened.state().view->order;
  opened.session.filters().toggle_folded("label");
  opened.settle();
  CHECK(opened.state().layout.folded_facets.contains("label"));
  CHECK(opened.facet("label")->folded);
  opened.session.set_filter("split = 'test'");
  opened.settle();
  CHECK(opened.facet("label")->folded);
  opened.session.filters().toggle_folded("label");
  opened.settle();
  CHECK(opened.state().layout.folded_facets.empty());
  uint64_t total = 0;
  for (const FacetValue& value : opened.facet("label")->values) total += value.count;
  CHECK(total == 70);
  opened.session.set_filter({});
  opened.settle();
  CHECK(opened.state().view->order == order);
}

TEST_CASE("a view is saved, used and deleted") {
  Opened opened;
  opened.session.set_filter("split = 'val'");
  opened.session.set_sort({"confidence", false});
  opened.settle();
  opened.session.lists().save_view("unsure");
  opened.settle();
  REQUIRE(opened.state().lists.lists.saved_views.size() == 1);
  opened.session.set_sort({"id", false});
  opened.session.set_filter({});
  opened.settle();
  opened.session.lists().use_view(opened.state().lists.lists.saved_views[0]);
  opened.settle();
  CHECK(opened.state().filter.applied == "split = 'val'");
  CHECK(opened.state().sort == SortChoice{"confidence", false});
  opened.session.lists().delete_view("unsure");
  opened.settle();
  CHECK(opened.state().lists.lists.saved_views.empty());
}

}  // namespace errata::viewer
