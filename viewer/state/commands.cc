#include "viewer/state/commands.h"

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "viewer/state/session.h"

namespace errata::viewer {

std::string_view menu_title(Menu menu) {
  switch (menu) {
    case Menu::kFile: return "File";
    case Menu::kEdit: return "Edit";
    case Menu::kReview: return "Review";
    case Menu::kFind: return "Find";
    case Menu::kObjects: return "Objects";
    case Menu::kView: return "View";
    case Menu::kRun: return "Run";
    case Menu::kHelp: return "Help";
  }
  return "";
}

CommandRegistry::CommandRegistry() {
  add_file_commands();
  add_job_commands();
  add_edit_commands();
  add_review_commands();
  add_object_commands();
  add_round_commands();
  add_find_commands();
  add_view_commands();
  add_inspect_commands();
  add_panel_commands();
  add_move_commands();
  add_run_and_help_commands();
}

void CommandRegistry::add(Command command) {
  if (!command.enabled) {
    command.enabled = [](const AppState&) { return true; };
  }
  commands_.push_back(std::move(command));
}

const Command* CommandRegistry::find(std::string_view id) const {
  for (const Command& command : commands_) {
    if (command.id == id) return &command;
  }
  return nullptr;
}

const Command& CommandRegistry::at(std::string_view id) const {
  if (const Command* command = find(id)) return *command;
  throw Error(ErrorCategory::kInternal, "there is no command " + std::string(id));
}

const Command* CommandRegistry::for_key(const KeyChord& chord) const {
  for (const Command& command : commands_) {
    if (std::find(command.keys.begin(), command.keys.end(), chord) != command.keys.end()) {
      return &command;
    }
  }
  return nullptr;
}

bool CommandRegistry::run(std::string_view id, Session& session) const {
  const Command* command = find(id);
  if (command == nullptr || !command->enabled(session.state())) return false;
  try {
    command->run(session);
  } catch (const Error& error) {
    session.show_error(error);
  }
  return true;
}

namespace {

// 0: `word` is nowhere in the text; 3: at its start; 2: at the start of a word; 1: inside one.
int match_word(const std::string& text, std::string_view word) {
  int best = 0;
  for (size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) {
    best = std::max(best, at == 0 ? 3 : (text[at - 1] == ' ' ? 2 : 1));
  }
  return best;
}

}  // namespace

std::vector<const Command*> CommandRegistry::search(std::string_view typed) const {
  const std::string wanted = to_lower_ascii(typed);
  std::vector<std::pair<int, const Command*>> found;
  for (const Command& command : commands_) {
    const std::string title =
        to_lower_ascii(command.title) + " " + to_lower_ascii(menu_title(command.menu));
    int score = 0;
    bool all = true;
    for (const std::string_view word : split_view(wanted, ' ')) {
      if (word.empty()) continue;
      const int matched = match_word(title, word);
      all = all && matched > 0;
      score += matched;
    }
    if (all) found.emplace_back(score, &command);
  }
  std::stable_sort(found.begin(), found.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  std::vector<const Command*> commands;
  for (const auto& [score, command] : found) commands.push_back(command);
  return commands;
}

}  // namespace errata::viewer
