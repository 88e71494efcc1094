// Versions of the dataset, newest first.
#include <fmt/format.h>

#include "base/text.h"
#include "viewer/views/panels/panels.h"
#include "viewer/widgets/text.h"

namespace errata::viewer {

namespace {

class VersionsPanel : public Panel {
 public:
  std::string_view id() const override { return "versions"; }
  std::string title(const AppState&) const override { return "Versions"; }

  void draw(const FrameContext& frame) override {
    const Theme& theme = frame.theme;
    ImDrawList* list = ImGui::GetWindowDrawList();
    const float width = ImGui::GetContentRegionAvail().x;
    const std::vector<store::VersionInfo>& versions = frame.state.lists.lists.versions;
    if (versions.empty()) {
      draw_words(theme, list, ImGui::GetCursorScreenPos(), width, dim(theme),
                 "No version yet: a version fixes the dataset as it is now, for exports");
      return;
    }
    for (auto version = versions.rbegin(); version != versions.rend(); ++version) {
      const ImVec2 at = ImGui::GetCursorScreenPos();
      const float used = draw_text_fit(theme, list, at, width * 0.4F, bold(theme), version->name);
      draw_text_fit(
          theme, list, ImVec2(at.x + used + theme.px(8), at.y), width * 0.4F, dim(theme),
          fmt::format("{} samples \u00B7 {}", with_thousands(version->samples), version->message));
      ImGui::Dummy(ImVec2(width, theme.px(22)));
    }
  }
};

}  // namespace

std::unique_ptr<Panel> make_versions_panel() {
  return std::make_unique<VersionsPanel>();
}

}  // namespace errata::viewer
