// Keys as the command registry names them, free of any window library.
#pragma once

#include <cstdint>
#include <string>

namespace errata::viewer {

// Letters and digits are their upper-case character; the others follow.
enum class Key : uint16_t {
  kNone = 0,
  kSlash = '/',
  kEnter = 256,
  kEscape,
  kSpace,
  kLeft,
  kRight,
  kUp,
  kDown,
  kHome,
  kEnd,
  kPageUp,
  kPageDown,
  kF5,
  kPlus,
  kMinus,
  kDelete,
  kTab
};

constexpr Key letter(char upper_case) {
  return static_cast<Key>(upper_case);
}

struct KeyChord {
  Key key = Key::kNone;
  bool ctrl = false;
  bool shift = false;

  bool empty() const { return key == Key::kNone; }
  bool operator==(const KeyChord&) const = default;
};

constexpr KeyChord plain(Key key) {
  return {key, false, false};
}
constexpr KeyChord plain(char upper_case) {
  return {letter(upper_case), false, false};
}
constexpr KeyChord with_ctrl(char upper_case) {
  return {letter(upper_case), true, false};
}
constexpr KeyChord with_ctrl(Key key) {
  return {key, true, false};
}
constexpr KeyChord with_shift(char upper_case) {
  return {letter(upper_case), false, true};
}

// "Ctrl P", "Shift U", "?", "Enter": as key caps and the key help show it.
std::string key_text(const KeyChord& chord);

}  // namespace errata::viewer
