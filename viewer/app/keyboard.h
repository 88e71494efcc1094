// Key chords of the registry against Dear ImGui's keyboard.
#pragma once

#include "viewer/state/keys.h"

namespace errata::viewer {

// Pressed in this frame, or held and repeating when asked for. Characters that sit on different
// keys on different keyboards (/ ? + -) are known by what was typed as well.
bool chord_pressed(const KeyChord& chord, bool repeats);

}  // namespace errata::viewer
