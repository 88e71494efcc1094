#include "viewer/views/panels/duplicate_parts.h"

#include <fmt/format.h>

#include "base/text.h"
#include "viewer/state/findings.h"
#include "viewer/views/inspector_sections.h"
#include "viewer/widgets/controls.h"
#include "viewer/widgets/text.h"

namespace errata::viewer {

std::string copy_text(const AppState& state, std::string_view column, RowIndex row) {
  const Column* found = state.snapshot.samples.find(column);
  return found == nullptr || found->is_null(row) ? std::string() : found->display(row);
}

std::string copy_label(const AppState& state, RowIndex row) {
  const std::string label = copy_text(state, "label", row);
  return label.empty() ? "no label" : label;
}

std::string copy_facts(const AppState& state, RowIndex row) {
  const std::string split = copy_text(state, "split", row);
  const Column* width = state.snapshot.samples.find("width");
  const Column* height = state.snapshot.samples.find("height");
  if (width == nullptr || height == nullptr || width->is_null(row)) return split;
  const std::string size = fmt::format("{}\u00D7{}", width->ints[row], height->ints[row]);
  return split.empty() ? size : split + " " + size;
}

bool is_excluded_copy(const AppState& state, RowIndex row) {
  return CopyChoice(state.snapshot.samples).excluded(row);
}

void scroll_to_row(size_t row, float height) {
  const float top = height * static_cast<float>(row);
  const float seen = ImGui::GetScrollY();
  const float room = ImGui::GetWindowHeight();
  if (top < seen) ImGui::SetScrollY(top);
  if (top + height > seen + room) ImGui::SetScrollY(top + height - room);
}

void draw_chain_button(const FrameContext& frame, const CopyChain& chain, std::string_view words,
                       float max_width) {
  const std::string pictures = with_thousands(chain.pictures);
  if (choice_button(frame.theme, "chain", fmt::format("{} {}", words, pictures), max_width)) {
    frame.session.findings().show_chain(chain);
  }
  if (!ImGui::IsItemHovered(ImGuiHoveredFlags_DelayNormal)) return;
  draw_hover(frame.theme,
             fmt::format("Part of a chain of {} pictures, each a copy of another one in it, but "
                         "not all of each other. Shows them in the grid.",
                         pictures));
}

}  // namespace errata::viewer
