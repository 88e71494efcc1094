#include "viewer/state/filter_desk.h"

#include <algorithm>
#include <memory>

#include "viewer/state/session.h"

namespace errata::viewer {

namespace {

constexpr size_t kMostOffers = 200;

// The one word that is typed already: nothing to offer.
bool is_complete(const query::Completion& offer, std::string_view text) {
  const std::string_view typed = text.substr(offer.begin, offer.end - offer.begin);
  return std::any_of(offer.items.begin(), offer.items.end(),
                     [&](const query::CompletionItem& item) { return item.text == typed; });
}

}  // namespace

bool CompletionState::enter_takes() const {
  if (!can_take()) return false;
  return moved ||
         (offer.begin < offer.end && offer.items[choice].kind != query::CompletionKind::kOperator);
}

void FilterDesk::snapshot_taken() {
  ++newest_;
  session_.state().completion = {};
}

void FilterDesk::complete(const std::string& text, size_t cursor) {
  CompletionState& now = session_.state().completion;
  if (now.text == text && now.cursor == cursor) return;
  // What was offered for the text before stands until the answer comes, so that nothing flickers.
  if (now.text != text) now.closed = false;
  now.text = text;
  now.cursor = cursor;
  now.fresh = false;
  const uint64_t number = ++newest_;
  session_.tasks().run(
      Lane::kQuery,
      [this, number, text, cursor, samples = session_.state().table()]() -> Tasks::Apply {
        auto offer = std::make_shared<query::Completion>(
            query::complete_filter(text, cursor, samples, kMostOffers));
        return [this, number, text, offer] {
          if (number != newest_) return;
          CompletionState& state = session_.state().completion;
          state.offer = is_complete(*offer, text) ? query::Completion() : std::move(*offer);
          state.choice = 0;
          state.fresh = true;
          state.moved = false;
        };
      });
}

void FilterDesk::move_choice(int by) {
  CompletionState& now = session_.state().completion;
  if (!now.shown()) return;
  const auto last = static_cast<int64_t>(now.offer.items.size()) - 1;
  now.choice =
      static_cast<size_t>(std::clamp(static_cast<int64_t>(now.choice) + by, int64_t{0}, last));
  now.moved = true;
}

void FilterDesk::close_completion() {
  session_.state().completion.closed = true;
}

ValueForm FilterDesk::value_form(std::string_view column) const {
  const Column* found = session_.state().table().find(column);
  const bool words =
      found != nullptr && (found->type == ColumnType::kBool || found->type == ColumnType::kInt);
  return words ? ValueForm::kWord : ValueForm::kText;
}

void FilterDesk::toggle_exclusion(const std::string& column, const std::string& value) {
  const ValueForm form = value_form(column);
  std::string text = session_.state().filter.draft;
  std::vector<std::string> out = facet_exclusions(text, column);
  const auto found = std::find(out.begin(), out.end(), value);
  if (found != out.end()) {
    out.erase(found);
  } else {
    out.push_back(value);
    FacetChoice choice = facet_choice(text, column);
    std::erase(choice.values, value);
    text = with_facet_choice(text, column, choice, form);
  }
  session_.set_filter(with_facet_exclusions(text, column, out, form));
}

void FilterDesk::clear_column(const std::string& column) {
  session_.set_filter(without_column_terms(session_.state().filter.draft, column));
}

void FilterDesk::toggle_folded(const std::string& column) {
  LayoutState& layout = session_.state().layout;
  const ViewAnswer* view = session_.state().view.get();
  if (view == nullptr) return;
  const auto flip = [&](const auto& sections) {
    for (const auto& section : sections) {
      if (section.column != column) continue;
      std::set<std::string>& names =
          section.folds_by_default ? layout.opened_facets : layout.folded_facets;
      if (names.erase(column) == 0) names.insert(column);
    }
  };
  flip(view->facets);
  flip(view->histograms);
  session_.recount();
}

}  // namespace errata::viewer
