// The desktop around the program.
#pragma once

#include <string>

namespace errata::viewer {

// Opens a folder in the desktop's file manager through xdg-open, without a shell. May wait a
// moment: not for the window's thread. Error: kNotFound when the folder is not there, kUnsupported
// when xdg-open is missing or says that it cannot.
void open_in_file_manager(const std::string& folder);

}  // namespace errata::viewer
