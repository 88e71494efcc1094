// Every command of the viewer, menu by menu. Order within a menu is the order it is drawn in.
#include <fmt/format.h>

#include <array>

#include "base/text.h"
#include "viewer/state/commands.h"
#include "viewer/state/session.h"

namespace errata::viewer {

namespace {

using State = const AppState&;

bool has_target(State state) {
  return state.target_count() > 0;
}
bool has_samples(State state) {
  return state.view && !state.view->order.empty();
}

// The prediction of the sample under the cursor; empty when it has none.
std::string suggestion(State state) {
  const std::optional<RowIndex> row = state.cursor_row();
  const Column* prediction = state.snapshot.samples.find("prediction");
  if (!row || prediction == nullptr || prediction->is_null(*row)) return {};
  return std::string(prediction->text(*row));
}

std::string given_label(State state) {
  const std::optional<RowIndex> row = state.cursor_row();
  const Column* label = state.snapshot.samples.find("label");
  if (!row || label == nullptr || label->is_null(*row)) return {};
  return std::string(label->text(*row));
}

}  // namespace

void CommandRegistry::add_file_commands() {
  add({.id = "file.reload",
       .title = "Reload the store",
       .menu = Menu::kFile,
       .keys = {with_ctrl('R')},
       .help = "Reads the store again, after another program has written to it",
       .run = [](Session& session) { session.reload(); }});
  add({.id = "file.quit",
       .title = "Quit",
       .menu = Menu::kFile,
       .keys = {with_ctrl('Q')},
       .help = "Closes the window; every decision is already saved",
       .run = [](Session& session) { session.state().quit_wanted = true; }});
}

void CommandRegistry::add_edit_commands() {
  add({.id = "edit.undo",
       .title = "Undo",
       .menu = Menu::kEdit,
       .keys = {plain('U'), with_ctrl('Z')},
       .help = "Takes the last decision back, also one from before a restart",
       .undo = Undo::kIsUndo,
       .repeats = true,
       .enabled = [](State state) { return state.undo.can_undo || state.saves_pending > 0; },
       .run = [](Session& session) { session.undo(); },
       .title_now =
           [](State state) {
             return state.undo.undo_text.empty() ? "undo" : "undo: " + state.undo.undo_text;
           }});
  add({.id = "edit.redo",
       .title = "Redo",
       .menu = Menu::kEdit,
       .keys = {with_shift('U')},
       .help = "Makes the decision that was just undone again",
       .undo = Undo::kIsUndo,
       .repeats = true,
       .enabled = [](State state) { return state.undo.can_redo; },
       .run = [](Session& session) { session.redo(); },
       .title_now =
           [](State state) {
             return state.undo.redo_text.empty() ? "redo" : "redo: " + state.undo.redo_text;
           }});
  add({.id = "edit.select_all",
       .title = "Select all that are shown",
       .menu = Menu::kEdit,
       .keys = {with_ctrl('A')},
       .help = "Decisions then apply to all of them at once",
       .enabled = has_samples,
       .run = [](Session& session) { session.select_all(); }});
  add({.id = "edit.clear_selection",
       .title = "Clear the selection",
       .menu = Menu::kEdit,
       .keys = {plain(Key::kEscape)},
       .help = "Also closes the large view",
       .enabled =
           [](State state) { return state.selection.count() > 0 || state.layout.show_large; },
       .run =
           [](Session& session) {
             if (session.state().layout.show_large) {
               session.state().layout.show_large = false;
             } else {
               session.clear_selection();
             }
           }});
}

void CommandRegistry::add_review_commands() {
  add({.id = "review.accept",
       .title = "Accept the prediction as the label",
       .menu = Menu::kReview,
       .keys = {plain(Key::kEnter)},
       .help = "The model is right: its prediction becomes the label",
       .undo = Undo::kUndoable,
       .enabled = [](State state) { return has_target(state) && !suggestion(state).empty(); },
       .run = [](Session& session) { session.relabel_to_prediction(); },
       .title_now =
           [](State state) {
             if (state.target_count() > 1) {
               return fmt::format("accept all {}", with_thousands(state.target_count()));
             }
             const std::string name = suggestion(state);
             return name.empty() ? std::string("accept") : "label is " + name;
           }});
  add({.id = "review.keep",
       .title = "Keep the label",
       .menu = Menu::kReview,
       .keys = {plain('K')},
       .help = "The label is right as it is",
       .undo = Undo::kUndoable,
       .enabled = has_target,
       .run = [](Session& session) { session.decide(ReviewKind::kKeep); },
       .title_now =
           [](State state) {
             if (state.target_count() > 1)
               return fmt::format("keep all {}", with_thousands(state.target_count()));
             const std::string name = given_label(state);
             return name.empty() ? std::string("keep") : "keep " + name;
           }});
  add({.id = "review.relabel",
       .title = "Choose another class",
       .menu = Menu::kReview,
       .keys = {plain('L')},
       .help = "Type a few letters of a class, Enter takes it",
       .undo = Undo::kUndoable,
       .enabled = [](State state) { return has_target(state) && !state.snapshot.classes.empty(); },
       .run = [](Session& session) { session.show_overlay(Overlay::kClassPicker); },
       .title_now = [](State) { return std::string("other class ..."); }});
  add({.id = "review.ambiguous",
       .title = "Mark as ambiguous",
       .menu = Menu::kReview,
       .keys = {plain('A')},
       .help = "Nobody could tell from this image",
       .undo = Undo::kUndoable,
       .enabled = has_target,
       .run = [](Session& session) { session.decide(ReviewKind::kAmbiguous); },
       .title_now = [](State) { return std::string("ambiguous"); }});
  add({.id = "review.exclude",
       .title = "Exclude from versions and exports",
       .menu = Menu::kReview,
       .keys = {plain('X')},
       .help = "The image does not belong in the dataset; the file itself is left alone",
       .undo = Undo::kUndoable,
       .enabled = has_target,
       .run = [](Session& session) { session.decide(ReviewKind::kExclude); },
       .title_now = [](State) { return std::string("exclude"); }});
  constexpr std::array kOrdinals{"",     "2nd ", "3rd ", "4th ", "5th ",
                                 "6th ", "7th ", "8th ", "9th "};
  for (size_t k = 0; k < kOrdinals.size(); ++k) {
    add({.id = fmt::format("review.probable_{}", k + 1),
         .title = fmt::format("Take the {}most probable class", kOrdinals[k]),
         .menu = Menu::kReview,
         .keys = {plain(static_cast<char>('1' + k))},
         .help = "As numbered beside the probabilities",
         .undo = Undo::kUndoable,
         .enabled =
             [k](State state) {
               return has_target(state) && k < state.detail.by_probability.size();
             },
         .run = [k](Session& session) { session.relabel_to_probable(k); }});
  }
}

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
       .enabled = [](State state) { return state.active_run() != nullptr; },
       .run =
           [](Session& session) {
             session.state().sort = {"confidence", true};
             session.set_filter("label != prediction");
           }});
  add({.id = "view.all",
       .title = "Show all samples",
       .menu = Menu::kView,
       .keys = {with_shift('M')},
       .help = "Clears the filter",
       .enabled = [](State state) { return !state.filter.draft.empty(); },
       .run = [](Session& session) { session.set_filter({}); }});
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
       .run = [](Session& session) {
         session.state().layout.show_large = !session.state().layout.show_large;
       }});
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

