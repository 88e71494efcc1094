#include "viewer/state/list_desk.h"

#include <fmt/format.h>

#include <memory>

#include "viewer/state/options.h"
#include "viewer/state/session.h"

namespace errata::viewer {

namespace {

// Options of a saved view whose filter and order are about objects.
constexpr std::string_view kObjectsOption = R"({"rows":"objects"})";

}  // namespace

void ListDesk::refresh() {
  const uint64_t number = ++newest_;
  session_.tasks().run(Lane::kPanels, [this, number]() -> Tasks::Apply {
    auto lists = std::make_shared<StoreLists>(session_.backend().lists());
    return [this, number, lists] {
      if (number != newest_) return;
      session_.state().lists.ready = true;
      session_.state().lists.lists = std::move(*lists);
      show_issues(session_.state().lists.issue_kind);
    };
  });
}

void ListDesk::show_issues(const std::string& kind) {
  ListsState& state = session_.state().lists;
  state.issue_kind = state.lists.issue_counts.contains(kind) ? kind : std::string();
  state.shown_issues.clear();
  for (size_t i = 0; i < state.lists.issues.size(); ++i) {
    if (state.issue_kind.empty() || state.lists.issues[i].issue.kind == state.issue_kind) {
      state.shown_issues.push_back(static_cast<uint32_t>(i));
    }
  }
}

void ListDesk::save_view(const std::string& name) {
  const AppState& state = session_.state();
  store::SavedView view;
  view.name = name;
  view.filter = state.filter.applied;
  if (state.objects_shown()) view.options_json = kObjectsOption;
  view.sort = (state.sort.descending ? "-" : "") + state.sort.column;
  session_.tasks().run(Lane::kStore, [this, view]() -> Tasks::Apply {
    session_.backend().save_view(view);
    return [this, name = view.name] {
      session_.show_note(fmt::format("The view \"{}\" was saved", name));
      refresh();
    };
  });
}

void ListDesk::delete_view(const std::string& name) {
  session_.tasks().run(Lane::kStore, [this, name]() -> Tasks::Apply {
    session_.backend().delete_view(name);
    return [this] { refresh(); };
  });
}

void ListDesk::use_view(const store::SavedView& view) {
  AppState& state = session_.state();
  const bool objects = view.options_json == kObjectsOption;
  if (objects) {
    session_.objects().show({});
  } else if (state.objects_shown()) {
    session_.show_rows_of(CentreMode::kGrid);
  }
  if (!view.sort.empty()) {
    // More than one key is for the command line; the first decides here.
    const std::string first = view.sort.substr(0, view.sort.find(','));
    state.sort =
        first.starts_with("-") ? SortChoice{first.substr(1), true} : SortChoice{first, false};
  }
  session_.set_filter(view.filter);
}

}  // namespace errata::viewer
