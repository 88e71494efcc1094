// Commands of the View menu, and those that move the cursor.
#include "viewer/state/commands.h"
#include "viewer/state/session.h"

namespace errata::viewer {

namespace {

using State = const AppState&;

bool has_samples(State state) {
  return state.view && !state.view->order.empty();
}

bool has_predictions(State state) {
  return state.snapshot.samples.find("prediction") != nullptr;
}

void show_mistakes(Session& session) {
  AppState& state = session.state();
  if (has_predictions(state)) {
    if (state.objects_shown()) session.show_rows_of(CentreMode::kGrid);
    state.sort = {"confidence", true};
    session.set_filter("label != prediction");
  } else {
    session.objects().show({});
    state.sort = {"confidence", true};
    session.set_filter("error != 'true' and kind = 'predicted'");
  }
}

void toggle_large(Session& session) {
  LayoutState& layout = session.state().layout;
  layout.show_large = !layout.show_large;
  layout.tall_bottom = false;
}

}  // namespace

void CommandRegistry::add_view_commands() {
  add({.id = "view.filter",
       .title = "Edit the filter",
       .menu = Menu::kView,
       .keys = {plain(Key::kSlash)},
       .help = "Goes to the filter bar; Enter applies, Esc goes back",
       .run = [](Session& session) { session.state().filter.focus_wanted = true; }});
  add({.id = "view.mistakes",
       .title = "Show the confident mistakes",
       .menu = Menu::kView,
       .keys = {plain('M')},
       .help = "Where prediction and label differ, the most confident first",
       .enabled =
           [](State state) {
             return state.active_run() != nullptr &&
                    (has_predictions(state) || state.objects.phase != ObjectsPhase::kNone);
           },
       .run = show_mistakes});
  add({.id = "view.all",
       .title = "Show all samples",
       .menu = Menu::kView,
       .keys = {with_shift('M')},
       .help = "Clears the filter",
       .enabled = [](State state) { return !state.filter.draft.empty(); },
       .run = [](Session& session) { session.set_filter({}); }});
  add({.id = "view.save",
       .title = "Save this view",
       .menu = Menu::kView,
       .keys = {with_ctrl('S')},
       .help = "Keeps the filter and the order under a name, in the store",
       .enabled = [](State state) { return state.loaded; },
       .run = [](Session& session) { session.show_overlay(Overlay::kSaveView); }});
  add({.id = "view.saved",
       .title = "Saved views",
       .menu = Menu::kView,
       .keys = {plain('V')},
       .help = "Lists the views that were saved; Enter uses one",
       .enabled = [](State state) { return state.loaded; },
       .run = [](Session& session) { session.show_overlay(Overlay::kSavedViews); }});
  add({.id = "view.table",
       .title = "Switch between grid and table",
       .menu = Menu::kView,
       .keys = {plain('G')},
       .help = "The same samples in the same order, as thumbnails or as lines with every column",
       .run = [](Session& session) {
         session.show_rows_of(session.state().layout.centre == CentreMode::kGrid
                                  ? CentreMode::kTable
                                  : CentreMode::kGrid);
       }});
  add({.id = "view.turn",
       .title = "Turn the order round",
       .menu = Menu::kView,
       .keys = {plain('O')},
       .help = "The last samples of the order come first",
       .enabled = [](State state) { return state.loaded; },
       .run =
           [](Session& session) {
             const SortChoice& sort = session.state().sort;
             session.set_sort({sort.column, !sort.descending});
           }});
  add({.id = "view.refresh",
       .title = "Apply the filter and order again",
       .menu = Menu::kView,
       .keys = {plain(Key::kF5)},
       .help = "While you review, corrected samples stay in their place; this brings the grid up "
               "to date",
       .enabled = [](State state) { return state.loaded; },
       .run = [](Session& session) { session.refresh(); }});
  add({.id = "view.open",
       .title = "Large view",
       .menu = Menu::kView,
       .keys = {plain(Key::kSpace)},
       .help = "Shows the image in the place of the grid",
       .enabled = has_samples,
       .run = toggle_large});
  constexpr float kTileStep = 1.2F;
  constexpr float kSmallestTile = 60;
  constexpr float kLargestTile = 480;
  add({.id = "view.larger_tiles",
       .title = "Larger thumbnails",
       .menu = Menu::kView,
       .keys = {plain(Key::kPlus)},
       .help = "Fewer in a row",
       .repeats = true,
       .enabled = [](State state) { return state.layout.tile_width < kLargestTile; },
       .run =
           [](Session& session) {
             session.state().layout.tile_width *= kTileStep;
             session.state().show_cursor_wanted = true;
           }});
  add({.id = "view.smaller_tiles",
       .title = "Smaller thumbnails",
       .menu = Menu::kView,
       .keys = {plain(Key::kMinus)},
       .help = "More in a row",
       .repeats = true,
       .enabled = [](State state) { return state.layout.tile_width > kSmallestTile; },
       .run =
           [](Session& session) {
             session.state().layout.tile_width /= kTileStep;
             session.state().show_cursor_wanted = true;
           }});
  add({.id = "view.theme",
       .title = "Switch between dark and light",
       .menu = Menu::kView,
       .keys = {with_ctrl('T')},
       .help = "The theme of the window",
       .run = [](Session& session) {
         AppState& state = session.state();
         state.theme = state.theme == ThemeName::kDark ? ThemeName::kLight : ThemeName::kDark;
       }});
}

void CommandRegistry::add_move_commands() {
  const auto add_move = [&](std::string id, std::string title, Key key, std::string help,
                            std::function<int64_t(State)> by) {
    add({.id = std::move(id),
         .title = std::move(title),
         .menu = Menu::kView,
         .keys = {plain(key)},
         .help = std::move(help),
         .repeats = true,
         .enabled = has_samples,
         .run = [by](Session& session) { session.move_cursor(by(session.state())); }});
  };
  const auto row = [](State state) { return static_cast<int64_t>(state.grid_columns); };
  const auto page = [](State state) {
    return static_cast<int64_t>(state.grid_columns * state.grid_page_rows);
  };
  const auto all = [](State state) {
    return static_cast<int64_t>(state.view ? state.view->order.size() : 0);
  };
  add_move("move.next", "Next sample", Key::kRight, "Moves the cursor", [](State) { return 1; });
  add_move("move.previous", "Previous sample", Key::kLeft, "Moves the cursor",
           [](State) { return -1; });
  add_move("move.down", "One row down", Key::kDown, "Moves the cursor",
           [row](State state) { return row(state); });
  add_move("move.up", "One row up", Key::kUp, "Moves the cursor",
           [row](State state) { return -row(state); });
  add_move("move.page_down", "One page down", Key::kPageDown, "Moves the cursor",
           [page](State state) { return page(state); });
  add_move("move.page_up", "One page up", Key::kPageUp, "Moves the cursor",
           [page](State state) { return -page(state); });
  add_move("move.first", "First sample", Key::kHome, "Moves the cursor",
           [all](State state) { return -all(state); });
  add_move("move.last", "Last sample", Key::kEnd, "Moves the cursor",
           [all](State state) { return all(state); });
}

}  // namespace errata::viewer
