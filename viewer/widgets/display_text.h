// Text as it is drawn. What is stored may be any bytes in any script; Dear ImGui draws characters
// from left to right, one shape each.
#pragma once

#include <string>
#include <string_view>

namespace errata::viewer {

// One line of valid UTF-8 in the order of the eye: right-to-left parts are reordered and Arabic
// letters joined, a line break becomes "⏎" and other controls U+FFFD, what has no shape of its own
// (joiners, marks of direction, variation selectors) is left out. Text that needs none of this is
// given back as it is, after one scan; the rest is kept in a cache. Valid until the next call.
// Window's thread.
std::string_view display_text(std::string_view text);

// The same for text of several lines, as in hovers.
std::string display_lines(std::string_view text);

// False when display_text() gives the text back as it is.
bool needs_display_text(std::string_view text);

}  // namespace errata::viewer
