// Commands of the File, Edit, Review, Run and Help menus. Order within a menu is the order it is
// drawn in.
#include <fmt/format.h>

#include <array>

#include "base/text.h"
#include "viewer/state/commands.h"
#include "viewer/state/findings.h"
#include "viewer/state/object_match.h"
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

// For the sample under the cursor; empty when there is none.
std::string suggestion(State state) {
  const std::optional<RowIndex> row = state.cursor_row();
  return row ? std::string(suggested_label(state.snapshot.samples, *row).value_or("")) : "";
}

// What Enter would do about the object it is about; empty when there is nothing.
std::string object_suggestion(State state) {
  const std::optional<RowIndex> row = state.current_object();
  if (!row || !state.objects.ready()) return {};
  const ObjectColumns columns(state.objects.table.table);
  return suggestion_text(columns, suggestion_for(columns, *row, state.snapshot.classes.size()));
}

bool can_accept(State state) {
  if (!state.objects_addressed()) return has_target(state) && !suggestion(state).empty();
  return state.target_count() > 1 || !object_suggestion(state).empty();
}

std::string accept_title(State state) {
  if (state.target_count() > 1) {
    return fmt::format("accept all {}", with_thousands(state.target_count()));
  }
  const std::string object = state.objects_addressed() ? object_suggestion(state) : std::string();
  const std::string name = state.objects_addressed() ? std::string() : suggestion(state);
  if (!object.empty()) return object;
  return name.empty() ? std::string("accept") : "label is " + name;
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
           [](State state) {
             return state.selection.count() > 0 || state.layout.show_large ||
                    state.objects.drawing || state.objects.picked.has_value();
           },
       .run =
           [](Session& session) {
             ObjectsState& objects = session.state().objects;
             if (objects.drawing) {
               objects.drawing = false;
             } else if (objects.picked) {
               session.objects().pick(std::nullopt);
             } else if (session.state().selection.count() > 0) {
               session.clear_selection();  // before the large view, where it is hardly seen
             } else {
               session.state().layout.show_large = false;
             }
           }});
}

void CommandRegistry::add_review_commands() {
  add({.id = "review.accept",
       .title = "Accept the suggested label",
       .menu = Menu::kReview,
       .keys = {plain(Key::kEnter)},
       .help = "What errata find labels suggests, else what the run predicts, becomes the label",
       .undo = Undo::kUndoable,
       .enabled = can_accept,
       .run =
           [](Session& session) {
             if (session.state().objects_addressed()) return session.objects().accept();
             session.relabel_to_suggestion();
           },
       .title_now = accept_title});
  add({.id = "review.keep",
       .title = "Keep the label",
       .menu = Menu::kReview,
       .keys = {plain('K')},
       .help = "The label is right as it is",
       .undo = Undo::kUndoable,
       .enabled = has_target,
       .run =
           [](Session& session) {
             if (session.state().objects_addressed()) {
               return session.objects().decide(ObjectEditKind::kKeep);
             }
             session.decide(ReviewKind::kKeep);
           },
       .title_now =
           [](State state) {
             if (state.target_count() > 1)
               return fmt::format("keep all {}", with_thousands(state.target_count()));
             if (state.objects_addressed()) return std::string("keep");
             const std::string name = given_label(state);
             return name.empty() ? std::string("keep") : "keep " + name;
           }});
  add({.id = "review.relabel",
       .title = "Choose another class",
       .menu = Menu::kReview,
       .keys = {plain('L'), plain('C')},
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
       .run =
           [](Session& session) {
             if (session.state().objects_addressed()) {
               return session.objects().decide(ObjectEditKind::kAmbiguous);
             }
             session.decide(ReviewKind::kAmbiguous);
           },
       .title_now = [](State) { return std::string("ambiguous"); }});
  add({.id = "review.exclude",
       .title = "Exclude from versions and exports",
       .menu = Menu::kReview,
       .keys = {plain('X')},
       .help = "The image does not belong in the dataset; the file itself is left alone",
       .undo = Undo::kUndoable,
       .enabled = has_target,
       .run = [](Session& session) { session.decide(ReviewKind::kExclude); },
       .title_now =
           [](State state) {
             return std::string(state.objects_addressed() ? "exclude the image" : "exclude");
           }});
  constexpr std::array kOrdinals{"",     "2nd ", "3rd ", "4th ", "5th ",
                                 "6th ", "7th ", "8th ", "9th "};
  for (size_t k = 0; k < kOrdinals.size(); ++k) {
    add({.id = fmt::format("review.probable_{}", k + 1),
         .title = fmt::format("Take the {}most probable class", kOrdinals[k]),
         .menu = Menu::kReview,
         .keys = {plain(static_cast<char>('1' + k))},
         .help = "As numbered beside the probabilities; of an object, the project's classes",
         .undo = Undo::kUndoable,
         .enabled =
             [k](State state) {
               if (state.objects_addressed()) {
                 return state.current_object() && k < state.snapshot.classes.size();
               }
               return has_target(state) && k < state.detail.by_probability.size();
             },
         .run =
             [k](Session& session) {
               const ClassMap& classes = session.state().snapshot.classes;
               if (session.state().objects_addressed()) {
                 return session.objects().set_class(classes[static_cast<ClassIndex>(k)].name);
               }
               session.relabel_to_probable(k);
             }});
  }
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
