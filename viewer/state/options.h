// The command line of errata-view.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "viewer/state/app_state.h"

namespace errata::viewer {

// --view or --command; what the name means is the windows' to say (viewer/app/script.h).
struct ScriptStep {
  bool is_command = false;
  std::string name;

  bool operator==(const ScriptStep&) const = default;
};

struct ViewerOptions {
  std::string store = "errata.db";  // or ERRATA_STORE
  std::string screenshot;           // a PNG to write instead of opening a window
  int width_px = 1440;
  int height_px = 900;
  ThemeName theme = ThemeName::kDark;
  bool theme_given = false;
  float scale = 0;  // 0: the display's
  std::string filter;
  std::string sort;  // column; a leading '-' shows high values first
  std::string run;
  std::string who;                 // signs the decisions; empty: default_who()
  std::vector<ScriptStep> script;  // once the store is shown, in the order given
  bool list = false;               // print the names of views and commands
  bool help = false;
};

// `arguments` without the program's name. Error(kUsage) with a hint for what is not understood.
ViewerOptions parse_options(std::span<const std::string> arguments);
std::string help_text();
// "-confidence" and "confidence"; without a sign the worst end of a known score comes first.
SortChoice parse_sort(const std::string& text);

}  // namespace errata::viewer
