#include "viewer/state/keys.h"

namespace errata::viewer {

namespace {

std::string key_name(Key key) {
  switch (key) {
    case Key::kNone: return "";
    case Key::kEnter: return "Enter";
    case Key::kEscape: return "Esc";
    case Key::kSpace: return "Space";
    case Key::kLeft: return "Left";
    case Key::kRight: return "Right";
    case Key::kUp: return "Up";
    case Key::kDown: return "Down";
    case Key::kHome: return "Home";
    case Key::kEnd: return "End";
    case Key::kPageUp: return "Page up";
    case Key::kPageDown: return "Page down";
    case Key::kF5: return "F5";
    case Key::kPlus: return "+";
    case Key::kMinus: return "-";
    case Key::kDelete: return "Del";
    case Key::kTab: return "Tab";
    default: return std::string(1, static_cast<char>(key));
  }
}

}  // namespace

std::string key_text(const KeyChord& chord) {
  if (chord.key == Key::kSlash && chord.shift) return "?";
  std::string text;
  if (chord.ctrl) text += "Ctrl ";
  if (chord.shift) text += "Shift ";
  return text + key_name(chord.key);
}

}  // namespace errata::viewer
