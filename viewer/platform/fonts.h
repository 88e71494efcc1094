// Fonts: Inter for text, DejaVu Sans for the letters that Inter lacks and a CJK fall-back when they
// are installed, DejaVu Sans Mono for the filter; Dear ImGui's own where those are missing.
#pragma once

struct ImFont;

namespace errata::viewer {

struct Fonts {
  ImFont* regular = nullptr;
  ImFont* bold = nullptr;
  ImFont* mono = nullptr;
  bool has_inter = false;
  bool has_cjk = false;
};

// Into the current Dear ImGui context; sizes follow what is pushed.
Fonts load_fonts();

}  // namespace errata::viewer
