// What the groups of copies and the pairs between them show alike.
#pragma once

#include <string>
#include <string_view>

#include "viewer/views/view.h"

namespace errata::viewer {

// Of a sample's row: a column's text, "no label" without one, and "test 640×480".
std::string copy_text(const AppState& state, std::string_view column, RowIndex row);
std::string copy_label(const AppState& state, RowIndex row);
std::string copy_facts(const AppState& state, RowIndex row);
bool is_excluded_copy(const AppState& state, RowIndex row);

// Of a window with rows of one height: brings one of them into view.
void scroll_to_row(size_t row, float height);

// `words` and the number of pictures: "In a chain of 12". At a click those are shown in the grid.
void draw_chain_button(const FrameContext& frame, const CopyChain& chain, std::string_view words,
                       float max_width);

}  // namespace errata::viewer
