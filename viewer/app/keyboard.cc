#include "viewer/app/keyboard.h"

#include <imgui.h>

namespace errata::viewer {

namespace {

ImGuiKey imgui_key(Key key) {
  const auto code = static_cast<int>(key);
  if (code >= 'A' && code <= 'Z') return static_cast<ImGuiKey>(ImGuiKey_A + (code - 'A'));
  if (code >= '0' && code <= '9') return static_cast<ImGuiKey>(ImGuiKey_0 + (code - '0'));
  switch (key) {
    case Key::kSlash: return ImGuiKey_Slash;
    case Key::kEnter: return ImGuiKey_Enter;
    case Key::kEscape: return ImGuiKey_Escape;
    case Key::kSpace: return ImGuiKey_Space;
    case Key::kLeft: return ImGuiKey_LeftArrow;
    case Key::kRight: return ImGuiKey_RightArrow;
    case Key::kUp: return ImGuiKey_UpArrow;
    case Key::kDown: return ImGuiKey_DownArrow;
    case Key::kHome: return ImGuiKey_Home;
    case Key::kEnd: return ImGuiKey_End;
    case Key::kPageUp: return ImGuiKey_PageUp;
    case Key::kPageDown: return ImGuiKey_PageDown;
    case Key::kF5: return ImGuiKey_F5;
    case Key::kPlus: return ImGuiKey_KeypadAdd;
    case Key::kMinus: return ImGuiKey_Minus;
    case Key::kDelete: return ImGuiKey_Delete;
    case Key::kTab: return ImGuiKey_Tab;
    default: return ImGuiKey_None;
  }
}

// The numeric pad's twins.
ImGuiKey twin_key(Key key) {
  const auto code = static_cast<int>(key);
  if (code >= '0' && code <= '9') return static_cast<ImGuiKey>(ImGuiKey_Keypad0 + (code - '0'));
  if (key == Key::kEnter) return ImGuiKey_KeypadEnter;
  if (key == Key::kMinus) return ImGuiKey_KeypadSubtract;
  if (key == Key::kPlus) return ImGuiKey_Equal;
  return ImGuiKey_None;
}

// What a chord types, for those that are known by it; 0 for the others.
ImWchar typed_character(const KeyChord& chord) {
  if (chord.ctrl) return 0;
  if (chord.key == Key::kSlash) return chord.shift ? '?' : '/';
  if (chord.key == Key::kPlus) return '+';
  if (chord.key == Key::kMinus) return '-';
  return 0;
}

}  // namespace

bool chord_pressed(const KeyChord& chord, bool repeats) {
  const ImGuiIO& io = ImGui::GetIO();
  if (const ImWchar wanted = typed_character(chord); wanted != 0) {
    for (const ImWchar typed : io.InputQueueCharacters) {
      if (typed == wanted) return true;
    }
    // Another character came of this key: on this keyboard it is not ours.
    if (io.InputQueueCharacters.Size > 0) return false;
  }
  const bool shift_free = chord.key == Key::kPlus;  // "+" is Shift = on many keyboards
  if (io.KeyCtrl != chord.ctrl || io.KeyAlt || io.KeySuper) return false;
  if (!shift_free && io.KeyShift != chord.shift) return false;
  const ImGuiKey key = imgui_key(chord.key);
  const ImGuiKey twin = twin_key(chord.key);
  return ImGui::IsKeyPressed(key, repeats) ||
         (twin != ImGuiKey_None && ImGui::IsKeyPressed(twin, repeats));
}

}  // namespace errata::viewer
