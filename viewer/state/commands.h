// The one registry of what a person can do: menus, keys, palette, key help and buttons are all
// drawn from it, and a test holds every command to having each of them.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "viewer/state/keys.h"

namespace errata::viewer {

class Session;
struct AppState;

enum class Menu : uint8_t { kFile, kEdit, kReview, kFind, kObjects, kView, kRun, kHelp };
std::string_view menu_title(Menu menu);

// Whether undo takes a command back, or why there is nothing to take back.
enum class Undo : uint8_t {
  kUndoable,  // it changes the store; U takes it back
  kNoData,    // it changes nothing but the view
  kIsUndo     // undo and redo themselves
};

struct Command {
  std::string id;     // stable: "review.keep"
  std::string title;  // "Keep the label"
  Menu menu = Menu::kView;
  std::vector<KeyChord> keys =
      {};            // the first is shown; a command without one is palette and menu only
  std::string help;  // one line for the key help and the hovers
  Undo undo = Undo::kNoData;
  bool repeats = false;                                    // again while the key is held down
  std::function<bool(const AppState&)> enabled = nullptr;  // empty: always
  std::function<void(Session&)> run = nullptr;
  // When the title depends on the state ("Label is ship"); may be empty.
  std::function<std::string(const AppState&)> title_now = nullptr;
};

class CommandRegistry {
 public:
  CommandRegistry();  // with every command of the program

  const std::vector<Command>& all() const { return commands_; }
  const Command* find(std::string_view id) const;
  // For ids that the program itself names. Error(kInternal) for one that there is not.
  const Command& at(std::string_view id) const;
  const Command* for_key(const KeyChord& chord) const;
  // Runs an enabled command; an Error becomes the session's message. False when there is none of
  // that id or it is not enabled now.
  bool run(std::string_view id, Session& session) const;
  // Commands whose title matches what was typed into the palette, best first. Every word must
  // begin a word of the title or of the menu's name, or stand inside one.
  std::vector<const Command*> search(std::string_view typed) const;

 private:
  void add(Command command);
  void add_file_commands();
  void add_edit_commands();
  void add_review_commands();
  void add_view_commands();
  void add_move_commands();
  void add_inspect_commands();
  void add_panel_commands();
  void add_round_commands();
  void add_object_commands();
  void add_job_commands();
  void add_find_commands();
  void add_run_and_help_commands();

  std::vector<Command> commands_;
};

}  // namespace errata::viewer
