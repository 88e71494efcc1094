// Letters that a frame draws only in part, whoever drew them: this program's own texts, and those
// that Dear ImGui draws itself in buttons, fields, menus and tables.
#pragma once

#include <imgui.h>

#include <string>
#include <vector>

namespace errata::test {

// "window: text", one entry a row of letters of which one is cut at its left or right. A row that
// scrolls out of view above or below is no fault. `frame` is what ImGui::GetDrawData() returns
// after the frame was drawn.
std::vector<std::string> cut_glyphs(const ImDrawData& frame);

}  // namespace errata::test
