// Commands of the inspector and the large view.
#include "viewer/state/commands.h"
#include "viewer/state/session.h"

namespace errata::viewer {

namespace {

using State = const AppState&;

bool has_cursor(State state) {
  return state.cursor_row().has_value();
}

}  // namespace

void CommandRegistry::add_inspect_commands() {
  add({.id = "view.image_whole",
       .title = "Show the whole image",
       .menu = Menu::kView,
       .keys = {plain('Z')},
       .help = "Fits the image into its place; a double click does the same",
       .enabled = has_cursor,
       .run = [](Session& session) { session.state().inspect.image_wish = ImageWish::kWhole; }});
  add({.id = "view.image_pixels",
       .title = "Show the image pixel for pixel",
       .menu = Menu::kView,
       .keys = {with_shift('Z')},
       .help = "One pixel of the image is one of the screen; the wheel zooms at the pointer",
       .enabled = has_cursor,
       .run = [](Session& session) { session.state().inspect.image_wish = ImageWish::kPixels; }});
  add({.id = "edit.copy_path",
       .title = "Copy the path of the image",
       .menu = Menu::kEdit,
       .keys = {with_ctrl('C')},
       .help = "The whole path of the file goes to the clipboard",
       .enabled = has_cursor,
       .run = [](Session& session) { session.inspector().copy_path(); }});
  add({.id = "view.similar",
       .title = "Show more like this",
       .menu = Menu::kFind,
       .keys = {with_shift('L')},
       .help = "The samples whose embeddings are nearest, most alike first",
       .enabled =
           [](State state) { return has_cursor(state) && InspectDesk::has_embeddings(state); },
       .run = [](Session& session) { session.inspector().more_like_these(); }});
  add({.id = "file.open_folder",
       .title = "Open the folder of the image",
       .menu = Menu::kFile,
       .keys = {with_shift('O')},
       .help = "Shows where the file lies, in the desktop's file manager",
       .enabled = has_cursor,
       .run = [](Session& session) { session.inspector().open_folder(); }});
}

}  // namespace errata::viewer
