// Commands about objects: showing them, editing them in the image, accepting many at once.
#include <fmt/format.h>

#include "base/text.h"
#include "viewer/state/commands.h"
#include "viewer/state/session.h"

namespace errata::viewer {

namespace {

using State = const AppState&;

bool has_objects(State state) {
  return state.objects.phase != ObjectsPhase::kNone;
}
bool has_object(State state) {
  return state.objects.ready() &&
         ((state.objects_shown() && state.selection.count() > 0) || state.current_object());
}
// One object that is an annotation.
bool has_annotation(State state) {
  const std::optional<RowIndex> row = state.current_object();
  return state.objects.ready() && row && ObjectColumns(state.objects.table.table).is_given(*row);
}

}  // namespace

void CommandRegistry::add_object_commands() {
  add({.id = "view.objects",
       .title = "Show the objects",
       .menu = Menu::kObjects,
       .keys = {plain('J')},
       .help = "Boxes as crops with some of their surroundings, with a filter of their own",
       .enabled = has_objects,
       .run = [](Session& session) {
         if (session.state().objects_shown() && !session.state().layout.show_large) {
           return session.show_rows_of(CentreMode::kGrid);
         }
         session.objects().show({});
       }});
  add({.id = "view.hide_boxes",
       .title = "Hide the boxes",
       .menu = Menu::kObjects,
       .keys = {plain('H')},
       .help = "While the key is held; from a menu until it is chosen again",
       .enabled = has_objects,
       .run = [](Session& session) {
         ObjectFilter& shown = session.state().objects.shown;
         shown.hidden = !shown.hidden;
       }});
  add({.id = "view.next_object",
       .title = "Next object of the image",
       .menu = Menu::kObjects,
       .keys = {plain(Key::kTab)},
       .help = "Goes through the boxes of one image; what you do is then about that box",
       .repeats = true,
       .enabled = has_objects,
       .run = [](Session& session) { session.objects().pick_next(1); }});
  add({.id = "view.previous_object",
       .title = "Previous object of the image",
       .menu = Menu::kObjects,
       .keys = {{Key::kTab, false, true}},
       .help = "The same, the other way round",
       .repeats = true,
       .enabled = has_objects,
       .run = [](Session& session) { session.objects().pick_next(-1); }});
  add({.id = "object.accept_alike",
       .title = "Accept all objects alike",
       .menu = Menu::kObjects,
       .keys = {plain('B')},
       .help = "All that are shown with the same error and class as this one, in one batch",
       .undo = Undo::kUndoable,
       .enabled = [](State state) { return has_object(state) && state.objects.alike > 0; },
       .run = [](Session& session) { session.objects().accept_alike(); },
       .title_now =
           [](State state) {
             return state.objects.alike == 0
                        ? std::string("accept all alike")
                        : fmt::format("accept all {} alike", with_thousands(state.objects.alike));
           }});
  add({.id = "object.draw",
       .title = "Draw a box",
       .menu = Menu::kObjects,
       .keys = {plain('D')},
       .help = "Drag over the image; it gets the class that was chosen last",
       .enabled = [](State state) { return state.objects.ready() && state.cursor_row(); },
       .run =
           [](Session& session) {
             AppState& state = session.state();
             state.objects.drawing = !state.objects.drawing;
             state.layout.show_large = state.layout.show_large || state.objects.drawing;
           },
       .title_now =
           [](State state) {
             return std::string(state.objects.drawing ? "drag over the image" : "draw a box");
           }});
  add({.id = "object.delete",
       .title = "Delete the box",
       .menu = Menu::kObjects,
       .keys = {plain(Key::kDelete)},
       .help = "There is no such object: the label is left out of versions and exports",
       .undo = Undo::kUndoable,
       .enabled = [](State state) { return has_object(state) && has_annotation(state); },
       .run = [](Session& session) { session.objects().remove(); },
       .title_now = [](State) { return std::string("delete the box"); }});
  add({.id = "object.crowd",
       .title = "Mark as a crowd",
       .menu = Menu::kObjects,
       .keys = {plain('W')},
       .help = "Many objects in one box: a detection on it counts neither way; again takes it back",
       .undo = Undo::kUndoable,
       .enabled = has_annotation,
       .run = [](Session& session) { session.objects().toggle_crowd(); }});
  const auto add_nudge = [&](std::string name, std::string title, Key key, double dx, double dy) {
    add({.id = "object.nudge_" + name,
         .title = "Move the box " + title,
         .menu = Menu::kObjects,
         .keys = {with_ctrl(key)},
         .help = "By a pixel of the image",
         .undo = Undo::kUndoable,
         .repeats = true,
         .enabled = has_annotation,
         .run = [dx, dy](Session& session) { session.objects().nudge(dx, dy, false); }});
    add({.id = "object.size_" + name,
         .title = "Move the lower right corner " + title,
         .menu = Menu::kObjects,
         .keys = {{key, true, true}},
         .help = "By a pixel of the image: the box gets another size",
         .undo = Undo::kUndoable,
         .repeats = true,
         .enabled = has_annotation,
         .run = [dx, dy](Session& session) { session.objects().nudge(dx, dy, true); }});
  };
  add_nudge("left", "left", Key::kLeft, -1, 0);
  add_nudge("right", "right", Key::kRight, 1, 0);
  add_nudge("up", "up", Key::kUp, 0, -1);
  add_nudge("down", "down", Key::kDown, 0, 1);
}

}  // namespace errata::viewer
