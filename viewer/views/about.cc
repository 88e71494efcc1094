// Versions of the program and its parts, and where to tell of a fault with them.
#include <fmt/format.h>
#include <implot.h>

#include "base/program.h"
#include "viewer/platform/gl.h"
#include "viewer/views/overlay.h"
#include "viewer/widgets/display_text.h"

namespace errata::viewer {

namespace {

class About : public View {
 public:
  void draw(const FrameContext& frame) override {
    if (!begin_overlay(frame, Overlay::kAbout, "About", 460, 0.25F)) return;
    {
      const FontScope font(frame.theme.fonts.bold, Theme::kLargeSize);
      ImGui::TextUnformatted(fmt::format("Errata {}", program_version()).c_str());
    }
    ImGui::TextWrapped(
        "Finds what is wrong in an image dataset and in a model's predictions, and helps a person "
        "fix it.");
    ImGui::PushStyleColor(ImGuiCol_Text, frame.theme.text_dim);
    const std::string who = frame.session.backend().who();
    for (const std::string& line :
         {std::string(program_parts()),
          fmt::format("Dear ImGui {}, ImPlot {}", IMGUI_VERSION, IMPLOT_VERSION),
          fmt::format("Drawn by {}", display_text(gl_renderer())),
          fmt::format("Decisions are signed: {}", display_text(who))}) {
      ImGui::TextWrapped("%s", line.c_str());
    }
    ImGui::PopStyleColor();
    end_overlay(frame);
  }
};

}  // namespace

std::unique_ptr<View> make_about() {
  return std::make_unique<About>();
}

}  // namespace errata::viewer