void CommandRegistry::add_run_and_help_commands() {
  add({.id = "run.next",
       .title = "Next run",
       .menu = Menu::kRun,
       .keys = {plain('R')},
       .help = "Shows the predictions of the next model run",
       .enabled = [](State state) { return state.snapshot.runs.size() > 1; },
       .run =
           [](Session& session) {
             const std::vector<RunSummary>& runs = session.state().snapshot.runs;
             size_t next = 0;
             for (size_t i = 0; i < runs.size(); ++i) {
               if (runs[i].name == session.state().snapshot.samples.active_run) {
                 next = (i + 1) % runs.size();
               }
             }
             session.set_run(runs[next].name);
           }});
  add({.id = "help.keys",
       .title = "Keys",
       .menu = Menu::kHelp,
       .keys = {{Key::kSlash, false, true}},
       .help = "All keys on one page",
       .run = [](Session& session) { session.show_overlay(Overlay::kKeyHelp); }});
  add({.id = "help.palette",
       .title = "Command palette",
       .menu = Menu::kHelp,
       .keys = {with_ctrl('P')},
       .help = "Every command by its name",
       .run = [](Session& session) { session.show_overlay(Overlay::kPalette); }});
  add({.id = "help.about",
       .title = "About Errata",
       .menu = Menu::kHelp,
       .keys = {},
       .help = "Versions of the program and of what it is built with",
       .run = [](Session& session) { session.show_overlay(Overlay::kAbout); }});
}

}  // namespace errata::viewer
